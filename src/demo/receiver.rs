//! The other side of the demonstration: a small receiver that takes mail over STARTTLS and checks its signatures.
//!
//! It speaks SMTP with the same session as the server, and keeps its promise the same way: mail goes into a queue of
//! its own, on the memory engine, before the 250 is said, and leaves that queue when it has been handed on.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use certs::Certificates;
use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolverConfig, ResolverOpts};
use mail_auth::common::crypto::Algorithm;
use mail_auth::{AuthenticatedMessage, DkimOutput, DkimResult, MessageAuthenticator};
use queue::{
    Attempt, Body, Delivery, Handling, NoWitness, Queue, QueueConfig, QueueError, RetryPolicy, SettleContext,
    Submission, Verdict,
};
use smtp::address::Domain;
use smtp::limits::PIECE_BYTES;
use smtp::reply::Refusal;
use smtp::server::{Answer, AuthOffer, Output, Peer, Question, Receipt, Received, ServerConfig, Session};
use store::Batch;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::clock;
use crate::tls::Stream;

/// Octets of the largest message taken.
const SIZE_MAX: u64 = 25 * 1024 * 1024;
/// Messages that wait to be looked at; a sender is kept waiting for its 250 while there are more.
const WAITING_MAX: usize = 16;
const READ_BYTES: usize = 16 * 1024;

/// A message that arrived.
#[derive(Debug)]
pub struct Arrival {
    /// When its signatures had been checked; the 250 followed.
    pub at: Instant,
    /// The octets as they came over the wire, dots unstuffed.
    pub octets: Vec<u8>,
    /// Protocol version and cipher suite, when it came encrypted.
    pub tls: Option<String>,
    /// What became of each DKIM signature, in the order of the header.
    pub signatures: Vec<SignatureCheck>,
}

/// What became of one DKIM signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignatureCheck {
    /// The signing domain, `d=`; empty when the field cannot be read.
    pub domain: String,
    /// The algorithm, `a=`.
    pub algorithm: &'static str,
    /// Whether it holds, or why not.
    pub result: Result<(), String>,
}

/// What all connections share.
struct Shared {
    session: Arc<ServerConfig>,
    certificates: Certificates,
    authenticator: MessageAuthenticator,
    queue: Queue,
    arrivals: mpsc::Sender<Arrival>,
}

/// Takes mail at `address` as `hostname`, checks signatures with the keys that the name service at `names` publishes,
/// and hands each message on. Ends when nobody takes what it hands on.
///
/// # Errors
/// The address cannot be bound, or the resolver cannot be set up.
pub async fn start(
    address: SocketAddr,
    hostname: Domain,
    certificates: Certificates,
    names: SocketAddr,
) -> io::Result<mpsc::Receiver<Arrival>> {
    let listener = TcpListener::bind(address).await?;
    let (arrivals, taken) = mpsc::channel(WAITING_MAX);
    let shared = Arc::new(Shared {
        queue: Queue::new(store::open_memory(), queue_config(&hostname)),
        session: Arc::new(session_config(hostname)),
        certificates,
        authenticator: authenticator(names)?,
        arrivals,
    });
    tokio::spawn(async move {
        while !shared.arrivals.is_closed() {
            let Ok((stream, peer)) = listener.accept().await else {
                continue;
            };
            tokio::spawn(serve(stream, peer, Arc::clone(&shared)));
        }
    });
    Ok(taken)
}

fn session_config(hostname: Domain) -> ServerConfig {
    ServerConfig {
        hostname,
        size_max: SIZE_MAX,
        recipients_max: smtp::limits::RECIPIENTS_MAX,
        starttls: true,
        auth: AuthOffer::Never,
        auth_required: false,
        patience: smtp::limits::COMMAND_PATIENCE,
    }
}

fn queue_config(hostname: &Domain) -> QueueConfig {
    QueueConfig {
        retry: RetryPolicy::default(),
        recipients_per_delivery: smtp::limits::RECIPIENTS_MAX,
        body_bytes_max: SIZE_MAX,
        hostname: hostname.to_string(),
    }
}

fn authenticator(names: SocketAddr) -> io::Result<MessageAuthenticator> {
    let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()].map(|mut connection| {
        connection.port = names.port();
        connection
    });
    let server = NameServerConfig::new(names.ip(), true, connections.into());
    let config = ResolverConfig::from_parts(None, Vec::new(), vec![server]);
    MessageAuthenticator::new(config, ResolverOpts::default()).map_err(io::Error::other)
}

async fn serve(stream: TcpStream, peer: SocketAddr, shared: Arc<Shared>) {
    // Replies are small and waited for; without this each would wait for the acknowledgement of the one before.
    let _ = stream.set_nodelay(true);
    let session = Session::new(
        Arc::clone(&shared.session),
        Peer {
            address: peer.ip(),
            tls: false,
        },
    );
    let connection = Connection {
        stream: Some(Stream::Plain(stream)),
        session,
        pieces: Vec::new(),
        shared,
    };
    if let Err(error) = connection.run().await {
        tracing::debug!(%peer, %error, "a session of the demonstration's receiver ended early");
    }
}

struct Connection {
    /// None only while TLS is being set up.
    stream: Option<Stream>,
    session: Session,
    pieces: Vec<Bytes>,
    shared: Arc<Shared>,
}

impl Connection {
    async fn run(mut self) -> io::Result<()> {
        let mut input = vec![0; READ_BYTES];
        loop {
            if !self.speak().await? {
                return self.stream()?.shutdown().await;
            }
            let patience = self.session.patience();
            match timeout(patience, self.stream()?.read(&mut input)).await {
                Ok(read) => {
                    let count = read?;
                    if count == 0 {
                        return Ok(());
                    }
                    self.hear(input.get(..count).unwrap_or_default()).await?;
                }
                Err(_) => self.session.handle_timeout(),
            }
        }
    }

    /// Gives octets to the session, which pauses at each question.
    async fn hear(&mut self, mut octets: &[u8]) -> io::Result<()> {
        while !octets.is_empty() {
            let taken = self.session.handle_input(octets);
            octets = octets.get(taken..).unwrap_or_default();
            if !self.speak().await? || taken == 0 {
                break;
            }
        }
        Ok(())
    }

    /// Does what the session wants done; false when it wants the connection closed.
    async fn speak(&mut self) -> io::Result<bool> {
        while let Some(output) = self.session.poll_output() {
            match output {
                Output::Reply(octets) => self.stream()?.write_all(&octets).await?,
                Output::Ask(question) => {
                    let answer = self.answer(question).await;
                    self.session.handle_answer(answer);
                }
                Output::BodyPiece(piece) => self.pieces.push(piece),
                Output::BodyDiscarded => self.pieces.clear(),
                Output::StartTls => self.start_tls().await?,
                Output::Close => return Ok(false),
            }
        }
        Ok(true)
    }

    async fn start_tls(&mut self) -> io::Result<()> {
        let stream = self.stream.take().ok_or(io::ErrorKind::NotConnected)?;
        self.stream = Some(
            stream
                .accept_tls(self.shared.certificates.server_config())
                .await?,
        );
        self.session.tls_started();
        Ok(())
    }

    async fn answer(&mut self, question: Question) -> Answer {
        match question {
            Question::Sender { .. } | Question::Recipient(_) => Answer::Allow,
            Question::Authenticate { .. } => Answer::Refuse(Refusal::AuthenticationUnavailable),
            Question::Message(received) => self.take(received).await.unwrap_or_else(|error| {
                tracing::error!(%error, "the demonstration's receiver cannot keep a message");
                Answer::Refuse(Refusal::LocalError)
            }),
        }
    }

    async fn take(&mut self, received: Received) -> Result<Answer, QueueError> {
        let mut pieces = std::mem::take(&mut self.pieces);
        if !received.tail.is_empty() {
            pieces.push(received.tail);
        }
        assert!(
            pieces.iter().all(|piece| piece.len() <= PIECE_BYTES),
            "the session gives pieces of one size"
        );
        let octets = pieces.concat();
        let now = clock::now();
        let id = clock::queue_id(now);
        let submission = Submission {
            id,
            received: now,
            reverse_path: received.envelope.reverse_path,
            recipients: received.envelope.recipients,
            eight_bit: true,
            smtputf8: received.envelope.smtputf8,
            head: Bytes::new(),
            body: Body::in_memory(pieces),
            due: now,
            handling: Handling::default(),
        };
        let submitted = self.shared.queue.submit(vec![submission], Batch::new()).await?;
        let receipt = Receipt::new(&submitted.accepted, &id.to_string());
        self.hand_on(octets, submitted.ready).await?;
        Ok(Answer::Accepted(receipt))
    }

    /// Checks the signatures and gives the message to whoever watches; then it is delivered, and the queue is done
    /// with it.
    async fn hand_on(&mut self, octets: Vec<u8>, deliveries: Vec<Delivery>) -> Result<(), QueueError> {
        let tls = self.stream.as_ref().and_then(Stream::tls_description);
        let signatures = check(&self.shared.authenticator, &octets).await;
        // When nobody watches any more the demonstration is ending.
        let _ = self
            .shared
            .arrivals
            .send(Arrival {
                at: Instant::now(),
                octets,
                tls,
                signatures,
            })
            .await;
        let delivered = Verdict::Delivered {
            reply: "handed on".to_owned(),
        };
        let attempts = deliveries
            .into_iter()
            .map(|delivery| Attempt::uniform(delivery, &delivered, None));
        let now = clock::now();
        let notice_id = &mut || clock::queue_id(now);
        let context = SettleContext {
            now,
            notice_id,
            chance: &mut clock::chance,
            witness: &NoWitness,
        };
        self.shared.queue.settle(attempts.collect(), context).await?;
        Ok(())
    }

    fn stream(&mut self) -> io::Result<&mut Stream> {
        self.stream
            .as_mut()
            .ok_or_else(|| io::ErrorKind::NotConnected.into())
    }
}

/// Verifies every DKIM signature of a message (RFC 6376 §6).
async fn check(authenticator: &MessageAuthenticator, octets: &[u8]) -> Vec<SignatureCheck> {
    let Some(message) = AuthenticatedMessage::parse(octets) else {
        return Vec::new();
    };
    authenticator
        .verify_dkim(&message)
        .await
        .iter()
        .map(signature_check)
        .collect()
}

fn signature_check(output: &DkimOutput<'_>) -> SignatureCheck {
    SignatureCheck {
        domain: output
            .signature()
            .map(|signature| signature.d.clone())
            .unwrap_or_default(),
        algorithm: match output.signature().map(|signature| signature.a) {
            Some(Algorithm::RsaSha256) => "rsa-sha256",
            Some(Algorithm::Ed25519Sha256) => "ed25519-sha256",
            Some(Algorithm::RsaSha1) | None => "not supported",
        },
        result: match output.result() {
            DkimResult::Pass => Ok(()),
            failure => Err(format!("{failure:?}")),
        },
    }
}
