//! What a mediator can try with the signals that it carries. (The transcript's own tests are `trust`'s.)

use api::peer::{Candidate, Hex, Setup, Signal};
use live::{Error, Signalling};
use tokio::sync::mpsc;
use trust::peer::Refused;

use crate::join;

/// Two ends with somebody in between who changes what goes by; what becomes nothing is withheld.
fn mediated(
    mut to_site: impl FnMut(Signal) -> Vec<Signal> + Send + 'static,
    mut to_client: impl FnMut(Signal) -> Vec<Signal> + Send + 'static,
) -> (Signalling, Signalling) {
    let (client, mut at_client) = live::signalling();
    let (mut at_site, site) = live::signalling();
    tokio::spawn(async move {
        while let Some(signal) = at_client.incoming.recv().await {
            for signal in to_site(signal) {
                let _ = at_site.outgoing.send(signal).await;
            }
        }
    });
    let outgoing: mpsc::Sender<Signal> = at_client.outgoing;
    tokio::spawn(async move {
        while let Some(signal) = at_site.incoming.recv().await {
            for signal in to_client(signal) {
                let _ = outgoing.send(signal).await;
            }
        }
    });
    (client, site)
}

fn as_it_is(signal: Signal) -> Vec<Signal> {
    vec![signal]
}

/// What is changed in an answer, and what it comes to.
type Case = (&'static str, fn(&mut api::peer::Answer), fn(&Error) -> bool);

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_a_mediator_changed_begins_no_session() {
    let forged: fn(&Error) -> bool = |error| matches!(error, Error::Untrusted(Refused::BadSignature));
    let cases: [Case; 5] = [
        ("swapped fingerprint", |answer| answer.site.fingerprint = Hex([9; 32]), forged),
        (
            "swapped role",
            |answer| answer.setup = Setup::Active,
            |error| matches!(error, Error::Untrusted(Refused::Role)),
        ),
        (
            "SDP in a field",
            |answer| answer.site.ufrag = "a\r\na=fingerprint:sha-256 00".into(),
            |error| matches!(error, Error::Unexpected),
        ),
        (
            "another session",
            |answer| answer.session = model::PeerSessionId::random(),
            |error| matches!(error, Error::Unexpected),
        ),
        (
            "the mediator's own identity",
            |answer| {
                let mediator = crate::identity(66);
                answer.identity = Hex(*mediator.public().spki_der());
            },
            |error| matches!(error, Error::Untrusted(Refused::OtherIdentity { .. })),
        ),
    ];
    for (what, change, expected) in cases {
        let (client, site) = mediated(as_it_is, move |mut signal| {
            if let Signal::Answer(answer) = &mut signal {
                change(answer);
            }
            vec![signal]
        });
        let identity = crate::identity(1);
        let (settings_client, settings_site) = (crate::settings(0), crate::settings(8));
        let pinned = identity.certificate_id();
        let site = async move { live::accept(&identity, &settings_site, site).await.map(|_| ()) };
        let site = tokio::spawn(site);
        let error = live::connect(&pinned, &settings_client, client).await.unwrap_err();
        assert!(expected(&error), "{what}: {error:?}");
        site.abort();
    }
}

/// The mediator puts its own fingerprint into the offer, to be the client towards the site.
#[tokio::test(flavor = "multi_thread")]
async fn a_mediator_that_sits_in_between_is_found() {
    let (client, site) = mediated(
        |mut signal| {
            if let Signal::Offer(offer) = &mut signal {
                offer.client.fingerprint = Hex([6; 32]);
            }
            vec![signal]
        },
        as_it_is,
    );
    let identity = crate::identity(1);
    let (settings_client, settings_site) = (crate::settings(0), crate::settings(8));
    let pinned = identity.certificate_id();
    let site = tokio::spawn(async move { live::accept(&identity, &settings_site, site).await.map(|_| ()) });
    let error = live::connect(&pinned, &settings_client, client).await.unwrap_err();
    assert!(matches!(error, Error::Untrusted(Refused::BadSignature)), "{error:?}");
    site.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn addresses_that_a_mediator_makes_up_do_no_harm() {
    let elsewhere = |text: &str| {
        Signal::Candidate(Candidate { candidate: format!("candidate:9 1 udp 2130706431 {text} typ host") })
    };
    let silent = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    let made_up = vec![
        elsewhere(&format!("127.0.0.1 {port}")),
        elsewhere("127.0.0.9 9"),
        Signal::Candidate(Candidate { candidate: "candidate:nonsense".into() }),
        Signal::Candidate(Candidate {
            candidate: "candidate:1 1 tcp 99 127.0.0.1 443 typ host tcptype active".into(),
        }),
        Signal::Candidate(Candidate { candidate: "candidate:1 1 udp 99 camera.local 443 typ host".into() }),
    ];
    let with = move |signal: Signal| match signal {
        Signal::Offer(_) | Signal::Answer(_) => [vec![signal], made_up.clone()].concat(),
        other => vec![other],
    };
    let (client, site) = mediated(with.clone(), with);
    let (client, site) = join(client, site).await;
    assert_eq!(client.unwrap().transcript(), site.unwrap().0.transcript());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_offer_for_another_site_is_refused_and_the_client_told() {
    let (client, site) = live::signalling();
    let (wrong, settings_client, settings_site) =
        (crate::identity(2), crate::settings(0), crate::settings(8));
    let pinned = crate::identity(1).certificate_id();
    let (client, site) = tokio::join!(
        live::connect(&pinned, &settings_client, client),
        live::accept(&wrong, &settings_site, site)
    );
    assert!(matches!(client.unwrap_err(), Error::Refused(api::peer::Reason::Offer)));
    assert!(matches!(site.unwrap_err(), Error::OtherSite(_)));
}
