//! Calls `entries::openid_answers` with libFuzzer's bytes.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| entries::openid_answers(data));
