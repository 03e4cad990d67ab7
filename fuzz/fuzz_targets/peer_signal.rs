//! Calls `entries::peer_signal` with libFuzzer's bytes.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| entries::peer_signal(data));
