//! The Debian package: the program, its unit, its user, its configuration, laid out and packed by `dpkg-deb`.
//!
//! What is here: which file goes where, and what dpkg runs. What is not here: compiling (the Makefile), the files
//! themselves (`packaging`), publishing.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
};

use crate::Failure;

/// A package to be made.
pub struct Package<'a> {
    /// The root of the tree.
    pub tree: &'a Path,
    /// The program, as it was compiled.
    pub program: &'a Path,
    /// Where the package goes.
    pub output: &'a Path,
    /// Pack loosely: for tests, which have no time.
    pub quick: bool,
}

/// A file of the package: where, its mode, where in `packaging`.
const FILES: &[(&str, u32, &str)] = &[
    ("usr/lib/systemd/system/martello-site.service", 0o644, "martello-site.service"),
    ("usr/lib/sysusers.d/martello.conf", 0o644, "martello.sysusers"),
    ("etc/martello/site.toml", 0o644, "site.toml"),
    ("usr/share/doc/martello/copyright", 0o644, "debian/copyright"),
    ("usr/share/lintian/overrides/martello", 0o644, "debian/lintian-overrides"),
    ("DEBIAN/postinst", 0o755, "debian/postinst"),
    ("DEBIAN/prerm", 0o755, "debian/prerm"),
    ("DEBIAN/postrm", 0o755, "debian/postrm"),
];

/// Makes the package; says where it lies.
///
/// # Errors
/// A file is missing, or `dpkg-deb` or `strip` fails.
pub fn build(package: &Package<'_>) -> Result<PathBuf, Failure> {
    let version = version(package.tree)?;
    let architecture = said(Command::new("dpkg").arg("--print-architecture"))?;
    fs::create_dir_all(package.output)?;
    let name = format!("martello_{version}_{architecture}");
    let root = package.output.join(&name);
    let _ = fs::remove_dir_all(&root);
    let put = |path: &str, mode: u32, content: &[u8]| -> Result<(), Failure> {
        let to = root.join(path);
        let mut above = to.parent();
        fs::create_dir_all(above.unwrap_or(&root))?;
        while let Some(directory) = above.filter(|one| one.starts_with(&root)) {
            fs::set_permissions(directory, fs::Permissions::from_mode(0o755))?;
            above = directory.parent();
        }
        fs::write(&to, content)?;
        Ok(fs::set_permissions(&to, fs::Permissions::from_mode(mode))?)
    };
    for (path, mode, from) in FILES {
        put(path, *mode, &fs::read(package.tree.join("packaging").join(from))?)?;
    }
    let maintainer = maintainer();
    let changes = format!(
        "martello ({version}) stable; urgency=medium\n\n  * See the history of the source.\n\n \
         -- {maintainer}  Thu, 01 Jan 1970 00:00:00 +0000\n"
    );
    put("usr/share/doc/martello/changelog", 0o644, changes.as_bytes())?;
    said(Command::new("gzip").args(["-9n"]).arg(root.join("usr/share/doc/martello/changelog")))?;
    let manual = fs::read(package.tree.join("packaging/martello.1"))?;
    put("usr/share/man/man1/martello.1", 0o644, &manual)?;
    said(Command::new("gzip").args(["-9n"]).arg(root.join("usr/share/man/man1/martello.1")))?;
    put("DEBIAN/conffiles", 0o644, b"/etc/martello/site.toml\n")?;

    let program = root.join("usr/bin/martello");
    put("usr/bin/martello", 0o755, &fs::read(package.program)?)?;
    said(Command::new("strip").args(["--strip-unneeded", "--remove-section=.comment"]).arg(&program))?;
    let bytes = fs::read(&program)?;
    let control = control(&version, &architecture, &glibc(&bytes), installed_kib(&root)?);
    put("DEBIAN/control", 0o644, control.as_bytes())?;

    let file = package.output.join(format!("{name}.deb"));
    let packing: &[&str] = if package.quick { &["-Zgzip", "-z1"] } else { &["-Zxz"] };
    said(
        Command::new("dpkg-deb").args(packing).args(["--root-owner-group", "--build"]).arg(&root).arg(&file),
    )?;
    fs::remove_dir_all(&root)?;
    Ok(file)
}

/// Whoever makes the package answers for it: `DEBFULLNAME` and `DEBEMAIL`, as Debian's own tools take them.
fn maintainer() -> String {
    let said = |name: &str| std::env::var(name).ok().filter(|text| !text.contains(['\n', '<', '>']));
    let name = said("DEBFULLNAME").unwrap_or_else(|| "Martello".to_owned());
    let address = said("DEBEMAIL").unwrap_or_else(|| "martello@localhost".to_owned());
    format!("{name} <{address}>")
}

fn control(version: &str, architecture: &str, glibc: &str, kib: u64) -> String {
    let maintainer = maintainer();
    format!(
        "Package: martello\n\
         Version: {version}\n\
         Architecture: {architecture}\n\
         Maintainer: {maintainer}\n\
         Installed-Size: {kib}\n\
         Depends: libc6 (>= {glibc}), libgcc-s1, init-system-helpers (>= 1.54), systemd | adduser\n\
         Recommends: ca-certificates, tzdata\n\
         Section: video\n\
         Priority: optional\n\
         Description: video surveillance that you run yourself\n \
         One program that finds the cameras of a place, records them, and shows them\n \
         live and recorded in a browser. No vendor's cloud, no account, no transcoding:\n \
         video is stored and sent as the camera made it.\n \
         .\n \
         The package starts a site server as the system user martello. Its recordings\n \
         lie in /var/lib/martello and are never removed with the package.\n"
    )
}

/// The workspace's version.
fn version(tree: &Path) -> Result<String, Failure> {
    let manifest: toml::Table = fs::read_to_string(tree.join("Cargo.toml"))?.parse()?;
    let version =
        manifest.get("workspace").and_then(|one| one.get("package")).and_then(|one| one.get("version"));
    Ok(version.and_then(toml::Value::as_str).ok_or("the workspace has no version")?.to_owned())
}

/// The newest version of the C library that the program asks for, by the names of symbol versions in it.
fn glibc(program: &[u8]) -> String {
    const NAME: &[u8] = b"GLIBC_2.";
    let mut newest = 17;
    for (at, _) in program.windows(NAME.len()).enumerate().filter(|(_, part)| *part == NAME) {
        let digits: String = program[at + NAME.len()..]
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .take(3)
            .map(|byte| char::from(*byte))
            .collect();
        newest = newest.max(digits.parse().unwrap_or(0));
    }
    format!("2.{newest}")
}

/// KiB of all files, as dpkg counts them.
fn installed_kib(root: &Path) -> Result<u64, Failure> {
    let mut kib = 0;
    for entry in fs::read_dir(root)? {
        let path = entry?.path();
        if path.is_dir() {
            kib += 1 + installed_kib(&path)?;
        } else {
            kib += fs::metadata(&path)?.len().div_ceil(1024);
        }
    }
    Ok(kib)
}

/// What a command says, where it succeeds.
fn said(command: &mut Command) -> Result<String, Failure> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.output().map_err(|error| format!("{name}: {error}"))?;
    if !output.status.success() {
        return Err(format!("{name}: {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_c_library_is_found() {
        assert_eq!(glibc(b"..GLIBC_2.17\0GLIBC_2.34\0GLIBC_2.3.4\0GLIBC_PRIVATE"), "2.34");
        assert_eq!(glibc(b""), "2.17");
    }
}
