//! Owns the ACL categories of a row: those it names, and those that follow from its flags.
//! Must not know: users. Tests: below.

use crate::command::{Category, CommandSpec, Flags};

/// All categories of a row, in Redis's order.
pub fn of(spec: &CommandSpec) -> Vec<Category> {
    let flags = spec.flags();
    let implied = [
        (Flags::WRITE, Category::Write),
        (Flags::READONLY, Category::Read),
        (Flags::ADMIN, Category::Admin),
        (Flags::ADMIN, Category::Dangerous),
        (Flags::FAST, Category::Fast),
        (Flags::BLOCKING, Category::Blocking),
    ];
    let implied = implied.iter().filter(|(flag, _)| flags.has(*flag));
    let mut categories: Vec<Category> = implied.map(|(_, category)| *category).collect();
    categories.extend(spec.acl);
    if !flags.has(Flags::FAST) {
        categories.push(Category::Slow);
    }
    categories.sort();
    categories.dedup();
    categories
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands;

    #[test]
    fn categories_follow_from_flags() {
        let of = |name: &str| {
            let spec = commands::all().find(|spec| spec.name == name);
            spec.map(of).unwrap_or_default()
        };
        use Category::{Admin, Connection, Dangerous, Fast, Read, Slow, String};
        assert_eq!(of("get"), [Read, String, Fast]);
        assert_eq!(of("ping"), [Fast, Connection]);
        assert_eq!(of("debug"), [Admin, Slow, Dangerous]);
        assert_eq!(of("client"), [Slow]);
    }
}
