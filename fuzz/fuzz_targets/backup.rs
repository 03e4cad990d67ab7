//! Calls `entries::backup_file` with libFuzzer's bytes.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| entries::backup_file(data));
