#![no_main]

#[path = "../properties/session.rs"]
mod session;

libfuzzer_sys::fuzz_target!(|octets: &[u8]| session::holds(octets));
