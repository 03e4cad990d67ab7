//! Active Directory: a real domain controller.

use api::directory::DirectoryCheck;
use e2e::samba::{self, ADMINISTRATOR, BASE, Samba, group, person};

use super::*;

const ANNA: &str = "Anna.1st.word";

#[tokio::test(flavor = "multi_thread")]
async fn people_and_groups_of_active_directory_come_and_go_with_what_their_domain_says() {
    if let Some(reason) = samba::missing() {
        return skip("people_and_groups_of_active_directory_come_and_go_with_what_their_domain_says", reason);
    }
    let (controller, (system, camera)) = tokio::join!(Samba::start(), site());
    controller.change(
        &[
            person("anna", "Anna Lind", ANNA),
            person("bert", "Bert Ek", ANNA),
            group("Night shift", &["Anna Lind"]),
            group("All shifts", &["Night shift"]),
            group("Guards", &["All shifts"]),
        ]
        .concat(),
    );
    let settings = json!({
        "name": "Head office", "kind": "active-directory", "base": BASE,
        "account": ADMINISTRATOR.0, "password": ADMINISTRATOR.1,
        "servers": [{ "host": controller.address, "port": 636 }], "authority": controller.authority.pem,
    });
    let start_tls =
        json!({ "security": "starttls", "servers": [{ "host": controller.address, "port": 389 }] });
    for settings in [&settings, &but(settings.clone(), &start_tls)] {
        let check: DirectoryCheck = system.client.post("/v1/directories/test", settings).await;
        assert!(check.people >= 4 && check.groups > 20, "{check:?}");
    }
    let directory: Directory = system.client.post("/v1/directories", &settings).await;
    let guards = allow_group(&system, &directory, "Guards").await;
    assert_eq!(guards.name, "Guards@example.org");

    for (typed, password, expected) in [
        ("anna", ANNA, 200),
        ("ANNA@example.org", ANNA, 200),
        ("EXAMPLE\\anna", ANNA, 200),
        ("example.org\\anna", ANNA, 200),
        ("anna", "Anna.2nd.word", 401),
        ("anna", "", 401),
        ("Anna Lind", ANNA, 401),
        ("anna)(objectClass=*", ANNA, 401),
        ("dc1$", ANNA, 401),
        ("bert", ANNA, 403),
    ] {
        assert_eq!(sign_in(&system, typed, password).await.0, expected, "{typed:?} {password:?}");
    }

    // Out of the innermost of three groups.
    let (_, session, anna) = sign_in(&system, "anna", ANNA).await;
    assert_eq!(session["role"], "operator");
    let mut live = watch(&anna, camera).await;
    let member = |what: &str| {
        format!(
            "dn: CN=Night shift,CN=Users,{BASE}\nchangetype: modify\n{what}: member\n\
             member: CN=Anna Lind,CN=Users,{BASE}\n"
        )
    };
    controller.change(&member("delete"));
    ends(&mut live, &anna).await;
    assert_eq!(sign_in(&system, "anna", ANNA).await.0, 403);

    // By the group that everybody is in without being its member: the primary group.
    allow_group(&system, &directory, "Domain%20Users").await;
    let (status, session, anna) = sign_in(&system, "anna", ANNA).await;
    assert_eq!((status.as_u16(), &session["user"]), (200, &json!("anna@example.org")));
    let id = session["user_id"].clone();

    // Renamed in both of her names: the same user.
    controller.change(&format!(
        "dn: CN=Anna Lind,CN=Users,{BASE}\nchangetype: modify\nreplace: sAMAccountName\nsAMAccountName: anna.ek\n-\n\
         replace: userPrincipalName\nuserPrincipalName: anna.ek@example.com\n"
    ));
    let user: User = until("the new name is seen", PATIENCE, || async {
        let user: User = system.client.get(&format!("/v1/users/{}", id.as_str().expect("an id"))).await;
        (user.name == "anna.ek@example.org").then_some(user)
    })
    .await;
    assert_eq!(user.directory.expect("a directory").full_name, "Anna Lind");
    let (status, session, _) = sign_in(&system, "anna.ek@example.com", ANNA).await;
    assert_eq!((status.as_u16(), &session["user_id"]), (200, &id));

    // Disabled: what she watches ends.
    let mut live = watch(&anna, camera).await;
    controller.change(&format!(
        "dn: CN=Anna Lind,CN=Users,{BASE}\nchangetype: modify\nreplace: userAccountControl\nuserAccountControl: 514\n"
    ));
    ends(&mut live, &anna).await;
    assert_eq!(sign_in(&system, "anna.ek", ANNA).await.0, 401);
    let page: PickerPage =
        system.client.get(&format!("/v1/directories/{}/search?filter=anna&kind=users", directory.id)).await;
    assert_eq!((page.total, page.items[0].details.as_str()), (1, "Anna Lind, disabled"));
    assert_eq!(page.items[0].user.map(|user| json!(user)), Some(id));
    system.site.stop().await;
}
