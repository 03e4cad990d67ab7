//! Sign-ins that have begun and wait for the browser to come back from the provider. Each belongs to one browser, counts once
//! and for a while; they are lost when the site stops. Not what is sent or judged (`openid`).

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use api::Code;
use model::{DirectoryId, Secret};
use openid::Asked;
use rand::{TryRngCore, rngs::OsRng};

use crate::http::problem::{Failure, Outcome};

/// How long somebody may take at the provider.
pub const PATIENCE: Duration = Duration::from_secs(600);
/// Tries that wait, of all addresses and of one. More are refused: nobody's try is dropped for another's.
const WAITING: usize = 2048;
const WAITING_OF_ONE: usize = 64;

struct Try {
    provider: DirectoryId,
    asked: Asked,
    cookie: String,
    address: IpAddr,
    began: Instant,
}

/// All tries, by the state that comes back.
#[derive(Default)]
pub struct Pending(Mutex<HashMap<String, Try>>);

impl Pending {
    /// Keeps a try; the answer is for the browser's cookie. It is a new one each time: cookies of one host are shared by all
    /// its ports, so one that is there already may be somebody else's.
    ///
    /// # Errors
    /// Too many wait.
    pub fn keep(&self, provider: DirectoryId, asked: Asked, address: IpAddr) -> Outcome<Secret<String>> {
        let mut bytes = [0; 32];
        OsRng.try_fill_bytes(&mut bytes).map_err(|error| Failure::internal("making a cookie", error))?;
        let cookie: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let mut tries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        tries.retain(|_, one| one.began.elapsed() < PATIENCE);
        let of_one = tries.values().filter(|one| one.address == address).count();
        if tries.len() >= WAITING || of_one >= WAITING_OF_ONE {
            return Err(Failure::new(Code::Busy, "Too many sign-ins were begun and not ended")
                .detail("Try again in some minutes."));
        }
        let one = Try { provider, cookie: cookie.clone(), address, began: Instant::now(), asked };
        tries.insert(one.asked.state.clone(), one);
        Ok(Secret::new(cookie))
    }

    /// The try with this state, where this browser began it; it counts no more then.
    pub fn take(&self, state: &str, cookie: &str) -> Option<(DirectoryId, Asked)> {
        let mut tries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let ours = |one: &Try| one.cookie == cookie && one.began.elapsed() < PATIENCE;
        if !tries.get(state).is_some_and(ours) {
            return None;
        }
        tries.remove(state).map(|one| (one.provider, one.asked))
    }
}
