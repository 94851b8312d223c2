//! From the greeting to a ready session: EHLO, STARTTLS, EHLO again.
//!
//! What a peer offered in the clear is forgotten with the state that knew it (RFC 3207 §4.2).

use super::capabilities::Capabilities;
use super::mail::Mail;
use super::outcome::{Stage, Why};
use super::output::{Output, Outputs};
use super::reply_reader::{Reply, ReplyClass};
use super::session::{State, fail};
use super::{ClientConfig, TlsUse};

/// Connected; the peer speaks first.
#[derive(Debug)]
pub(super) struct Greeting;

/// EHLO or HELO was sent.
#[derive(Debug)]
pub(super) struct Hello {
    channel: Channel,
    verb: Verb,
}

/// STARTTLS was sent.
#[derive(Debug)]
pub(super) struct StartTls {
    // What the session goes on with in the clear if the peer refuses and need not encrypt.
    offered: Capabilities,
}

/// The caller and the peer do the TLS handshake.
#[derive(Debug)]
pub(super) struct Handshake;

#[derive(Clone, Copy, Debug)]
enum Channel {
    Clear,
    Encrypted,
}

#[derive(Clone, Copy, Debug)]
enum Verb {
    Ehlo,
    Helo,
}

impl Greeting {
    pub(super) fn take_reply(self, reply: Reply, config: &ClientConfig, outputs: &mut Outputs) -> State {
        match reply.class() {
            ReplyClass::Completion => Hello::send(Channel::Clear, Verb::Ehlo, config, outputs),
            _ => refuse(Stage::Connect, reply, outputs),
        }
    }
}

impl Hello {
    fn send(channel: Channel, verb: Verb, config: &ClientConfig, outputs: &mut Outputs) -> State {
        let word = match verb {
            Verb::Ehlo => b"EHLO ",
            Verb::Helo => b"HELO ",
        };
        outputs.send(|out| {
            out.extend_from_slice(word);
            out.extend_from_slice(config.ehlo_name.as_bytes());
            out.extend_from_slice(b"\r\n");
        });
        State::Hello(Self { channel, verb })
    }

    pub(super) fn take_reply(self, reply: Reply, config: &ClientConfig, outputs: &mut Outputs) -> State {
        match (self.verb, reply.class()) {
            (Verb::Ehlo, ReplyClass::Completion) => {
                self.go_on(Capabilities::of_reply(&reply), config, outputs)
            }
            (Verb::Helo, ReplyClass::Completion) => self.go_on(Capabilities::default(), config, outputs),
            // RFC 5321 §3.2: a server without extensions refuses EHLO and knows HELO.
            (Verb::Ehlo, ReplyClass::PermanentFailure) => {
                Self::send(self.channel, Verb::Helo, config, outputs)
            }
            _ => refuse(Stage::Hello, reply, outputs),
        }
    }

    fn go_on(self, offered: Capabilities, config: &ClientConfig, outputs: &mut Outputs) -> State {
        match (self.channel, config.tls) {
            (Channel::Encrypted, _) | (Channel::Clear, TlsUse::Never) => ready(offered, outputs),
            (Channel::Clear, _) if offered.starttls => {
                outputs.send(|out| out.extend_from_slice(b"STARTTLS\r\n"));
                State::StartTls(StartTls { offered })
            }
            (Channel::Clear, TlsUse::Opportunistic) => ready(offered, outputs),
            (Channel::Clear, TlsUse::Required) => fail(Stage::StartTls, Why::TlsNotOffered, outputs),
        }
    }
}

impl StartTls {
    pub(super) fn take_reply(self, reply: Reply, config: &ClientConfig, outputs: &mut Outputs) -> State {
        let is_failure = matches!(
            reply.class(),
            ReplyClass::TransientFailure | ReplyClass::PermanentFailure
        );
        match config.tls {
            _ if reply.code() == 220 => {
                outputs.push(Output::StartTls);
                State::Handshake(Handshake)
            }
            _ if reply.code() == 421 || !is_failure => refuse(Stage::StartTls, reply, outputs),
            TlsUse::Required => fail(Stage::StartTls, Why::TlsRefused(reply), outputs),
            TlsUse::Opportunistic | TlsUse::Never => ready(self.offered, outputs),
        }
    }
}

impl Handshake {
    /// TLS is up: the session begins anew, except for the greeting.
    pub(super) fn done(self, config: &ClientConfig, outputs: &mut Outputs) -> State {
        Hello::send(Channel::Encrypted, Verb::Ehlo, config, outputs)
    }
}

fn ready(offered: Capabilities, outputs: &mut Outputs) -> State {
    outputs.push(Output::Ready);
    State::Mail(Mail::new(offered))
}

fn refuse(stage: Stage, reply: Reply, outputs: &mut Outputs) -> State {
    let why = match reply.class() {
        ReplyClass::TransientFailure | ReplyClass::PermanentFailure => Why::Reply(reply),
        ReplyClass::Completion | ReplyClass::Intermediate => Why::Unexpected { stage, reply },
    };
    fail(stage, why, outputs)
}
