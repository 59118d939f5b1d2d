//! What the protocol costs for one request: parsing it and encoding its reply.
//!
//! Goal: a `SET` of three arguments is parsed in less than 60 ns without an allocation. Both
//! buffers are reused, as a connection reuses its own.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use ferrock::resp::{
    OwnedRequest, Parsed, ProtocolLimits, Reply, RequestParser, RespVersion, encode, format_double,
};
use storage::Value;

const LIMITS: ProtocolLimits = ProtocolLimits::standard(true);

fn frame(args: &[&[u8]]) -> Vec<u8> {
    let mut frame = format!("*{}\r\n", args.len()).into_bytes();
    for arg in args {
        frame.extend(format!("${}\r\n", arg.len()).bytes());
        frame.extend_from_slice(arg);
        frame.extend_from_slice(b"\r\n");
    }
    frame
}

/// Parses every request of `buf` and returns the number of arguments.
fn parse_all(parser: &mut RequestParser, buf: &[u8]) -> usize {
    let mut rest = buf;
    let mut args = 0;
    while let Ok(Parsed::Request { consumed }) = parser.parse(rest, &LIMITS) {
        args += parser.request(rest).len();
        rest = rest.get(consumed..).unwrap_or_default();
    }
    args
}

fn parse(c: &mut Criterion) {
    let key = b"key:000000012345";
    let hundred_bytes = [b'v'; 100];
    let get = frame(&[b"GET", key]);
    let many: Vec<&[u8]> = vec![b"member"; 1000];
    let inputs = [
        ("get", get.clone()),
        ("set_16_bytes", frame(&[b"SET", key, &[b'v'; 16]])),
        ("set_100_bytes", frame(&[b"SET", key, &hundred_bytes])),
        ("set_1_mib", frame(&[b"SET", key, &vec![b'v'; 1 << 20]])),
        ("pipeline_of_16_gets", get.repeat(16)),
        ("1000_arguments", frame(&many)),
        ("inline_get", b"GET key:000000012345\r\n".to_vec()),
    ];
    let mut group = c.benchmark_group("parse");
    for (name, input) in inputs {
        group.throughput(Throughput::Bytes(input.len() as u64));
        let mut parser = RequestParser::new();
        group.bench_function(name, |b| {
            b.iter(|| parse_all(&mut parser, black_box(&input)));
        });
    }
    // One argument arriving in reads of 16 KiB: nothing of it may be looked at twice.
    let large = frame(&[b"SET", key, &vec![b'v'; 1 << 20]]);
    group.throughput(Throughput::Bytes(large.len() as u64));
    let mut parser = RequestParser::new();
    group.bench_function("set_1_mib_in_pieces", |b| {
        b.iter(|| {
            let ends = (0..large.len()).step_by(16 * 1024).chain([large.len()]);
            ends.filter(|&end| {
                let parsed = parser.parse(black_box(&large[..end]), &LIMITS);
                matches!(parsed, Ok(Parsed::Request { .. }))
            })
            .count()
        });
    });
    group.finish();
}

fn own(c: &mut Criterion) {
    let set = bytes::Bytes::from(frame(&[b"SET", b"key:000000012345", &[b'v'; 100]]));
    let mut parser = RequestParser::new();
    let parsed = parser.parse(&set, &LIMITS);
    assert_eq!(
        parsed,
        Ok(Parsed::Request {
            consumed: set.len()
        })
    );
    c.bench_function("own/set_100_bytes", |b| {
        b.iter(|| -> OwnedRequest { parser.owned_request(black_box(&set).clone()) });
    });
}

fn encode_replies(c: &mut Criterion) {
    let value = Value::from(vec![b'v'; 100]);
    let replies = [
        ("ok", Reply::ok()),
        ("nil", Reply::Nil),
        ("int", Reply::Int(1_234_567)),
        ("value_100_bytes", Reply::from(value.clone())),
        (
            "error",
            Reply::error("ERR value is not an integer or out of range"),
        ),
        (
            "array_of_100_values",
            Reply::array_of_bulks(vec![value; 100]),
        ),
        ("double", Reply::Double(0.1)),
    ];
    let mut group = c.benchmark_group("encode");
    let mut out = Vec::with_capacity(64 * 1024);
    for (name, reply) in replies {
        group.bench_function(name, |b| {
            b.iter(|| {
                out.clear();
                encode(black_box(&reply), RespVersion::Resp2, &mut out);
                out.len()
            });
        });
    }
    group.finish();
    c.bench_function("format_double/fraction", |b| {
        b.iter(|| format_double(black_box(0.123_456_789)).len());
    });
}

criterion_group!(benches, parse, own, encode_replies);
criterion_main!(benches);
