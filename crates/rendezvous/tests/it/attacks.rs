//! Who is not let in, and what nobody can do to others.

use std::time::{Duration, Instant};

use model::{AccountId, PeerSessionId};
use rendezvous::{
    Mediator, Message, Why,
    mediator::{Client, LinkId, Output},
    message::{MAX_MESSAGE, Nonce, Opener},
};
use trust::CertificateId;

use crate::identity;

struct Lab {
    mediator: Mediator,
    me: CertificateId,
    now: Instant,
}

fn lab() -> Lab {
    let me = identity(1).certificate_id();
    Lab { mediator: Mediator::new(me, "test"), me, now: Instant::now() }
}

fn opener() -> Opener {
    Opener { account: AccountId::random(), name: "anna@example.org".into(), role: "viewer".into() }
}

impl Lab {
    fn say(&mut self, link: LinkId, message: &Message) {
        self.mediator.handle_message(link, &message.write(), self.now);
    }

    fn outputs(&mut self) -> Vec<Output> {
        std::iter::from_fn(|| self.mediator.poll_output()).collect()
    }

    /// What was said on a link, and whether it was closed.
    fn heard(&mut self, link: LinkId) -> (Vec<Message>, bool) {
        let outputs = self.outputs();
        let said = outputs.iter().filter_map(|output| match output {
            Output::Send(to, text) if *to == link => Some(Message::read(text).unwrap()),
            _ => None,
        });
        (said.collect(), outputs.contains(&Output::Close(link)))
    }

    fn site(&mut self, link: LinkId, seed: u64) -> model::SiteId {
        let identity = identity(seed);
        let nonce = Nonce([u8::try_from(link).unwrap(); 32]);
        self.mediator.site_connected(link, nonce, self.now);
        self.say(link, &Message::hello("site"));
        let signature = identity.sign_mediator(&self.me, &nonce.0);
        self.say(link, &Message::Prove { identity: identity.public().clone(), signature });
        self.mediator.identified(link, true);
        identity.site_id()
    }

    fn client(&mut self, link: LinkId) {
        self.mediator.client_connected(link, Client { opener: opener() }, self.now);
        self.say(link, &Message::hello("client"));
    }

    fn session(&mut self, client: LinkId, site: model::SiteId) -> PeerSessionId {
        let session = PeerSessionId::random();
        self.say(client, &Message::Open { session, site });
        self.mediator.judged(client, session, Some(opener()));
        session
    }
}

fn bye(messages: &[Message]) -> Option<Why> {
    messages.iter().find_map(|message| match message {
        Message::Bye { why, .. } => Some(*why),
        _ => None,
    })
}

#[test]
fn a_site_is_let_in_by_its_own_signature_alone() {
    let (site, sibling, cloud) = (identity(2), identity(3), identity(1).certificate_id());
    let nonce = Nonce([9; 32]);
    let cases = [
        ("a sibling's signature", sibling.sign_mediator(&cloud, &nonce.0)),
        ("a signature for another cloud", site.sign_mediator(&sibling.certificate_id(), &nonce.0)),
        ("a signature of another time", site.sign_mediator(&cloud, &[8; 32])),
        ("a signature for something else", site.sign_export(&nonce.0)),
    ];
    for (what, signature) in cases {
        let mut lab = lab();
        lab.mediator.site_connected(1, nonce, lab.now);
        lab.say(1, &Message::hello("site"));
        lab.say(1, &Message::Prove { identity: site.public().clone(), signature });
        let (said, closed) = lab.heard(1);
        assert!(closed && bye(&said) == Some(Why::WrongIdentity), "{what}: {said:?}");
        assert!(!lab.mediator.is_present(site.site_id()));
    }
    let mut lab = lab();
    let site = lab.site(1, 2);
    assert!(lab.mediator.is_present(site));
}

#[test]
fn what_comes_at_the_wrong_time_too_much_or_not_at_all_ends_the_link() {
    let prove = Message::Prove {
        identity: identity(2).public().clone(),
        signature: identity(2).sign_mediator(&identity(1).certificate_id(), &[1; 32]),
    };
    let session = PeerSessionId::random();
    let early = [prove, Message::Ping, Message::Body { session, body: String::new() }];
    for message in &early {
        let mut lab = lab();
        lab.mediator.site_connected(1, Nonce([1; 32]), lab.now);
        lab.say(1, message);
        let (said, closed) = lab.heard(1);
        assert!(closed && bye(&said) == Some(Why::Malformed), "{message:?}");
    }
    let mut lab = lab();
    lab.client(1);
    for text in ["", "nonsense", r#"{"kind":"challenge"}"#, &" ".repeat(MAX_MESSAGE + 1)] {
        lab.client(2);
        lab.mediator.handle_message(2, text, lab.now);
        assert_eq!(bye(&lab.heard(2).0), Some(Why::Malformed), "{text:.20}");
    }
    // Two hundred at once and forty a second are taken.
    (0..198).for_each(|_| lab.say(1, &Message::Ping));
    assert!(!lab.heard(1).1);
    (0..5).for_each(|_| lab.say(1, &Message::Ping));
    assert_eq!(bye(&lab.heard(1).0), Some(Why::TooMany));
    // Whoever does not say who it is, and whoever falls silent, is forgotten.
    lab.mediator.site_connected(3, Nonce([1; 32]), lab.now);
    let site = lab.site(4, 2);
    lab.outputs();
    lab.now += Duration::from_secs(11);
    lab.mediator.handle_timeout(lab.now);
    assert_eq!(bye(&lab.heard(3).0), Some(Why::Silent));
    lab.now += Duration::from_secs(60);
    lab.mediator.handle_timeout(lab.now);
    assert!(lab.outputs().contains(&Output::Presence(site, false)));
}

#[test]
fn nobody_gets_into_the_session_of_others_or_learns_of_it() {
    let mut lab = lab();
    let (site, other) = (lab.site(1, 2), lab.site(2, 3));
    lab.client(3);
    lab.client(4);
    let session = lab.session(3, site);
    lab.outputs();
    // A stranger's client and another site say the session's name.
    for (link, message) in [
        (4, Message::Body { session, body: "in".into() }),
        (2, Message::Body { session, body: "in".into() }),
        (4, Message::Close { session, why: Why::Done }),
        (2, Message::Close { session, why: Why::Done }),
    ] {
        lab.say(link, &message);
        assert_eq!(lab.outputs(), [], "{message:?}");
    }
    lab.say(4, &Message::Open { session, site: other });
    assert_eq!(lab.heard(4).0, [Message::Close { session, why: Why::TooMany }]);
    // An answer of the shell for another link counts for nothing.
    let asked = PeerSessionId::random();
    lab.say(4, &Message::Open { session: asked, site });
    lab.outputs();
    lab.mediator.judged(3, asked, Some(opener()));
    assert_eq!(lab.outputs(), []);
    lab.mediator.judged(4, asked, None);
    assert_eq!(lab.heard(4).0, [Message::Close { session: asked, why: Why::NoSuchSite }]);
    // Those whose it is still hear each other.
    lab.say(3, &Message::Body { session, body: "offer".into() });
    assert_eq!(lab.heard(1).0, [Message::Body { session, body: "offer".into() }]);
    lab.say(1, &Message::Body { session, body: "answer".into() });
    assert_eq!(lab.heard(3).0, [Message::Body { session, body: "answer".into() }]);
}

#[test]
fn the_newest_link_of_a_site_wins_and_what_goes_takes_its_sessions_along() {
    let mut lab = lab();
    let site = lab.site(1, 2);
    lab.client(3);
    let session = lab.session(3, site);
    lab.outputs();
    lab.site(2, 2);
    let outputs = lab.outputs();
    let heard = |link: LinkId| {
        outputs.iter().any(
            |output| matches!(output, Output::Send(to, text) if *to == link && text.contains("replaced")),
        )
    };
    assert!(heard(1) && outputs.contains(&Output::Close(1)));
    assert!(!outputs.contains(&Output::Presence(site, false)) && lab.mediator.is_present(site));
    let close = Message::Close { session, why: Why::LinkLost }.write();
    assert!(outputs.contains(&Output::Send(3, close)));
    // The older link's end comes late.
    lab.mediator.disconnected(1);
    assert!(lab.mediator.is_present(site) && lab.outputs().is_empty());

    let session = lab.session(3, site);
    lab.outputs();
    lab.mediator.disconnected(3);
    assert_eq!(lab.heard(2).0, [Message::Close { session, why: Why::LinkLost }]);
    lab.mediator.forget_site(site);
    assert!(!lab.mediator.is_present(site));
    lab.client(5);
    let session = PeerSessionId::random();
    lab.say(5, &Message::Open { session, site });
    lab.mediator.judged(5, session, Some(opener()));
    assert!(lab.heard(5).0.contains(&Message::Close { session, why: Why::SiteOffline }));
}
