//! The doorbell of grants: whoever waits for a decision looks again when one was made. What was decided is a row of the
//! database.

use tokio::sync::watch;

/// The doorbell.
pub struct Grants(watch::Sender<u64>);

impl Default for Grants {
    fn default() -> Self {
        Self(watch::Sender::new(0))
    }
}

impl Grants {
    /// A decision was made.
    pub fn ring(&self) {
        self.0.send_modify(|count| *count = count.wrapping_add(1));
    }

    /// To wait for decisions that are made from now on.
    pub fn listen(&self) -> watch::Receiver<u64> {
        self.0.subscribe()
    }
}
