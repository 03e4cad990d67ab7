//! The relay's log.
//!
//! What is here: one line for each event of the machine. Refusals come as fast as somebody asks: they are told at `info` and are
//! few, because the machine keeps only its last thousand between two looks.
//! What is not here: passwords; contents of packets.

use turn::Event;

pub(crate) fn event(event: &Event) {
    match event {
        Event::Allocated { client, relayed, account, session } => {
            tracing::info!(remote = %client.remote, %relayed, account, session, "allocated");
        }
        Event::Ended { client, why } => tracing::info!(remote = %client.remote, ?why, "ended"),
        Event::Refused { client, why } => tracing::info!(remote = %client.remote, ?why, "refused"),
        Event::UsedUp { account } => tracing::warn!(account, "no relay data left: cut off"),
    }
}
