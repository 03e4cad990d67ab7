//! Whether a backup was taken, and how one is. Taking one is a command on the site's machine (`crate::backup`).

use std::path::Path;

use api::site::BackupState;
use axum::extract::State;

use super::problem::{Json, Outcome};
use crate::{App, backup};

/// Backups.
///
/// When one was taken last, and the command that takes one. Without one, the site and its certificate ID are lost with its
/// machine.
#[utoipa::path(
    get, path = "/v1/backup", operation_id = "backup_get", tag = "site",
    extensions(("x-privilege" = json!("configure"))),
    responses((status = 200, body = BackupState), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn get(State(app): State<App>) -> Outcome<Json<BackupState>> {
    let state = app
        .blocking(|app| BackupState { last: backup::last(&app.data), command: command(&app.data) })
        .await?;
    Ok(Json(state))
}

fn command(data: &Path) -> String {
    format!("martello backup --data {} --output site.backup", quoted(&data.to_string_lossy()))
}

/// As a shell takes it.
fn quoted(path: &str) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "/._-".contains(letter);
    if path.chars().all(plain) { path.to_owned() } else { format!("'{}'", path.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_names_the_directory_as_a_shell_takes_it() {
        for (path, expected) in [
            ("/var/lib/martello", "/var/lib/martello"),
            ("/srv/my site", "'/srv/my site'"),
            ("/srv/it's", r"'/srv/it'\''s'"),
        ] {
            assert_eq!(
                command(Path::new(path)),
                format!("martello backup --data {expected} --output site.backup")
            );
        }
    }
}
