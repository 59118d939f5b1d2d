//! GEOADD, GEODIST, GEOHASH, GEOPOS, GEORADIUS, GEORADIUSBYMEMBER, their forms that only read,
//! GEOSEARCH, GEOSEARCHSTORE.
//! Invariants: places are scores of a sorted set, as Redis computes them.
//! Must not know: how an area is searched. Tests: this file.

use crate::harness::ask::all_fail;
use crate::harness::{Server, ask};
use redis::Connection;

fn list(c: &mut Connection, line: &str) -> Vec<String> {
    ask(c, line)
}

fn fill(c: &mut Connection) {
    let towns = "GEOADD g 13.361389 38.115556 Palermo 15.087269 37.502669 Catania";
    assert_eq!(ask::<i64>(c, towns), 2);
    let _: i64 = ask(
        c,
        "GEOADD g 12.758489 38.788135 edge1 17.24151 38.788135 edge2",
    );
}

#[test]
fn geoadd_keeps_places_as_scores() {
    let server = Server::start();
    let mut c = server.client();
    fill(&mut c);
    assert_eq!(ask::<String>(&mut c, "TYPE g"), "zset");
    assert_eq!(
        ask::<String>(&mut c, "ZSCORE g Palermo"),
        "3479099956230698"
    );
    assert_eq!(ask::<i64>(&mut c, "GEOADD g XX CH 13 38 Palermo 1 1 x"), 1);
    assert_eq!(ask::<i64>(&mut c, "GEOADD g NX 14 38 Palermo 1 1 x"), 1);
    let pair = "ERR invalid longitude,latitude pair 200.000000,10.000000";
    all_fail(
        &mut c,
        &[
            ("GEOADD g 200 10 x", pair),
            ("GEOADD g x 10 x", "ERR value is not a valid float"),
            ("GEOADD g NX XX 1 1 x", "ERR syntax error"),
            ("GEOADD g 1 1 x 2", "ERR syntax error"),
        ],
    );
}

#[test]
fn geodist_geohash_and_geopos_tell_of_places() {
    let server = Server::start();
    let mut c = server.client();
    fill(&mut c);
    assert_eq!(
        ask::<String>(&mut c, "GEODIST g Palermo Catania"),
        "166274.1516"
    );
    assert_eq!(
        ask::<String>(&mut c, "GEODIST g Palermo Catania KM"),
        "166.2742"
    );
    assert_eq!(ask::<String>(&mut c, "GEODIST g Palermo Palermo"), "0.0000");
    assert_eq!(ask::<Option<String>>(&mut c, "GEODIST g Palermo x"), None);
    let texts: Vec<Option<String>> = ask(&mut c, "GEOHASH g Palermo x");
    assert_eq!(texts, [Some("sqc8b49rny0".to_string()), None]);
    let mut raw = server.raw();
    let place = "*2\r\n$20\r\n13.36138933897018433\r\n$20\r\n38.11555639549629859";
    raw.expect("GEOPOS g x Palermo", &format!("*2\r\n*-1\r\n{place}"));
    raw.line("HELLO 3");
    let place = "*2\r\n,13.361389338970184\r\n,38.1155563954963";
    raw.expect("GEOPOS g x Palermo", &format!("*2\r\n_\r\n{place}"));
    let unit = "ERR unsupported unit provided. please use M, KM, FT, MI";
    all_fail(
        &mut c,
        &[
            ("GEODIST g a b yd", unit),
            ("GEODIST g a b m m", "ERR syntax error"),
        ],
    );
}

#[test]
fn georadius_and_georadius_ro_search_a_circle() {
    let server = Server::start();
    let mut c = server.client();
    fill(&mut c);
    assert_eq!(
        list(&mut c, "GEORADIUS g 15 37 200 km ASC"),
        ["Catania", "Palermo"]
    );
    assert_eq!(
        list(&mut c, "GEORADIUS_RO g 15 37 200 km COUNT 1"),
        ["Catania"]
    );
    let mut raw = server.raw();
    raw.expect(
        "GEORADIUS_RO g 15 37 100 km WITHDIST WITHHASH",
        "*1\r\n*3\r\n$7\r\nCatania\r\n$7\r\n56.4413\r\n:3479447370796909",
    );
    assert_eq!(ask::<i64>(&mut c, "GEORADIUS g 15 37 200 km STORE s"), 2);
    assert_eq!(ask::<i64>(&mut c, "ZCARD s"), 2);
    assert_eq!(
        ask::<i64>(&mut c, "GEORADIUS g 15 37 200 km STOREDIST s"),
        2
    );
    let nearest: f64 = ask(&mut c, "ZSCORE s Catania");
    assert!((nearest - 56.4413).abs() < 0.001);
    assert_eq!(
        ask::<i64>(&mut c, "GEORADIUS nothing 15 37 200 km STORE s"),
        0
    );
    assert_eq!(ask::<i64>(&mut c, "EXISTS s"), 0);
    let clash = "ERR STORE option in GEORADIUS is not compatible with WITHDIST, WITHHASH and \
                 WITHCOORD options";
    all_fail(
        &mut c,
        &[
            ("GEORADIUS g 15 37 x km", "ERR need numeric radius"),
            ("GEORADIUS g 15 37 -1 km", "ERR radius cannot be negative"),
            ("GEORADIUS g 15 37 1 km COUNT 0", "ERR COUNT must be > 0"),
            (
                "GEORADIUS g 15 37 1 km ANY",
                "ERR the ANY argument requires COUNT argument",
            ),
            ("GEORADIUS g 15 37 1 km STORE s WITHDIST", clash),
            ("GEORADIUS_RO g 15 37 1 km STORE s", "ERR syntax error"),
        ],
    );
}

#[test]
fn georadiusbymember_and_georadiusbymember_ro_search_around_a_member() {
    let server = Server::start();
    let mut c = server.client();
    fill(&mut c);
    let near = list(&mut c, "GEORADIUSBYMEMBER g Palermo 100 km DESC");
    assert_eq!(near, ["edge1", "Palermo"]);
    assert_eq!(
        list(&mut c, "GEORADIUSBYMEMBER_RO g Palermo 0 m"),
        ["Palermo"]
    );
    assert!(list(&mut c, "GEORADIUSBYMEMBER nothing x 100 km").is_empty());
    let missing = "ERR could not decode requested zset member";
    all_fail(&mut c, &[("GEORADIUSBYMEMBER g x 100 km", missing)]);
}

#[test]
fn geosearch_and_geosearchstore_take_circles_boxes_and_polygons() {
    let server = Server::start();
    let mut c = server.client();
    fill(&mut c);
    let search = |c: &mut Connection, rest: &str| list(c, &format!("GEOSEARCH g {rest}"));
    let circle = search(&mut c, "FROMLONLAT 15 37 BYRADIUS 200 km ASC");
    assert_eq!(circle, ["Catania", "Palermo"]);
    let all = search(&mut c, "FROMLONLAT 15 37 BYBOX 400 400 km ASC");
    assert_eq!(all, ["Catania", "Palermo", "edge2", "edge1"]);
    let around = search(&mut c, "FROMMEMBER Catania BYBOX 1 1 km");
    assert_eq!(around, ["Catania"]);
    let any = search(&mut c, "FROMLONLAT 15 37 BYRADIUS 500 km COUNT 2 ANY");
    assert_eq!(any.len(), 2);
    let polygon = search(&mut c, "BYPOLYGON 3 13 38 14 38 13.4 39");
    assert_eq!(polygon, ["Palermo"]);
    let store = "GEOSEARCHSTORE s g FROMLONLAT 15 37 BYRADIUS 200 km STOREDIST";
    assert_eq!(ask::<i64>(&mut c, store), 2);
    assert_eq!(list(&mut c, "ZRANGE s 0 -1"), ["Catania", "Palermo"]);
    let from = "ERR exactly one of FROMMEMBER or FROMLONLAT can be specified for GEOSEARCH";
    let by = "ERR exactly one of BYRADIUS and BYBOX can be specified for GEOSEARCH";
    let corners = "ERR GEOSEARCH BYPOLYGON must have at least 3 vertices";
    all_fail(
        &mut c,
        &[
            ("GEOSEARCH g BYRADIUS 1 km ASC WITHDIST", from),
            ("GEOSEARCH g FROMLONLAT 1 1 ASC WITHDIST", by),
            (
                "GEOSEARCH g FROMLONLAT 1 1 BYRADIUS 1 km BYBOX 1 1 km",
                "ERR syntax error",
            ),
            ("GEOSEARCH g BYPOLYGON 2 1 1 2 2", corners),
            ("GEOSEARCH g BYPOLYGON 3 1 1 2 2", corners),
        ],
    );
}
