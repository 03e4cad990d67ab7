//! Calls `entries::turn_server` with libFuzzer's bytes.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| entries::turn_server(data));
