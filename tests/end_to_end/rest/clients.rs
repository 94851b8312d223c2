//! The clients of `clients/` and the examples of `docs/examples/`, by their own tests, against the server.

use std::path::Path;
use std::process::Command;

use crate::world::{World, tools};

#[test]
fn the_clients_and_the_examples_pass_their_own_tests() {
    let mut world = World::new();
    world.settings.submission();
    let program = world.start();
    let customer = program.customer("owner@clients.test", &["clients.test"]);
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("clients/test.sh");
    let mut command = Command::new("bash");
    command
        .arg(script)
        .env("POSTRIDER_URL", format!("http://{}", program.api()))
        .env("POSTRIDER_KEY", &customer.api_key)
        .env("POSTRIDER_TEST_KEY", &customer.test_key)
        .env("POSTRIDER_DOMAIN", "clients.test");
    let report = String::from_utf8_lossy(&tools::run(&mut command, "").stdout).into_owned();
    println!("{report}");
}
