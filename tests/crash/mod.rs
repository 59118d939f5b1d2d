//! What survives: kill -9 under load, full and read-only disks, foreign and damaged directories.
//! Invariants: an acknowledged write is never lost; a refusal names the directory and the reason
//! in one line; reads go on where they can. Must not know: files beyond their names.
//! Tests: the files below.

mod collection;
mod corruption;
mod directory;
mod full_disk;
mod kill;
mod operation;
mod shared;
mod state;
mod volatile;
mod writer;
