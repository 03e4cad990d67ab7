//! Discovery by real multicast, in a network of the test's own.
//!
//! A test that may (root, with `ip`) makes a network namespace with a pair of interfaces and runs itself again inside.
//! Simulated cameras join the multicast groups there; their answers name loopback addresses, as everywhere.

use std::{process::Command, time::Duration};

use api::discovery::Method;
use e2e::{System, probe::skip};
use site::DiscoveryConfig;

const TEST: &str = "cameras_are_found_by_multicast_of_all_three_protocols";
/// Set for the run inside the namespace.
const INSIDE: &str = "MARTELLO_TEST_NAMESPACE";
const ADDRESS: [&str; 2] = ["198.51.100.1", "198.51.100.2"];

/// A network namespace, gone when the test ends, however it ends.
struct Namespace(String);

impl Namespace {
    fn make() -> Option<Self> {
        let name = format!("martello-test-{}", std::process::id());
        run("ip", &["netns", "add", &name])?;
        let this = Self(name);
        let [first, second] = ADDRESS.map(|address| format!("{address}/24"));
        for command in [
            &["ip", "link", "set", "lo", "up"][..],
            &["ip", "link", "add", "left", "type", "veth", "peer", "name", "right"],
            &["ip", "address", "add", &first, "dev", "left"],
            &["ip", "address", "add", &second, "dev", "right"],
            &["ip", "link", "set", "left", "up"],
            &["ip", "link", "set", "right", "up"],
        ] {
            run("ip", &[&["netns", "exec", &this.0], command].concat())?;
        }
        Some(this)
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        let _ = run("ip", &["netns", "delete", &self.0]);
    }
}

fn run(program: &str, arguments: &[&str]) -> Option<()> {
    let output = Command::new(program).args(arguments).output().ok()?;
    output.status.success().then_some(())
}

#[test]
fn cameras_are_found_by_multicast_of_all_three_protocols() {
    if std::env::var_os(INSIDE).is_some() {
        return inside();
    }
    let Some(namespace) = Namespace::make() else {
        skip(TEST, "no network namespace can be made here (needs root and ip)");
        return;
    };
    let this = std::env::current_exe().expect("this program");
    let output = Command::new("ip")
        .args(["netns", "exec", &namespace.0])
        .arg(this)
        .args([&format!("network::{TEST}"), "--exact", "--nocapture"])
        .env(INSIDE, "1")
        .output()
        .expect("ip");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && said.contains("1 passed"),
        "{said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[tokio::main]
async fn inside() {
    let multicast = ADDRESS.map(|address| address.parse().expect("an address")).to_vec();
    let options = sim::Options {
        count: 3,
        discovery: Some(sim::DiscoveryOptions { multicast, ..sim::DiscoveryOptions::default() }),
        ..sim::Options::default()
    };
    let system = System::start_among(options, |config| config.discovery = DiscoveryConfig::Interfaces).await;
    let found =
        e2e::wait::until("all cameras are found by all protocols", Duration::from_secs(20), || async {
            let found = system.discover(3).await;
            found.iter().all(|found| found.seen_by.len() == 3).then_some(found)
        })
        .await;
    assert_eq!(found.len(), 3, "{found:?}");
    for camera in &system.farm.cameras {
        let found =
            found.iter().find(|found| found.serial.as_deref() == Some(&*camera.serial)).expect("found");
        for method in [Method::Mdns, Method::Ssdp, Method::Wsd] {
            assert!(found.seen_by.contains(&method), "{method:?}: {found:?}");
        }
        assert_eq!(found.address, camera.address.to_string());
    }
    system.site.stop().await;
}
