//! The document that is served is the one that is checked in, and the page that shows it needs nothing from outside.

use serde_json::{Value, json};

use super::document;
use crate::world::customer::request;
use crate::world::{World, program};

/// The document without what depends on where it is served.
const COMMITTED: &str = include_str!("../../../docs/openapi.json");

#[test]
fn the_served_document_is_the_one_in_docs() {
    let mut world = World::new();
    world.settings.set("api.public_url", "https://api.rest.test");
    let running = world.start();
    let mut served = document::served(running.api());
    assert_eq!(served["servers"], json!([{ "url": "https://api.rest.test" }]));
    served.as_object_mut().unwrap().remove("servers");
    let printed = program::cli(world.settings.path(), &["config", "openapi"]);
    let printed = String::from_utf8(printed.stdout).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&printed).unwrap(), served);
    let remedy = "docs/openapi.json is old; write it anew: postrider config openapi > docs/openapi.json";
    let different = printed
        .lines()
        .zip(COMMITTED.lines())
        .find(|(new, old)| new != old);
    assert!(printed == COMMITTED, "{remedy}\n{different:?}");
}

#[test]
fn what_the_document_refers_to_is_in_it() {
    let document: Value = serde_json::from_str(COMMITTED).unwrap();
    let mut places = vec![&document];
    while let Some(place) = places.pop() {
        match place {
            Value::Object(fields) => {
                if let Some(reference) = fields.get("$ref").and_then(Value::as_str) {
                    let target = reference.strip_prefix('#').expect("a place in the document");
                    assert!(document.pointer(target).is_some(), "{reference} leads nowhere");
                }
                places.extend(fields.values());
            }
            Value::Array(entries) => places.extend(entries),
            _ => {}
        }
    }
    let mut ids = std::collections::BTreeSet::new();
    for operation in document::operations(&document) {
        assert!(
            ids.insert(operation.id.clone()),
            "{} is there twice",
            operation.id
        );
    }
}

#[test]
fn the_page_needs_nothing_from_outside() {
    let world = World::new();
    let running = world.start();
    let get = |path: &str| request(running.api(), "GET", path, "", b"").expect("an answer");
    let mut page = String::new();
    for (path, media_type) in [
        ("/docs", "text/html; charset=utf-8"),
        ("/docs/page.css", "text/css; charset=utf-8"),
        ("/docs/page.js", "text/javascript; charset=utf-8"),
        ("/openapi.json", "application/json"),
    ] {
        let reply = get(path);
        assert_eq!(
            (reply.status, reply.header("content-type")),
            (200, Some(media_type)),
            "{path}"
        );
        assert_eq!(reply.header("x-content-type-options"), Some("nosniff"));
        assert!(reply.header("x-request-id").is_some());
        let policy = reply.header("content-security-policy").expect("a policy");
        assert!(policy.starts_with("default-src 'none';"), "{policy}");
        for (directive, sources) in policy.split(';').filter_map(|part| part.trim().split_once(' ')) {
            for source in sources.split(' ') {
                assert!(
                    ["'none'", "'self'", "data:"].contains(&source),
                    "{directive} {source}"
                );
            }
        }
        if path == "/docs" {
            page = reply.text();
        } else if path.starts_with("/docs/") {
            assert!(page.contains(path), "{path} is not used");
            for fetching in ["@import", " url(", "http://", "import("] {
                assert!(!reply.text().contains(fetching), "{path} has {fetching}");
            }
        }
    }
    for attribute in ["src=\"", "href=\""] {
        for target in page
            .split(attribute)
            .skip(1)
            .filter_map(|rest| rest.split('"').next())
        {
            if target.starts_with('/') {
                assert_eq!(get(target).status, 200, "{target}");
            } else {
                assert!(
                    target.starts_with('#') || target == "data:,",
                    "{target} is outside"
                );
            }
        }
    }
    for path in ["/docs/", "/docs/page.html", "/docs/../docs", "/openapi.yaml", "/"] {
        assert_eq!(get(path).status, 404, "{path}");
    }
    assert_eq!(
        request(running.api(), "POST", "/docs", "", b"")
            .expect("an answer")
            .status,
        405
    );
}
