//! `docs/reference/privileges.md`: every privilege, and every operation that asks for it, out of the code. No rules are here.

use std::fmt::Write as _;

use model::{Privilege, Role, Scope};
use utoipa::openapi::OpenApi;

use serve::document::{declared, operations};

use super::privilege::also;

/// Why no operation of this release asks for a privilege.
#[must_use]
pub const fn missing(privilege: Privilege) -> Option<&'static str> {
    match privilege {
        Privilege::CameraSpeak => Some("Speaking through cameras is not there yet."),
        Privilege::CameraPtz => Some("Steering cameras is not there yet."),
        Privilege::ViewAccess | Privilege::ViewEdit => Some("Views are not there yet."),
        Privilege::PortAccess | Privilege::PortRead | Privilege::PortWrite => {
            Some("Inputs and outputs are not there yet.")
        }
        Privilege::IncidentReport => Some("Incident reports are not there yet."),
        Privilege::DataSearch => Some("Data of outside systems is not there yet."),
        Privilege::CategoryAdd | Privilege::CategoryRemove => Some("Categories are not there yet."),
        Privilege::AccessControlConfigure | Privilege::AccessControlManage => {
            Some("Doors and access control are not there yet.")
        }
        Privilege::HealthConfigure | Privilege::Health => Some("System health monitoring is not there yet."),
        _ => None,
    }
}

const HEAD: &str = "# Privileges

Written by `UPDATE_EXPECT=1 cargo test -p site --test it document`; a test holds it against the code.

Rights add up: those of a user, and those of its groups; nothing takes a right away, and the highest role wins. A privilege is held only by who has its lowest role or a higher
one. An administrator holds everything. A camera that somebody may not know of (`camera-access`) is not there: it is answered as one that does not exist. Administrators of the server's
own machine are always administrators. Recordings older than a limit (`recordings_minutes` of a user or a group) are found by nothing that shows recordings, and not sent on while they are being read.

A privilege in **system** scope that is about a camera (`snapshot`, `export`) wants the right to its pictures or recordings, too.
";

/// The document.
#[must_use]
pub fn privileges(document: &OpenApi) -> String {
    let mut text = HEAD.to_owned();
    text.push_str("\n| privilege | on | lowest role | granted | comes with it |\n|---|---|---|---|---|\n");
    for privilege in Privilege::ALL {
        let granted = if privilege.is_granted() { "yes" } else { "no" };
        let implies = privilege.implies().map(|one| format!("`{one}`")).unwrap_or_default();
        let (on, role) = (scope(*privilege), privilege.lowest_role().name());
        let _ = writeln!(text, "| [`{privilege}`](#{privilege}) | {on} | {role} | {granted} | {implies} |");
    }
    for privilege in Privilege::ALL {
        let _ = write!(text, "\n## {privilege}\n\n{}\n\n", privilege.words());
        let asking = asking(document, *privilege);
        if asking.is_empty() {
            let why = missing(*privilege).unwrap_or_default();
            let _ = writeln!(text, "**No operation asks for it.** {why} Granting it changes nothing yet.");
            continue;
        }
        text.push_str("| operation | what it does |\n|---|---|\n");
        for (operation, summary) in asking {
            let _ = writeln!(text, "| `{operation}` | {summary} |");
        }
    }
    text
}

/// On what it is held, or what it comes with.
fn scope(privilege: Privilege) -> &'static str {
    match privilege.scope() {
        Scope::Camera => "camera, folder, all cameras",
        Scope::View => "view, all views",
        Scope::Port => "port, all ports",
        Scope::System => "the site",
        Scope::Implied => match (privilege, privilege.lowest_role()) {
            (Privilege::None, _) => "nobody needs it",
            (Privilege::Recordings, _) => "comes with `camera-video`",
            (_, Role::Administrator) => "comes with the role",
            _ => "comes with being signed in",
        },
    }
}

/// Operations that ask for it, for all they do or for a part.
fn asking(document: &OpenApi, privilege: Privilege) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for (method, path, operation) in operations(document) {
        let summary = operation.summary.clone().unwrap_or_default();
        let summary = summary.trim_end_matches('.');
        if declared(operation) == Some(privilege) {
            found.push((format!("{method} {path}"), summary.to_owned()));
        } else if also(operation).contains(&privilege) {
            found.push((format!("{method} {path}"), format!("{summary} (a part of it)")));
        }
    }
    found.sort();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_privilege_without_operations_says_why_and_one_with_them_does_not() {
        let document = crate::http::openapi();
        for privilege in Privilege::ALL {
            let used = !asking(&document, *privilege).is_empty();
            assert_eq!(used, missing(*privilege).is_none(), "{privilege}");
        }
    }
}
