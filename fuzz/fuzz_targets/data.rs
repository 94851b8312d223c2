#![no_main]

#[path = "../properties/data.rs"]
mod data;

libfuzzer_sys::fuzz_target!(|octets: &[u8]| data::holds(octets));
