//! How somebody calls an export off while it is being made.
//!
//! What is not here: the site's own stop (`crate::stop`).

use std::{
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// Asked once, seen by the thread that makes the export.
#[derive(Default)]
pub struct Cancel {
    asked: Mutex<bool>,
    bell: Condvar,
}

impl Cancel {
    fn asked(&self) -> MutexGuard<'_, bool> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Calls it off.
    pub fn ask(&self) {
        *self.asked() = true;
        self.bell.notify_all();
    }

    /// Whether it was called off.
    pub fn is_asked(&self) -> bool {
        *self.asked()
    }

    /// Waits so long, or until it is called off.
    pub fn wait(&self, limit: Duration) {
        let waited = self.bell.wait_timeout_while(self.asked(), limit, |asked| !*asked);
        drop(waited);
    }
}
