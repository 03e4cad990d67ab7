//! Where bytes from outside enter: one function a parser, called by its fuzz target and by the replay of its corpus.
//!
//! What is here: the calls, and what must hold for any bytes. A parser may refuse; it may not panic, hang or take
//! memory that the bytes do not account for.
//! What is not here: libFuzzer (`fuzz_targets`), the corpora (`corpora`), their replay (`crates/xtask/tests/it`).

mod turn_server;
mod volume;

pub use turn_server::turn_server;
pub use volume::archive_volume;

use std::net::Ipv4Addr;

use bytes::Bytes;
use camera::discover::{Method, describe, read_answer};
use media::{AudioConfig, VideoCodec, VideoConfig, aac, fmp4::read, h264, h265, nal};
use uuid::Uuid;

/// Where answers come from.
const SENDER: Ipv4Addr = Ipv4Addr::new(127, 9, 9, 9);
/// An answer that has a description.
const SSDP_ANSWER: &[u8] = include_bytes!("../corpora/discover_ssdp/axis");

/// A parser's name and its entry.
pub type Entry = (&'static str, fn(&[u8]));

/// All of them. Each has a target and a corpus of its name.
pub const ENTRIES: &[Entry] = &[
    ("aac", aac),
    ("api_json", api_json),
    ("api_record", api_record),
    ("archive_boxes", archive_boxes),
    ("archive_volume", archive_volume),
    ("backup", backup_file),
    ("carrier", carrier_link),
    ("discover_mdns", discover_mdns),
    ("discover_ssdp", discover_ssdp),
    ("discover_wsd", discover_wsd),
    ("fmp4", fmp4),
    ("h264", h264),
    ("h265", h265),
    ("ldap", ldap),
    ("nal", nal),
    ("negotiate", tickets),
    ("onvif_metadata", onvif_metadata),
    ("openid", openid_answers),
    ("peer_signal", peer_signal),
    ("trust", trust_statements),
    ("turn_server", turn_server),
    ("vapix", vapix),
];

/// AudioSpecificConfig, from an SDP.
pub fn aac(data: &[u8]) {
    if let Ok(config) = AudioConfig::from_aac(data) {
        assert!(config.sample_rate > 0 && matches!(config.channels, 1 | 2));
        assert!(config.sample_duration(data) > 0);
    }
    let _ = aac::AudioSpecificConfig::parse(data);
}

/// A backup: the file as somebody gives it, and, for who knows the passphrase, what is sealed in it.
pub fn backup_file(data: &[u8]) {
    use backup::{Cost, HEADER_LEN, RANDOM_LEN, Reader};
    fn read(file: &[u8], passphrase: &model::Secret<String>) -> Result<(), backup::Error> {
        let mut reader = Reader::begin(file, passphrase)?;
        while let Some(entry) = reader.next_entry()? {
            let inside = entry.name.split('/').all(|part| !part.is_empty() && !part.starts_with('.'));
            assert!(inside, "{:?} leads elsewhere", entry.name);
            if entry.size % 2 == 0 {
                let whole = reader.whole(1 << 16)?;
                assert_eq!(whole.len() as u64, entry.size);
            }
        }
        Ok(())
    }
    let passphrase = model::Secret::new("a lighthouse, not a tower".to_owned());
    let mut file = data.to_vec();
    // Memory and passes that a file may ask for are bounded elsewhere; here they would only take time.
    if let Some(cost) = file.get_mut(9..21) {
        for (number, lowest) in cost.chunks_exact_mut(4).zip([64_u32, 1, 1]) {
            number.copy_from_slice(&lowest.to_be_bytes());
        }
    }
    let opened = read(&file, &passphrase);
    assert!(opened.is_err() || file.len() > HEADER_LEN);
    if let Ok(sealed) = backup::seal(data, &passphrase, Cost::LOWEST, &[7; RANDOM_LEN]) {
        let _ = read(&sealed, &passphrase);
    }
}

/// JSON bodies of requests.
pub fn api_json(data: &[u8]) {
    fn body<T: serde::de::DeserializeOwned + serde::Serialize>(data: &[u8]) {
        if let Ok(value) = serde_json::from_slice::<T>(data) {
            let text = serde_json::to_vec(&value).expect("what was read can be written");
            assert!(serde_json::from_slice::<T>(&text).is_ok(), "what was written can be read");
        }
    }
    body::<api::camera::NewCamera>(data);
    body::<api::camera::CameraChange>(data);
    body::<api::live::Ask>(data);
    body::<api::notification::Notifications>(data);
    body::<api::session::SetUp>(data);
    body::<api::session::SignIn>(data);
    body::<api::session::TokenRequest>(data);
    body::<api::site::SiteChange>(data);
    body::<api::storage::VolumeChange>(data);
}

/// A media record, as a client of another site would read it.
pub fn api_record(data: &[u8]) {
    if let Ok((header, payload)) = api::record::Header::parse(data) {
        assert_eq!(header.to_bytes()[..], data[..api::record::HEADER], "a header is written as it was read");
        assert!(header.data_offset as usize <= payload.len());
    }
}

/// Messages of a peer session's carrier, each behind its length (1 byte): to a site, and to a client.
pub fn carrier_link(data: &[u8]) {
    use carrier::{Limits, Link, Role, StreamId};
    let now = std::time::Instant::now();
    let limits = Limits { window: 16 << 10, streams: 4 };
    for role in [Role::Site, Role::Client] {
        let mut link = Link::new(role, limits, "", now);
        let mut rest = data;
        while let Some((length, tail)) = rest.split_first() {
            let (message, tail) = tail.split_at(tail.len().min(usize::from(*length)));
            rest = tail;
            if link.handle_message(&Bytes::copy_from_slice(message), now).is_err() {
                break;
            }
            for stream in 0..4 {
                let _ = link.recv(StreamId(stream));
            }
            while link.poll_event().is_some() {}
            while let Some((_, message)) = link.poll_transmit(now) {
                assert!(message.len() <= carrier::frame::MAX_MESSAGE);
            }
        }
    }
}

/// A signal of a peer session, from a mediator, and what is made of its parts.
pub fn peer_signal(data: &[u8]) {
    use api::peer::Signal;
    let Ok(signal) = Signal::from_json(data) else { return };
    assert_eq!(Signal::from_json(signal.to_json().as_bytes()).ok(), Some(signal.clone()));
    let party = match &signal {
        Signal::Offer(offer) => &offer.client,
        Signal::Answer(answer) => {
            let _ = trust::PublicIdentity::from_spki_der(&answer.identity.0);
            let _ = trust::Signature::from_fixed(&answer.signature.0);
            &answer.site
        }
        _ => return,
    };
    let fingerprint = trust::peer::DtlsFingerprint(party.fingerprint.0);
    if let Ok(party) = trust::peer::Party::new(party.nonce.0, fingerprint, &party.ufrag, &party.pwd) {
        assert!(!party.ufrag().contains(['\r', '\n', ' ']), "nothing can be put in beside it");
    }
}

/// Our boxes in a segment, from a disk.
pub fn archive_boxes(data: &[u8]) {
    use archive::clock::Anchor;
    use archive::format::{self, Head, Seal, Table};
    use model::WallTime;
    let mut rest = data;
    while let Some((_, whole, after)) = format::split_box(rest) {
        if let Some(head) =
            format::uuid_content(whole, &format::HEAD).and_then(|content| Head::parse(content).ok())
        {
            let written = head.to_box();
            let again =
                format::uuid_content(&written, &format::HEAD).and_then(|content| Head::parse(content).ok());
            assert_eq!(again, Some(head), "a head is read back as written");
        }
        if let Some((table, _)) =
            format::uuid_content(whole, &format::TABLE).and_then(|content| Table::parse(content).ok())
        {
            let written = table.to_box(&Anchor { wall: WallTime::from_micros(0), media: 0, slew_ppm: 0 });
            let again =
                format::uuid_content(&written, &format::TABLE).and_then(|content| Table::parse(content).ok());
            assert_eq!(again.map(|(table, _)| table), Some(table), "a table is read back as written");
        }
        let _ = format::uuid_content(whole, &format::SEAL).map(Seal::parse);
        rest = after;
    }
}

/// Answers to mDNS.
pub fn discover_mdns(data: &[u8]) {
    discover(Method::Mdns, data);
}

/// Answers to SSDP, and the descriptions that they point to.
pub fn discover_ssdp(data: &[u8]) {
    discover(Method::Ssdp, data);
    for (mut sighting, _) in read_answer(Method::Ssdp, Uuid::nil(), SSDP_ANSWER, SENDER) {
        let _ = describe(&mut sighting, data);
        assert_eq!(sighting.address, SENDER, "a description moves no device");
    }
}

/// Answers to WS-Discovery.
pub fn discover_wsd(data: &[u8]) {
    discover(Method::Wsd, data);
}

fn discover(method: Method, data: &[u8]) {
    for (sighting, description) in read_answer(method, Uuid::nil(), data, SENDER) {
        let public = !(sighting.address.is_loopback()
            || sighting.address.is_private()
            || sighting.address.is_link_local());
        assert!(!public, "{} is believed", sighting.address);
        if let Some(url) = description {
            assert_eq!(url.host_str(), Some("127.9.9.9"), "a description is fetched from the sender alone");
        }
    }
}

/// Segments and fragments, from a disk.
pub fn fmp4(data: &[u8]) {
    if let Ok(init) = read::read_init(data) {
        let _ = init.tracks();
    }
    let whole = data.len() as u64;
    for item in read::boxes(data) {
        let Ok((head, _)) = item else { break };
        assert!(head.size >= u64::from(head.header) && head.offset + head.size <= whole);
        let (from, to) = (head.offset as usize, (head.offset + head.size) as usize);
        if head.kind == *b"moof"
            && let Ok(fragment) = read::read_fragment(&data[from..to], head.offset, to as u64..whole)
        {
            let samples = fragment.tracks.iter().flat_map(|track| &track.samples);
            for sample in samples {
                assert!(sample.offset >= to as u64 && sample.offset + u64::from(sample.size) <= whole);
            }
        }
    }
}

/// H.264 parameter sets, from an SDP, a stream or a file.
pub fn h264(data: &[u8]) {
    if let Ok(sps) = h264::Sps::parse(data) {
        assert!(sps.width > 0 && sps.height > 0);
        assert!(sps.codec_string().starts_with("avc1."));
        let config = VideoConfig::from_h264(data, &[0x68, 0xce, 0x3c, 0x80]);
        assert!(
            config.is_err()
                || config.is_ok_and(|config| VideoConfig::from_avcc(&config.decoder_config).is_ok())
        );
    }
    if let Ok(config) = VideoConfig::from_avcc(data) {
        let _ = config.num_reorder_frames();
    }
}

/// H.265 parameter sets, from an SDP, a stream or a file.
pub fn h265(data: &[u8]) {
    if let Ok(sps) = h265::Sps::parse(data) {
        assert!(sps.width > 0 && sps.height > 0);
    }
    let _ = h265::parallel_tools(data);
    if let Ok(config) = VideoConfig::from_hvcc(data) {
        assert!(config.codec_string.starts_with("hvc1."));
        let _ = config.num_reorder_frames();
    }
}

/// Messages of a directory, one after the other.
pub fn ldap(data: &[u8]) {
    directory::read_anything(data);
}

/// Tokens of a browser, keytabs, and what is inside of an opened ticket.
pub fn tickets(data: &[u8]) {
    negotiate::read_anything(data);
}

/// Samples, from a stream.
pub fn nal(data: &[u8]) {
    let sample = Bytes::copy_from_slice(data);
    for codec in [VideoCodec::H264, VideoCodec::H265] {
        let _ = nal::is_key(codec, data);
        if let Ok(unit) = nal::split(codec, &sample) {
            let again = nal::split(codec, &unit.data).expect("what is left is a sample");
            assert_eq!(
                (again.data, again.parameter_sets.len()),
                (unit.data, 0),
                "nothing is left to take off"
            );
            let _ = VideoConfig::from_parameter_sets(codec, &unit.parameter_sets);
        }
    }
    assert!(nal::annex_b(data).all(|unit| !unit.is_empty()));
}

/// ONVIF metadata, from a stream.
pub fn onvif_metadata(data: &[u8]) {
    for notification in camera::onvif::parse(data).unwrap_or_default() {
        let _ = notification.motion();
    }
}

/// Answers of a provider: its document, its keys, tokens and what they claim.
pub fn openid_answers(data: &[u8]) {
    openid::read_anything(data);
}

/// What a stranger presents, states or signs: certificates, statements of an identity, IDs, keys.
pub fn trust_statements(data: &[u8]) {
    use trust::{CertificateId, Endorsement, Identity, PublicIdentity, Signature, TlsFingerprint, chain};
    let certificate = trust::CertificateDer::from(data);
    if let Ok(facts) = chain::facts(&certificate) {
        assert!(facts.not_before <= facts.not_after);
    }
    assert!(!chain::is_trusted(
        std::slice::from_ref(&certificate),
        &[],
        &[],
        model::WallTime::from_micros(0)
    ));
    let _ = chain::check(&[certificate], &[], &[], model::WallTime::from_micros(0));
    let _ = trust::presented_by(data);
    if let Ok(identity) = PublicIdentity::from_spki_der(data) {
        assert_eq!(identity.spki_der().as_slice(), data, "a key has one form");
    }
    if let Ok(signature) = Signature::from_der(data) {
        assert!(Signature::from_der(&signature.to_der()).is_ok());
    }
    let Ok(text) = std::str::from_utf8(data) else { return };
    let _ = Identity::from_pem(text);
    if let Ok(id) = text.parse::<CertificateId>() {
        assert_eq!(id.to_string().parse(), Ok(id));
    }
    if let Ok(fingerprint) = text.parse::<TlsFingerprint>() {
        assert_eq!(fingerprint.to_string().parse(), Ok(fingerprint));
    }
    if let Ok(lineage) = serde_json::from_str::<trust::Lineage>(text) {
        let written = serde_json::to_string(&lineage).expect("what was read can be written");
        assert_eq!(serde_json::from_str::<trust::Lineage>(&written).ok(), Some(lineage));
    }
    if let Ok(statement) = serde_json::from_str::<Endorsement>(text) {
        let id = statement.identity.certificate_id();
        assert!(
            statement.verify(&id, data, model::WallTime::from_micros(0)).is_err(),
            "it is not about this text"
        );
    }
}

/// Answers of Axis devices over HTTP.
pub fn vapix(data: &[u8]) {
    use camera::vapix::answers::{
        DeviceInfo, Parameters, SystemReady, api_list, envelope, main_resolution, sub_resolution,
    };
    if let Ok(Ok(data)) = envelope(data) {
        let _ = (SystemReady::from_data(&data), DeviceInfo::from_data(&data), api_list(&data));
    }
    let parameters = Parameters::parse(data);
    let resolutions = parameters.resolutions();
    assert_eq!(main_resolution(&resolutions).is_some(), sub_resolution(&resolutions).is_some());
    let _ = DeviceInfo::from_parameters(&parameters);
}
