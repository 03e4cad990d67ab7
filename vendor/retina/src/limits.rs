// Added by Martello (see MARTELLO.md); not part of the upstream library.

//! What a server can make this library keep.

/// Most `m=` sections of a session description.
pub(crate) const MAX_MEDIAS: usize = 64;

/// Most NAL units, and most pieces of them, of one access unit.
pub(crate) const MAX_PIECES: usize = 65_536;

/// Longest ONVIF metadata message, in bytes. A longer one is left out.
pub(crate) const MAX_MESSAGE: usize = 1 << 20;

/// Longest session timeout that is believed, in seconds: how long `TEARDOWN` is tried.
pub(crate) const MAX_SESSION_TIMEOUT_SEC: u32 = 120;

/// How many bytes a connection keeps, set via [`crate::client::SessionOptions::limits`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// First line and headers of an RTSP message.
    pub head: usize,

    /// Body of an RTSP message.
    pub body: usize,

    /// Ring buffer of an RTSP connection, and of a UDP stream; a power of two, at least 128 KiB.
    /// An access unit is kept there until it is whole, with the headers of its packets and with
    /// whatever else comes between them.
    pub buffer: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            head: 64 << 10,
            body: 1 << 20,
            buffer: 16 << 20,
        }
    }
}
