//! The client of our own HTTP: one request, one reply, one connection.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use api::OperatorToken;
use api::wire::Failure as ApiFailure;
use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1;
use hyper::{Method, Request, StatusCode, header};
use hyper_util::rt::TokioIo;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::net::TcpStream;

use super::{Context, Failure};
use crate::config::{self, Config, load_token, reachable};

/// A summary of a queue of millions takes seconds; a server that takes longer does not answer.
const PATIENCE: Duration = Duration::from_secs(60);

/// The largest page is well below this.
const REPLY_BYTES_MAX: usize = 64 * 1024 * 1024;

/// A running server, as its configuration describes it.
pub(crate) struct OperatorClient {
    address: SocketAddr,
    token: OperatorToken,
}

impl OperatorClient {
    /// The server of the configuration in `context`.
    pub(super) fn new(context: &Context) -> Result<Self, Failure> {
        Self::configured(&context.load()?.config.operator)
    }

    /// The server of the configuration at `path`.
    pub(crate) fn of(path: &Path) -> Result<Self, Failure> {
        let loaded = Config::load(path).map_err(|faults| Failure::usage(faults.to_string()))?;
        Self::configured(&loaded.config.operator)
    }

    /// Whoever takes `token` at `address`.
    pub(crate) fn at(address: SocketAddr, token: &str) -> Result<Self, Failure> {
        let token = OperatorToken::new(token).map_err(|error| Failure::usage(error.to_string()))?;
        Ok(Self { address, token })
    }

    fn configured(operator: &config::Operator) -> Result<Self, Failure> {
        let token = load_token(&operator.token_file).map_err(|error| Failure::usage(error.to_string()))?;
        Ok(Self {
            address: reachable(operator.address),
            token,
        })
    }

    /// Asks for what is at `path`.
    pub(crate) fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Failure> {
        self.request(Method::GET, path, Bytes::new())
    }

    /// Sends `body` as JSON to `path`.
    pub(crate) fn post<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Result<T, Failure> {
        let body = serde_json::to_vec(body).map_err(|error| Failure::failed(error.to_string()))?;
        self.request(Method::POST, path, body.into())
    }

    /// Sends `body` as JSON to change what is at `path`.
    pub(super) fn patch<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Result<T, Failure> {
        let body = serde_json::to_vec(body).map_err(|error| Failure::failed(error.to_string()))?;
        self.request(Method::PATCH, path, body.into())
    }

    /// Removes what is at `path`.
    pub(super) fn delete<T: DeserializeOwned>(&self, path: &str) -> Result<T, Failure> {
        self.request(Method::DELETE, path, Bytes::new())
    }

    fn request<T: DeserializeOwned>(&self, method: Method, path: &str, body: Bytes) -> Result<T, Failure> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| Failure::failed(format!("cannot start: {error}")))?;
        let exchange = async { tokio::time::timeout(PATIENCE, self.exchange(method, path, body)).await };
        let (status, reply) = match runtime.block_on(exchange) {
            Ok(exchanged) => exchanged?,
            Err(_) => return Err(self.unreachable("it does not answer")),
        };
        if !status.is_success() {
            return Err(self.refused(status, &reply));
        }
        serde_json::from_slice(&reply).map_err(|error| {
            Failure::failed(format!(
                "{} answers what this version does not understand: {error}",
                self.address
            ))
        })
    }

    async fn exchange(
        &self,
        method: Method,
        path: &str,
        body: Bytes,
    ) -> Result<(StatusCode, Bytes), Failure> {
        let stream = TcpStream::connect(self.address)
            .await
            .map_err(|error| self.unreachable(&error.to_string()))?;
        let broken = |error: hyper::Error| self.unreachable(&format!("the connection broke: {error}"));
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(broken)?;
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, self.address.to_string())
            .header(header::AUTHORIZATION, format!("Bearer {}", self.token.expose()))
            .header(header::CONTENT_TYPE, "application/json")
            .body(Full::new(body))
            .map_err(|error| Failure::usage(format!("{path}: {error}")))?;
        let (_, exchanged) = tokio::join!(connection, async {
            let response = sender.send_request(request).await.map_err(broken)?;
            let status = response.status();
            let body = Limited::new(response.into_body(), REPLY_BYTES_MAX)
                .collect()
                .await;
            let body = body
                .map_err(|error| self.unreachable(&format!("the reply broke off: {error}")))?
                .to_bytes();
            // The connection ends when nobody can send on it any more.
            drop(sender);
            Ok((status, body))
        });
        exchanged
    }

    fn unreachable(&self, why: &str) -> Failure {
        Failure::unreachable(format!(
            "no server at {}: {why}; start it with `postrider serve`, or name its configuration with --config",
            self.address
        ))
    }

    fn refused(&self, status: StatusCode, reply: &[u8]) -> Failure {
        let Ok(failure) = serde_json::from_slice::<ApiFailure>(reply) else {
            return Failure::failed(format!("{} answers {status}; is it Postrider?", self.address));
        };
        match status {
            StatusCode::NOT_FOUND => Failure::not_found(failure.message),
            StatusCode::UNAUTHORIZED => Failure::usage(format!(
                "the server at {} has another operator token; name its own configuration with --config",
                self.address
            )),
            StatusCode::BAD_REQUEST
            | StatusCode::UNPROCESSABLE_ENTITY
            | StatusCode::CONFLICT
            | StatusCode::FORBIDDEN => Failure::usage(failure.message),
            _ => Failure::failed(format!("{} (request {})", failure.message, failure.request_id)),
        }
    }
}

/// `text` with everything escaped that has a meaning in a URL (RFC 3986 §2.1).
pub(crate) fn escaped(text: &str) -> String {
    let escape = |octet: u8| match octet {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' => char::from(octet).to_string(),
        other => format!("%{other:02X}"),
    };
    text.bytes().map(escape).collect()
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;

    use serde_json::{Value, json};

    use super::super::Exit;
    use super::*;

    fn client(address: SocketAddr) -> OperatorClient {
        OperatorClient {
            address,
            token: OperatorToken::new("a-token-for-these-tests").unwrap(),
        }
    }

    /// Asks a server that answers `reply` to anything; gives what it heard too.
    fn ask(reply: String) -> (String, Result<Value, Failure>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut heard = vec![0; 4096];
            let count = stream.read(&mut heard).unwrap();
            stream.write_all(reply.as_bytes()).unwrap();
            String::from_utf8_lossy(&heard[..count]).into_owned()
        });
        let answer = client(address).get("/admin/queue/summary");
        (server.join().unwrap(), answer)
    }

    fn http(status: u16, body: &str) -> String {
        let length = body.len();
        format!(
            "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
        )
    }

    #[test]
    fn a_request_carries_the_token_and_gives_the_reply() {
        let (heard, answer) = ask(http(200, "{\"deliveries\":0}"));
        assert!(
            heard.starts_with("GET /admin/queue/summary HTTP/1.1\r\n"),
            "{heard}"
        );
        assert!(
            heard.contains("authorization: Bearer a-token-for-these-tests\r\n"),
            "{heard}"
        );
        assert_eq!(answer, Ok(json!({ "deliveries": 0 })));
    }

    #[test]
    fn each_failure_has_its_exit_code_and_says_what_to_do() {
        let failure =
            |code: &str| json!({ "error": code, "message": "it says why", "code": code, "request_id": "r1" });
        let cases = [
            (
                http(404, &failure("not_found").to_string()),
                Exit::NotFound,
                "it says why",
            ),
            (
                http(400, &failure("bad_request").to_string()),
                Exit::Usage,
                "it says why",
            ),
            (
                http(401, &failure("unauthorized").to_string()),
                Exit::Usage,
                "another operator token",
            ),
            (
                http(503, &failure("store_unavailable").to_string()),
                Exit::Failed,
                "it says why (request r1)",
            ),
            (http(404, "<html>"), Exit::Failed, "is it Postrider?"),
            (http(200, "<html>"), Exit::Failed, "does not understand"),
            (
                "220 mail ESMTP\r\n".to_owned(),
                Exit::Unreachable,
                "postrider serve",
            ),
            (String::new(), Exit::Unreachable, "postrider serve"),
        ];
        for (reply, exit, part) in cases {
            let (_, answer) = ask(reply.clone());
            let failure = answer.unwrap_err();
            assert_eq!(failure.exit(), exit, "{reply:?}: {failure}");
            assert!(failure.to_string().contains(part), "{reply:?}: {failure}");
        }
    }
}
