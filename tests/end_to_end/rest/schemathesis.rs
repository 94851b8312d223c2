//! Schemathesis reads the served document and asks what no person would think of: by the schema and against it.

use std::process::Command;

use crate::world::{World, tools};

/// Requests for each operation and phase.
const EXAMPLES: &str = "25";
/// The same requests in each run.
const SEED: &str = "20260401";

/// What is left out, and why.
const LEFT_OUT: [&str; 4] = [
    // That an address is one, that base64 is, that a domain is the account's: rules that a schema cannot say. Requests that
    // fit the schema are refused by them.
    "--exclude-checks",
    "positive_data_acceptance",
    // Each call ends the key that all others present.
    "--exclude-operation-id",
    "rotate_key",
];

#[test]
fn schemathesis_finds_no_fault() {
    let mut world = World::new();
    // It presents wrong keys, too.
    world
        .settings
        .set("api.failed_auth_limit", 1_000_000)
        .set("api.rate_limit", 1_000_000);
    let program = world.start();
    let customer = program.customer("owner@rest.test", &["owner.test"]);
    program.json(&["customer", "set", &customer.email, "--max-domains", "100000"]);
    let mut command = Command::new(tools::python().with_file_name("schemathesis"));
    // A key of the sandbox: what it sends goes nowhere.
    command
        .current_dir(world.path(""))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .arg("run")
        .arg(format!("http://{}/openapi.json", program.api()))
        .args([
            "--header",
            &format!("Authorization: Bearer {}", customer.test_key),
        ])
        .args(["--checks", "all", "--max-examples", EXAMPLES, "--seed", SEED])
        .args(["--no-color", "--output-truncate", "false"])
        .args(LEFT_OUT);
    let report = String::from_utf8_lossy(&tools::run(&mut command, "").stdout).into_owned();
    println!("{report}");
    // A run that tested nothing has found no fault either.
    assert!(report.contains("Tested: 54"), "{report}");
    let log = program.log();
    assert!(
        !log.contains("\"level\":\"ERROR\"") && !log.contains("panicked"),
        "{log}"
    );
}
