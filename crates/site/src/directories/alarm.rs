//! The alarm while a directory cannot be asked: what is wrong, what still works, and until when. Who asks is `refresh`.

use std::sync::Arc;

use api::alarm::AlarmKind;
use catalog::alarm::About;

use super::{Live, settings};
use crate::App;

/// Begins or ends the alarm, as the directory answered last.
pub async fn tell(app: &App, live: &Arc<Live>) {
    let live = Arc::clone(live);
    let told = app
        .blocking(move |app| {
            let about = About::Directory(live.id);
            let (Some(since), Some(problem)) = (live.state().since, live.state().problem) else {
                app.alarms.clear(AlarmKind::DirectoryDown, about);
                return Ok(());
            };
            // One that was removed while it was asked has none.
            if app.directories.get(live.id).is_none() {
                return Ok(());
            }
            let until = live.users_until(&app.catalog)?.map(|until| app.site_time(until)).transpose()?;
            let advice = advice(&live, &problem, until.as_deref());
            let title = format!("{}: the directory cannot be asked", live.settings.name);
            app.alarms.raise(AlarmKind::DirectoryDown, about, since, title, &advice);
            Ok::<_, catalog::Error>(())
        })
        .await;
    if !matches!(told, Ok(Ok(()))) {
        tracing::error!("the alarm of a directory could not be told");
    }
}

/// Ends the alarm of a directory that was removed. Blocking.
pub fn forget(app: &App, id: model::DirectoryId) {
    app.alarms.clear(AlarmKind::DirectoryDown, About::Directory(id));
}

fn advice(live: &Live, problem: &str, until: Option<&str>) -> String {
    let to_do = live.state().advice.unwrap_or_default();
    let users = match until {
        Some(until) => format!(
            "Whoever the directory confirmed lately goes on, and signs in with the password that it took last, until {until} at \
             the latest."
        ),
        None => "Nobody of the directory signs in until it answers.".to_owned(),
    };
    format!(
        "{}. {to_do} Users of this site and administrators of its machine sign in as always. {users}",
        settings::sentence(problem)
    )
}
