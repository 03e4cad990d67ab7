//! Calls `entries::discover_wsd` with libFuzzer's bytes.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| entries::discover_wsd(data));
