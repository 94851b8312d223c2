//! `postrider demo --once`: what `make run` shows a newcomer holds.

use std::process::Command;

use crate::world::{World, tools};

#[test]
fn the_demonstration_tells_the_whole_journey() {
    let world = World::new();
    let data = world.path("demo");
    let mut demo = Command::new(env!("CARGO_BIN_EXE_postrider"));
    let output = tools::run(demo.args(["demo", "--once", "--data"]).arg(&data), "");
    let told = String::from_utf8(output.stdout).expect("text");
    let mut rest = told.as_str();
    for step in [
        "synced",
        "accepted",
        "MX found",
        "connected",
        "signed",
        "verified",
        "delivered",
        // The second one, over REST, finds everything known and a connection open.
        "synced",
        "accepted",
        "signed",
        "verified",
        "delivered",
    ] {
        let at = rest
            .find(&format!(" {step} "))
            .unwrap_or_else(|| panic!("no {step} behind the others in\n{told}"));
        rest = &rest[at..];
    }
    for fact in [
        "rsa-sha256 of shop.example holds",
        "ed25519-sha256 of shop.example holds",
        "octets over TLSv1_3",
    ] {
        assert!(told.contains(fact), "no {fact:?} in\n{told}");
    }
    assert!(
        data.join("postrider.toml").exists(),
        "a folder that was named is kept"
    );
}
