//! Owns SORT and SORT_RO.
//! Invariants: options are read before the key is looked at; what is stored is a list.
//! Must not know: how elements are put in order. Tests: `tests/commands/sort.rs`, the oracle.

use crate::command::key_spec::Unknown;
use crate::command::{
    Args, Arity, Category, CommandSpec, Ctx, Flags, Group, Handler, KeyFlags, KeySpec,
};
use crate::commands::list::threshold;
use crate::error::{CommandError, CommandResult, text};
use crate::resp::Reply;
use storage::change::Event;
use storage::ops::bytes::Content;
use storage::ops::list;
use storage::ops::sort::{self, By, Pattern, Request, Sorted};
use storage::{Edit, View};

/// The rows of this file.
pub static COMMANDS: &[&CommandSpec] = &[&SORT, &SORT_RO];

const NOT_NUMBERS: &str = "ERR One or more scores can't be converted into double";

const SOURCE: KeySpec = KeySpec::index(1, KeyFlags::RO.with(KeyFlags::ACCESS));
const PATTERNS: KeySpec =
    KeySpec::unknown(Unknown::SortPatterns, KeyFlags::RO.with(KeyFlags::ACCESS));
const TARGET: KeySpec = KeySpec::unknown(Unknown::SortTarget, KeyFlags::OW.with(KeyFlags::UPDATE));

pub static SORT: CommandSpec = CommandSpec {
    name: "sort",
    group: Group::Generic,
    since: "1.0.0",
    arity: Arity::at_least(2),
    keys: &[SOURCE, PATTERNS, TARGET],
    extra: Flags::DENYOOM,
    acl: &[
        Category::Set,
        Category::SortedSet,
        Category::List,
        Category::Dangerous,
    ],
    handler: Handler::Write(sort),
    syntax: "key [BY pattern] [LIMIT offset count] [GET pattern [GET pattern ...]] [ASC | DESC] \
             [ALPHA] [STORE destination]",
    summary: "Sorts the elements of a list, a set or a sorted set; may store the result.",
    complexity: "O(N+M*log(N)) where N is the number of elements and M the number returned",
    subcommands: &[],
};

pub static SORT_RO: CommandSpec = CommandSpec {
    name: "sort_ro",
    since: "7.0.0",
    keys: &[SOURCE, PATTERNS],
    extra: Flags::LATCHED,
    handler: Handler::Read(sort_ro),
    syntax: "key [BY pattern] [LIMIT offset count] [GET pattern [GET pattern ...]] [ASC | DESC] \
             [ALPHA]",
    summary: "Returns the sorted elements of a list, a set or a sorted set.",
    ..SORT
};

/// The request of the arguments, and where the result goes.
fn parse<'a>(
    args: &mut Args<'a>,
    may_store: bool,
) -> CommandResult<(Request<'a>, Option<&'a [u8]>)> {
    let mut request = Request {
        key: args.next()?,
        by: By::Element,
        offset: 0,
        count: -1,
        gets: Vec::new(),
        descending: false,
        alpha: false,
        stored: false,
    };
    let mut target = None;
    while args.left() > 0 {
        let behind = args.left() - 1;
        if args.skip_word("ASC") {
            request.descending = false;
        } else if args.skip_word("DESC") {
            request.descending = true;
        } else if args.skip_word("ALPHA") {
            request.alpha = true;
        } else if behind >= 2 && args.skip_word("LIMIT") {
            request.offset = args.next_i64()?;
            request.count = args.next_i64()?;
        } else if may_store && behind >= 1 && args.skip_word("STORE") {
            target = Some(args.next()?);
            request.stored = true;
        } else if behind >= 1 && args.skip_word("BY") {
            let pattern = Pattern::parse(args.next()?);
            request.by = match (pattern, request.by) {
                // A later pattern does not take it back.
                (Pattern::Fixed | Pattern::Itself, _) | (_, By::Nothing) => By::Nothing,
                (pattern, _) => By::Weight(pattern),
            };
        } else if behind >= 1 && args.skip_word("GET") {
            request.gets.push(Pattern::parse(args.next()?));
        } else {
            return Err(CommandError::Fixed(text::SYNTAX));
        }
    }
    Ok((request, target))
}

fn run(
    view: &View<'_>,
    request: &Request<'_>,
    ctx: &Ctx<'_>,
) -> CommandResult<Vec<Option<Content>>> {
    match sort::sort(view, request, ctx.reach)? {
        Sorted::Given(given) => Ok(given),
        Sorted::NotNumbers => Err(CommandError::Fixed(NOT_NUMBERS)),
    }
}

fn replies(given: Vec<Option<Content>>) -> Reply {
    Reply::array(given.into_iter().map(Reply::bulk_or_nil))
}

fn sort(edit: &mut Edit<'_>, args: &mut Args<'_>, ctx: &Ctx<'_>) -> CommandResult {
    let (request, target) = parse(args, true)?;
    let given = run(edit, &request, ctx)?;
    let Some(target) = target else {
        return Ok(replies(given));
    };
    let elements = given.iter().map(|one| one.as_deref().unwrap_or_default());
    let threshold = threshold(ctx);
    let len = list::replace(edit, target, elements, Event::SortStore, threshold)?;
    Ok(Reply::Int(len as i64))
}

fn sort_ro(view: &View<'_>, args: &mut Args<'_>, ctx: &Ctx<'_>) -> CommandResult {
    let (request, _) = parse(args, false)?;
    Ok(replies(run(view, &request, ctx)?))
}
