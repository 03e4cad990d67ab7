//! Any bytes at all.

use proptest::prelude::*;
use stun_types::message::{MessageClass, MessageWrite as _};
use turn_types::message::{ALLOCATE, CHANNEL_BIND, CREATE_PERMISSION, REFRESH, SEND};

use crate::harness::{Attribute, Lab, User, begin, channel_data};

/// A laboratory with an allocation, a permission and a channel.
fn open() -> (Lab, User) {
    let mut lab = Lab::new();
    let mut user = lab.user("192.0.2.1:1000", "anna", "s1");
    user.allocate(&mut lab);
    user.bind(&mut lab, 0x4000, "198.51.100.7:4000".parse().unwrap());
    (lab, user)
}

/// Whatever comes in: what goes out lies inside of it, and what was there stays.
fn hold(lab: &mut Lab, user: &User, bytes: &[u8]) {
    if let Some(pass) = lab.server.handle_client(user.client, bytes, lab.now) {
        assert!(pass.payload.end <= bytes.len() && pass.padding < 4);
    }
    lab.settle();
    lab.replies.clear();
    assert!(lab.server.allocations() <= 1);
}

proptest! {
    #[test]
    fn random_bytes_harm_nothing(messages in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..300), 1..20)) {
        let (mut lab, user) = open();
        for bytes in &messages {
            hold(&mut lab, &user, bytes);
        }
        prop_assert!(user.send_channel(&mut lab, 0x4000, b"x").is_some());
    }

    #[test]
    fn changed_and_cut_messages_harm_nothing(at in 0..400usize, bit in 0..8u8, cut in 0..400usize, which in 0..6usize) {
        let (mut lab, user) = open();
        let peer = Attribute::Peer("198.51.100.7:4000".parse().unwrap());
        let mut bytes = match which {
            0 => user.write(ALLOCATE, &[Attribute::Transport(17), Attribute::Even(true)]),
            1 => user.write(REFRESH, &[Attribute::Lifetime(800)]),
            2 => user.write(CREATE_PERMISSION, &[peer, peer]),
            3 => user.write(CHANNEL_BIND, &[Attribute::Channel(0x4001), peer]),
            4 => begin(MessageClass::Indication, SEND, &[peer, Attribute::Data(b"hello")]).finish(),
            _ => channel_data(0x4000, b"hello"),
        };
        bytes.truncate(bytes.len() - cut % bytes.len());
        let at = at % bytes.len();
        bytes[at] ^= 1 << bit;
        hold(&mut lab, &user, &bytes);
        prop_assert!(user.send_channel(&mut lab, 0x4000, b"x").is_some());
    }
}
