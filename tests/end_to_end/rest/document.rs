//! The document that the server serves, as a client reads it.

use std::net::SocketAddr;

use serde_json::{Value, json};

use crate::world::customer::request;

/// One operation of the document.
#[derive(Clone, Debug)]
pub struct Operation {
    pub id: String,
    pub method: String,
    /// With its parameters in braces.
    pub path: String,
    /// The statuses it may answer.
    pub statuses: Vec<u16>,
    /// Whether it is for the readers of mail, of whom nobody asks for a key.
    pub is_public: bool,
    /// Whether it takes a body.
    pub has_body: bool,
    /// The example of its body, if there is one.
    pub example: Option<Value>,
}

/// The document as it is served.
pub fn served(address: SocketAddr) -> Value {
    let reply = request(address, "GET", "/openapi.json", "", b"").expect("an answer");
    assert_eq!(reply.status, 200);
    reply.json()
}

/// Every operation of a document.
pub fn operations(document: &Value) -> Vec<Operation> {
    let paths = document["paths"].as_object().expect("paths");
    let mut operations = Vec::new();
    for (path, item) in paths {
        for (method, operation) in item.as_object().expect("operations") {
            let responses = operation["responses"].as_object().expect("responses");
            let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
            operations.push(Operation {
                id: operation["operationId"].as_str().expect("an id").to_owned(),
                method: method.to_ascii_uppercase(),
                path: path.clone(),
                statuses: responses
                    .keys()
                    .map(|status| status.parse().expect("a status"))
                    .collect(),
                is_public: operation["security"] == json!([{}]),
                has_body: operation["requestBody"].is_object(),
                example: example(document, schema),
            });
        }
    }
    operations
}

fn example(document: &Value, schema: &Value) -> Option<Value> {
    let place = schema["$ref"].as_str()?.strip_prefix('#')?;
    document.pointer(place)?.get("example").cloned()
}
