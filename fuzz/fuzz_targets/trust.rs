//! Calls `entries::trust_statements` with libFuzzer's bytes.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| entries::trust_statements(data));
