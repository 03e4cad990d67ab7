//! Embeds the built web clients, of the site (`web/dist`) and of the cloud (`web/dist-cloud`), into the binary as tables of
//! files.
//!
//! A build without the client works too: the page then says how to build it.

use std::{
    env,
    error::Error,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

const MISSING: &str = "<!doctype html><meta charset=utf-8><title>Martello</title><p>This binary was built without the \
    web client. Run <code>make demo</code>, or <code>npm run build</code> in <code>web/</code> and build again.";

fn main() -> Result<(), Box<dyn Error>> {
    let manifest = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let web = manifest.join("../../web");
    let mut tables = String::new();
    for (name, dist) in [("SITE", "dist"), ("CLOUD", "dist-cloud")] {
        tables.push_str(&table(name, &web.join(dist), &out.join(dist))?);
    }
    fs::write(out.join("clients.rs"), tables)?;
    println!("cargo:rerun-if-changed=build.rs");
    Ok(())
}

/// The table of one client's files. They are copied, so that the binary does not depend on where this clone lies.
fn table(name: &str, dist: &Path, copies: &Path) -> Result<String, Box<dyn Error>> {
    let mut files = Vec::new();
    if dist.join("index.html").is_file() {
        collect(dist, dist, &mut files)?;
    }
    println!("cargo:rerun-if-changed={}", dist.display());
    println!("cargo:rerun-if-changed={}", dist.join("index.html").display());
    let _ = fs::remove_dir_all(copies);
    let mut table = format!("pub static {name}: &[serve::ClientFile] = &[\n");
    if files.is_empty() {
        fs::create_dir_all(copies)?;
        fs::write(copies.join("index.html"), MISSING)?;
        writeln!(table, "{}", entry(copies, "index.html", false))?;
    }
    for name in &files {
        if name.ends_with(".gz") || name.ends_with(".map") {
            continue;
        }
        let gzip = files.contains(&format!("{name}.gz"));
        for wanted in [Some(name.clone()), gzip.then(|| format!("{name}.gz"))].into_iter().flatten() {
            let to = copies.join(&wanted);
            if let Some(parent) = to.parent() {
                fs::create_dir_all(parent)?;
            }
            fs::copy(dist.join(&wanted), to)?;
        }
        writeln!(table, "{}", entry(copies, name, gzip))?;
    }
    table.push_str("];\n");
    Ok(table)
}

fn entry(copies: &Path, name: &str, gzip: bool) -> String {
    let include = |name: &str| format!("include_bytes!({:?})", copies.join(name));
    let gzip = if gzip { format!("Some({})", include(&format!("{name}.gz"))) } else { "None".into() };
    format!("    serve::ClientFile {{ path: {name:?}, bytes: {}, gzip: {gzip} }},", include(name))
}

fn collect(root: &Path, dir: &Path, files: &mut Vec<String>) -> Result<(), Box<dyn Error>> {
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(root, &path, files)?;
        } else if let Some(name) = path.strip_prefix(root)?.to_str() {
            files.push(name.replace('\\', "/"));
        }
    }
    files.sort();
    Ok(())
}
