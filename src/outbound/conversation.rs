//! What one connection does in its life: takes deliveries from its route, sends them, and reports what was said.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;

use queue::{Attempt, Delivery, Message, Reason, Verdict};
use smtp::client::{Output, RecipientResult, Token, Transaction, Why};
use smtp::data::Stuffer;

use super::Shared;
use super::connect::{self, Unreachable};
use super::connection::Connection;
use super::route::Route;

/// Opens a connection for `route` and serves it until the connection ends.
pub(super) async fn run(route: Arc<Route>, shared: Arc<Shared>) {
    match connect::open(&shared, &route.site).await {
        Ok(connection) => {
            route.reached();
            Conversation::new(connection, Arc::clone(&route), Arc::clone(&shared))
                .run()
                .await;
        }
        Err(unreachable) => defer_all(&route, &shared, unreachable),
    }
}

/// Nobody could be reached: everything ready for the route is deferred together, each with its own next attempt.
fn defer_all(route: &Route, shared: &Shared, unreachable: Unreachable) {
    let Unreachable { status, text, host } = unreachable;
    let verdict = Verdict::Deferred(Reason { status, text });
    for delivery in route.unreachable() {
        shared.settle_unsent(delivery, &verdict, host.clone());
    }
}

struct Conversation {
    connection: Connection,
    route: Arc<Route>,
    shared: Arc<Shared>,
    /// Transactions that have no outcome yet, oldest first; the session bounds them at two.
    open: VecDeque<(Token, Delivery)>,
    begun: usize,
    ended: bool,
}

impl Conversation {
    fn new(connection: Connection, route: Arc<Route>, shared: Arc<Shared>) -> Self {
        Self {
            connection,
            route,
            shared,
            open: VecDeque::new(),
            begun: 0,
            ended: false,
        }
    }

    async fn run(mut self) {
        while !self.ended {
            match self.connection.poll() {
                Some(output) => self.handle(output).await,
                None if self.connection.client.is_idle() => self.next_or_wait().await,
                None => {
                    if !self.begin_ahead().await {
                        self.connection.exchange().await;
                    }
                }
            }
        }
        assert!(
            self.open.is_empty(),
            "a connection ended with transactions that have no outcome"
        );
    }

    async fn handle(&mut self, output: Output) {
        match output {
            Output::SendBody(token) => self.send_body(token).await,
            Output::Outcome { token, recipients } => self.settle(token, recipients),
            Output::NotTried(token) => {
                let delivery = self.take_open(token);
                self.route.put_back(&self.shared, delivery);
            }
            Output::Close | Output::Failed(_) => {
                // What is gathered is at most a QUIT; nobody needs to hear that it could not be said.
                let _ = self.connection.flush().await;
                self.ended = true;
            }
            Output::Ready | Output::Send(_) | Output::StartTls => {
                unreachable!("the session is established: it is beyond STARTTLS, and sends are gathered")
            }
        }
    }

    /// With no transaction open: the next delivery, or rest until there is one, or the end.
    async fn next_or_wait(&mut self) {
        if self.begun >= self.shared.config.delivery.messages_per_connection || self.shared.is_stopping() {
            return self.quit().await;
        }
        match self.route.take_or_idle(&self.shared) {
            Some(delivery) => self.begin(delivery).await,
            None => {
                let rested = self.rest().await;
                self.route.resume();
                if matches!(rested, Rest::Enough) {
                    self.quit().await;
                }
            }
        }
    }

    async fn rest(&mut self) -> Rest {
        let mut stopping = self.shared.lifecycle.stopping();
        tokio::select! {
            () = self.route.work.notified() => Rest::Work,
            () = self.connection.read() => Rest::Work,
            () = tokio::time::sleep(self.shared.config.delivery.idle_connection) => Rest::Enough,
            _ = stopping.wait_for(|stopping| *stopping) => Rest::Enough,
        }
    }

    /// Says goodbye. A host may be slow to answer that, so what is ready gets another connection first.
    async fn quit(&mut self) {
        self.route.staff(&self.shared);
        self.connection.client.quit();
        if self.connection.poll().is_none() {
            self.connection.exchange().await;
        }
    }

    /// While a reply is awaited: begins the next transaction if the session can take it, so that its commands leave
    /// with the body of this one.
    async fn begin_ahead(&mut self) -> bool {
        let room = self.begun < self.shared.config.delivery.messages_per_connection;
        if !room || !self.connection.client.wants_transaction() {
            return false;
        }
        match self.route.take_ahead(&self.shared) {
            Some(delivery) => {
                self.begin(delivery).await;
                true
            }
            None => false,
        }
    }

    async fn begin(&mut self, delivery: Delivery) {
        self.route.staff(&self.shared);
        let Some(delivery) = self.shared.depart(delivery).await else {
            return;
        };
        let message = &delivery.message;
        let transaction = Transaction {
            reverse_path: self.shared.finisher.reverse_path(&delivery),
            recipients: delivery
                .waiting()
                .map(|recipient| recipient.forward_path.clone())
                .collect(),
            size: message.wire_size(),
            eight_bit: message.eight_bit,
            smtputf8: message.smtputf8,
        };
        let token = Token(self.begun as u64);
        self.begun += 1;
        self.open.push_back((token, delivery));
        self.connection.client.begin(transaction, token);
    }

    /// Sends the message: what we put before it, its pieces, and the final dot. When a piece cannot be read the
    /// connection is cut: a final dot would make the host accept half a message.
    async fn send_body(&mut self, token: Token) {
        let Some((_, delivery)) = self.open.iter().find(|(open, _)| *open == token) else {
            unreachable!("the session asks for the body of a transaction that was begun")
        };
        let message = Arc::clone(&delivery.message);
        match self.write_message(&message).await {
            Ok(()) => self.connection.client.body_sent(),
            Err(error) => {
                tracing::warn!(id = %message.id, %error, "the message could not be sent to its end");
                self.connection.abort();
            }
        }
    }

    async fn write_message(&mut self, message: &Message) -> io::Result<()> {
        let mut stuffer = Stuffer::new();
        let finished = message.finished();
        let head = finished.map_or(&message.head, |finished| &finished.head);
        stuffer.encode(head, self.connection.gathered());
        let in_memory = finished.map(|finished| Arc::clone(&finished.pieces));
        match in_memory.or_else(|| message.resident_body()) {
            Some(pieces) => {
                for piece in pieces.iter() {
                    stuffer.encode(piece, self.connection.gathered());
                    self.connection.flush_if_large().await?;
                }
            }
            None => {
                for number in 0..message.pieces {
                    let piece = self
                        .shared
                        .queue
                        .piece(message, number)
                        .map_err(io::Error::other)?;
                    stuffer.encode(&piece, self.connection.gathered());
                    self.connection.flush_if_large().await?;
                }
            }
        }
        stuffer.finish(self.connection.gathered());
        Ok(())
    }

    fn settle(&mut self, token: Token, results: Vec<RecipientResult>) {
        let delivery = self.take_open(token);
        let verdicts = results.into_iter().map(verdict).collect();
        self.route.progressed();
        let host = Some(Arc::clone(&self.connection.host));
        self.shared.settle(Attempt {
            delivery,
            verdicts,
            host,
        });
    }

    fn take_open(&mut self, token: Token) -> Delivery {
        let at = self.open.iter().position(|(open, _)| *open == token);
        match at.and_then(|at| self.open.remove(at)) {
            Some((_, delivery)) => delivery,
            None => unreachable!("the session reports each transaction once"),
        }
    }
}

enum Rest {
    Work,
    Enough,
}

fn verdict(result: RecipientResult) -> Verdict {
    let status = result.status();
    let reason = |why: Why| Reason {
        status: status.to_string(),
        text: why.to_string(),
    };
    match result {
        RecipientResult::Delivered(reply) => Verdict::Delivered {
            reply: reply.to_string(),
        },
        RecipientResult::Deferred(why) => Verdict::Deferred(reason(why)),
        RecipientResult::Refused(why) => Verdict::Refused(reason(why)),
    }
}
