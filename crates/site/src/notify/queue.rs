//! A bounded queue of alarms that forgets the oldest. Not a channel: the newest is what matters.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
};

use api::alarm::Alarm;
use tokio::sync::Notify;

/// Alarms that wait for one way out. One task takes.
pub(super) struct Queue {
    /// Of the way, for the log.
    pub name: &'static str,
    room: usize,
    waiting: Mutex<Waiting>,
    bell: Notify,
}

#[derive(Default)]
struct Waiting {
    alarms: VecDeque<Alarm>,
    closed: bool,
}

impl Queue {
    pub fn new(name: &'static str, room: usize) -> Self {
        Self { name, room, waiting: Mutex::default(), bell: Notify::new() }
    }

    /// Puts an alarm in; pushes out the oldest where there is no room.
    pub fn push(&self, alarm: Alarm) {
        let mut waiting = self.lock();
        if waiting.closed {
            return;
        }
        if waiting.alarms.len() >= self.room
            && let Some(oldest) = waiting.alarms.pop_front()
        {
            tracing::error!(
                way = self.name,
                title = oldest.title,
                "too many alarms wait: the oldest is not sent"
            );
        }
        waiting.alarms.push_back(alarm);
        drop(waiting);
        self.bell.notify_one();
    }

    /// The oldest, as soon as there is one; nothing when the queue is closed and empty.
    pub async fn next(&self) -> Option<Alarm> {
        loop {
            {
                let mut waiting = self.lock();
                if let Some(alarm) = waiting.alarms.pop_front() {
                    return Some(alarm);
                }
                if waiting.closed {
                    return None;
                }
            }
            // A bell that rang meanwhile is remembered.
            self.bell.notified().await;
        }
    }

    /// Takes no more.
    pub fn close(&self) {
        self.lock().closed = true;
        self.bell.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
