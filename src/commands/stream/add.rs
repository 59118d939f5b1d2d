//! Owns XADD, XTRIM and their options.
//! Must not know: sockets. Tests: `tests/commands/stream`, the oracle.

use super::id;
use super::limits;
use crate::command::{Args, Ctx};
use crate::error::{CommandError, CommandResult, text};
use crate::resp::Reply;
use smallvec::SmallVec;
use storage::Edit;
use storage::ops::stream::{self, Add, Added, Bound, NewId, References, StreamId, Trim};

const TWO_BOUNDS: &str =
    "ERR syntax error, MAXLEN and MINID options at the same time are not compatible";
const LIMIT_OF_EXACT: &str = "ERR syntax error, LIMIT cannot be used without the special ~ option";
/// Nodes that trimming by `~` looks at unless told otherwise.
const NODES_MAX: i64 = 100;
/// Entries that trimming by `~` takes where nodes have no limit.
const ENTRIES_DEFAULT: i64 = 10_000;
/// Entries that trimming by `~` takes at most unless told otherwise.
const ENTRIES_MAX: i64 = 1_000_000;

/// `KEEPREF`, `DELREF` or `ACKED`, if one of them comes next.
pub fn skip_references(args: &mut Args<'_>) -> Option<References> {
    if args.skip_word("KEEPREF") {
        Some(References::Keep)
    } else if args.skip_word("DELREF") {
        Some(References::Delete)
    } else if args.skip_word("ACKED") {
        Some(References::Acknowledged)
    } else {
        None
    }
}

/// The options that XADD and XTRIM share.
#[derive(Default)]
struct Options {
    bound: Option<Bound>,
    nodes_only: bool,
    limit: Option<i64>,
    references: Option<References>,
    create_not: bool,
    /// XADD's id.
    id: Option<NewId>,
}

impl Options {
    fn parse(args: &mut Args<'_>, adds: bool) -> CommandResult<Options> {
        let mut options = Options::default();
        while let Some(option) = args.peek(0) {
            let more = args.left() > 1;
            if adds && option == b"*" {
                args.next()?;
                options.id = Some(NewId::Auto);
                break;
            } else if more && args.skip_word("MAXLEN") {
                options.begin_bound(args)?;
                let max = args.next_i64()?;
                let max = u64::try_from(max);
                let max = max.map_err(|_| "ERR The MAXLEN argument must be >= 0.")?;
                options.bound = Some(Bound::Length(max));
            } else if more && args.skip_word("MINID") {
                options.begin_bound(args)?;
                options.bound = Some(Bound::Id(id::strict(args.next()?, 0)?));
            } else if more && args.skip_word("LIMIT") {
                let limit = args.next_i64()?;
                if limit < 0 {
                    return Err("ERR The LIMIT argument must be >= 0.".into());
                }
                options.limit = Some(limit);
            } else if adds && args.skip_word("NOMKSTREAM") {
                options.create_not = true;
            } else if options.references.is_none()
                && let Some(references) = skip_references(args)
            {
                options.references = Some(references);
            } else if adds {
                let written = id::new_id(args.next()?)?;
                options.id = Some(match written.seq_given {
                    true => NewId::Given(written.id),
                    false => NewId::Ms(written.id.ms),
                });
                break;
            } else {
                return Err(CommandError::Fixed(text::SYNTAX));
            }
        }
        Ok(options)
    }

    /// What stands between MAXLEN or MINID and its value.
    fn begin_bound(&mut self, args: &mut Args<'_>) -> CommandResult<()> {
        if self.bound.is_some() {
            return Err(CommandError::Fixed(TWO_BOUNDS));
        }
        self.nodes_only = false;
        if args.left() > 1 {
            self.nodes_only = args.skip_word("~");
            if !self.nodes_only {
                args.skip_word("=");
            }
        }
        Ok(())
    }

    /// How to trim, if that was asked for.
    fn trim(&self, ctx: &Ctx<'_>, adds: bool) -> CommandResult<Option<Trim>> {
        let Some(bound) = self.bound else {
            if self.limit.is_some_and(|limit| limit > 0) {
                return Err(
                    "ERR syntax error, LIMIT cannot be used without specifying a trimming \
                     strategy"
                        .into(),
                );
            }
            if !adds {
                return Err(
                    "ERR syntax error, XTRIM must be called with a trimming strategy".into(),
                );
            }
            return match self.limit {
                Some(_) => Err(CommandError::Fixed(LIMIT_OF_EXACT)),
                None => Ok(None),
            };
        };
        if self.limit.is_some() && !self.nodes_only {
            return Err(CommandError::Fixed(LIMIT_OF_EXACT));
        }
        let limit = self
            .limit
            .unwrap_or_else(|| match ctx.config.stream_node_max_entries.get() {
                ..=0 => ENTRIES_DEFAULT,
                entries => entries.saturating_mul(NODES_MAX).min(ENTRIES_MAX),
            });
        Ok(Some(Trim {
            bound,
            nodes_only: self.nodes_only.then_some(limit as u64),
            references: self.references.unwrap_or_default(),
        }))
    }
}

pub fn xadd(edit: &mut Edit<'_>, args: &mut Args<'_>, ctx: &Ctx<'_>) -> CommandResult {
    let key = args.next()?;
    let options = Options::parse(args, true)?;
    let trim = options.trim(ctx, true)?;
    let id = match options.id {
        Some(id) if args.left() >= 2 && args.left().is_multiple_of(2) => id,
        _ => return Err(CommandError::wrong_arity(ctx.command)),
    };
    if id == NewId::Given(StreamId::MIN) {
        return Err("ERR The ID specified in XADD must be greater than 0-0".into());
    }
    let strings: SmallVec<[&[u8]; 16]> = std::iter::from_fn(|| args.next_or_none()).collect();
    let add = Add {
        id,
        strings: &strings,
        create: !options.create_not,
        trim,
        limits: limits(ctx),
    };
    match stream::add(edit, key, &add)? {
        Added::Id(id) => Ok(id::reply(id)),
        Added::NoStream => Ok(Reply::Nil),
        Added::Exhausted => Err(
            "ERR The stream has exhausted the last possible ID, unable to add more items".into(),
        ),
        Added::NotAbove => Err(
            "ERR The ID specified in XADD is equal or smaller than the target stream top item"
                .into(),
        ),
    }
}

pub fn xtrim(edit: &mut Edit<'_>, args: &mut Args<'_>, ctx: &Ctx<'_>) -> CommandResult {
    let key = args.next()?;
    let options = Options::parse(args, false)?;
    let trimmed = match options.trim(ctx, false)? {
        Some(trim) => stream::trim(edit, key, &trim)?,
        None => 0,
    };
    Ok(Reply::Int(trimmed as i64))
}
