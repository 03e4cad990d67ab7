//! mDNS and DNS-SD (RFC 6762, RFC 6763): a camera's `_axis-video._tcp` service.
//!
//! Answers are legacy unicast ones (RFC 6762 section 6.7): the query's id and question are repeated, times to live are
//! short, no cache-flush bits. Not here: announcements, probing, known-answer suppression.

use crate::device::Device;

const SERVICE: [&str; 3] = ["_axis-video", "_tcp", "local"];
const TYPES: [&str; 4] = ["_services", "_dns-sd", "_udp", "local"];
const A: u16 = 1;
const PTR: u16 = 12;
const TXT: u16 = 16;
const SRV: u16 = 33;
const ANY: u16 = 255;
const TTL_SECONDS: u32 = 10;

struct Question<'a> {
    bytes: &'a [u8],
    name: Vec<String>,
    kind: u16,
}

/// The camera's answer to a query, if it asks for something that the camera has.
pub(super) fn answer(device: &Device, query: &[u8]) -> Option<Vec<u8>> {
    let question = question(query)?;
    let identity = &device.identity;
    let friendly = format!("AXIS {} - {}", identity.model, identity.serial);
    let host_label = format!("axis-{}", identity.serial.to_ascii_lowercase());
    let instance = [friendly.as_str(), SERVICE[0], SERVICE[1], SERVICE[2]];
    let host = [host_label.as_str(), "local"];

    let pointer = record(&SERVICE, PTR, &name(&instance));
    let mut place = vec![0, 0, 0, 0];
    place.extend_from_slice(&identity.http_port.to_be_bytes());
    place.extend_from_slice(&name(&host));
    let server = record(&instance, SRV, &place);
    let text = format!("macaddress={}", identity.serial);
    let text = record(&instance, TXT, &[&[text.len() as u8], text.as_bytes()].concat());
    let address = record(&host, A, &identity.address.octets());

    let is = |wanted: &[&str]| {
        question.name.len() == wanted.len()
            && question.name.iter().zip(wanted).all(|(a, b)| a.eq_ignore_ascii_case(b))
    };
    let asks = |kind| question.kind == kind || question.kind == ANY;
    let (answers, more) = if is(&TYPES) && asks(PTR) {
        (vec![record(&TYPES, PTR, &name(&SERVICE))], vec![])
    } else if is(&SERVICE) && asks(PTR) {
        (vec![pointer], vec![server, text, address])
    } else if is(&instance) && (asks(SRV) || asks(TXT)) {
        (vec![server, text], vec![address])
    } else if is(&host) && asks(A) {
        (vec![address], vec![])
    } else {
        return None;
    };
    let mut message = query.get(..2)?.to_vec();
    message.extend_from_slice(&[0x84, 0, 0, 1, 0, answers.len() as u8, 0, 0, 0, more.len() as u8]);
    message.extend_from_slice(question.bytes);
    for record in answers.iter().chain(&more) {
        message.extend_from_slice(record);
    }
    Some(message)
}

/// The first question of a standard query.
fn question(query: &[u8]) -> Option<Question<'_>> {
    let (head, questions) = query.split_at_checked(12)?;
    let is_query = head[2] & 0xf8 == 0;
    let count = u16::from_be_bytes([head[4], head[5]]);
    if !is_query || count == 0 {
        return None;
    }
    let mut labels = Vec::new();
    let mut rest = questions;
    loop {
        let (length, after) = rest.split_first()?;
        if *length == 0 {
            rest = after;
            break;
        }
        // A question has nothing before it that it could point to.
        let (label, after) = after.split_at_checked(usize::from(*length)).filter(|_| *length < 64)?;
        labels.push(String::from_utf8_lossy(label).into_owned());
        rest = after;
    }
    let (kind, after) = rest.split_at_checked(2)?;
    let end = questions.len() - after.len() + 2;
    Some(Question {
        bytes: questions.get(..end)?,
        name: labels,
        kind: u16::from_be_bytes([kind[0], kind[1]]),
    })
}

fn name(labels: &[&str]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for label in labels {
        bytes.push(label.len() as u8);
        bytes.extend_from_slice(label.as_bytes());
    }
    bytes.push(0);
    bytes
}

fn record(owner: &[&str], kind: u16, data: &[u8]) -> Vec<u8> {
    const INTERNET: u16 = 1;
    let mut bytes = name(owner);
    bytes.extend_from_slice(&kind.to_be_bytes());
    bytes.extend_from_slice(&INTERNET.to_be_bytes());
    bytes.extend_from_slice(&TTL_SECONDS.to_be_bytes());
    bytes.extend_from_slice(&(data.len() as u16).to_be_bytes());
    bytes.extend_from_slice(data);
    bytes
}

#[cfg(test)]
mod tests {
    use super::question;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_datagram_is_a_question_or_not_without_panic(bytes: Vec<u8>) {
            let _ = question(&bytes);
        }
    }
}
