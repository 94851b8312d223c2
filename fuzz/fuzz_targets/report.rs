#![no_main]

#[path = "../properties/report.rs"]
mod report;

libfuzzer_sys::fuzz_target!(|octets: &[u8]| report::holds(octets));
