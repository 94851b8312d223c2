#![no_main]

#[path = "../properties/bounce.rs"]
mod bounce;

libfuzzer_sys::fuzz_target!(|octets: &[u8]| bounce::holds(octets));
