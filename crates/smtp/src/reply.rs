//! Everything the server says, in one closed table: code, enhanced code (RFC 3463, RFC 5248), text.
//!
//! **Promise.** Nothing outside this file decides a reply code. Each line is a constant, CRLF included, so saying it
//! formats nothing. Only the greeting, the EHLO reply and the acceptance carry data; they are built here too.
//!
//! [`Refusal`] holds what the shell may answer to a question, `Line` what the session says of its own. (The replies of
//! a peer are read in [`client`](crate::client).)

use std::net::IpAddr;

use crate::address::Domain;
use crate::command::CommandError;
use crate::data::BodyFault;
use crate::server::ServerConfig;

macro_rules! replies {
    ($(#[$outer:meta])* $vis:vis enum $name:ident { $($(#[$inner:meta])* $variant:ident = $code:literal $enhanced:literal $text:literal,)* }) => {
        $(#[$outer])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        $vis enum $name { $($(#[$inner])* $variant,)* }

        impl $name {
            /// Every row, in the order of the table.
            #[allow(dead_code, reason = "the golden test reads both tables, the shell only one")]
            $vis const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The reply as it is sent, CRLF included.
            $vis const fn line(self) -> &'static str {
                match self { $(Self::$variant => concat!($code, " ", $enhanced, " ", $text, "\r\n"),)* }
            }

            /// The reply code.
            #[allow(dead_code, reason = "as above")]
            $vis const fn code(self) -> u16 {
                match self { $(Self::$variant => $code,)* }
            }
        }
    };
}

replies! {
    /// Why the shell says no. The session sends the row's line; rows with code 421 also end the session.
    pub enum Refusal {
        /// Whoever knows the credentials cannot be asked now (RFC 4954 §6).
        AuthenticationUnavailable = 454 "4.7.0" "Temporary authentication failure",
        /// The sender is refused by policy.
        SenderDenied = 550 "5.7.1" "Sender refused",
        /// The account is suspended: its profile says why.
        AccountSuspended = 550 "5.7.1" "Account suspended, ask its operator",
        /// The authenticated user may not send as this sender (RFC 6409 §6.1).
        SenderNotOwned = 550 "5.7.1" "Sender address not owned by the authenticated user",
        /// The author's domain, of From:, is not one that the account has verified.
        AuthorNotVerified = 550 "5.7.1" "The domain in From: is not verified for this account",
        /// One of our own fields says what it cannot.
        WishMalformed = 554 "5.6.0" "An X-Postrider field has an unknown name or a bad value",
        /// The sender's domain does not exist.
        SenderDomainUnknown = 550 "5.1.8" "Sender domain does not exist",
        /// The sender's domain cannot be looked up now.
        SenderDomainUnavailable = 451 "4.1.8" "Sender domain cannot be looked up now",
        /// Mail is not relayed for this client.
        RelayDenied = 550 "5.7.1" "Relaying denied",
        /// No such mailbox.
        MailboxUnknown = 550 "5.1.1" "No such mailbox",
        /// The mailbox does not take mail now.
        MailboxUnavailable = 450 "4.2.1" "Mailbox not available now",
        /// The recipient's domain does not exist.
        RecipientDomainUnknown = 550 "5.1.2" "Recipient domain does not exist",
        /// The recipient's domain has a null MX (RFC 7505 §4).
        RecipientDomainTakesNoMail = 556 "5.1.10" "Recipient domain does not accept mail",
        /// The recipient is on the sender's suppression list.
        RecipientSuppressed = 550 "5.7.1" "Recipient is suppressed",
        /// The client sends too much, too fast.
        RateExceeded = 451 "4.7.1" "Too much mail, try again later",
        /// The store is under its floor of free space (RFC 5321 §4.2.2).
        StoreFull = 452 "4.3.1" "Insufficient system storage",
        /// The store failed, or nobody could decide.
        LocalError = 451 "4.3.0" "Local error in processing",
        /// More `Received:` fields than [`HOPS_MAX`](crate::limits::HOPS_MAX) (RFC 5321 §6.3).
        TooManyHops = 554 "5.4.6" "Too many hops, this message is in a loop",
        /// The message has no header that can be read, or one that must not be relayed.
        MessageMalformed = 554 "5.6.0" "Message header is malformed",
        /// The content is refused by policy.
        ContentDenied = 554 "5.7.1" "Message refused",
        /// Said instead of a greeting, or at any time: no more sessions are served now.
        TooManySessions = 421 "4.7.0" "Too many sessions, try again later",
        /// Said instead of a greeting: this client is not served here at all.
        ClientDenied = 554 "5.7.1" "Client not served here",
        /// The server is about to stop.
        ShuttingDown = 421 "4.3.2" "Service shutting down",
    }
}

replies! {
    pub(crate) enum Line {
        Ok = 250 "2.0.0" "Ok",
        SenderOk = 250 "2.1.0" "Ok",
        RecipientOk = 250 "2.1.5" "Ok",
        ChunkOk = 250 "2.0.0" "Chunk received",
        Bye = 221 "2.0.0" "Bye",
        Help = 214 "2.0.0" "EHLO HELO MAIL RCPT DATA BDAT RSET NOOP VRFY HELP QUIT AUTH STARTTLS",
        CannotVerify = 252 "2.0.0" "Cannot verify the mailbox; mail for it will be attempted",
        TlsReady = 220 "2.0.0" "Ready to start TLS",
        Authenticated = 235 "2.7.0" "Authentication succeeded",

        Timeout = 421 "4.4.2" "Timeout, closing the connection",
        TooManyErrors = 421 "4.7.0" "Too many errors, closing the connection",
        TooManyRecipients = 452 "4.5.3" "Too many recipients",

        Unrecognized = 500 "5.5.1" "Command not recognized",
        NotImplemented = 502 "5.5.1" "Command not implemented",
        TooLong = 500 "5.5.2" "Line too long",
        AuthLineTooLong = 500 "5.5.6" "Authentication exchange line is too long",
        BareLineFeed = 500 "5.5.2" "Lines must end with CRLF",
        Character = 500 "5.5.2" "Command contains a character that is not allowed",
        Foreign = 554 "5.5.0" "This is a mail server",

        SyntaxHello = 501 "5.5.4" "Syntax: EHLO hostname",
        SyntaxMail = 501 "5.5.4" "Syntax: MAIL FROM:<address>",
        SyntaxRcpt = 501 "5.5.4" "Syntax: RCPT TO:<address>",
        SyntaxBdat = 501 "5.5.4" "Syntax: BDAT count [LAST]",
        SyntaxAuth = 501 "5.5.4" "Syntax: AUTH mechanism [initial-response]",
        SyntaxVrfy = 501 "5.5.4" "Syntax: VRFY address",
        NoArguments = 501 "5.5.4" "The command takes no arguments",
        SenderSyntax = 501 "5.1.7" "Bad sender address syntax",
        RecipientSyntax = 501 "5.1.3" "Bad recipient address syntax",
        ParameterUnknown = 555 "5.5.4" "Parameter not recognized",
        ParameterInvalid = 501 "5.5.4" "Parameter repeated or its value invalid",
        AddressNeedsSmtpUtf8 = 553 "5.6.7" "Non-ASCII addresses need SMTPUTF8",

        HelloFirst = 503 "5.5.1" "Send EHLO first",
        NestedMail = 503 "5.5.1" "Sender already given",
        MailFirst = 503 "5.5.1" "Send MAIL first",
        RcptFirst = 503 "5.5.1" "Send RCPT first",
        NoValidRecipients = 554 "5.5.1" "No valid recipients",
        NotInTransaction = 503 "5.5.1" "Not during a mail transaction",
        NotBetweenChunks = 503 "5.5.1" "Only BDAT or RSET may follow BDAT",
        Unsynchronized = 503 "5.5.0" "Commands pipelined where the protocol forbids it",

        AlreadyTls = 503 "5.5.1" "TLS already active",
        NeedsTls = 538 "5.7.11" "Encryption required, use STARTTLS first",
        TlsFirst = 530 "5.7.0" "Must issue a STARTTLS command first",
        AuthenticationRequired = 530 "5.7.0" "Authentication required",
        AlreadyAuthenticated = 503 "5.5.1" "Already authenticated",
        MechanismUnknown = 504 "5.5.4" "Authentication mechanism not supported",
        CredentialsInvalid = 535 "5.7.8" "Authentication credentials invalid",
        AuthCanceled = 501 "5.7.0" "Authentication canceled",
        AuthSyntax = 501 "5.5.2" "Authentication response cannot be decoded",

        MessageTooBig = 552 "5.3.4" "Message too big for this server",
        BodyBareLineFeed = 554 "5.6.0" "Message contains a line feed without a carriage return",
        BodyBareCarriageReturn = 554 "5.6.0" "Message contains a carriage return without a line feed",
        BodyNul = 554 "5.6.0" "Message contains a NUL",
        BodyLineTooLong = 554 "5.6.0" "Message contains a line longer than 1000 octets",
    }
}

/// A 334: the server's turn in an AUTH exchange, its text in base64 (RFC 4954 §4).
pub(crate) const CHALLENGE_EMPTY: &str = "334 \r\n";
pub(crate) const CHALLENGE_USERNAME: &str = "334 VXNlcm5hbWU6\r\n";
pub(crate) const CHALLENGE_PASSWORD: &str = "334 UGFzc3dvcmQ6\r\n";

/// The 354 has no enhanced code: RFC 2034 §3 gives them to 2xx, 4xx and 5xx only.
pub(crate) const START_INPUT: &str = "354 End data with <CR><LF>.<CR><LF>\r\n";

impl Line {
    pub(crate) const fn of_fault(fault: BodyFault) -> Self {
        match fault {
            BodyFault::BareLineFeed => Self::BodyBareLineFeed,
            BodyFault::BareCarriageReturn => Self::BodyBareCarriageReturn,
            BodyFault::Nul => Self::BodyNul,
            BodyFault::LongLine => Self::BodyLineTooLong,
        }
    }

    pub(crate) const fn of_error(error: CommandError) -> Self {
        match error {
            CommandError::Unrecognized => Self::Unrecognized,
            CommandError::NotImplemented => Self::NotImplemented,
            CommandError::Foreign => Self::Foreign,
            CommandError::Character => Self::Character,
            CommandError::TooLong => Self::TooLong,
            CommandError::Hello => Self::SyntaxHello,
            CommandError::Mail => Self::SyntaxMail,
            CommandError::Rcpt => Self::SyntaxRcpt,
            CommandError::Bdat => Self::SyntaxBdat,
            CommandError::Auth => Self::SyntaxAuth,
            CommandError::Vrfy => Self::SyntaxVrfy,
            CommandError::Arguments => Self::NoArguments,
            CommandError::Sender(_) => Self::SenderSyntax,
            CommandError::Recipient(_) => Self::RecipientSyntax,
            CommandError::ParameterUnknown => Self::ParameterUnknown,
            CommandError::ParameterInvalid => Self::ParameterInvalid,
        }
    }
}

/// The greeting (RFC 5321 §4.3.1).
pub(crate) fn greeting(hostname: &Domain) -> String {
    format!("220 {hostname} ESMTP Postrider\r\n")
}

/// The reply to HELO.
pub(crate) fn helo(hostname: &Domain) -> String {
    format!("250 {hostname}\r\n")
}

/// The reply to EHLO: whom the server sees, and what it offers now (RFC 5321 §4.1.1.1).
pub(crate) fn ehlo(config: &ServerConfig, peer: IpAddr, starttls: bool, auth: bool) -> String {
    let mut reply = format!(
        "250-{} greets [{peer}]\r\n250-PIPELINING\r\n250-SIZE {}\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250-CHUNKING\r\n",
        config.hostname, config.size_max
    );
    if starttls {
        reply.push_str("250-STARTTLS\r\n");
    }
    if auth {
        reply.push_str("250-AUTH PLAIN LOGIN\r\n");
    }
    reply.push_str("250 ENHANCEDSTATUSCODES\r\n");
    reply
}

/// The 250 of a message that is on disk under the name `id`.
pub(crate) fn accepted(id: &str) -> String {
    let mut reply = String::with_capacity(64);
    // An id is the shell's own; what could break the line is left out all the same.
    let id = id.chars().filter(char::is_ascii_graphic).take(64);
    reply.push_str("250 2.0.0 Ok: queued as ");
    reply.extend(id);
    reply.push_str("\r\n");
    reply
}

#[cfg(test)]
mod tests;
