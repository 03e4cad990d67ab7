//! The one signal that asks tasks to end in order.

use tokio::sync::watch;

/// Gives the signal.
pub struct Stopper(watch::Sender<bool>);

/// Waits for the signal; clones wait for the same.
#[derive(Clone)]
pub struct Stop(watch::Receiver<bool>);

/// A signal that was not given yet.
#[must_use]
pub fn signal() -> (Stopper, Stop) {
    let (sender, receiver) = watch::channel(false);
    (Stopper(sender), Stop(receiver))
}

impl Stopper {
    /// Asks everybody to end.
    pub fn stop(&self) {
        self.0.send_replace(true);
    }
}

impl Stop {
    /// Returns when the signal was given, or can no longer be given. Safe to cancel.
    pub async fn requested(&mut self) {
        let _ = self.0.wait_for(|stop| *stop).await;
    }

    /// Whether it was given.
    #[must_use]
    pub fn is_requested(&self) -> bool {
        *self.0.borrow()
    }
}
