//! A customer of the server, and the HTTP that it speaks.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::{Value, json};

use super::eventually;
use super::program::Program;

/// An account with its secrets.
#[derive(Clone, Debug)]
pub struct Customer {
    pub id: String,
    pub email: String,
    pub api_key: String,
    pub test_key: String,
    pub smtp_password: String,
    address: SocketAddr,
}

/// A reply over HTTP.
#[derive(Clone, Debug)]
pub struct Reply {
    pub status: u16,
    /// The header, names in lower case.
    pub head: String,
    pub body: Vec<u8>,
}

impl Program {
    /// Makes an account that may send from `domains`.
    pub fn customer(&self, email: &str, domains: &[&str]) -> Customer {
        self.customer_with(email, domains, &["--rate-limit", "1000000000"])
    }

    /// The same with these options of `customer add`.
    pub fn customer_with(&self, email: &str, domains: &[&str], options: &[&str]) -> Customer {
        let made = self.json(&[&["customer", "add", email], options].concat());
        let text = |name: &str| {
            made[name]
                .as_str()
                .unwrap_or_else(|| panic!("{name}: {made}"))
                .to_owned()
        };
        for domain in domains {
            self.json(&["domain", "add", email, domain, "--trusted"]);
        }
        Customer {
            id: made["customer"]["id"].as_str().expect("an id").to_owned(),
            email: email.to_owned(),
            api_key: text("api_key"),
            test_key: text("test_api_key"),
            smtp_password: text("smtp_password"),
            address: self.api(),
        }
    }
}

impl Customer {
    /// One request with the live key.
    pub fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> Reply {
        let body = body.map(Value::to_string).unwrap_or_default();
        let media_type = if body.is_empty() {
            ""
        } else {
            "Content-Type: application/json\r\n"
        };
        self.raw(
            method,
            path,
            &format!("Authorization: Bearer {}\r\n{media_type}", self.api_key),
            body.as_bytes(),
        )
    }

    /// The same account with another key.
    pub fn with_key(&self, key: &str) -> Self {
        Self {
            api_key: key.to_owned(),
            ..self.clone()
        }
    }

    /// One request with these header lines, each with its line end.
    pub fn raw(&self, method: &str, path: &str, header: &str, body: &[u8]) -> Reply {
        request(self.address, method, path, header, body)
            .unwrap_or_else(|| panic!("no answer to {method} {path}"))
    }

    /// Sends an e-mail, which must be accepted; the reply.
    pub fn send(&self, email: &Value) -> Value {
        let reply = self.ask("POST", "/api/send", Some(email));
        assert_eq!(reply.status, 200, "{:.500}: {}", email.to_string(), reply.text());
        reply.json()
    }

    /// Waits until the e-mail has this status; what the server says of it then.
    pub fn becomes(&self, id: &Value, status: &str) -> Value {
        let path = format!("/api/emails/{}", id.as_str().expect("an id"));
        eventually(&format!("{path} to become {status}"), || {
            let email = self.ask("GET", &path, None).json();
            (email["status"] == json!(status)).then_some(email)
        })
    }

    /// Where the customers' HTTP is.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Reply {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    /// The value of a header field.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (found, value) = line.split_once(':')?;
            found.eq_ignore_ascii_case(name).then_some(value.trim())
        })
    }
}

/// One request on a connection of its own; none when the connection broke before the reply was whole.
pub fn request(address: SocketAddr, method: &str, path: &str, header: &str, body: &[u8]) -> Option<Reply> {
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(5)).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(60))).ok()?;
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n{header}Content-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).ok()?;
    // A server that refuses a body may not read it to its end: what it said is read all the same.
    let _ = stream.write_all(body);
    read(&mut stream)
}

/// The reply to its end.
pub fn read(stream: &mut TcpStream) -> Option<Reply> {
    let mut octets = Vec::new();
    // A connection that is reset behind the reply has said all it had to.
    let _ = stream.read_to_end(&mut octets);
    let end = octets.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&octets[..end]).into_owned();
    let status = head.split(' ').nth(1)?.parse().ok()?;
    Some(Reply {
        status,
        head,
        body: octets[end + 4..].to_vec(),
    })
}
