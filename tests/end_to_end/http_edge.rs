//! HTTP against clients that are slow, greedy or ahead of their time, by the operator's listener.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::process::Command;
use std::time::Duration;

use postrider::http::limits::CONNECTIONS_PER_ADDRESS_MAX;
use rustix::process::Signal;

use crate::world::{Program, World, eventually, tools};

/// How long an octet of a slow client takes.
const DRIBBLE: Duration = Duration::from_millis(50);

/// How long a server may take to do anything.
const PATIENCE: Duration = Duration::from_secs(60);

fn connect(world: &World) -> TcpStream {
    let stream = TcpStream::connect(world.settings.operator()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// What comes until the server ends the connection. A server that closes before it has read everything resets it.
fn rest(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    if let Err(error) = stream.read_to_end(&mut answer) {
        assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{error}");
    }
    String::from_utf8_lossy(&answer).into_owned()
}

/// Sends `begun`, then one octet after the other that never completes it; gives what comes back.
fn dribble(world: &World, begun: &str) -> String {
    let mut stream = connect(world);
    stream.write_all(begun.as_bytes()).unwrap();
    let mut slow = stream.try_clone().unwrap();
    let client = std::thread::spawn(move || {
        while slow.write_all(b"a").is_ok() {
            std::thread::sleep(DRIBBLE);
        }
    });
    let answer = rest(&mut stream);
    // So that the other half stops too, if the server closed only its own.
    let _ = stream.shutdown(Shutdown::Both);
    client.join().unwrap();
    answer
}

fn retry_head(program: &Program, length: usize) -> String {
    format!(
        "POST /admin/queue/retry HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {}\r\n\
         Content-Type: application/json\r\nContent-Length: {length}\r\n",
        program.token()
    )
}

#[test]
fn a_slow_head_and_a_slow_body_are_cut_off() {
    let mut world = World::new();
    world
        .settings
        .set("api.header_timeout", "1s")
        .set("api.body_timeout", "1s");
    let program = world.start();
    let answer = dribble(&world, "GET /health/live HTTP/1.1\r\nHost: a\r\nX-Slow: ");
    assert!(!answer.contains("200 OK"), "{answer}");
    let head = retry_head(&program, 10_000);
    let answer = dribble(&world, &format!("{head}\r\n{{"));
    assert!(
        answer.starts_with("HTTP/1.1 408 ") && answer.contains("\"code\":\"request_timeout\""),
        "{answer}"
    );
    assert_eq!(program.http("GET", "/health/live").0, 200);
}

#[test]
fn http_2_is_spoken_to_those_who_know() {
    let world = World::new();
    let _program = world.start();
    let output = tools::run(
        Command::new(tools::debian("curl", "curl"))
            .args(["--silent", "--show-error", "--max-time", "60"])
            .args(["--http2-prior-knowledge", "--compressed"])
            .args([
                "--output",
                "/dev/null",
                "--write-out",
                "%{http_version} %{http_code}",
            ])
            .arg(format!("http://{}/metrics", world.settings.operator())),
        "",
    );
    assert_eq!(String::from_utf8_lossy(&output.stdout), "2 200");
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    let world = World::new();
    let _program = world.start();
    let mut stream = connect(&world);
    let request = |path, more| format!("GET {path} HTTP/1.1\r\nHost: a\r\n{more}\r\n");
    let requests = [
        request("/health/live", ""),
        request("/nowhere", ""),
        request("/health/ready", "Connection: close\r\n"),
    ];
    stream.write_all(requests.concat().as_bytes()).unwrap();
    let answers = rest(&mut stream);
    let codes: Vec<&str> = answers
        .split("HTTP/1.1 ")
        .skip(1)
        .filter_map(|answer| answer.split(' ').next())
        .collect();
    assert_eq!(codes, ["200", "404", "200"], "{answers}");
}

/// SIGTERM: nobody new is let in, and a request whose body is still coming gets its answer.
#[test]
fn a_shutdown_lets_a_request_finish() {
    let mut world = World::new();
    world.settings.set("server.drain", "60s");
    let mut program = world.start();
    let body = "{\"all\":true}";
    let head = retry_head(&program, body.len());
    let mut stream = connect(&world);
    stream
        .write_all(format!("{head}Expect: 100-continue\r\n\r\n").as_bytes())
        .unwrap();
    let mut invited = [0; 25];
    stream.read_exact(&mut invited).unwrap();
    assert_eq!(&invited, b"HTTP/1.1 100 Continue\r\n\r\n");
    program.signal(Signal::TERM);
    eventually("new connections to be refused", || {
        TcpStream::connect(world.settings.operator()).err()
    });
    stream.write_all(body.as_bytes()).unwrap();
    let answer = rest(&mut stream);
    assert!(
        answer.starts_with("HTTP/1.1 200 OK") && answer.ends_with("{\"changed\":0}"),
        "{answer}"
    );
    assert!(program.wait().success());
}

#[test]
fn connections_beyond_the_bound_are_refused_without_harm() {
    const BEYOND: usize = 20;
    let mut world = World::new();
    world.settings.set("api.header_timeout", "5m");
    let program = world.start();
    let mut held: Vec<TcpStream> = (0..CONNECTIONS_PER_ADDRESS_MAX + BEYOND)
        .map(|_| connect(&world))
        .collect();
    let refused = held.split_off(CONNECTIONS_PER_ADDRESS_MAX);
    for mut stream in refused {
        assert_eq!(rest(&mut stream), "");
    }
    let first = &mut held[0];
    first
        .write_all(b"GET /health/live HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        .unwrap();
    assert!(rest(first).starts_with("HTTP/1.1 200 OK"));
    drop(held);
    assert_eq!(program.http("GET", "/health/live").0, 200);
}
