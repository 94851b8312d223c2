//! MAIL and RCPT: an envelope comes together (RFC 5321 §4.1.1.2, §4.1.1.3).

use super::context::Context;
use super::exchange::{Envelope, Output, Question};
use super::{Asked, AuthOffer, Dialect, Introduced, State};
use crate::address::{Addressee, ForwardPath, ReversePath};
use crate::command::MailParameters;
use crate::reply::Line;

/// A transaction whose message has not begun.
#[derive(Debug)]
pub(super) struct Transaction {
    pub(super) client: Introduced,
    pub(super) envelope: Envelope,
    /// Octets of the message as declared.
    pub(super) size: Option<u64>,
    /// Recipients that were refused.
    refused: usize,
}

impl Introduced {
    /// MAIL between transactions.
    pub(super) fn mail(
        self,
        context: &mut Context,
        reverse_path: ReversePath,
        parameters: MailParameters,
    ) -> State {
        if let Some(problem) = self.why_no_mail(context, &reverse_path, parameters) {
            context.refuse(problem);
            return State::Idle(self);
        }
        if parameters.size.is_some_and(|size| size > context.config.size_max) {
            // RFC 1870 §6.1. No error of the client: this is what SIZE is for.
            context.out.say(Line::MessageTooBig.line());
            return State::Idle(self);
        }
        let MailParameters { size, smtputf8, .. } = parameters;
        let body = parameters.body.unwrap_or_default();
        let question = Question::Sender {
            reverse_path: reverse_path.clone(),
            size,
            body,
            smtputf8,
        };
        context.out.give(Output::Ask(question));
        let envelope = Envelope {
            reverse_path,
            recipients: Vec::new(),
            body,
            smtputf8,
        };
        State::Asking(Asked::Sender(Transaction {
            client: self,
            envelope,
            size,
            refused: 0,
        }))
    }

    fn why_no_mail(
        &self,
        context: &Context,
        reverse_path: &ReversePath,
        parameters: MailParameters,
    ) -> Option<Line> {
        let config = &context.config;
        if config.auth_required && !self.authenticated {
            let tls_first = config.starttls && !context.offers_auth();
            return Some(if tls_first {
                Line::TlsFirst
            } else {
                Line::AuthenticationRequired
            });
        }
        // Parameters belong to extensions, and extensions to EHLO.
        let extended = self.dialect == Dialect::Ehlo || parameters == MailParameters::default();
        if !extended || parameters.auth && config.auth == AuthOffer::Never {
            return Some(Line::ParameterUnknown);
        }
        (!parameters.smtputf8 && !reverse_path.is_ascii()).then_some(Line::AddressNeedsSmtpUtf8)
    }
}

impl Transaction {
    /// The sender is allowed.
    pub(super) fn begun(self, context: &mut Context) -> State {
        context.out.say(Line::SenderOk.line());
        State::Transaction(self)
    }

    /// RCPT.
    pub(super) fn rcpt(self, context: &mut Context, addressee: Addressee) -> State {
        if self.envelope.recipients.len() >= context.config.recipients_max {
            // RFC 5321 §4.5.3.1.10: the client sends to the others and comes back; no error of its own.
            context.out.say(Line::TooManyRecipients.line());
            return State::Transaction(self);
        }
        let path = addressee.at(&context.config.hostname);
        if !self.envelope.smtputf8 && !path.is_ascii() {
            context.out.say(Line::AddressNeedsSmtpUtf8.line());
            return State::Transaction(self.without_recipient(context));
        }
        context.out.give(Output::Ask(Question::Recipient(path.clone())));
        State::Asking(Asked::Recipient(self, path))
    }

    /// The recipient is allowed.
    pub(super) fn with_recipient(mut self, context: &mut Context, path: ForwardPath) -> State {
        context.out.say(Line::RecipientOk.line());
        self.envelope.recipients.push(path);
        State::Transaction(self)
    }

    /// The recipient was refused. That is an error when more are refused than accepted: an old mailing list passes, a
    /// dictionary attack does not.
    pub(super) fn without_recipient(mut self, context: &mut Context) -> Self {
        self.refused += 1;
        if self.refused > self.envelope.recipients.len() {
            context.count_error();
        }
        self
    }

    /// Why no message can follow, if none can (RFC 5321 §3.3).
    pub(super) fn why_no_message(&self) -> Option<Line> {
        match (self.envelope.recipients.is_empty(), self.refused) {
            (false, _) => None,
            (true, 0) => Some(Line::RcptFirst),
            (true, _) => Some(Line::NoValidRecipients),
        }
    }
}
