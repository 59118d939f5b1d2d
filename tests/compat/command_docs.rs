//! COMMAND DOCS of each command that both servers know, field by field.
//! Invariants: group, since and the tree of arguments are Redis's, except where listed; summaries
//! and complexities are our own words. Must not know: the command table. Tests: this file.

use super::oracle::tree::{self, Tree};
use crate::harness::{Server, ask, wire};
use std::collections::{BTreeMap, BTreeSet};
