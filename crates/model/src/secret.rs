//! A value that cannot be printed, logged or serialized by accident, and is wiped from memory when it is dropped.
//!
//! What is not here: copies that others make of it (a request's body, a library's buffer): those are not wiped.

use std::fmt;

use serde::{Deserialize, Deserializer};
use zeroize::Zeroize;

/// Something that must not leave the process: a password, a key, a token.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret<T: Zeroize>(T);

impl<T: Zeroize> Secret<T> {
    /// Wraps the value.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The value, for the one who needs it.
    pub const fn expose(&self) -> &T {
        &self.0
    }

    /// The value itself, which is not wiped any more.
    pub fn into_inner(mut self) -> T
    where
        T: Default,
    {
        std::mem::take(&mut self.0)
    }
}

impl<T: Zeroize> Drop for Secret<T> {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl<T: Zeroize> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl<T: Zeroize> From<T> for Secret<T> {
    fn from(value: T) -> Self {
        Self(value)
    }
}

impl<'de, T: Zeroize + Deserialize<'de>> Deserialize<'de> for Secret<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(deserializer).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[test]
    fn a_secret_does_not_print() {
        assert_eq!(format!("{:?}", Secret::new("hunter2".to_owned())), "Secret(…)");
    }

    #[test]
    fn a_secret_is_wiped_when_it_is_dropped_and_kept_when_it_is_taken() {
        /// Tells what was left of it at the end.
        #[derive(Clone)]
        struct Watched(Vec<u8>, Arc<Mutex<Vec<u8>>>);

        impl Zeroize for Watched {
            fn zeroize(&mut self) {
                self.0.iter_mut().for_each(|byte| *byte = 0);
                self.1.lock().unwrap().clone_from(&self.0);
            }
        }

        let left = Arc::new(Mutex::new(Vec::new()));
        let secret = Secret::new(Watched(b"hunter2".to_vec(), Arc::clone(&left)));
        let copy = secret.clone();
        drop(secret);
        assert_eq!(*left.lock().unwrap(), [0; 7]);
        assert_eq!(copy.expose().0, b"hunter2");
        assert_eq!(Secret::new("hunter2".to_owned()).into_inner(), "hunter2");
    }
}
