//! Calls `entries::fmp4` with libFuzzer's bytes.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| entries::fmp4(data));
