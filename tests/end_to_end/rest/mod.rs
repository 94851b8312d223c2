//! The customers' HTTP over a real socket: what its document promises, and what happens to those who do not keep to it.

mod bad_input;
mod bounds;
mod cast;
mod clients;
mod conventions;
mod document;
mod idempotency;
mod keys;
mod openapi;
mod operations;
mod schemathesis;
mod slowness;
mod strangers;

use serde_json::{Value, json};

use crate::world::customer::{Customer, Reply};
use crate::world::{Program, World};

/// An id that nobody has.
const UNKNOWN: &str = "01890000-0000-7000-8000-000000000000";

/// A POST with this body as it is.
fn post(customer: &Customer, path: &str, body: &[u8]) -> Reply {
    let header = format!(
        "Authorization: Bearer {}\r\nContent-Type: application/json\r\n",
        customer.api_key
    );
    customer.raw("POST", path, &header, body)
}

/// The faults that a reply names: field and code of each.
fn faults(reply: &Value) -> Vec<(&str, &str)> {
    let errors = reply["errors"].as_array().map_or(&[][..], Vec::as_slice);
    errors
        .iter()
        .inspect(|fault| assert!(fault["message"].is_string(), "{fault}"))
        .map(|fault| {
            let part = |name: &str| fault[name].as_str().unwrap_or_default();
            (part("field"), part("code"))
        })
        .collect()
}

/// A server, and an account that may send from a domain.
fn owner(world: &World) -> (Program, Customer) {
    let program = world.start();
    let customer = program.customer("owner@rest.test", &["owner.test"]);
    (program, customer)
}

/// An e-mail that holds.
fn email() -> Value {
    json!({ "to": "ada@sim.postrider.invalid", "subject": "Hello", "text": "Hello" })
}

/// A bulk mail that holds.
fn bulk() -> Value {
    json!({ "subject": "Hello", "text": "Hello", "recipients": [{ "email": "ada@sim.postrider.invalid" }] })
}

/// The request with some fields changed.
fn with(mut body: Value, changes: Value) -> Value {
    let Value::Object(changes) = changes else {
        return changes;
    };
    for (name, value) in changes {
        body[name] = value;
    }
    body
}

/// A timestamp that mail can be scheduled for.
fn tomorrow() -> String {
    (jiff::Timestamp::now() + jiff::SignedDuration::from_hours(24)).to_string()
}
