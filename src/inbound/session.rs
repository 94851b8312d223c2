//! One client's session: moves octets between the stream and the server session, and answers its questions.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use ledger::Account;
use smtp::reply::Refusal;
use smtp::server::{Answer, Output, Peer, Question, Session};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::acceptance::Incoming;
use super::{Listener, Shared};
use crate::config::ListenerKind;
use crate::tls::Stream;

/// Octets read at once: a message of usual size in one or two reads.
const READ_BYTES: usize = 32 * 1024;
/// How long the refusal of a whole connection may take to write.
const REFUSAL_PATIENCE: Duration = Duration::from_secs(5);

/// Serves a client until the connection ends.
pub(super) async fn run(stream: TcpStream, peer: SocketAddr, listener: Arc<Listener>, shared: Arc<Shared>) {
    let slot = match shared.slots.take(peer.ip()) {
        Ok(slot) => slot,
        Err(_) => return turn_away(stream, &shared, Refusal::TooManySessions).await,
    };
    if !is_welcome(&listener, peer) {
        return turn_away(stream, &shared, Refusal::ClientDenied).await;
    }
    let account = match attributed(&listener, &shared) {
        Ok(account) => account,
        Err(refusal) => return turn_away(stream, &shared, refusal).await,
    };
    shared.metrics.opened();
    let served = async {
        stream.set_nodelay(true)?;
        let mut stream = Stream::Plain(stream);
        if listener.settings.implicit_tls {
            stream = handshake(stream, &shared, listener.session.patience).await?;
        }
        Service::new(stream, peer, listener, Arc::clone(&shared), account)
            .serve()
            .await
    };
    if let Err(error) = served.await {
        tracing::debug!(%peer, %error, "a session ended early");
    }
    shared.metrics.closed();
    drop(slot);
}

/// A relay listener serves its trusted networks only; the others look at who logs in, or at what is brought.
fn is_welcome(listener: &Listener, peer: SocketAddr) -> bool {
    match listener.settings.kind {
        ListenerKind::Submission | ListenerKind::Reports => true,
        ListenerKind::Relay => listener
            .settings
            .trusted
            .iter()
            .any(|network| network.contains(peer.ip())),
    }
}

/// The account to which the mail of a relay listener belongs, if the listener names one.
fn attributed(listener: &Listener, shared: &Shared) -> Result<Option<Arc<Account>>, Refusal> {
    let Some(address) = &listener.settings.account else {
        return Ok(None);
    };
    match shared.desk.ledger.account_of(address) {
        Ok(Some(account)) => Ok(Some(account)),
        Ok(None) => {
            let listener = &listener.settings.name;
            tracing::warn!(
                listener,
                address,
                "the account of this listener does not exist; make it, or name another"
            );
            Err(Refusal::ClientDenied)
        }
        Err(error) => {
            tracing::error!(%error, "an account cannot be read");
            Err(Refusal::ShuttingDown)
        }
    }
}

/// A refusal instead of a greeting.
async fn turn_away(mut stream: TcpStream, shared: &Shared, refusal: Refusal) {
    shared.metrics.refused(refusal);
    // Whoever is turned away may be gone already.
    let _ = timeout(REFUSAL_PATIENCE, stream.write_all(refusal.line().as_bytes())).await;
}

async fn handshake(stream: Stream, shared: &Shared, patience: Duration) -> io::Result<Stream> {
    let handshake = stream.accept_tls(shared.certificates.server_config());
    timeout(patience, handshake)
        .await
        .map_err(|_| io::ErrorKind::TimedOut)?
}

struct Service {
    stream: Option<Stream>,
    session: Session,
    incoming: Incoming,
    listener: Arc<Listener>,
    shared: Arc<Shared>,
    input: Box<[u8]>,
    /// What of `input` the session has not consumed yet.
    unread: std::ops::Range<usize>,
    out: Vec<u8>,
    closed: bool,
    told_of_shutdown: bool,
}

impl Service {
    fn new(
        stream: Stream,
        peer: SocketAddr,
        listener: Arc<Listener>,
        shared: Arc<Shared>,
        account: Option<Arc<Account>>,
    ) -> Self {
        let tls = matches!(stream, Stream::Tls(_));
        let session = Session::new(
            Arc::clone(&listener.session),
            Peer {
                address: peer.ip(),
                tls,
            },
        );
        let mut incoming = Incoming::new(peer, Arc::clone(&listener), Arc::clone(&shared));
        incoming.account = account;
        incoming.cipher = stream.cipher();
        Self {
            stream: Some(stream),
            session,
            incoming,
            listener,
            shared,
            input: vec![0; READ_BYTES].into_boxed_slice(),
            unread: 0..0,
            out: Vec::with_capacity(512),
            closed: false,
            told_of_shutdown: false,
        }
    }

    async fn serve(mut self) -> io::Result<()> {
        let ended = self.converse().await;
        self.incoming.discard();
        ended?;
        match self.stream.as_mut() {
            Some(stream) => stream.shutdown().await,
            None => Ok(()),
        }
    }

    async fn converse(&mut self) -> io::Result<()> {
        loop {
            while let Some(output) = self.session.poll_output() {
                self.handle(output).await?;
            }
            if self.closed {
                return self.flush().await;
            }
            if self.unread.is_empty() {
                self.flush().await?;
                if !self.read().await? {
                    return Ok(());
                }
            }
            let octets = self.input.get(self.unread.clone()).unwrap_or_default();
            self.unread.start += self.session.handle_input(octets);
        }
    }

    async fn handle(&mut self, output: Output) -> io::Result<()> {
        match output {
            Output::Reply(octets) if self.out.is_empty() => self.out = octets,
            Output::Reply(octets) => self.out.extend_from_slice(&octets),
            Output::Ask(question) => {
                let answer = self.answer(question).await?;
                self.session.handle_answer(answer);
            }
            Output::BodyPiece(octets) => self.incoming.push(octets).await,
            Output::BodyDiscarded => self.incoming.discard(),
            Output::StartTls => self.start_tls().await?,
            Output::Close => self.closed = true,
        }
        Ok(())
    }

    async fn answer(&mut self, question: Question) -> io::Result<Answer> {
        Ok(match question {
            Question::Authenticate { username, password } => {
                self.flush().await?;
                let login = self
                    .shared
                    .logins
                    .check(&username, password.expose().as_bytes())
                    .await;
                match login {
                    Ok(account) => {
                        if account.is_none() {
                            self.shared.metrics.login_failed();
                            tracing::warn!(
                                username,
                                listener = self.listener.settings.name,
                                "a login failed"
                            );
                        }
                        self.incoming.account = account;
                        Answer::Authenticated(self.incoming.account.is_some())
                    }
                    Err(error) => {
                        tracing::error!(%error, "a login cannot be checked");
                        Answer::Refuse(Refusal::AuthenticationUnavailable)
                    }
                }
            }
            Question::Sender { .. } => self.incoming.may_begin(),
            Question::Recipient(forward_path) => self.incoming.may_receive(&forward_path),
            Question::Message(received) => {
                self.flush().await?;
                self.incoming.accept(received).await
            }
        })
    }

    /// Reads once; false at the end of the stream.
    async fn read(&mut self) -> io::Result<bool> {
        let Some(stream) = self.stream.as_mut() else {
            return Ok(false);
        };
        let patience = self.session.patience();
        let mut stopping = self.shared.lifecycle.stopping();
        // A session that is busy when the end is announced hears of it when it next comes here.
        tokio::select! {
            read = stream.read(&mut self.input) => {
                let count = read?;
                self.unread = 0..count;
                return Ok(count > 0);
            }
            () = tokio::time::sleep(patience) => self.session.handle_timeout(),
            _ = stopping.wait_for(|stopping| *stopping), if !self.told_of_shutdown => {
                self.told_of_shutdown = true;
                self.session.handle_shutdown();
            }
        }
        Ok(true)
    }

    async fn start_tls(&mut self) -> io::Result<()> {
        self.flush().await?;
        let stream = self.stream.take().ok_or(io::ErrorKind::NotConnected)?;
        let stream = handshake(stream, &self.shared, self.session.patience()).await?;
        self.incoming.cipher = stream.cipher();
        self.stream = Some(stream);
        self.session.tls_started();
        Ok(())
    }

    async fn flush(&mut self) -> io::Result<()> {
        if self.out.is_empty() {
            return Ok(());
        }
        let stream = self.stream.as_mut().ok_or(io::ErrorKind::NotConnected)?;
        let written = timeout(self.session.patience(), stream.write_all(&self.out)).await;
        self.out.clear();
        written.map_err(|_| io::ErrorKind::TimedOut)?
    }
}
