//! Calls `entries::tickets` with libFuzzer's bytes.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| entries::tickets(data));
