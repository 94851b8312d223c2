//! Served routers on loopback, asked octet by octet.

use std::path::Path;

use api::ClientAddress;
use axum::Extension;
use axum::body::Bytes;
use axum::routing::{get, post};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;
use crate::config::{self, Config};

/// What no test here waits for to its end.
const LONG: Duration = Duration::from_secs(60);

struct Site {
    address: SocketAddr,
    lifecycle: Lifecycle,
    served: JoinHandle<()>,
}

impl Site {
    /// A router behind [`edge`], as a configuration with `lines` in `[api]` has it.
    async fn open(lines: &str, change: impl FnOnce(&mut Limits)) -> Self {
        Self::with(router(), lines, change).await
    }

    /// The same with another router.
    async fn with(router: Router, lines: &str, change: impl FnOnce(&mut Limits)) -> Self {
        let text = format!("[server]\nhostname = \"a.example\"\n[api]\n{lines}\n");
        let config = Config::parse(&text, Path::new("/")).unwrap().config;
        let mut limits = Limits::of(&config);
        change(&mut limits);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let lifecycle = Lifecycle::default();
        let router = edge(router, &config.api);
        let served = serve(listener, router, None, limits, lifecycle.clone());
        Self {
            address,
            lifecycle,
            served,
        }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Everything that comes back to `request`, whose last head asks for the end of the connection.
    async fn ask(&self, request: &str) -> String {
        let mut stream = self.connect().await;
        stream.write_all(request.as_bytes()).await.unwrap();
        rest(&mut stream).await
    }
}

fn router() -> Router {
    let address =
        |Extension(ClientAddress(address)): Extension<ClientAddress>| async move { address.to_string() };
    Router::new()
        .route("/address", get(address))
        .route("/long", get(|| async { "a".repeat(100_000) }))
        .route(
            "/count",
            post(|body: Bytes| async move { body.len().to_string() }),
        )
}

/// What comes until the server closes the connection, in whatever way.
async fn rest(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    let read = timeout(LONG, stream.read_to_end(&mut answer)).await;
    // A server that closes before it has read everything resets the connection.
    let _ = read.expect("the server closes the connection");
    String::from_utf8_lossy(&answer).into_owned()
}

fn get_closing(path: &str, headers: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{headers}\r\n")
}

#[tokio::test]
async fn the_client_behind_a_trusted_proxy_is_known() {
    let forwarded = get_closing("/address", "X-Forwarded-For: 192.0.2.7\r\n");
    for (lines, expected) in [
        ("", "127.0.0.1"),
        ("trusted_proxies = [\"127.0.0.0/8\"]", "192.0.2.7"),
    ] {
        let site = Site::open(lines, |_| ()).await;
        let answer = site.ask(&forwarded).await;
        assert!(answer.ends_with(expected), "{lines}: {answer}");
    }
}

#[tokio::test]
async fn long_replies_are_compressed_for_those_who_want_it() {
    let site = Site::open("", |_| ()).await;
    for (accepted, expected) in [("gzip", "gzip"), ("zstd", "zstd"), ("gzip;q=0.5, zstd", "zstd")] {
        let answer = site
            .ask(&get_closing("/long", &format!("Accept-Encoding: {accepted}\r\n")))
            .await;
        assert!(
            answer.contains(&format!("content-encoding: {expected}\r\n")) && answer.len() < 2_000,
            "{accepted}: {} octets",
            answer.len()
        );
    }
    let answer = site.ask(&get_closing("/long", "")).await;
    assert!(answer.len() > 100_000 && !answer.contains("content-encoding"));
}

#[tokio::test]
async fn scripts_of_listed_origins_alone_may_read_replies() {
    let preflight = |origin: &str| {
        format!(
            "OPTIONS /count HTTP/1.1\r\nHost: a\r\nConnection: close\r\nOrigin: {origin}\r\n\
             Access-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: x-api-key\r\n\r\n"
        )
    };
    let (listed, other) = ("https://app.example", "https://evil.example");
    for (lines, origin, allowed) in [
        ("", listed, None),
        ("cors_origins = [\"https://app.example\"]", listed, Some(listed)),
        ("cors_origins = [\"https://app.example\"]", other, None),
        ("cors_origins = [\"*\"]", other, Some("*")),
    ] {
        let site = Site::open(lines, |_| ()).await;
        let answer = site.ask(&preflight(origin)).await;
        let told = answer
            .lines()
            .find_map(|line| line.strip_prefix("access-control-allow-origin: "));
        assert_eq!(told, allowed, "{lines} {origin}: {answer}");
    }
}

#[tokio::test]
async fn a_body_too_large_is_refused_whether_declared_or_not() {
    let site = Site::open("body_max = \"1MiB\"", |_| ()).await;
    let chunk = format!("20000\r\n{}\r\n", "a".repeat(0x20000));
    for (headers, body, status) in [
        (
            "Content-Length: 1048576\r\nConnection: close\r\n",
            "a".repeat(1_048_576),
            200,
        ),
        ("Content-Length: 1048577\r\n", String::new(), 413),
        ("Transfer-Encoding: chunked\r\n", chunk.repeat(9), 413),
    ] {
        let answer = site
            .ask(&format!("POST /count HTTP/1.1\r\nHost: a\r\n{headers}\r\n{body}"))
            .await;
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status} ")),
            "{headers}: {answer}"
        );
        let described = answer.contains("\"code\":\"too_large\"") && answer.contains("x-request-id: ");
        assert_eq!(described, status == 413, "{answer}");
    }
}

#[tokio::test]
async fn a_body_that_stops_arriving_is_answered_and_cut_off() {
    let site = Site::open("body_timeout = \"1s\"", |_| ()).await;
    let mut stream = site.connect().await;
    stream
        .write_all(b"POST /count HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf")
        .await
        .unwrap();
    let answer = rest(&mut stream).await;
    assert!(
        answer.starts_with("HTTP/1.1 408 ") && answer.contains("\"code\":\"request_timeout\""),
        "{answer}"
    );
}

/// The total has long to go: it is the pause that ends it.
#[tokio::test]
async fn a_body_that_pauses_is_cut_off_before_its_time_is_over() {
    let limits = limits::BodyLimits {
        bytes: 100,
        pause: Duration::from_millis(200),
        total: 2 * LONG,
    };
    let layer = axum::middleware::from_fn_with_state(limits, body::bounded);
    let site = Site::with(router().layer(layer), "", |_| ()).await;
    let mut stream = site.connect().await;
    stream
        .write_all(b"POST /count HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf")
        .await
        .unwrap();
    assert!(rest(&mut stream).await.starts_with("HTTP/1.1 408 "));
}

#[tokio::test]
async fn a_head_too_large_is_refused() {
    let site = Site::open("", |_| ()).await;
    let answer = site
        .ask(&get_closing(
            "/address",
            &format!("X-Long: {}\r\n", "a".repeat(HEAD_BYTES_MAX)),
        ))
        .await;
    assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
}

/// Silence, half a head, half a preface of HTTP/2, and one that then says nothing: none keeps its connection.
#[tokio::test]
async fn a_client_without_a_request_is_cut_off() {
    let quick = |limits: &mut Limits| limits.header_timeout = Duration::from_millis(300);
    let site = Site::open("", quick).await;
    for begun in ["", "GET / HTT", "PRI * HTTP/2.0\r\n\r\nSM", PREFACE] {
        let mut stream = site.connect().await;
        stream.write_all(begun.as_bytes()).await.unwrap();
        rest(&mut stream).await;
    }
}

const PREFACE: &str = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

#[tokio::test]
async fn one_client_cannot_take_every_connection() {
    for (proxies, refused) in [("", true), ("trusted_proxies = [\"127.0.0.1\"]", false)] {
        let site = Site::open(proxies, |limits| limits.connections_per_address = 2).await;
        let (mut first, second) = (site.connect().await, site.connect().await);
        // Connections are accepted in the order in which they came.
        let answer = site.ask(&get_closing("/address", "")).await;
        assert_eq!(answer.is_empty(), refused, "{proxies}: {answer}");
        first
            .write_all(get_closing("/address", "").as_bytes())
            .await
            .unwrap();
        assert!(rest(&mut first).await.starts_with("HTTP/1.1 200"));
        drop(second);
    }
}

#[tokio::test]
async fn the_end_closes_idle_connections_and_cuts_off_what_outlives_its_time() {
    let site = Site::open("", |limits| limits.drain = Duration::from_millis(300)).await;
    let mut idle = site.connect().await;
    idle.write_all(b"GET /address HTTP/1.1\r\nHost: a\r\n\r\n")
        .await
        .unwrap();
    let mut begun = [0; 12];
    idle.read_exact(&mut begun).await.unwrap();
    let mut stuck = site.connect().await;
    stuck
        .write_all(b"POST /count HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 10\r\n\r\n")
        .await
        .unwrap();
    stuck.read_exact(&mut begun).await.unwrap();
    assert_eq!(&begun, b"HTTP/1.1 100");
    site.lifecycle.stop();
    rest(&mut idle).await;
    rest(&mut stuck).await;
    timeout(LONG, site.served).await.unwrap().unwrap();
    assert!(TcpStream::connect(site.address).await.is_err());
}

#[tokio::test]
async fn under_tls_the_protocol_is_agreed_on() {
    let folder = tempfile::tempdir().unwrap();
    let pair = certs::self_signed(folder.path(), "a.example").unwrap();
    let certificates = certs::Certificates::load(&[pair]).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let limits = Limits {
        connections: 10,
        connections_per_address: 10,
        proxies: Vec::<config::Network>::new(),
        header_timeout: LONG,
        drain: LONG,
    };
    let tls = Some(certificates.web_config());
    let _served = serve(listener, router(), tls, limits, Lifecycle::default());
    let mut client = (*certs::client_config(&certs::ClientTrust::Any)).clone();
    client.alpn_protocols = vec![b"h2".to_vec()];
    let stream = Stream::Plain(TcpStream::connect(address).await.unwrap());
    let stream = stream.connect_tls(Arc::new(client), "a.example").await.unwrap();
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
            .await
            .unwrap();
    tokio::spawn(connection);
    let mut answers = JoinSet::new();
    for _ in 0..2 * STREAMS_MAX {
        let request = Request::get("https://a.example/long")
            .body(String::new())
            .unwrap();
        answers.spawn(sender.send_request(request));
    }
    while let Some(answer) = answers.join_next().await {
        let response = answer.unwrap().unwrap();
        assert_eq!(
            (response.version(), response.status().as_u16()),
            (hyper::Version::HTTP_2, 200)
        );
    }
}
