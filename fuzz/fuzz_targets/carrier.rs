//! Calls `entries::carrier_link` with libFuzzer's bytes.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| entries::carrier_link(data));
