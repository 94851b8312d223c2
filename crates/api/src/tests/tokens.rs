//! The secrets of tokens, as operators see them.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{Script, ask};

#[tokio::test]
async fn secrets_of_tokens_are_named_and_never_shown() {
    let script = Arc::new(Script::default());
    for (method, path, status, current) in [
        ("GET", "/admin/tokens", 200, json!(1)),
        ("POST", "/admin/tokens/rotate", 200, json!(2)),
        ("DELETE", "/admin/tokens/0", 200, json!(1)),
        ("DELETE", "/admin/tokens/1", 403, Value::Null),
        ("DELETE", "/admin/tokens/7", 404, Value::Null),
        ("DELETE", "/admin/tokens/256", 404, Value::Null),
        ("DELETE", "/admin/tokens/x", 404, Value::Null),
    ] {
        let (found, body) = ask(&script, method, path, "").await;
        assert_eq!(
            (found.as_u16(), &body["current"]),
            (status, &current),
            "{method} {path}: {body}"
        );
    }
}
