//! `martello server`: the list of sites that this person uses. How it is kept is `servers`'.

use std::{
    fs,
    io::{self, Read},
    path::{Path, PathBuf},
};

use api::session::Session;
use model::{WallTime, clock::wall_now};
use serde::{Deserialize, Serialize};
use trust::CertificateId;

use super::{
    Failure, Outcome, connection,
    output::Output,
    prompt,
    route::{Address, Proxy},
    servers::{self, HERE, MAX_SERVERS, Server, Servers, check_name},
    target::{Target, answers},
};

/// No list that is imported is larger.
const MAX_FILE: u64 = 1 << 20;
/// The version of the form that lists are exported in.
const VERSION: u32 = 1;

/// `martello server …`
#[derive(clap::Subcommand)]
pub enum Command {
    /// List the sites that are known here: this computer first, then the one used last.
    List(List),
    /// Put a site into the list, without signing in.
    Add(Add),
    /// Take a site out of the list, with its token.
    Remove(Remove),
    /// Send commands to this site from now on.
    Use(Name),
    /// Write the list for another computer or person: names, addresses, certificate IDs, proxies; no tokens.
    Export(Export),
    /// Take over a list that was exported.
    Import(Import),
    /// End and delete saved tokens; the sites stay in the list.
    Forget(Forget),
    /// Take over the new identity of a site whose old one, which is in the list, has signed it.
    Follow(Follow),
}

/// Arguments of `martello server list`.
#[derive(clap::Args)]
pub struct List {
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Arguments of `martello server add`.
#[derive(clap::Args)]
pub struct Add {
    /// What it is to be called.
    name: String,
    /// https://HOST:PORT, HOST (port 55754), or unix:PATH.
    address: String,
    /// Certificate ID of the site, as it shows it. Without one it is compared at the first sign-in.
    #[arg(long)]
    certificate_id: Option<CertificateId>,
    /// HTTP proxy on the way to it, http://[USER@]HOST:PORT.
    #[arg(long)]
    proxy: Option<String>,
}

/// A site of the list.
#[derive(clap::Args)]
pub struct Name {
    /// Its name in the list.
    name: String,
}

/// Arguments of `martello server remove`.
#[derive(clap::Args)]
pub struct Remove {
    /// Its name in the list.
    name: String,
    /// Do not ask.
    #[arg(long)]
    yes: bool,
}

/// Arguments of `martello server export`.
#[derive(clap::Args)]
pub struct Export {
    /// The file; stdout unless given.
    #[arg(short, long)]
    output: Option<PathBuf>,
}

/// Arguments of `martello server import`.
#[derive(clap::Args)]
pub struct Import {
    /// The file; - for stdin.
    file: PathBuf,
    /// Where a name is taken by another address or certificate ID, put the imported one in its place; its token goes.
    #[arg(long)]
    replace: bool,
}

/// Arguments of `martello server forget`.
#[derive(clap::Args)]
pub struct Forget {
    /// Names in the list.
    #[arg(required_unless_present = "all")]
    names: Vec<String>,
    /// All of them.
    #[arg(long, conflicts_with = "names")]
    all: bool,
    /// Do not ask.
    #[arg(long)]
    yes: bool,
}

/// Arguments of `martello server follow`.
#[derive(clap::Args)]
pub struct Follow {
    /// Its name in the list.
    name: String,
    /// Do not ask.
    #[arg(long)]
    yes: bool,
}

/// A list on its way to another computer. People may write it by hand: what is not known is refused.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Exported {
    /// 1.
    martello_servers: u32,
    servers: Vec<ExportedServer>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ExportedServer {
    name: String,
    address: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    certificate_id: Option<CertificateId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    proxy: Option<String>,
}

/// A site as it is listed; never with its token.
#[derive(Serialize)]
struct Listed {
    name: String,
    address: String,
    certificate_id: Option<CertificateId>,
    proxy: Option<String>,
    user: Option<String>,
    signed_in: bool,
    used: Option<WallTime>,
    chosen: bool,
}

pub(super) async fn run(command: Command, output: &mut Output) -> Outcome {
    let path = servers::path()?;
    let mut list = Servers::load(&path)?;
    match command {
        Command::List(arguments) => show(&list, arguments.json, output),
        Command::Add(arguments) => {
            let server = added(&list, arguments)?;
            let name = server.name.clone();
            list.put(server)?;
            list.store(&path)?;
            output.line(&format!("{name} is in the list. Sign in with martello login --server {name:?}."))
        }
        Command::Remove(Remove { name, yes }) => {
            list.named(&name)?;
            prompt::sure(&format!("Take {name} out of the list?"), yes)?;
            list.remove(&name);
            list.store(&path)?;
            output.line(&format!("{name} was taken out of the list."))
        }
        Command::Use(Name { name }) => {
            choose(&mut list, &name)?;
            list.store(&path)?;
            output.line(&format!("Commands go to {name} from now on."))
        }
        Command::Export(Export { output: file }) => export(&list, file.as_deref(), output),
        Command::Import(arguments) => {
            let taken = import(&mut list, &arguments)?;
            list.store(&path)?;
            output.line(&format!("{taken} servers were taken over."))
        }
        Command::Forget(arguments) => forget(&mut list, &path, arguments, output).await,
        Command::Follow(arguments) => follow(&mut list, &path, arguments, output).await,
    }
}

fn show(list: &Servers, json: bool, output: &mut Output) -> Outcome {
    let mut servers: Vec<Server> = list.servers.clone();
    let here = Address::here();
    if !servers.iter().any(|server| server.name == HERE) && answers(&here) {
        servers.push(Server::new(HERE.to_owned(), here));
    }
    servers.sort_by_key(|server| (server.name != HERE, std::cmp::Reverse(server.used)));
    let listed = servers.into_iter().map(|server| Listed {
        chosen: list.chosen.as_deref() == Some(server.name.as_str()),
        signed_in: server.token.is_some() || server.address.socket().is_some(),
        address: server.address.to_string(),
        certificate_id: server.certificate_id,
        proxy: server.proxy.as_ref().map(ToString::to_string),
        user: server.user,
        used: server.used,
        name: server.name,
    });
    let listed: Vec<Listed> = listed.collect();
    if json {
        return output.json(&listed);
    }
    let rows: Vec<_> = listed
        .into_iter()
        .map(|one| {
            let user = if one.signed_in { one.user.unwrap_or_default() } else { "(nobody)".to_owned() };
            let mark = if one.chosen { "*" } else { "" }.to_owned();
            let id = one.certificate_id.map(|id| id.to_string()).unwrap_or_default();
            [mark, one.name, one.address, user, one.used.map(|at| at.to_string()).unwrap_or_default(), id]
        })
        .collect();
    output.table(["", "NAME", "ADDRESS", "USER", "USED", "CERTIFICATE ID"], &rows)
}

fn added(list: &Servers, arguments: Add) -> Outcome<Server> {
    check_name(&arguments.name)?;
    if list.servers.iter().any(|server| server.name == arguments.name) {
        return Err(Failure::failed(format!("{:?} is in the list already: remove it first", arguments.name)));
    }
    let proxy: Option<Proxy> = arguments.proxy.as_deref().map(str::parse).transpose()?;
    let certificate_id = arguments.certificate_id;
    Ok(Server { certificate_id, proxy, ..Server::new(arguments.name, arguments.address.parse()?) })
}

fn choose(list: &mut Servers, name: &str) -> Outcome {
    if name == HERE && !list.servers.iter().any(|server| server.name == HERE) {
        list.put(Server::new(HERE.to_owned(), Address::here()))?;
    }
    let mut server = list.named(name)?.clone();
    server.used = Some(wall_now());
    list.put(server)?;
    list.chosen = Some(name.to_owned());
    Ok(())
}

/// Sockets are of this computer only: they are left out.
fn export(list: &Servers, file: Option<&Path>, output: &mut Output) -> Outcome {
    let servers = list.servers.iter().filter(|server| server.address.socket().is_none());
    let exported = Exported {
        martello_servers: VERSION,
        servers: servers
            .map(|server| ExportedServer {
                name: server.name.clone(),
                address: server.address.to_string(),
                certificate_id: server.certificate_id,
                proxy: server.proxy.as_ref().map(ToString::to_string),
            })
            .collect(),
    };
    let Some(path) = file else { return output.json(&exported) };
    let text = serde_json::to_string_pretty(&exported).map_err(|e| Failure::failed(e.to_string()))?;
    let cannot = |e: io::Error| Failure::failed(format!("cannot write {}: {e}", path.display()));
    fs::write(path, text + "\n").map_err(cannot)?;
    output.line(&format!("{} servers were written to {}.", exported.servers.len(), path.display()))
}

/// Takes a list over whole, or not at all. A token stays only where address and certificate ID stay: whoever sends a list
/// must not get what was meant for another site.
fn import(list: &mut Servers, arguments: &Import) -> Outcome<usize> {
    let refused = |reason: String| Failure::failed(format!("{}: {reason}", arguments.file.display()));
    let mut text = String::new();
    let read = |from: &mut dyn Read, text: &mut String| from.take(MAX_FILE).read_to_string(text).map(drop);
    if arguments.file.as_os_str() == "-" {
        read(&mut io::stdin().lock(), &mut text)
    } else {
        fs::File::open(&arguments.file).and_then(|mut file| read(&mut file, &mut text))
    }
    .map_err(|e| refused(e.to_string()))?;
    let imported: Exported =
        serde_json::from_str(&text).map_err(|e| refused(format!("this is no list of servers: {e}")))?;
    if imported.martello_servers != VERSION {
        return Err(refused("the list has a form that this release does not know".into()));
    }
    if imported.servers.len() > MAX_SERVERS {
        return Err(refused(format!("a list has {MAX_SERVERS} servers at most")));
    }
    let taken = imported.servers.len();
    for one in imported.servers {
        check_name(&one.name)?;
        let address: Address = one.address.parse()?;
        if address.socket().is_some() {
            return Err(refused(format!("{}: a socket is of one computer only", one.name)));
        }
        let proxy = one.proxy.as_deref().map(str::parse).transpose()?;
        let mut new = Server { certificate_id: one.certificate_id, proxy, ..Server::new(one.name, address) };
        if let Some(known) = list.servers.iter().find(|known| known.name == new.name) {
            let same = known.address == new.address
                && (known.certificate_id == new.certificate_id || new.certificate_id.is_none());
            if same {
                new = Server { proxy: new.proxy, ..known.clone() };
            } else if !arguments.replace {
                return Err(refused(format!(
                    "{:?} is known here with another address or certificate ID. Find out which is right; --replace takes \
                     the imported one",
                    new.name
                )));
            }
        }
        list.put(new)?;
    }
    Ok(taken)
}

/// The old key says who the site is now; whether that is so, a person says who has compared it: whoever has stolen the old
/// key can say the same.
async fn follow(list: &mut Servers, path: &Path, arguments: Follow, output: &mut Output) -> Outcome {
    let server = list.named(&arguments.name)?.clone();
    let name = &server.name;
    let pinned = server.certificate_id.ok_or_else(|| {
        Failure::failed(format!("no certificate ID is pinned for {name:?}: there is nothing to follow"))
    })?;
    let target = Target {
        certificate_id: Some(pinned),
        proxy: server.proxy.clone(),
        ..Target::of(server.address.clone())
    };
    let Some(led) = connection::follow(&target, pinned).await? else {
        return output.line(&format!("{name} has the identity that is pinned: {pinned}."));
    };
    let times = if led.rotations == 1 { String::new() } else { format!(" ({} times)", led.rotations) };
    let question = format!(
        "{name} was\n\n  {pinned}\n\nand has signed with it that it is{times}, since {},\n\n  {}\n\nIs that what the site \
         shows?",
        led.since, led.to
    );
    prompt::sure(&question, arguments.yes)?;
    let to = led.to;
    list.put(Server { certificate_id: Some(to), ..server.clone() })?;
    list.store(path)?;
    output.line(&format!("{name} is {to} from now on; it was {pinned}."))
}

async fn forget(list: &mut Servers, path: &Path, arguments: Forget, output: &mut Output) -> Outcome {
    let mut names = arguments.names;
    if arguments.all {
        names = list.servers.iter().map(|server| server.name.clone()).collect();
    }
    names.iter().try_for_each(|name| list.named(name).map(drop))?;
    prompt::sure(
        &format!("Sign out of {} and delete what was saved for it?", names.join(", ")),
        arguments.yes,
    )?;
    let mut ended = Vec::new();
    for server in list.servers.iter_mut().filter(|server| names.contains(&server.name)) {
        server.user = None;
        if let Some(token) = server.token.take() {
            ended.push((
                server.name.clone(),
                Target {
                    address: server.address.clone(),
                    token: Some(token),
                    certificate_id: server.certificate_id,
                    proxy: server.proxy.clone(),
                },
            ));
        }
    }
    // What is saved goes first: a site that does not answer keeps nobody from forgetting.
    list.store(path)?;
    for (name, target) in ended {
        match end(target).await {
            Ok(()) => output.line(&format!("{name}: the token was ended and deleted."))?,
            Err(reason) => output.line(&format!(
                "{name}: the token was deleted here, but could not be ended at the site ({reason}). It ends by itself."
            ))?,
        }
    }
    Ok(())
}

/// Ends a token at its site: a token's sign-in has the identifier of the token.
async fn end(target: Target) -> Outcome {
    let connection = target.connect().await?;
    let session: Session = connection.get("/v1/session", &[]).await?;
    connection.delete(&format!("/v1/tokens/{}", session.session)).await
}
