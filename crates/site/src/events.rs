//! The event bus: what changed, told to every client that listens.
//!
//! A listener that is slow does not fill memory: what it has not heard yet is kept once per thing, the newest only.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError, Weak},
};

use api::event::Event;
use model::{AlarmId, CameraId, ExportId};
use tokio::sync::Notify;

/// What an event is about; two events about the same thing become one.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Subject {
    Camera(CameraId),
    Alarm(AlarmId),
    Export(ExportId),
    Discovery,
    Rights,
    Site,
    Hello,
}

fn subject(event: &Event) -> Subject {
    match event {
        Event::Camera { camera } => Subject::Camera(camera.id),
        Event::CameraRemoved { camera } => Subject::Camera(*camera),
        Event::Alarm { alarm } => Subject::Alarm(alarm.id),
        Event::Export { export } => Subject::Export(export.id),
        Event::ExportRemoved { export } => Subject::Export(*export),
        Event::Discovery => Subject::Discovery,
        Event::Rights => Subject::Rights,
        Event::Site => Subject::Site,
        Event::Hello { .. } => Subject::Hello,
    }
}

#[derive(Default)]
struct Mailbox {
    waiting: Mutex<VecDeque<Event>>,
    bell: Notify,
}

/// The bus; clones are the same bus.
#[derive(Clone, Default)]
pub struct Events {
    listeners: Arc<Mutex<Vec<Weak<Mailbox>>>>,
}

/// One who listens, until dropped.
pub struct Listener {
    mailbox: Arc<Mailbox>,
}

impl Events {
    /// Tells everybody.
    pub fn publish(&self, event: &Event) {
        let mut listeners = self.listeners.lock().unwrap_or_else(PoisonError::into_inner);
        listeners.retain(|listener| {
            let Some(mailbox) = listener.upgrade() else { return false };
            let mut waiting = mailbox.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            let about = subject(event);
            match waiting.iter_mut().find(|known| subject(known) == about) {
                Some(known) => *known = event.clone(),
                None => waiting.push_back(event.clone()),
            }
            drop(waiting);
            mailbox.bell.notify_one();
            true
        });
    }

    /// Listens from now on.
    #[must_use]
    pub fn listen(&self) -> Listener {
        let mailbox = Arc::new(Mailbox::default());
        self.listeners.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::downgrade(&mailbox));
        Listener { mailbox }
    }
}

impl Listener {
    /// The next event. Safe to cancel.
    pub async fn next(&self) -> Event {
        loop {
            let next = self.mailbox.waiting.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
            if let Some(event) = next {
                return event;
            }
            self.mailbox.bell.notified().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn events_of_one_thing_that_pile_up_are_told_once() {
        let events = Events::default();
        let listener = events.listen();
        let camera = CameraId::new();
        events.publish(&Event::Discovery);
        for _ in 0..100 {
            events.publish(&Event::CameraRemoved { camera });
            events.publish(&Event::Discovery);
        }
        assert_eq!(listener.next().await, Event::Discovery);
        assert_eq!(listener.next().await, Event::CameraRemoved { camera });
        assert!(listener.mailbox.waiting.lock().unwrap().is_empty());
    }
}
