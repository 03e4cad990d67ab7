//! A real slapd (OpenLDAP) with certificates of its own, for one test: people, groups in groups, and whoever changes them.
//!
//! What is not here: Active Directory ([`crate::samba`]).

use std::{
    fs,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use tempfile::TempDir;

use crate::wait::until;

const SLAPD: &str = "/usr/sbin/slapd";
/// Below it everything is.
pub const BASE: &str = "dc=example,dc=org";
/// The account that searches, and its password.
pub const SEARCHER: (&str, &str) = ("cn=martello,dc=example,dc=org", "search only");
const ADMINISTRATOR: (&str, &str) = ("cn=admin,dc=example,dc=org", "everything");
const PATIENCE: Duration = Duration::from_secs(20);

/// An authority that signs certificates for a test, as files and text.
pub struct Authority {
    /// Its certificate as PEM.
    pub pem: String,
    issuer: Issuer<'static, KeyPair>,
}

#[allow(clippy::expect_used, reason = "a test's helper")]
impl Authority {
    /// A new authority.
    #[must_use]
    pub fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        let pem = params.self_signed(&key).expect("a certificate").pem();
        Self { pem, issuer: Issuer::new(params, key) }
    }

    /// Writes `cert.pem`, `key.pem` and `ca.pem` for these names into a directory.
    pub fn certify(&self, names: &[&str], place: &Path) {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let key = KeyPair::generate().expect("a key");
        let params = CertificateParams::new(names).expect("names");
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate");
        for (file, text) in
            [("cert.pem", certificate.pem()), ("key.pem", key.serialize_pem()), ("ca.pem", self.pem.clone())]
        {
            write_private(&place.join(file), &text);
        }
    }
}

impl Default for Authority {
    fn default() -> Self {
        Self::new()
    }
}

/// Writes a file that only its owner may read.
///
/// # Panics
/// It cannot.
#[allow(clippy::expect_used, reason = "a test's helper")]
pub fn write_private(path: &Path, text: &str) {
    use std::os::unix::fs::PermissionsExt;
    fs::write(path, text).expect("a file");
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).expect("its mode");
}

/// A running slapd.
pub struct Slapd {
    child: Option<Child>,
    /// Who signs its certificate.
    pub authority: Authority,
    /// LDAPS.
    pub tls_port: u16,
    /// LDAP, with StartTLS.
    pub port: u16,
    place: TempDir,
}

/// Why slapd cannot be used here.
#[must_use]
pub fn missing() -> Option<&'static str> {
    let there = Path::new(SLAPD).exists() && Path::new("/usr/bin/ldapmodify").exists();
    (!there).then_some("slapd and ldap-utils are not installed")
}

#[allow(clippy::expect_used, clippy::panic, reason = "a test's helper: what fails fails the test")]
impl Slapd {
    /// Starts it with these people and groups, as LDIF.
    pub async fn start(ldif: &str) -> Self {
        let place = tempfile::tempdir().expect("a directory");
        let authority = Authority::new();
        authority.certify(&["localhost", "127.0.0.1"], place.path());
        let at = |name: &str| place.path().join(name).display().to_string();
        fs::create_dir(place.path().join("db")).expect("a directory");
        let includes: String = ["core", "cosine", "nis", "inetorgperson"]
            .map(|schema| format!("include /etc/ldap/schema/{schema}.schema\n"))
            .concat();
        let config = format!(
            "{includes}modulepath /usr/lib/ldap\nmoduleload back_mdb\npidfile {}\n\
             TLSCACertificateFile {}\nTLSCertificateFile {}\nTLSCertificateKeyFile {}\n\
             database mdb\nsuffix {BASE}\nrootdn {}\nrootpw {}\ndirectory {}\n\
             access to attrs=userPassword by anonymous auth by * none\n\
             access to * by dn.exact={} read by * none\n",
            at("pid"),
            at("ca.pem"),
            at("cert.pem"),
            at("key.pem"),
            quoted(ADMINISTRATOR.0),
            quoted(ADMINISTRATOR.1),
            at("db"),
            quoted(SEARCHER.0),
        );
        write_private(&place.path().join("slapd.conf"), &config);
        let whole = format!(
            "dn: {BASE}\nobjectClass: dcObject\nobjectClass: organization\no: Example\ndc: example\n\n\
             dn: {}\nobjectClass: organizationalRole\nobjectClass: simpleSecurityObject\ncn: martello\nuserPassword: {}\n\n{ldif}",
            SEARCHER.0, SEARCHER.1
        );
        fs::write(place.path().join("first.ldif"), whole).expect("a file");
        let added = Command::new("/usr/sbin/slapadd")
            .args(["-q", "-f", &at("slapd.conf"), "-l", &at("first.ldif")])
            .output()
            .expect("slapadd");
        assert!(added.status.success(), "{}", String::from_utf8_lossy(&added.stderr));
        let [tls_port, port] = free_ports();
        let mut slapd = Self { child: None, authority, tls_port, port, place };
        slapd.up().await;
        slapd
    }

    fn path(&self, name: &str) -> PathBuf {
        self.place.path().join(name)
    }

    /// Starts it again where it was taken down.
    pub async fn up(&mut self) {
        let urls = format!("ldaps://127.0.0.1:{}/ ldap://127.0.0.1:{}/", self.tls_port, self.port);
        let log = fs::File::create(self.path("log")).expect("a file");
        let child = Command::new(SLAPD)
            .args(["-d", "0", "-h", &urls, "-f"])
            .arg(self.path("slapd.conf"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("slapd");
        self.child = Some(child);
        let port = self.tls_port;
        until("slapd listens", PATIENCE, || async move {
            tokio::net::TcpStream::connect(("127.0.0.1", port)).await.ok()
        })
        .await;
    }

    /// Takes it down; its data stay.
    pub fn down(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Stops it without ending it: connections are taken and nothing is answered, until it goes on.
    pub fn hang(&self, hang: bool) {
        let id = self.child.as_ref().map(Child::id).expect("a running slapd").to_string();
        let signal = if hang { "-STOP" } else { "-CONT" };
        assert!(Command::new("kill").args([signal, &id]).status().expect("kill").success());
    }

    /// Changes something, by LDIF with `changetype`.
    pub fn change(&self, ldif: &str) {
        let file = self.path("change.ldif");
        fs::write(&file, ldif).expect("a file");
        let url = format!("ldap://127.0.0.1:{}/", self.port);
        let changed = Command::new("/usr/bin/ldapmodify")
            .args(["-x", "-H", &url, "-D", ADMINISTRATOR.0, "-w", ADMINISTRATOR.1, "-f"])
            .arg(&file)
            .output()
            .expect("ldapmodify");
        assert!(changed.status.success(), "{}", String::from_utf8_lossy(&changed.stderr));
    }
}

impl Drop for Slapd {
    fn drop(&mut self) {
        self.down();
    }
}

fn quoted(text: &str) -> String {
    format!("\"{text}\"")
}

/// Ports that nobody listens at.
#[must_use]
#[allow(clippy::expect_used, reason = "a test's helper")]
pub fn free_ports<const N: usize>() -> [u16; N] {
    // All are held at once: none is given twice.
    let held: Vec<TcpListener> = (0..N).map(|_| TcpListener::bind("127.0.0.1:0").expect("a port")).collect();
    std::array::from_fn(|at| held[at].local_addr().map(|address| address.port()).unwrap_or_default())
}

/// A person as LDIF.
#[must_use]
pub fn person(uid: &str, name: &str, password: &str) -> String {
    format!(
        "dn: uid={uid},{BASE}\nobjectClass: inetOrgPerson\nuid: {uid}\ncn: {name}\nsn: {name}\n\
         userPassword: {password}\n\n"
    )
}

/// A group (`groupOfNames`) as LDIF; members by their distinguished names.
#[must_use]
pub fn group(cn: &str, members: &[&str]) -> String {
    let members: String = members.iter().map(|member| format!("member: {member}\n")).collect();
    format!("dn: cn={cn},{BASE}\nobjectClass: groupOfNames\ncn: {cn}\n{members}\n")
}
