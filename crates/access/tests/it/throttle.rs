//! `docs/reference/sign-in.md`: how wrong passwords are slowed down, as a table that the code makes.

use std::{
    fmt::Write as _,
    net::IpAddr,
    time::{Duration, Instant},
};

use access::throttle::Throttle;
use expect_test::expect_file;

const HEAD: &str = "# Signing in

The tables are written by `UPDATE_EXPECT=1 cargo test -p access`; a test holds them against the code.

## Wrong passwords

Wrong names and wrong passwords are not told apart, and take as long. Five wrong tries are free. From then on who has failed before has to wait, and is told for how long (429, `retry-after`): a
try before that is refused without a look at the password. What counts is the larger of two: the wrong tries for the name, from anywhere, and those from the network, for any name, of the last
ten minutes. A network is an IPv4 address, or 64 bits of an IPv6 address. Codes of a second factor and the own password (to change it) count likewise.

**Nobody is locked out.** There is no lock on an account. The wait is counted from the last wrong try of one's own network and never longer than a minute, and a network that has not failed itself
does not wait at all. Who shares a network with who is guessing waits with them, and comes in from another one. Whoever administrates the machine gets in over its local socket without any password.

";

const FOOT: &str = "
## Many addresses

Guesses from very many networks are not slowed by the tables above: each network has its free tries. What bounds them is the cost of a try: argon2id with 19 MiB and two passes (about 20 ms of one core), two at a
time, 64 waiting for their turn and 4 of them from one address (more are answered 503). Recording is not slowed down: its threads do not wait for these. A second factor makes guessing pointless.

## Passwords

8 characters or more, 1024 bytes or fewer, any characters but controls. They are compared as OpaqueString (RFC 8265): composed and decomposed characters are the same, all spaces are one, upper and lower case differ.
";

fn address(last: u8) -> IpAddr {
    IpAddr::from([192, 0, 2, last])
}

/// Fails `tries` times, as soon as each may, and tells the waits before each.
fn waits(tries: usize, mut who: impl FnMut(usize) -> (String, IpAddr)) -> String {
    let (mut throttle, mut now) = (Throttle::default(), Instant::now());
    let mut waits = Vec::new();
    for number in 0..tries {
        let (name, from) = who(number);
        let wait = throttle.wait(&name, from, now).unwrap_or_default();
        now += wait;
        waits.push(wait.as_secs().to_string());
        throttle.failed(&name, from, now);
    }
    waits.join(", ")
}

/// How long the owner waits after strangers have tried for an hour, twice a second.
fn owner(own_failures: usize, same_network: bool) -> u64 {
    let (mut throttle, mut now) = (Throttle::default(), Instant::now());
    let (here, there) = (address(1), if same_network { address(1) } else { address(2) });
    for _ in 0..7200 {
        now += Duration::from_millis(500);
        throttle.failed("ines", there, now);
    }
    for _ in 0..own_failures {
        throttle.failed("ines", here, now);
    }
    throttle.wait("ines", here, now).unwrap_or_default().as_secs()
}

#[test]
fn how_guessing_is_slowed_down_is_as_documented() {
    let ines = || "ines".to_owned();
    let mut text = HEAD.to_owned();
    text.push_str(
        "| who tries again and again, always wrong | seconds to wait before each try |\n|---|---|\n",
    );
    for (who, waits) in [
        ("one name, one address", waits(14, |_| (ines(), address(1)))),
        ("another name each time, one address", waits(14, |number| (number.to_string(), address(1)))),
        (
            "one name, another IPv6 address of one network each time",
            waits(14, |number| (ines(), IpAddr::from([0x2001, 0xdb8, 0, 0, 0, 0, 0, number as u16]))),
        ),
        ("one name, two addresses in turns", waits(14, |number| (ines(), address(number as u8 % 2)))),
        ("one name, another network each time", waits(14, |number| (ines(), address(number as u8)))),
    ] {
        let _ = writeln!(text, "| {who} | {waits} |");
    }
    text.push_str(
        "\nThe owner, while strangers have been guessing that name for an hour, twice a second:\n\n",
    );
    text.push_str("| the owner | seconds to wait |\n|---|---|\n");
    for (who, seconds) in [
        ("comes from a network of their own", owner(0, false)),
        ("the same, after a wrong try of their own", owner(1, false)),
        ("shares the address with them", owner(0, true)),
    ] {
        let _ = writeln!(text, "| {who} | {seconds} |");
        assert!(seconds <= 60, "nobody waits longer than a minute: {who}");
    }
    text.push_str(FOOT);
    expect_file!["../../../../docs/reference/sign-in.md"].assert_eq(&text);
}
