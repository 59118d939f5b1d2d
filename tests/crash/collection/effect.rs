//! What the steps make of values, and what the server must answer.
//! Invariants: a step on a value of another type changes nothing. Must not know: connections.
//! Tests: in `collection.rs`; the crash rounds compare it with a real server.

use super::{Collection, Step};
use crate::crash::state::{Field, Group, Stream, Value};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

impl Collection {
    /// What the key becomes if it does not exist.
    pub(super) fn fresh(&self) -> Value {
        match self.step {
            Step::SetFields(..) | Step::DeleteFields(_) | Step::ExpireFields(..) => {
                Value::Hash(BTreeMap::new())
            }
            Step::AddMembers(_) | Step::RemoveMembers(_) => Value::Set(BTreeSet::new()),
            Step::AddScored(..) | Step::RemoveScored(_) | Step::RemoveRanks(_) => {
                Value::SortedSet(BTreeMap::new())
            }
            Step::Push { .. } | Step::Pop { .. } | Step::KeepFirst(_) => {
                Value::List(VecDeque::new())
            }
            _ => Value::Stream(Stream::default()),
        }
    }

    /// Changes the value; `None` if it has another type.
    pub(super) fn change(&self, value: &mut Value, existed: bool) -> Option<Vec<u8>> {
        match value {
            Value::Hash(fields) => self.change_hash(fields),
            Value::Set(members) => self.change_set(members),
            Value::SortedSet(members) => self.change_sorted_set(members),
            Value::List(elements) => self.change_list(elements, existed),
            Value::Stream(stream) => self.change_stream(stream, existed),
            Value::String(_) => None,
        }
    }

    fn change_hash(&self, fields: &mut BTreeMap<Vec<u8>, Field>) -> Option<Vec<u8>> {
        match &self.step {
            Step::SetFields(span, value) => {
                let field = |value: &[u8]| Field {
                    value: value.to_vec(),
                    expire_ms: None,
                };
                let new = span
                    .members()
                    .filter(|m| fields.insert(m.clone(), field(value)).is_none());
                Some(integer(new.count()))
            }
            Step::DeleteFields(span) => {
                let gone = span
                    .members()
                    .filter(|member| fields.remove(member).is_some());
                Some(integer(gone.count()))
            }
            Step::ExpireFields(span, at) => {
                let mut reply = format!("*{}\r\n", span.count).into_bytes();
                for member in span.members() {
                    let field = fields.get_mut(&member);
                    let found = field.map(|field| field.expire_ms = Some(*at)).is_some();
                    reply.extend_from_slice(if found { b":1\r\n" } else { b":-2\r\n" });
                }
                Some(reply)
            }
            _ => None,
        }
    }

    fn change_set(&self, members: &mut BTreeSet<Vec<u8>>) -> Option<Vec<u8>> {
        match &self.step {
            Step::AddMembers(span) => Some(integer(
                span.members().filter(|m| members.insert(m.clone())).count(),
            )),
            Step::RemoveMembers(span) => Some(integer(
                span.members().filter(|m| members.remove(m)).count(),
            )),
            _ => None,
        }
    }

    fn change_sorted_set(&self, members: &mut BTreeMap<Vec<u8>, i64>) -> Option<Vec<u8>> {
        match &self.step {
            Step::AddScored(span, base) => {
                let new = span
                    .scored(*base)
                    .filter(|(m, score)| members.insert(m.clone(), *score).is_none());
                Some(integer(new.count()))
            }
            Step::RemoveScored(span) => Some(integer(
                span.members()
                    .filter(|m| members.remove(m).is_some())
                    .count(),
            )),
            Step::RemoveRanks(count) => {
                let mut order: Vec<_> = members.iter().map(|(m, s)| (*s, m.clone())).collect();
                order.sort();
                order.truncate(*count as usize);
                order
                    .iter()
                    .for_each(|(_, member)| assert!(members.remove(member).is_some()));
                Some(integer(order.len()))
            }
            _ => None,
        }
    }

    fn change_list(&self, elements: &mut VecDeque<Vec<u8>>, existed: bool) -> Option<Vec<u8>> {
        match &self.step {
            Step::Push { left, span, value } => {
                for member in span.members() {
                    let element = [&member[..], value].concat();
                    match left {
                        true => elements.push_front(element),
                        false => elements.push_back(element),
                    }
                }
                Some(integer(elements.len()))
            }
            Step::Pop { .. } if !existed => Some(b"*-1\r\n".to_vec()),
            Step::Pop { left, count } => {
                let count = elements.len().min(*count as usize);
                let mut reply = format!("*{count}\r\n").into_bytes();
                for _ in 0..count {
                    let element = match left {
                        true => elements.pop_front(),
                        false => elements.pop_back(),
                    };
                    reply.extend(bulk(&element.expect("counted")));
                }
                Some(reply)
            }
            Step::KeepFirst(count) => {
                elements.truncate(*count as usize);
                Some(b"+OK\r\n".to_vec())
            }
            _ => None,
        }
    }

    fn change_stream(&self, stream: &mut Stream, existed: bool) -> Option<Vec<u8>> {
        match &self.step {
            Step::AddEntry(id, value) => {
                stream.entries.insert(*id, value.clone());
                stream.last = *id;
                Some(bulk(format!("{id}-0").as_bytes()))
            }
            Step::TrimEntries(max) => {
                let surplus = stream.entries.len().saturating_sub(*max as usize);
                (0..surplus).for_each(|_| drop(stream.entries.pop_first()));
                Some(integer(surplus))
            }
            Step::CreateGroup if stream.group.is_some() => {
                Some(b"-BUSYGROUP Consumer Group name already exists\r\n".to_vec())
            }
            Step::CreateGroup => {
                stream.group = Some(Group::default());
                Some(b"+OK\r\n".to_vec())
            }
            Step::ReadGroup(count) => Some(self.read_group(stream, existed, *count as usize)),
            _ => None,
        }
    }

    fn read_group(&self, stream: &mut Stream, existed: bool, count: usize) -> Vec<u8> {
        let key = &self.key;
        let Some(group) = stream.group.as_mut().filter(|_| existed) else {
            let text = format!(
                "-NOGROUP No such key '{key}' or consumer group 'g' in XREADGROUP with GROUP \
                 option\r\n"
            );
            return text.into_bytes();
        };
        let after = group.delivered + 1;
        let given: Vec<_> = stream.entries.range(after..).take(count).collect();
        let Some((last, _)) = given.last() else {
            return b"*-1\r\n".to_vec();
        };
        group.delivered = **last;
        group.pending.extend(given.iter().map(|(id, _)| **id));
        let mut reply = b"*1\r\n*2\r\n".to_vec();
        reply.extend(bulk(key.as_bytes()));
        reply.extend(format!("*{}\r\n", given.len()).into_bytes());
        for (id, value) in given {
            reply.extend_from_slice(b"*2\r\n");
            reply.extend(bulk(format!("{id}-0").as_bytes()));
            reply.extend_from_slice(b"*2\r\n$1\r\nf\r\n");
            reply.extend(bulk(value));
        }
        reply
    }
}

fn integer(number: usize) -> Vec<u8> {
    format!(":{number}\r\n").into_bytes()
}

fn bulk(bytes: &[u8]) -> Vec<u8> {
    let mut reply = format!("${}\r\n", bytes.len()).into_bytes();
    reply.extend_from_slice(bytes);
    reply.extend_from_slice(b"\r\n");
    reply
}
