#![no_main]

#[path = "../properties/score.rs"]
mod score;

libfuzzer_sys::fuzz_target!(|octets: &[u8]| score::holds(octets));
