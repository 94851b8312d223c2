//! Requests to real sockets: what arrives, and what is made of every way in which the other end can behave.

use std::net::Ipv4Addr;

use certs::{CertificatePair, Certificates, ClientTrust, Roots, client_config};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use super::*;

const BODY: &str = r#"{"type":"email.sent"}"#;
const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

fn policy() -> Policy {
    Policy {
        networks: vec!["127.0.0.0/8".parse().unwrap()],
        plain_hosts: vec!["hook.test".into()],
    }
}

fn sender(total: Duration) -> Sender {
    Sender::new(&client_config(&ClientTrust::Any), policy(), total)
}

/// Long enough for whatever ends by itself.
fn patient() -> Sender {
    sender(Duration::from_secs(60))
}

fn headers() -> Headers {
    Headers {
        id: "msg_1".into(),
        timestamp: "1795608000".into(),
        signature: "v1,c2ln".into(),
    }
}

async fn post(sender: &Sender, url: &str, addresses: &[IpAddr]) -> Result<Answer, Failure> {
    let destination = Destination::parse(url, &policy()).unwrap();
    let addresses = addresses.to_vec();
    let resolve = async |_| Ok(addresses);
    sender
        .post(
            &destination,
            &headers(),
            Bytes::from_static(BODY.as_bytes()),
            resolve,
        )
        .await
}

/// A server for one connection: reads a request to its end, writes `answer` and then does as `after` says. Gives its port,
/// and what it read.
async fn server(answer: impl Into<Vec<u8>>, after: After) -> (u16, JoinHandle<String>) {
    let listener = TcpListener::bind((LOOPBACK, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let answer = answer.into();
    let task = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let request = read_request(&mut stream).await;
        // Whoever has heard enough hangs up.
        let _ = stream.write_all(&answer).await;
        match after {
            After::Close => {}
            After::Wait => drop(stream.read(&mut [0; 1]).await),
            After::Flood => while stream.write_all(&[b'x'; 4096]).await.is_ok() {},
        }
        request
    });
    (port, task)
}

enum After {
    Close,
    Wait,
    Flood,
}

async fn read_request(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut request = Vec::new();
    let mut octets = [0; 1024];
    while !request.ends_with(BODY.as_bytes()) {
        let count = stream.read(&mut octets).await.unwrap();
        assert_ne!(count, 0, "the request is cut short: {request:?}");
        request.extend_from_slice(&octets[..count]);
    }
    String::from_utf8(request).unwrap()
}

async fn ask(answer: impl Into<Vec<u8>>, after: After, sender: &Sender) -> Result<Answer, Failure> {
    let (port, _) = server(answer, after).await;
    post(sender, &format!("http://hook.test:{port}/"), &[LOOPBACK]).await
}

#[tokio::test]
async fn a_request_is_one_post_with_the_standard_fields() {
    let (port, request) = server(
        "HTTP/1.1 202 Accepted\r\nRetry-After: 7\r\nContent-Length: 4\r\n\r\nfine",
        After::Wait,
    )
    .await;
    let url = format!("http://hook.test:{port}/in?key=k");
    let answer = post(&patient(), &url, &[LOOPBACK]).await.unwrap();
    assert_eq!(
        answer,
        Answer {
            status: 202,
            retry_after: Some("7".into()),
            body: b"fine".to_vec()
        }
    );
    let request = request.await.unwrap();
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    assert_eq!(body, BODY);
    let mut lines: Vec<String> = head.lines().map(str::to_ascii_lowercase).collect();
    assert_eq!(lines.remove(0), "post /in?key=k http/1.1");
    lines.sort();
    assert_eq!(
        lines,
        [
            "connection: close".to_owned(),
            format!("content-length: {}", BODY.len()),
            "content-type: application/json".to_owned(),
            format!("host: hook.test:{port}"),
            format!("user-agent: postrider/{}", env!("CARGO_PKG_VERSION")),
            "webhook-id: msg_1".to_owned(),
            "webhook-signature: v1,c2ln".to_owned(),
            "webhook-timestamp: 1795608000".to_owned(),
        ]
    );
}

#[tokio::test]
async fn redirections_and_refusals_are_answers() {
    for (answer, status) in [
        (
            "HTTP/1.1 302 Found\r\nLocation: http://hook.test/\r\nContent-Length: 0\r\n\r\n",
            302,
        ),
        ("HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n", 410),
        ("HTTP/1.1 204 No Content\r\n\r\n", 204),
        ("HTTP/1.0 500 Oops\r\n\r\n", 500),
        (
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
            200,
        ),
    ] {
        let found = ask(answer, After::Close, &patient()).await.unwrap();
        assert_eq!(found.status, status, "{answer:?}");
    }
}

#[tokio::test]
async fn what_is_not_an_answer_is_a_failure() {
    let fields = "X: y\r\n".repeat(FIELDS_MAX + 1);
    for answer in [
        String::new(),
        "SSH-2.0-OpenSSH_9.9\r\n".into(),
        "HTTP/1.1 200".into(),
        format!("HTTP/1.1 200 OK\r\n{fields}\r\n"),
        format!("HTTP/1.1 200 OK\r\nX: {}\r\n\r\n", "y".repeat(2 * HEAD_BYTES_MAX)),
    ] {
        let found = ask(answer.clone(), After::Close, &patient()).await;
        assert!(
            matches!(found, Err(Failure::Http(_))),
            "{found:?} of {:.40}",
            answer
        );
    }
}

#[tokio::test]
async fn a_status_stands_whatever_becomes_of_the_body() {
    let quick = sender(Duration::from_secs(2));
    let cut = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart";
    let huge = "HTTP/1.1 200 OK\r\nContent-Length: 100000000000\r\n\r\n";
    for (answer, after, expected) in [
        (cut, After::Close, 4),
        (cut, After::Wait, 4),
        (huge, After::Flood, BODY_BYTES_MAX),
        ("HTTP/1.1 200 OK\r\n\r\n", After::Flood, BODY_BYTES_MAX),
    ] {
        let found = ask(answer, after, &quick).await.unwrap();
        assert_eq!((found.status, found.body.len()), (200, expected), "{answer:?}");
    }
}

#[tokio::test]
async fn silence_ends() {
    let quick = sender(Duration::from_millis(100));
    for answer in ["", "HTTP/1.1 200 OK\r\nX: "] {
        let found = ask(answer, After::Wait, &quick).await;
        assert!(matches!(found, Err(Failure::Timeout(_))), "{found:?}");
    }
    // Neither a resolver nor a handshake that never ends keeps it.
    let destination = Destination::parse("https://hook.test/", &policy()).unwrap();
    let never = |_| std::future::pending::<Result<Vec<IpAddr>, String>>();
    let found = quick.post(&destination, &headers(), Bytes::new(), never).await;
    assert!(matches!(found, Err(Failure::Timeout(_))), "{found:?}");
    let listener = TcpListener::bind((LOOPBACK, 0)).await.unwrap();
    let url = format!("https://hook.test:{}/", listener.local_addr().unwrap().port());
    let found = post(&quick, &url, &[LOOPBACK]).await;
    assert!(matches!(found, Err(Failure::Timeout(_))), "{found:?}");
}

#[tokio::test]
async fn only_admitted_addresses_are_connected_to() {
    let (port, _) = server("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", After::Close).await;
    let url = format!("http://hook.test:{port}/");
    let address = |text: &str| text.parse::<IpAddr>().unwrap();
    for addresses in [
        vec![],
        vec![address("10.0.0.1"), address("169.254.169.254")],
        vec![address("::1")],
    ] {
        let found = post(&patient(), &url, &addresses).await;
        assert!(
            matches!(found, Err(Failure::Forbidden)),
            "{found:?} of {addresses:?}"
        );
    }
    let mixed = [
        address("::1"),
        address("10.0.0.1"),
        address("127.0.0.2"),
        LOOPBACK,
    ];
    let answer = post(&patient(), &url, &mixed).await.unwrap();
    assert_eq!(
        answer.status, 200,
        "the first of the admitted does not answer, the second does"
    );
    let closed = post(&patient(), &url, &[LOOPBACK]).await;
    assert!(matches!(closed, Err(Failure::Connect(_))), "{closed:?}");
    let failed = async |_| Err("no such name".to_owned());
    let destination = Destination::parse(&url, &policy()).unwrap();
    let found = patient()
        .post(&destination, &headers(), Bytes::new(), failed)
        .await;
    assert!(matches!(found, Err(Failure::Resolve(_))), "{found:?}");
}

#[tokio::test]
async fn the_certificate_must_stand_for_the_name() {
    let folder = tempfile::tempdir().unwrap();
    let pair: CertificatePair = certs::self_signed(folder.path(), "hook.test").unwrap();
    let roots = Roots::load(std::slice::from_ref(&pair.certificate)).unwrap();
    let acceptor = TlsAcceptor::from(Certificates::load(&[pair]).unwrap().web_config());
    let listener = TcpListener::bind((LOOPBACK, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            // Whoever does not believe the certificate hangs up.
            let Ok(mut stream) = acceptor.accept(stream).await else {
                continue;
            };
            assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
            read_request(&mut stream).await;
            stream.write_all(b"HTTP/1.1 204 No\r\n\r\n").await.unwrap();
        }
    });
    let trust = client_config(&ClientTrust::Verified(roots));
    let believing = Sender::new(&trust, policy(), Duration::from_secs(60));
    let to = |name: &str| format!("https://{name}:{port}/");
    let answer = post(&believing, &to("hook.test"), &[LOOPBACK]).await.unwrap();
    assert_eq!(answer.status, 204);
    for name in ["other.test", "127.0.0.1"] {
        let found = post(&believing, &to(name), &[LOOPBACK]).await;
        assert!(matches!(found, Err(Failure::Tls(_))), "{found:?}");
    }
}
