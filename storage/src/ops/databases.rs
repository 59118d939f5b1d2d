//! Owns changes to whole databases: emptying and exchanging them.
//! Invariants: O(1) in the number of keys: only the map from databases to namespaces changes.
//! Must not know: how many databases the server offers. Tests: `storage/tests/keyspace`.

use crate::edit::Edit;
use crate::error::Result;

/// Empties databases. One without keys is left as it is, so that flushing nothing writes nothing.
pub fn flush(edit: &mut Edit<'_>, dbs: impl Iterator<Item = u32>) -> Result<()> {
    let dbs: Vec<u32> = dbs.filter(|&db| edit.count_keys_of(db) > 0).collect();
    if dbs.is_empty() {
        return Ok(());
    }
    edit.flush_database(&dbs)
}

/// Exchanges two databases.
pub fn swap(edit: &mut Edit<'_>, one: u32, other: u32) {
    if one != other {
        edit.swap_databases(one, other);
    }
}
