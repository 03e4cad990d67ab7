//! Calls `entries::archive_volume` with libFuzzer's bytes.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| entries::archive_volume(data));
