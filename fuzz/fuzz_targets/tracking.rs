#![no_main]

#[path = "../properties/tracking.rs"]
mod tracking;

libfuzzer_sys::fuzz_target!(|octets: &[u8]| tracking::holds(octets));
