//! A site server as a service: what is written where, what systemd and dpkg say of it, and that recordings stay.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use e2e::{
    probe::{has, skip},
    program::martello,
};
use tempfile::TempDir;
use xtask::deb::{self, Package};

/// As `systemd-analyze security` counts: 0 is safest, 10 is a service without any care, in tenths.
const EXPOSURE: &str = "20";

fn run(command: &mut Command) -> (bool, String) {
    let output = command.stdin(std::process::Stdio::null()).output().expect("a command");
    (output.status.success(), String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
}

fn tree() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the tree")
}

#[test]
fn the_unit_is_what_systemd_takes_and_exposes_little() {
    const TEST: &str = "the_unit_is_what_systemd_takes_and_exposes_little";
    if !has("systemd-analyze") {
        return skip(TEST, "systemd-analyze is not installed");
    }
    let Some(program) = martello() else {
        return skip(TEST, "the program is not built");
    };
    let dir = TempDir::new().expect("a directory");
    let unit = fs::read_to_string(tree().join("packaging/martello-site.service")).expect("the unit");
    let path = dir.path().join("martello-site.service");
    fs::write(&path, unit.replace("/usr/bin/martello", &program.display().to_string())).expect("a unit");
    let (well, said) = run(Command::new("systemd-analyze").args(["verify", "--man=no"]).arg(&path));
    let about_it: Vec<&str> = said.lines().filter(|line| line.contains("martello-site")).collect();
    assert!(well && about_it.is_empty(), "{said}");
    let (well, said) = run(Command::new("systemd-analyze")
        .args(["security", "--offline=true", "--no-pager", "--threshold", EXPOSURE])
        .arg(&path));
    assert!(well, "the unit exposes too much: {said}");
}

#[test]
fn an_installed_site_is_written_where_it_belongs_and_uninstalling_keeps_its_recordings() {
    let Some(program) = martello() else {
        return skip(
            "an_installed_site_is_written_where_it_belongs_and_uninstalling_keeps_its_recordings",
            "the program is not built",
        );
    };
    let root = TempDir::new().expect("a directory");
    let at = |path: &str| root.path().join(path);
    let martello = |command: &str| {
        let (well, said) = run(Command::new(&program).args([command, "site", "--root"]).arg(root.path()));
        assert!(well, "{said}");
        said
    };
    let said = martello("install");
    assert!(said.contains("/var/lib/martello") && said.contains("martello-site.service"), "{said}");
    let unit = fs::read_to_string(at("etc/systemd/system/martello-site.service")).expect("a unit");
    assert!(
        unit.contains("ExecStart=/usr/local/bin/martello site --config /etc/martello/site.toml"),
        "{unit}"
    );
    // The local socket lies where the command line looks for it, and the group that it is given to is made with the user.
    let users = fs::read_to_string(at("etc/sysusers.d/martello.conf")).expect("users");
    assert!(users.lines().any(|line| line == "g martello-admin -"), "{users}");
    for line in ["RuntimeDirectory=martello", "SupplementaryGroups=martello-admin"] {
        assert!(unit.lines().any(|one| one == line), "{line}: {unit}");
    }
    assert!(at("etc/systemd/system/multi-user.target.wants/martello-site.service").is_symlink());
    let (well, said) = run(Command::new(at("usr/local/bin/martello")).arg("--version"));
    assert!(well && said.starts_with("martello "), "{said}");
    let config = site::ConfigFile::read(&at("etc/martello/site.toml")).expect("a configuration");
    assert_eq!(config.data.as_deref(), Some(Path::new("/var/lib/martello")));

    // What the owner has changed and recorded stays, at the next installation and when it is taken away.
    fs::write(at("etc/martello/site.toml"), "data = \"/srv/film\"\n").expect("a configuration");
    fs::create_dir_all(at("srv/film/recordings")).expect("recordings");
    martello("install");
    let said = martello("uninstall");
    assert!(said.contains("kept in /srv/film"), "{said}");
    assert!(at("srv/film/recordings").is_dir() && at("etc/martello/site.toml").is_file());
    for gone in
        ["usr/local/bin/martello", "etc/systemd/system/martello-site.service", "etc/sysusers.d/martello.conf"]
    {
        assert!(!at(gone).exists(), "{gone}");
    }
    assert!(!at("etc/systemd/system/multi-user.target.wants/martello-site.service").is_symlink());
}

#[test]
fn the_debian_package_installs_upgrades_and_goes_and_recordings_stay() {
    const TEST: &str = "the_debian_package_installs_upgrades_and_goes_and_recordings_stay";
    let missing = ["dpkg-deb", "strip", "gzip"].into_iter().find(|tool| !has(tool));
    if let Some(tool) = missing {
        return skip(TEST, &format!("{tool} is not installed"));
    }
    let Some(program) = martello() else {
        return skip(TEST, "the program is not built");
    };
    let dir = TempDir::new().expect("a directory");
    let package = Package { tree: &tree(), program: &program, output: dir.path(), quick: true };
    let file = deb::build(&package).expect("a package");
    let (_, listed) = run(Command::new("dpkg-deb").arg("-c").arg(&file));
    for path in
        ["./usr/bin/martello", "./usr/lib/systemd/system/martello-site.service", "./etc/martello/site.toml"]
    {
        let line = listed.lines().find(|line| line.ends_with(path));
        assert!(line.is_some_and(|line| line.contains("root/root")), "{path}: {listed}");
    }
    let (_, fields) = run(Command::new("dpkg-deb").arg("-f").arg(&file));
    assert!(fields.contains("Depends: libc6 (>= 2."), "{fields}");

    // dpkg itself fills another root; the package's scripts are told by DPKG_ROOT.
    let root = dir.path().join("root");
    for path in ["var/lib/dpkg/updates", "var/lib/dpkg/info", "etc/systemd/system", "usr/lib/sysusers.d"] {
        fs::create_dir_all(root.join(path)).expect("a directory");
    }
    fs::write(root.join("var/lib/dpkg/status"), "").expect("a file");
    let dpkg = |arguments: &[&str]| {
        let (well, said) = run(Command::new("dpkg")
            .arg(format!("--root={}", root.display()))
            .args(["--force-script-chrootless", "--force-not-root", "--force-depends", "--force-bad-path"])
            .args(["--force-confold", "--log=/dev/null"])
            .args(arguments));
        assert!(well, "dpkg {arguments:?}: {said}");
        said
    };
    let file = file.display().to_string();
    dpkg(&["-i", &file]);
    assert!(root.join("usr/bin/martello").is_file());
    let wanted = root.join("etc/systemd/system/multi-user.target.wants/martello-site.service");
    if has("deb-systemd-helper") {
        assert!(wanted.is_symlink(), "the service is enabled");
    }
    let footage = root.join("var/lib/martello/recordings/segment.mp4");
    fs::create_dir_all(footage.parent().expect("a directory")).expect("a directory");
    fs::write(&footage, "footage").expect("a file");
    fs::write(root.join("etc/martello/site.toml"), "https_port = 8443\n").expect("a configuration");
    dpkg(&["-i", &file]);
    let kept = fs::read_to_string(root.join("etc/martello/site.toml")).expect("a configuration");
    assert_eq!(kept, "https_port = 8443\n", "an upgrade keeps the configuration");
    for (command, configured) in [("-r", true), ("-P", false)] {
        let said = dpkg(&[command, "martello"]);
        assert!(said.contains("are kept in"), "{said}");
        assert!(!root.join("usr/bin/martello").exists());
        assert_eq!(root.join("etc/martello/site.toml").exists(), configured, "dpkg {command}");
        assert!(footage.is_file(), "dpkg {command} keeps recordings");
    }
    assert!(!wanted.is_symlink());
}
