//! Calls `entries::archive_boxes` with libFuzzer's bytes.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| entries::archive_boxes(data));
