//! AUTH: PLAIN (RFC 4616) and LOGIN, with or without an initial response (RFC 4954 §4).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::context::Context;
use super::exchange::{Output, Password, Question};
use super::line::RawLine;
use super::{Asked, AuthOffer, Dialect, Introduced, State};
use crate::limits::CREDENTIAL_MAX;
use crate::reply::{CHALLENGE_EMPTY, CHALLENGE_PASSWORD, CHALLENGE_USERNAME, Line};

/// An exchange in which the client has the next word.
#[derive(Debug)]
pub(super) struct Exchange {
    client: Introduced,
    awaited: Awaited,
}

#[derive(Debug)]
enum Awaited {
    Plain,
    LoginUsername,
    LoginPassword { username: String },
}

struct Credentials {
    username: String,
    password: Password,
}

impl State {
    pub(super) fn auth(self, context: &mut Context, mechanism: &str, initial: Option<&str>) -> Self {
        let client = match self {
            Self::Idle(client) if client.dialect == Dialect::Ehlo => client,
            Self::Idle(_) => return self.out_of_order(context, Line::HelloFirst),
            state => return state.out_of_order(context, Line::NotInTransaction),
        };
        let awaited = if mechanism.eq_ignore_ascii_case("PLAIN") {
            Ok((Awaited::Plain, CHALLENGE_EMPTY))
        } else if mechanism.eq_ignore_ascii_case("LOGIN") {
            Ok((Awaited::LoginUsername, CHALLENGE_USERNAME))
        } else {
            Err(Line::MechanismUnknown)
        };
        match client.why_no_auth(context).map_or(awaited, Err) {
            Err(problem) => {
                context.refuse(problem);
                Self::Idle(client)
            }
            Ok((awaited, challenge)) => {
                let exchange = Exchange { client, awaited };
                match initial {
                    // RFC 4954 §4: a single `=` is an empty initial response.
                    Some("=") => exchange.take(context, b""),
                    Some(response) => exchange.decode(context, response.as_bytes()),
                    None => exchange.challenge(context, challenge),
                }
            }
        }
    }
}

impl Introduced {
    fn why_no_auth(&self, context: &Context) -> Option<Line> {
        if context.config.auth == AuthOffer::Never {
            Some(Line::NotImplemented)
        } else if self.authenticated {
            Some(Line::AlreadyAuthenticated)
        } else if !context.offers_auth() {
            Some(Line::NeedsTls)
        } else {
            None
        }
    }

    /// Goes on after the answer to `Authenticate`.
    pub(super) fn authenticated(mut self, context: &mut Context, right: bool) -> State {
        if right {
            self.authenticated = true;
            context.out.say(Line::Authenticated.line());
            return State::Idle(self);
        }
        context.refuse(Line::CredentialsInvalid);
        State::Idle(self)
    }
}

impl Exchange {
    /// Takes a line of the client.
    pub(super) fn respond(self, context: &mut Context, line: RawLine<'_>) -> State {
        match line.text() {
            Ok(b"*") => self.end(context, Line::AuthCanceled),
            Ok(response) => self.decode(context, response),
            Err(Line::TooLong) => self.end(context, Line::AuthLineTooLong),
            Err(problem) => self.end(context, problem),
        }
    }

    fn decode(self, context: &mut Context, response: &[u8]) -> State {
        match STANDARD.decode(response) {
            Ok(response) => self.take(context, &response),
            Err(_) => self.end(context, Line::AuthSyntax),
        }
    }

    fn take(self, context: &mut Context, response: &[u8]) -> State {
        let client = self.client;
        let credentials = match self.awaited {
            Awaited::Plain => plain(response),
            Awaited::LoginUsername => match credential(response) {
                Ok(username) => {
                    let awaited = Awaited::LoginPassword { username };
                    return Self { client, awaited }.challenge(context, CHALLENGE_PASSWORD);
                }
                Err(problem) => Err(problem),
            },
            Awaited::LoginPassword { username } => credential(response).map(|password| Credentials {
                username,
                password: Password::new(password),
            }),
        };
        match credentials {
            Ok(Credentials { username, password }) => {
                context
                    .out
                    .give(Output::Ask(Question::Authenticate { username, password }));
                State::Asking(Asked::Authenticate(client))
            }
            Err(problem) => {
                context.refuse(problem);
                State::Idle(client)
            }
        }
    }

    fn challenge(self, context: &mut Context, challenge: &str) -> State {
        context.out.say(challenge);
        State::Auth(self)
    }

    fn end(self, context: &mut Context, problem: Line) -> State {
        context.refuse(problem);
        State::Idle(self.client)
    }
}

// RFC 4616 §2: `[authzid] NUL authcid NUL passwd`. Nobody here may act as somebody else.
fn plain(response: &[u8]) -> Result<Credentials, Line> {
    let mut parts = response.split(|&octet| octet == 0);
    let (Some(acting_as), Some(username), Some(password), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(Line::AuthSyntax);
    };
    if !acting_as.is_empty() && acting_as != username {
        return Err(Line::CredentialsInvalid);
    }
    Ok(Credentials {
        username: credential(username)?,
        password: Password::new(credential(password)?),
    })
}

fn credential(octets: &[u8]) -> Result<String, Line> {
    if octets.is_empty() || octets.len() > CREDENTIAL_MAX || octets.contains(&0) {
        return Err(Line::AuthSyntax);
    }
    String::from_utf8(octets.to_vec()).map_err(|_| Line::AuthSyntax)
}
