//! The commands of a client (RFC 5321 §4.1.1 and the extensions offered), parsed from the line where it lies.
//!
//! **Promise.** [`Command::parse`] looks at one line without its CRLF, copies nothing but addresses, and never
//! guesses: a line is a command in the grammar below or a [`CommandError`] that names the reply.
//!
//! **Leniency**, as Postfix has it: verbs and keywords in any case; spaces behind `FROM:` and `TO:` and at the end of
//! a line; any word of visible ASCII as the name in EHLO. **Strictness**: angle brackets are required, controls
//! (NUL and tabs too) and octets that are not UTF-8 are refused, parameters are known or refused.

use thiserror::Error;

use crate::address::{AddressError, Addressee, ReversePath, path_length};
use crate::limits::{AUTH_LINE_MAX, COMMAND_LINE_MAX, DOMAIN_MAX, MAIL_RCPT_LINE_MAX};

mod parameter;

pub use parameter::{BodyType, MailParameters};

/// A command line that means something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command<'a> {
    /// `EHLO name`; the name is one word of visible ASCII, whatever it means.
    Ehlo(&'a str),
    /// `HELO name`.
    Helo(&'a str),
    /// `MAIL FROM:<reverse-path> parameters`.
    Mail {
        /// Whom to tell of failures.
        reverse_path: ReversePath,
        /// What extensions add.
        parameters: MailParameters,
    },
    /// `RCPT TO:<forward-path>`. No parameter of RCPT is offered.
    Rcpt(Addressee),
    /// `DATA`.
    Data,
    /// `BDAT size [LAST]` (RFC 3030 §2).
    Bdat {
        /// Octets that follow the line.
        size: u64,
        /// Whether they end the message.
        last: bool,
    },
    /// `RSET`.
    Rset,
    /// `NOOP anything`.
    Noop,
    /// `VRFY anything`.
    Vrfy,
    /// `HELP anything`.
    Help,
    /// `QUIT`.
    Quit,
    /// `STARTTLS` (RFC 3207).
    StartTls,
    /// `AUTH mechanism [initial-response]` (RFC 4954 §4).
    Auth {
        /// The mechanism's name as given.
        mechanism: &'a str,
        /// The initial response in base64; `=` stands for an empty one.
        initial: Option<&'a str>,
    },
}

/// Why a line is no command. Each kind has one row in the reply table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum CommandError {
    /// No verb that is known.
    #[error("the command is not recognized")]
    Unrecognized,
    /// A verb of SMTP that is not served: EXPN, TURN, ETRN, SEND, SOML, SAML.
    #[error("the command is not implemented")]
    NotImplemented,
    /// The first line of an HTTP request: a browser made to talk to a mail server. Nothing it says is for us.
    #[error("the line is a request of another protocol")]
    Foreign,
    /// A control or something that is not UTF-8; or UTF-8 where only ASCII may stand.
    #[error("the line contains a character that is not allowed")]
    Character,
    /// More octets than the command may have (RFC 5321 §4.5.3.1.4).
    #[error("the line is too long")]
    TooLong,
    /// EHLO or HELO without a name, or with more than one.
    #[error("EHLO needs one name")]
    Hello,
    /// MAIL not followed by `FROM:<…>`.
    #[error("MAIL needs FROM:<address>")]
    Mail,
    /// RCPT not followed by `TO:<…>`.
    #[error("RCPT needs TO:<address>")]
    Rcpt,
    /// BDAT without a size, or with anything but LAST behind it. Where the next command begins is then unknown.
    #[error("BDAT needs a size")]
    Bdat,
    /// AUTH without a mechanism.
    #[error("AUTH needs a mechanism")]
    Auth,
    /// VRFY without an argument.
    #[error("VRFY needs an address")]
    Vrfy,
    /// An argument where none may be.
    #[error("the command takes no arguments")]
    Arguments,
    /// The reverse-path is malformed.
    #[error("the reverse-path is malformed: {0}")]
    Sender(AddressError),
    /// The forward-path is malformed.
    #[error("the forward-path is malformed: {0}")]
    Recipient(AddressError),
    /// A parameter that is not offered (RFC 5321 §4.1.1.11).
    #[error("the parameter is not recognized")]
    ParameterUnknown,
    /// A parameter given twice, or with a value it cannot have.
    #[error("the parameter is repeated or its value invalid")]
    ParameterInvalid,
}

impl<'a> Command<'a> {
    /// Reads a line without its CRLF.
    ///
    /// # Errors
    /// See [`CommandError`].
    pub fn parse(line: &'a [u8]) -> Result<Self, CommandError> {
        let text = std::str::from_utf8(line).map_err(|_| CommandError::Character)?;
        if line.iter().any(u8::is_ascii_control) {
            return Err(CommandError::Character);
        }
        let (word, arguments) = text.split_once(' ').unwrap_or((text, ""));
        let verb = Verb::of(word)?;
        if line.len() + "\r\n".len() > verb.line_max() {
            return Err(CommandError::TooLong);
        }
        // RFC 6531 §3.5: UTF-8 may stand in addresses only.
        if !matches!(verb, Verb::Mail | Verb::Rcpt) && !text.is_ascii() {
            return Err(CommandError::Character);
        }
        verb.command(arguments.trim_matches(' '))
    }
}

#[derive(Clone, Copy)]
enum Verb {
    Ehlo,
    Helo,
    Mail,
    Rcpt,
    Data,
    Bdat,
    Rset,
    Noop,
    Vrfy,
    Help,
    Quit,
    StartTls,
    Auth,
}

const VERBS: [(&str, Verb); 13] = [
    ("RCPT", Verb::Rcpt),
    ("MAIL", Verb::Mail),
    ("DATA", Verb::Data),
    ("BDAT", Verb::Bdat),
    ("EHLO", Verb::Ehlo),
    ("QUIT", Verb::Quit),
    ("RSET", Verb::Rset),
    ("HELO", Verb::Helo),
    ("NOOP", Verb::Noop),
    ("AUTH", Verb::Auth),
    ("STARTTLS", Verb::StartTls),
    ("VRFY", Verb::Vrfy),
    ("HELP", Verb::Help),
];

const NOT_IMPLEMENTED: [&str; 6] = ["EXPN", "TURN", "ETRN", "SEND", "SOML", "SAML"];

const FOREIGN: [&str; 8] = [
    "GET", "POST", "PUT", "HEAD", "OPTIONS", "CONNECT", "DELETE", "PATCH",
];

impl Verb {
    fn of(word: &str) -> Result<Self, CommandError> {
        let is = |name: &&str| word.eq_ignore_ascii_case(name);
        if let Some((_, verb)) = VERBS.iter().find(|(name, _)| is(name)) {
            return Ok(*verb);
        }
        if NOT_IMPLEMENTED.iter().any(is) {
            return Err(CommandError::NotImplemented);
        }
        if FOREIGN.iter().any(is) {
            return Err(CommandError::Foreign);
        }
        Err(CommandError::Unrecognized)
    }

    const fn line_max(self) -> usize {
        match self {
            Self::Mail | Self::Rcpt => MAIL_RCPT_LINE_MAX,
            Self::Auth => AUTH_LINE_MAX,
            _ => COMMAND_LINE_MAX,
        }
    }

    fn command(self, arguments: &str) -> Result<Command<'_>, CommandError> {
        let alone = |command| {
            if arguments.is_empty() {
                Ok(command)
            } else {
                Err(CommandError::Arguments)
            }
        };
        match self {
            Self::Ehlo => Ok(Command::Ehlo(hello_name(arguments)?)),
            Self::Helo => Ok(Command::Helo(hello_name(arguments)?)),
            Self::Mail => mail(arguments),
            Self::Rcpt => rcpt(arguments),
            Self::Data => alone(Command::Data),
            Self::Bdat => bdat(arguments),
            Self::Rset => alone(Command::Rset),
            Self::Noop => Ok(Command::Noop),
            Self::Vrfy if arguments.is_empty() => Err(CommandError::Vrfy),
            Self::Vrfy => Ok(Command::Vrfy),
            Self::Help => Ok(Command::Help),
            Self::Quit => alone(Command::Quit),
            Self::StartTls => alone(Command::StartTls),
            Self::Auth => auth(arguments),
        }
    }
}

fn hello_name(arguments: &str) -> Result<&str, CommandError> {
    if arguments.is_empty() || arguments.contains(' ') || arguments.len() > DOMAIN_MAX {
        return Err(CommandError::Hello);
    }
    Ok(arguments)
}

fn mail(arguments: &str) -> Result<Command<'_>, CommandError> {
    let path = behind_keyword(arguments, "FROM:").ok_or(CommandError::Mail)?;
    let (path, parameters) = split_path(path, CommandError::Sender)?;
    let reverse_path = ReversePath::parse(path).map_err(CommandError::Sender)?;
    Ok(Command::Mail {
        reverse_path,
        parameters: MailParameters::parse(parameters)?,
    })
}

fn rcpt(arguments: &str) -> Result<Command<'_>, CommandError> {
    let path = behind_keyword(arguments, "TO:").ok_or(CommandError::Rcpt)?;
    let (path, parameters) = split_path(path, CommandError::Recipient)?;
    let addressee = Addressee::parse(path).map_err(CommandError::Recipient)?;
    if !parameters.is_empty() {
        return Err(CommandError::ParameterUnknown);
    }
    Ok(Command::Rcpt(addressee))
}

fn behind_keyword<'a>(arguments: &'a str, keyword: &str) -> Option<&'a str> {
    let (start, rest) = arguments.split_at_checked(keyword.len())?;
    start
        .eq_ignore_ascii_case(keyword)
        .then(|| rest.trim_start_matches(' '))
}

// The path at the beginning of `text`, and the parameters behind it.
fn split_path(text: &str, error: fn(AddressError) -> CommandError) -> Result<(&str, &str), CommandError> {
    let length = path_length(text).ok_or(error(AddressError::Brackets))?;
    let (path, rest) = text
        .split_at_checked(length)
        .ok_or(error(AddressError::Brackets))?;
    if !rest.is_empty() && !rest.starts_with(' ') {
        return Err(error(AddressError::Brackets));
    }
    Ok((path, rest.trim_start_matches(' ')))
}

fn bdat(arguments: &str) -> Result<Command<'_>, CommandError> {
    let (size, rest) = arguments.split_once(' ').unwrap_or((arguments, ""));
    let last = match rest.trim_start_matches(' ') {
        "" => false,
        word if word.eq_ignore_ascii_case("LAST") => true,
        _ => return Err(CommandError::Bdat),
    };
    let size = parameter::number(size).ok_or(CommandError::Bdat)?;
    Ok(Command::Bdat { size, last })
}

fn auth(arguments: &str) -> Result<Command<'_>, CommandError> {
    let mut words = arguments.split(' ').filter(|word| !word.is_empty());
    match (words.next(), words.next(), words.next()) {
        (Some(mechanism), initial, None) => Ok(Command::Auth { mechanism, initial }),
        _ => Err(CommandError::Auth),
    }
}

#[cfg(test)]
mod tests;
