//! Owns DEBUG PROTOCOL: one reply of every type, and a push in front of one.
//! Must not know: how replies are encoded. Tests: below.

use super::ROW;
use super::debug::DEBUGGING;
use crate::command::{Args, Arity, CommandSpec, Handler, Outcome};
use crate::error::CommandResult;
use crate::resp::{Reply, RespVersion};
use crate::session::Session;

pub(super) static PROTOCOL: CommandSpec = CommandSpec {
    name: "protocol",
    arity: Arity::exactly(3),
    extra: DEBUGGING,
    handler: Handler::Server(protocol),
    syntax: "<STRING | INTEGER | DOUBLE | BIGNUM | NULL | ARRAY | SET | MAP | ATTRIB | \
             PUSH | VERBATIM | TRUE | FALSE>",
    summary: "Answers with a test value of the type.",
    ..ROW
};

fn protocol(session: &mut Session, args: &mut Args<'_>) -> CommandResult<Outcome> {
    let kind = args.next()?.to_ascii_lowercase();
    if kind == b"push" && session.resp == RespVersion::Resp2 {
        return Err("ERR RESP2 is not supported by this command".into());
    }
    let reply = sample(&kind).ok_or(
        "ERR Wrong protocol type name. Please use one of the following: \
         string|integer|double|bignum|null|array|set|map|attrib|push|verbatim|true|false",
    )?;
    Ok(reply.into())
}

#[expect(
    clippy::approx_constant,
    reason = "clients' tests expect exactly this number, not pi"
)]
fn sample(kind: &[u8]) -> Option<Reply> {
    let three = || (0..3).map(Reply::Int);
    Some(match kind {
        b"string" => Reply::bulk("Hello World"),
        b"integer" => Reply::Int(12345),
        b"double" => Reply::Double(3.141),
        b"bignum" => Reply::BigNumber("1234567999999999999999999999999999999".to_owned()),
        b"null" => Reply::Nil,
        b"array" => Reply::array(three()),
        b"set" => Reply::Set(three().collect()),
        b"map" => Reply::Map(three().zip([false, true, false].map(Reply::Bool)).collect()),
        b"attrib" => Reply::Attribute(
            vec![(
                Reply::bulk("key-popularity"),
                Reply::array([Reply::bulk("key:123"), Reply::Int(90)]),
            )],
            Box::new(Reply::bulk("Some real reply following the attribute")),
        ),
        b"push" => Reply::Pushed(
            vec![Reply::bulk("server-cpu-usage"), Reply::Int(42)],
            Box::new(Reply::bulk("Some real reply following the push reply")),
        ),
        b"verbatim" => Reply::text("This is a verbatim\nstring"),
        b"true" => Reply::Bool(true),
        b"false" => Reply::Bool(false),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_of_the_syntax_has_a_sample() {
        let kinds = PROTOCOL.syntax.trim_matches(['<', '>']).split(" | ");
        for kind in kinds {
            let kind = kind.trim().to_ascii_lowercase();
            assert!(sample(kind.as_bytes()).is_some(), "{kind}");
        }
        assert!(sample(b"frob").is_none());
    }
}
