//! A cloud and a site: enrolling, the link, sessions; who may what at a cloud.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests")]

use std::time::{Duration, Instant};

use api::remote::{RemoteState, RemoteStatus};
use e2e::{
    Client, System,
    cloud::{CloudSystem, Link, ask, sites},
    wait::until,
};
use model::{OrganizationId, PeerSessionId, SiteId};
use rendezvous::{Why, dial::Output};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use trust::Identity;

const PATIENCE: Duration = Duration::from_secs(30);

async fn until_online(client: &Client, site: SiteId) -> Duration {
    let start = Instant::now();
    until("the site is online", PATIENCE, || async {
        sites(client).await.into_iter().find(|one| one.id == site && one.online)
    })
    .await;
    start.elapsed()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_is_reached_after_the_grant_and_comes_back_by_itself() {
    let data = tempfile::tempdir().unwrap();
    let cloud = CloudSystem::start(data.path()).await;
    let (anna, organization) = cloud.set_up().await;
    let system = System::start(vec![sim::CameraOptions::default()]).await;
    let asked = ask(&system.client, &cloud).await;
    assert_eq!(asked.state, RemoteState::WaitingForGrant);
    let code = asked.user_code.clone().unwrap();

    // Whoever grants sees what asks, from where, and whose certificate ID it is.
    let facts: Value = anna.post("/v1/grants/look", &json!({"code": code})).await;
    assert_eq!((&facts["asks"], &facts["address"]), (&json!("site"), &json!("127.0.0.1")));
    assert_eq!(facts["certificate_id"], asked.certificate_id);
    assert!(!asked.grant_url.unwrap().contains(&code), "no link fills the code in");
    assert!(sites(&anna).await.is_empty());
    assert_eq!(CloudSystem::grant(&anna, &code, organization).await, StatusCode::NO_CONTENT);
    let start = Instant::now();
    let site: SiteId = until("the site belongs to the organization", PATIENCE, || async {
        sites(&anna).await.first().map(|site| site.id)
    })
    .await;
    until_online(&anna, site).await;
    println!("reached {:?} after the grant", start.elapsed());
    assert_eq!(CloudSystem::grant(&anna, &code, organization).await, StatusCode::NOT_FOUND, "once");

    // The site answers what is an offer; anything else it refuses.
    let mut link = Link::open(&anna).await;
    let session = PeerSessionId::random();
    link.dialer().open(session, site).unwrap();
    assert_eq!(link.next().await, Output::Opened(session, None));
    link.dialer().send_body(session, "no offer".into()).unwrap();
    assert_eq!(link.next().await, Output::Closed(session, Why::Malformed));

    // Changing the cloud wants disabling first.
    let wish = json!({"url": cloud.nobody.base, "certificate_id": cloud.cloud.certificate_id()});
    let (status, _) = system.client.call(Method::POST, "/v1/remote", Some(&wish)).await;
    assert_eq!(status, StatusCode::CONFLICT);

    // The cloud goes away and comes back: so does the site, by itself.
    let cloud = cloud.restart().await;
    let took = until_online(&anna, site).await;
    println!("back {took:?} after a restart of the cloud");
    // The same for a restart of the site.
    let system = system.restart().await;
    until_online(&anna, site).await;

    let (status, _) = system.client.call(Method::DELETE, "/v1/remote?disconnect=true", None).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    until("the site is offline", PATIENCE, || async {
        sites(&anna).await.into_iter().find(|one| !one.online && one.last_contact.is_some())
    })
    .await;
    let status: RemoteStatus = system.client.get("/v1/remote").await;
    assert_eq!(status.state, RemoteState::Off);
    system.site.stop().await;
    cloud.cloud.stop().await;
}

/// Asks the cloud as a site would, with this identity; gives back device code and user code.
async fn pretend(cloud: &CloudSystem, identity: &Identity) -> (String, String) {
    let digits: String = identity.public().spki_der().iter().map(|byte| format!("{byte:02x}")).collect();
    let form = [("client_id", "martello-site"), ("name", "Shop"), ("identity", digits.as_str())];
    let (status, answer) = form_post(cloud, "/oauth/device_authorization", &form).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    let text = |key: &str| answer[key].as_str().unwrap().to_owned();
    (text("device_code"), text("user_code"))
}

async fn come(cloud: &CloudSystem, code: &str, signature: &trust::Signature) -> (StatusCode, Value) {
    let digits = serde_json::to_value(signature).unwrap();
    let form = [
        ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
        ("device_code", code),
        ("client_id", "martello-site"),
        ("signature", digits.as_str().unwrap()),
    ];
    form_post(cloud, "/oauth/token", &form).await
}

async fn form_post(cloud: &CloudSystem, path: &str, form: &[(&str, &str)]) -> (StatusCode, Value) {
    let body: String = form
        .iter()
        .map(|(key, value)| format!("{key}={}", value.replace(' ', "+")))
        .collect::<Vec<_>>()
        .join("&");
    let request = cloud.nobody.request(Method::POST, path);
    let request = request.header("content-type", "application/x-www-form-urlencoded").body(body);
    let answer = request.send().await.unwrap();
    let status = answer.status();
    (status, serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap_or(Value::Null))
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_not_the_site_that_asked_gets_nothing_and_nobody_sees_the_sites_of_others() {
    use rand::SeedableRng;
    let data = tempfile::tempdir().unwrap();
    let cloud = CloudSystem::start(data.path()).await;
    let (anna, pier) = cloud.set_up().await;
    let mut rng = rand::rngs::StdRng::seed_from_u64(1);
    let [site, sibling, elsewhere] = [(); 3].map(|()| Identity::generate(&mut rng));
    let me = cloud.cloud.certificate_id().parse().unwrap();

    let (device, user) = pretend(&cloud, &site).await;
    let right = site.sign_enrolment(&me, &device);
    let pending = come(&cloud, &device, &right).await;
    assert_eq!((pending.0, &pending.1["error"]), (StatusCode::BAD_REQUEST, &json!("authorization_pending")));
    assert_eq!(CloudSystem::grant(&anna, &user, pier).await, StatusCode::NO_CONTENT);
    for (what, signature) in [
        ("a sibling's", sibling.sign_enrolment(&me, &device)),
        ("for another cloud", site.sign_enrolment(&elsewhere.certificate_id(), &device)),
        ("for another code", site.sign_enrolment(&me, &user)),
        ("for something else", site.sign_mediator(&me, &[0; 32])),
    ] {
        let (status, answer) = come(&cloud, &device, &signature).await;
        assert_eq!((status, &answer["error"]), (StatusCode::BAD_REQUEST, &json!("invalid_grant")), "{what}");
    }
    let (status, answer) = come(&cloud, &device, &right).await;
    assert_eq!((status, &answer["organization"]), (StatusCode::OK, &json!("Pier 4")));
    let (_, answer) = come(&cloud, &device, &right).await;
    assert_eq!(answer["error"], "expired_token", "a code counts once");
    let (device, user) = pretend(&cloud, &sibling).await;
    let no = json!({"code": user, "grant": false});
    let (status, _) = anna.call(Method::POST, "/v1/grants/decide", Some(&no)).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    let (_, answer) = come(&cloud, &device, &sibling.sign_enrolment(&me, &device)).await;
    assert_eq!(answer["error"], "access_denied");

    // Ben has an organization of his own, and is nobody at Anna's.
    let ben = cloud.invited(&anna, pier, "ben@example.org").await;
    let quay: Value = ben.post("/v1/organizations", &json!({"name": "Quay"})).await;
    let quay: OrganizationId = quay["id"].as_str().unwrap().parse().unwrap();
    assert_eq!(sites(&ben).await.len(), 1, "a viewer of all folders sees the site");
    let (_, code) = pretend(&cloud, &elsewhere).await;
    assert_eq!(CloudSystem::grant(&ben, &code, pier).await, StatusCode::FORBIDDEN, "a viewer adds no sites");
    let members: Value = anna.get(&format!("/v1/organizations/{pier}/members")).await;
    let account = members["items"].as_array().unwrap().iter().find(|one| one["email"] == "ben@example.org");
    let account = account.unwrap()["account"].as_str().unwrap().to_owned();
    let mut link = Link::open(&ben).await;
    let (status, _) =
        anna.call(Method::DELETE, &format!("/v1/organizations/{pier}/members/{account}"), None).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    // What he had open has ended, and what is there is not there for him.
    assert!(matches!(link.next().await, Output::Down(Some((Why::Disabled, _)))));
    assert!(sites(&ben).await.is_empty());
    let (status, _) = ben.call(Method::GET, &format!("/v1/organizations/{pier}/sites"), None).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    let mut link = Link::open(&ben).await;
    for unseen in [site.site_id(), elsewhere.site_id()] {
        let session = PeerSessionId::random();
        link.dialer().open(session, unseen).unwrap();
        assert_eq!(link.next().await, Output::Closed(session, Why::NoSuchSite));
    }
    assert_eq!(CloudSystem::grant(&ben, &code, quay).await, StatusCode::NO_CONTENT, "at his own he may");
    cloud.cloud.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_operation_of_the_cloud_is_visited_by_everybody_and_does_what_it_declares() {
    let data = tempfile::tempdir().unwrap();
    let cloud = CloudSystem::start(data.path()).await;
    let (anna, pier) = cloud.set_up().await;
    let mut others = Vec::new();
    for (email, role) in [("viewer@x", "viewer"), ("operator@x", "operator"), ("admin@x", "administrator")] {
        let client = cloud.invited(&anna, pier, email).await;
        let session: Value = client.get("/v1/session").await;
        let path = format!("/v1/organizations/{pier}/members/{}", session["account"].as_str().unwrap());
        let (status, _) = anna.call(Method::PATCH, &path, Some(&json!({"role": role}))).await;
        assert_eq!(status, StatusCode::NO_CONTENT);
        others.push((role, client));
    }
    let quay = cloud.invited(&anna, pier, "stranger@x").await;
    let session: Value = quay.get("/v1/session").await;
    let path = format!("/v1/organizations/{pier}/members/{}", session["account"].as_str().unwrap());
    assert_eq!(
        quay.call(Method::DELETE, &path, None).await.0,
        StatusCode::NO_CONTENT,
        "who wants to, leaves"
    );
    let rank = |role: &str| {
        ["none", "signed-in", "viewer", "operator", "administrator"].iter().position(|one| *one == role)
    };
    let document: Value = cloud.nobody.get("/api/openapi.json").await;
    let nothing = OrganizationId::random();
    let mut visited = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let Ok(method) = method.to_uppercase().parse::<Method>() else { continue };
            let id = operation["operationId"].as_str().unwrap();
            let needs = operation["x-privilege"].as_str().unwrap();
            let mut address = path.replace("{organization}", &pier.to_string());
            for name in ["{folder}", "{account}", "{invitation}", "{site}", "{sign_in}"] {
                address = address.replace(name, &nothing.to_string());
            }
            let body = (method != Method::GET).then(|| json!({}));
            let visit = async |who: &Client| who.call(method.clone(), &address, body.as_ref()).await;
            let (status, answer) = visit(&cloud.nobody).await;
            assert_eq!(status == 401, needs != "none", "{id} as nobody: {status} {answer}");
            if id == "session_delete" {
                continue;
            }
            let of_organization = address.contains(&pier.to_string());
            let gone = "There is no such organization (any more)";
            let (status, answer) = visit(&quay).await;
            if of_organization && needs != "cloud" {
                assert_eq!((status.as_u16(), &answer["title"]), (404, &json!(gone)), "{id} as a stranger");
            }
            if needs == "cloud" {
                assert_eq!(status, StatusCode::FORBIDDEN, "{id} as a stranger");
            }
            for (role, client) in &others {
                // Removing somebody else is an administrator's; leaving is everybody's: one operation.
                if id == "member_delete" && *role != "administrator" {
                    continue;
                }
                let (status, answer) = visit(client).await;
                let may = match needs {
                    "cloud" => false,
                    needs => rank(role) >= rank(needs),
                };
                let refused = status == 401 && answer["code"] == "sign-in-required" || status == 403;
                assert_eq!(!refused, may, "{id} as {role}: {status} {answer}");
                assert_ne!(answer["title"], gone, "{id} as {role}");
            }
            visited += 1;
        }
    }
    assert!(visited > 35, "{visited} operations");
    cloud.cloud.stop().await;
}
