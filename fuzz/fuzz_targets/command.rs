#![no_main]

#[path = "../properties/command.rs"]
mod command;

libfuzzer_sys::fuzz_target!(|octets: &[u8]| command::holds(octets));
