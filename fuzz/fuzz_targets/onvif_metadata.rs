//! Calls `entries::onvif_metadata` with libFuzzer's bytes.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| entries::onvif_metadata(data));
