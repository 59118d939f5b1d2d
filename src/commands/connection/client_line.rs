//! Owns how a client is described: one line of CLIENT LIST, as of Redis 8.
//! Invariants: the fields are Redis's, in its order; what Ferrock has no figure for is shown as
//! Redis shows an idle client's. Must not know: who asks. Tests: below.

use crate::commands;
use crate::session::ClientInfo;
use std::fmt::Write;
use std::sync::atomic::Ordering::Relaxed;

/// The client's line, its line end included.
pub fn describe(client: &ClientInfo, now_ms: u64) -> String {
    let age_s = now_ms.saturating_sub(client.connected_ms) / 1000;
    let idle_s = now_ms.saturating_sub(client.active_ms.load(Relaxed)) / 1000;
    let names = client.names.lock().clone();
    let query = client.query_bytes.load(Relaxed);
    let output = client.output_bytes.load(Relaxed);
    let buffers = client.buffer_bytes.load(Relaxed);
    let memory = buffers + size_of::<ClientInfo>() + client.addr.len() + client.laddr.len();
    let mut line = String::with_capacity(512);
    // Writing to a String cannot fail.
    let _ = write!(
        line,
        "id={} addr={} laddr={} fd={} name={} age={age_s} idle={idle_s} flags={} db={} sub=0 \
         psub=0 ssub=0 multi={} watch={} qbuf={query} qbuf-free={} argv-mem=0 multi-mem=0 rbs=0 \
         rbp=0 obl={output} oll=0 omem=0 tot-mem={memory} events=r cmd={} user=default redir=-1 \
         resp={} lib-name={} lib-ver={} io-thread=0 tot-net-in={} tot-net-out={} tot-cmds={}",
        client.id,
        client.addr,
        client.laddr,
        client.fd,
        String::from_utf8_lossy(&names.name),
        flags(client),
        client.db.load(Relaxed),
        client.queued.load(Relaxed),
        client.watched.load(Relaxed),
        buffers.saturating_sub(query),
        last_command(client),
        client.resp.load(Relaxed),
        String::from_utf8_lossy(&names.lib_name),
        String::from_utf8_lossy(&names.lib_version),
        client.bytes_in.load(Relaxed),
        client.bytes_out.load(Relaxed),
        client.commands.load(Relaxed),
    );
    line.push('\n');
    line
}

/// The letters of the client's states, or `N` for none.
pub fn flags(client: &ClientInfo) -> String {
    let states = [
        ('O', client.monitors.load(Relaxed)),
        ('x', client.queued.load(Relaxed) >= 0),
        ('b', client.blocked.load(Relaxed)),
        ('U', client.unix),
        ('e', client.no_evict.load(Relaxed)),
        ('T', client.no_touch.load(Relaxed)),
    ];
    let letters = states
        .iter()
        .filter(|(_, is)| *is)
        .map(|(letter, _)| *letter);
    let letters: String = letters.collect();
    match letters.is_empty() {
        true => "N".to_owned(),
        false => letters,
    }
}

fn last_command(client: &ClientInfo) -> &'static str {
    let index = usize::try_from(client.last_command.load(Relaxed));
    let command = index.ok().and_then(|index| commands::numbered().get(index));
    command.map_or("NULL", |command| command.full_name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_the_fields_in_order() {
        let client = ClientInfo::new(7, "1.2.3.4:5".into(), "1.2.3.4:6".into(), 9, false, 1000);
        client.names.lock().name = b"me".to_vec();
        let line = describe(&client, 4500);
        assert!(
            line.starts_with(
                "id=7 addr=1.2.3.4:5 laddr=1.2.3.4:6 fd=9 name=me age=3 idle=3 flags=N db=0 "
            ),
            "{line}"
        );
        assert!(line.contains(" cmd=NULL user=default redir=-1 resp=2 lib-name= "));
        assert!(line.ends_with("tot-cmds=0\n"));
        client.no_evict.store(true, Relaxed);
        client.no_touch.store(true, Relaxed);
        assert!(describe(&client, 4500).contains(" flags=eT "));
    }
}
