//! A real Active Directory domain controller (Samba) for one test, LDAP and Kerberos only, on a loopback address of its own.
//!
//! What is not here: other LDAP servers ([`crate::slapd`]).

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use tempfile::TempDir;

use crate::{
    slapd::{Authority, write_private},
    wait::until,
};

/// Below it everything is.
pub const BASE: &str = "DC=example,DC=org";
/// The account that searches (here the administrator), and its password.
pub const ADMINISTRATOR: (&str, &str) = ("administrator@example.org", "Passw0rd.of.Admin");
const PATIENCE: Duration = Duration::from_secs(60);

/// A running domain controller.
pub struct Samba {
    child: Option<Child>,
    /// Where it listens: ports 389 and 636.
    pub address: String,
    /// Who signs its certificate.
    pub authority: Authority,
    place: TempDir,
}

/// Why Samba cannot be used here.
#[must_use]
pub fn missing() -> Option<&'static str> {
    if !Path::new("/usr/sbin/samba").exists() || !Path::new("/usr/bin/ldapmodify").exists() {
        return Some("samba-ad-dc and ldap-utils are not installed");
    }
    let root = Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout.starts_with(b"0\n"));
    (!root).then_some("a domain controller listens at ports that only root may use")
}

#[allow(clippy::expect_used, clippy::panic, reason = "a test's helper: what fails fails the test")]
impl Samba {
    /// Starts the controller of a new domain `example.org` (`EXAMPLE`).
    pub async fn start() -> Self {
        let place = tempfile::tempdir().expect("a directory");
        let [.., a, b] = std::process::id().to_be_bytes();
        let address = format!("127.88.{a}.{b}");
        let authority = Authority::new();
        authority.certify(&[&address], place.path());
        let domain = place.path().join("domain");
        run(Command::new("cp").arg("-a").arg(provisioned()).arg(&domain));
        for name in ["run", "rpc"] {
            fs::create_dir(place.path().join(name)).expect("a directory");
        }
        let at = |name: &str| place.path().join(name).display().to_string();
        let config = format!(
            "[global]\nnetbios name = DC1\nrealm = EXAMPLE.ORG\nworkgroup = EXAMPLE\n\
             server role = active directory domain controller\nserver services = ldap kdc\n\
             interfaces = {address}/8\nbind interfaces only = yes\ndisable netbios = yes\n\
             lock directory = {0}\nprivate dir = {0}/private\nstate directory = {0}/state\n\
             cache directory = {0}/cache\nbinddns dir = {0}/bind-dns\npid directory = {1}\n\
             ncalrpc dir = {2}\nlogging = file\nlog file = {3}\n\
             tls enabled = yes\ntls certfile = {4}\ntls keyfile = {5}\ntls cafile = {6}\n",
            at("domain"),
            at("run"),
            at("rpc"),
            at("log"),
            at("cert.pem"),
            at("key.pem"),
            at("ca.pem"),
        );
        write_private(&place.path().join("smb.conf"), &config);
        let child = Command::new("/usr/sbin/samba")
            .args(["-i", "-M", "single", "-s", &at("smb.conf")])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(fs::File::create(place.path().join("errors")).expect("a file"))
            .spawn()
            .expect("samba");
        let samba = Self { child: Some(child), address, authority, place };
        until("the domain controller answers", PATIENCE, || async {
            samba.modify("").status.success().then_some(())
        })
        .await;
        samba
    }

    fn modify(&self, ldif: &str) -> std::process::Output {
        let file = self.place.path().join("change.ldif");
        fs::write(&file, ldif).expect("a file");
        Command::new("/usr/bin/ldapmodify")
            .args(["-x", "-H", &format!("ldaps://{}/", self.address), "-D", ADMINISTRATOR.0, "-w"])
            .args([ADMINISTRATOR.1, "-f"])
            .arg(&file)
            .env("LDAPTLS_CACERT", self.place.path().join("ca.pem"))
            .output()
            .expect("ldapmodify")
    }

    /// An account for a service, with AES keys, and its keytab.
    pub fn service(&self, name: &str) -> Vec<u8> {
        let file = self.place.path().join("service.keytab");
        self.change(&format!(
            "dn: CN=svc-site,CN=Users,{BASE}\nchangetype: add\nobjectClass: user\nsAMAccountName: svc-site\n\
             servicePrincipalName: {name}\nuserAccountControl: 66048\nmsDS-SupportedEncryptionTypes: 24\n\
             unicodePwd:: {}\n",
            quoted_utf16("Svc.site.1st.word")
        ));
        run(Command::new("samba-tool")
            .args(["domain", "exportkeytab", &format!("--principal={name}"), "-s"])
            .arg(self.place.path().join("smb.conf"))
            .arg(&file));
        fs::read(&file).expect("a keytab")
    }

    /// A configuration of Kerberos for clients of the domain: the path of the file.
    #[must_use]
    pub fn kerberos(&self) -> PathBuf {
        let file = self.place.path().join("krb5.conf");
        let config = format!(
            "[libdefaults]\ndefault_realm = EXAMPLE.ORG\ndns_lookup_kdc = false\ndns_lookup_realm = false\n\
             dns_canonicalize_hostname = false\nrdns = false\nudp_preference_limit = 1\n\
             [realms]\nEXAMPLE.ORG = {{\n kdc = {}:88\n}}\n[domain_realm]\n.example.org = EXAMPLE.ORG\n",
            self.address
        );
        fs::write(&file, config).expect("a file");
        file
    }

    /// It goes down.
    pub fn down(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Changes something, by LDIF with `changetype`.
    pub fn change(&self, ldif: &str) {
        let changed = self.modify(ldif);
        assert!(changed.status.success(), "{}", String::from_utf8_lossy(&changed.stderr));
    }
}

impl Drop for Samba {
    fn drop(&mut self) {
        self.down();
    }
}

#[allow(clippy::expect_used, reason = "a test's helper")]
fn run(command: &mut Command) {
    let output = command.output().expect("a program");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// A domain as it is when it is new. Making one takes seconds of a core: it is kept beside the tests, by Samba's version.
#[allow(clippy::expect_used, reason = "a test's helper")]
fn provisioned() -> PathBuf {
    let version = Command::new("/usr/sbin/samba").arg("--version").output().expect("samba").stdout;
    let version: String = String::from_utf8_lossy(&version)
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || *c == '.')
        .collect();
    let program = std::env::current_exe().expect("this program");
    let kept = program.parent().expect("a directory").join(format!("domain-{version}"));
    if !kept.exists() {
        let made = tempfile::tempdir_in(program.parent().expect("a directory")).expect("a directory");
        let domain = made.path().join("domain");
        run(Command::new("samba-tool")
            .args(["domain", "provision", "--realm=EXAMPLE.ORG", "--domain=EXAMPLE", "--server-role=dc"])
            .args(["--dns-backend=NONE", "--host-name=dc1", "--host-ip=127.0.0.1"])
            .arg(format!("--adminpass={}", ADMINISTRATOR.1))
            .arg(format!("--targetdir={}", domain.display())));
        // Whoever else makes one at the same time makes the same.
        let _ = fs::rename(&domain, &kept);
    }
    kept
}

/// A person as LDIF.
#[must_use]
pub fn person(account: &str, name: &str, password: &str) -> String {
    format!(
        "dn: CN={name},CN=Users,{BASE}\nchangetype: add\nobjectClass: user\nsAMAccountName: {account}\n\
         userPrincipalName: {account}@example.org\ndisplayName: {name}\nuserAccountControl: 512\n\
         unicodePwd:: {}\n\n",
        quoted_utf16(password)
    )
}

/// A group as LDIF.
#[must_use]
pub fn group(name: &str, members: &[&str]) -> String {
    let members: String =
        members.iter().map(|member| format!("member: CN={member},CN=Users,{BASE}\n")).collect();
    format!(
        "dn: CN={name},CN=Users,{BASE}\nchangetype: add\nobjectClass: group\nsAMAccountName: {name}\n{members}\n"
    )
}

/// A password as `unicodePwd` takes it ([MS-ADTS], 3.1.1.3.1.5.1): in quotation marks, UTF-16, here as base 64.
fn quoted_utf16(password: &str) -> String {
    use base64::Engine;
    let bytes: Vec<u8> = format!("\"{password}\"").encode_utf16().flat_map(u16::to_le_bytes).collect();
    base64::engine::general_purpose::STANDARD.encode(bytes)
}
