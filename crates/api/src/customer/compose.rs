//! From a request to an e-mail that can be taken over: who it is from, whom it is for, and its octets.

use std::collections::BTreeSet;

use axum::http::StatusCode;
use base64::prelude::{BASE64_STANDARD, Engine as _};
use content::mime::{self, Address, Attachment, ExtraFields};
use content::template::Template;
use content::tracking::wants_unsubscribe_url;
use ledger::limits::{METADATA_BYTES_MAX, METADATA_ENTRIES_MAX};
use ledger::{Disposition, Domain, Email, EmailContext, EmailId, Mode, Stream};
use serde_json::{Map, Value};

use super::body::escaped;
use super::caller::Caller;
use super::rendering::completed;
use super::source::{Letter, Source, UNSUBSCRIBE_URL, message_id};
use super::wire::{AttachmentRequest, SendRequest, StreamType};
use crate::limits::{ATTACHMENT_BYTES_MAX, FAULTS_MAX, RECIPIENTS_MAX, SCHEDULE_AHEAD};
use crate::platform::{Draft, Platform};
use crate::problem::{Fault, Problem};

/// Octets of an encoded subject: the most that a line can have (RFC 5322 §2.1.1).
const SUBJECT_BYTES_MAX: usize = 998;

/// Faults found so far, bounded.
#[derive(Default)]
pub(super) struct Faults(Vec<Fault>);

impl Faults {
    pub(super) fn note(&mut self, field: impl Into<String>, code: &'static str, message: impl Into<String>) {
        if self.0.len() < FAULTS_MAX {
            self.0.push(Fault::new(field, code, message));
        }
    }

    /// The value, or a fault where it stands.
    pub(super) fn take<T, E: std::fmt::Display>(
        &mut self,
        field: &str,
        code: &'static str,
        read: Result<T, E>,
    ) -> Option<T> {
        read.map_err(|error| self.note(field, code, error.to_string()))
            .ok()
    }

    /// All of them, if there are any.
    pub(super) fn check(self) -> Result<(), Problem> {
        match self.0.is_empty() {
            true => Ok(()),
            false => Err(Problem::validation(self.0)),
        }
    }
}

/// Makes an e-mail of a request.
///
/// # Errors
/// Every fault at once; 403 where the account may not send this.
pub(super) fn draft(
    mut request: SendRequest,
    id: EmailId,
    caller: &Caller,
    platform: &dyn Platform,
) -> Result<Draft, Problem> {
    let mut faults = Faults::default();
    let author = author(
        request.domain.as_deref(),
        request.from.as_deref(),
        caller,
        &mut faults,
    );
    let to = faults.take("/to", "not_an_address", Address::parse(&request.to));
    let cc = addresses("cc", request.cc.as_deref(), &mut faults);
    let bcc = addresses("bcc", request.bcc.as_deref(), &mut faults);
    if 1 + cc.len() + bcc.len() > RECIPIENTS_MAX {
        let message =
            format!("more than {RECIPIENTS_MAX} recipients in to, cc and bcc; send several e-mails");
        faults.note("/cc", "too_many_recipients", message);
    }
    let parts = Parts::taken(&mut request, &mut faults);
    let common = Common::read(
        &CommonRequest {
            reply_to: request.reply_to.as_deref(),
            headers: request.headers.as_ref(),
            attachments: request.attachments.as_deref(),
            metadata: request.metadata.as_ref(),
            send_at: request.send_at.as_deref(),
            now_unix_ms: caller.now_unix_ms,
        },
        &mut faults,
    );
    let files = request.attachments.as_deref().unwrap_or_default();
    drop(attachments(files, &common.contents, &mut faults));
    if let Ok(Some(author)) = &author {
        let no_url = || {
            let recipients = distinct(to.iter().chain(&cc).chain(&bcc)).len();
            no_unsubscribe_url(recipients, &author.domain, platform)
        };
        let parts = (parts.html.as_deref(), parts.text.as_deref());
        check_unsubscribe_url(parts, no_url, &mut faults);
    }
    faults.check()?;
    let (Some(to), Some(Author { from, domain })) = (to, author?) else {
        return Err(Problem::internal(&"a fault was not told"));
    };
    let date = common.send_at_unix_ms.unwrap_or(caller.now_unix_ms);
    let message_id = message_id(&id.to_string(), &domain.name);
    let smtputf8 = std::iter::once(&from)
        .chain([&to])
        .chain(&cc)
        .chain(&common.reply_to)
        .any(Address::needs_smtputf8);
    let disposition = common.disposition();
    // As it was given: a name that needs quotes is shown without them.
    let given = request.from.unwrap_or_else(|| shown(&from));
    let mut source = Source::new(given, domain.name.clone(), parts.subject.clone());
    source.reply_to = request.reply_to;
    source.html = parts.html;
    source.text = parts.text;
    source.headers = request.headers.unwrap_or_default();
    source.attachments = request.attachments.unwrap_or_default();
    let letter = Letter {
        source,
        to: vec![request.to],
        cc: request.cc.unwrap_or_default(),
        date: i64::try_from(date / 1000).unwrap_or(i64::MAX),
    };
    let octets = serde_json::to_vec(&letter).map_err(|error| Problem::internal(&error))?;
    let recipients = distinct(std::iter::once(&to).chain(&cc).chain(&bcc));
    let email = Email {
        id,
        account: caller.account.id,
        disposition,
        sandbox: caller.mode == Mode::Test,
        stream: stream(request.stream_type),
        track_opens: request.track_opens,
        track_clicks: request.track_clicks,
        to: recipients
            .iter()
            .map(|mailbox| mailbox.as_str().to_owned())
            .collect(),
        created_unix_ms: caller.now_unix_ms,
        message_id,
        template: None,
        from: shown(&from),
        subject: parts.subject,
        tag: request.tag,
        metadata: common.metadata,
    };
    Ok(Draft {
        context: EmailContext::of(&email, Some(domain.id)),
        email,
        reverse_path: from.mailbox().clone(),
        recipients,
        smtputf8,
        octets: octets.into(),
    })
}

/// Who an e-mail is from.
pub(super) struct Author {
    pub(super) from: Address,
    pub(super) domain: std::sync::Arc<Domain>,
}

/// Settles who it is from: the outer failure is about the request, which is told with its other faults; the inner about
/// the account, which has none of them.
pub(super) fn author(
    domain: Option<&str>,
    from: Option<&str>,
    caller: &Caller,
    faults: &mut Faults,
) -> Result<Option<Author>, Problem> {
    let from = from.map(|from| faults.take("/from", "not_an_address", Address::parse(from)));
    if matches!(from, Some(None)) {
        return Ok(None);
    }
    let from = from.flatten();
    let own = from
        .as_ref()
        .map(|from| from.mailbox().domain().as_str().to_owned());
    let named = domain.map(|name| name.trim_end_matches('.').to_ascii_lowercase());
    if let (Some(own), Some(named)) = (&own, &named)
        && own != named
    {
        faults.note(
            "/from",
            "domain_mismatch",
            format!("{own} is not {named}, which `domain` says"),
        );
        return Ok(None);
    }
    let domain = sending_domain(own.or(named).as_deref(), caller)?;
    let from = match from {
        Some(from) => from,
        None => match Address::parse(&format!("noreply@{}", domain.name)) {
            Ok(from) => from,
            Err(error) => return Err(Problem::internal(&error)),
        },
    };
    Ok(Some(Author { from, domain }))
}

/// The domain of this name, else the first verified one. To the sandbox a domain need not be verified.
fn sending_domain(name: Option<&str>, caller: &Caller) -> Result<std::sync::Arc<Domain>, Problem> {
    let usable = |domain: &Domain| domain.is_verified() || caller.mode == Mode::Test;
    let found = caller.domains.iter().find(|domain| match name {
        Some(name) => domain.name == name,
        None => usable(domain),
    });
    match (found, name) {
        (Some(domain), _) if usable(domain) => Ok(std::sync::Arc::clone(domain)),
        (_, Some(name)) => Err(not_verified(format!(
            "{name} is not a verified domain of this account"
        ))),
        (_, None) => Err(not_verified(
            "this account has no verified domain; add one and publish its records".into(),
        )),
    }
}

fn not_verified(message: String) -> Problem {
    Problem::new(StatusCode::FORBIDDEN, "domain_not_verified", message)
}

/// The parts of a message, variables filled in.
struct Parts {
    subject: String,
    html: Option<String>,
    text: Option<String>,
}

impl Parts {
    /// Takes them out of the request: they are large.
    fn taken(request: &mut SendRequest, faults: &mut Faults) -> Self {
        let mut parts = Self {
            subject: std::mem::take(&mut request.subject),
            html: request.html.take(),
            text: request.text.take(),
        };
        if parts.html.is_none() && parts.text.is_none() {
            faults.note("/html", "required", "html or text is needed");
        }
        if let Some(vars) = request.vars.take() {
            parts.fill(vars, faults);
        }
        if mime::subject_length(&parts.subject) > SUBJECT_BYTES_MAX {
            let message = format!("has more than {SUBJECT_BYTES_MAX} octets once encoded");
            faults.note("/subject", "too_long", message);
        }
        parts
    }

    fn fill(&mut self, vars: Map<String, Value>, faults: &mut Faults) {
        let template = match Template::parse(&self.subject, self.html.as_deref(), self.text.as_deref()) {
            Ok(template) => template,
            Err(error) => return faults.note(format!("/{}", error.part), "template", error.to_string()),
        };
        match template.render(&completed(vars)) {
            Ok(rendered) => {
                *self = Self {
                    subject: rendered.subject,
                    html: rendered.html,
                    text: rendered.text,
                };
            }
            Err(error) => faults.note("/vars", "variable_missing", error.to_string()),
        }
    }
}

/// Notes that the URL to unsubscribe is wanted where there is none: a message must not tell its readers `{{…}}`.
pub(super) fn check_unsubscribe_url(
    (html, text): (Option<&str>, Option<&str>),
    no_url: impl Fn() -> Option<&'static str>,
    faults: &mut Faults,
) {
    for (field, part) in [("/html", html), ("/text", text)] {
        if part.is_some_and(wants_unsubscribe_url)
            && let Some(why) = no_url()
        {
            let message = format!("{UNSUBSCRIBE_URL} stands here, and {why}");
            faults.note(field, "no_unsubscribe_url", message);
        }
    }
}

/// Why nothing could stand in its place, if so.
pub(super) fn no_unsubscribe_url(
    recipients: usize,
    domain: &Domain,
    platform: &dyn Platform,
) -> Option<&'static str> {
    if recipients > 1 {
        return Some("the e-mail goes to several recipients: send each of them one");
    }
    platform
        .tracking_url(domain)
        .is_none()
        .then_some("this server has no address for it: its operator sets api.tracking_url")
}

/// What single and bulk mail have in common, as it is asked for.
pub(super) struct CommonRequest<'a> {
    pub(super) reply_to: Option<&'a str>,
    pub(super) headers: Option<&'a std::collections::BTreeMap<String, String>>,
    pub(super) attachments: Option<&'a [AttachmentRequest]>,
    pub(super) metadata: Option<&'a Map<String, Value>>,
    pub(super) send_at: Option<&'a str>,
    pub(super) now_unix_ms: u64,
}

/// The same, once it is known to hold.
#[derive(Default)]
pub(super) struct Common {
    pub(super) reply_to: Option<Address>,
    /// The contents of the attachments, decoded.
    pub(super) contents: Vec<Vec<u8>>,
    pub(super) metadata: Option<String>,
    /// A time that has not come yet.
    pub(super) send_at_unix_ms: Option<u64>,
}

impl Common {
    pub(super) fn read(request: &CommonRequest<'_>, faults: &mut Faults) -> Self {
        check_headers(request.headers, faults);
        Self {
            reply_to: request
                .reply_to
                .and_then(|reply_to| faults.take("/reply_to", "not_an_address", Address::parse(reply_to))),
            contents: contents(request.attachments.unwrap_or_default(), faults),
            metadata: request.metadata.and_then(|metadata| flat(metadata, faults)),
            send_at_unix_ms: request
                .send_at
                .and_then(|at| send_at(at, request.now_unix_ms, faults)),
        }
    }

    pub(super) fn disposition(&self) -> Disposition {
        self.send_at_unix_ms
            .map_or(Disposition::Queued, Disposition::Scheduled)
    }
}

fn check_headers(given: Option<&std::collections::BTreeMap<String, String>>, faults: &mut Faults) {
    let mut fields = ExtraFields::default();
    for (name, value) in given.into_iter().flatten() {
        if let Err(error) = fields.push(name, value) {
            faults.note(
                format!("/headers/{}", escaped(name)),
                "header_refused",
                error.to_string(),
            );
        }
    }
}

pub(super) fn contents(given: &[AttachmentRequest], faults: &mut Faults) -> Vec<Vec<u8>> {
    let mut total = 0;
    let mut contents = Vec::with_capacity(given.len());
    for (at, file) in given.iter().enumerate() {
        let field = format!("/attachments/{at}/content");
        // Known before anything is decoded: three octets of every four characters.
        total += file.content.len() / 4 * 3;
        if total > ATTACHMENT_BYTES_MAX + 3 {
            let message = format!(
                "the attachments have more than {ATTACHMENT_BYTES_MAX} octets; send large files as links"
            );
            faults.note(field, "attachments_too_large", message);
            break;
        }
        let read = BASE64_STANDARD.decode(&file.content);
        contents.push(faults.take(&field, "not_base64", read).unwrap_or_default());
    }
    contents
}

pub(super) fn attachments<'a>(
    given: &'a [AttachmentRequest],
    contents: &'a [Vec<u8>],
    faults: &mut Faults,
) -> Vec<Attachment<'a>> {
    let mut files = Vec::with_capacity(given.len());
    for (at, (file, content)) in given.iter().zip(contents).enumerate() {
        let mut read = Attachment::new(&file.filename, content);
        if let Some(media_type) = &file.content_type {
            read = read.and_then(|read| read.with_media_type(media_type));
        }
        if let Some(content_id) = &file.content_id {
            read = read.and_then(|read| read.with_content_id(content_id));
        }
        files.extend(faults.take(&format!("/attachments/{at}"), "attachment_refused", read));
    }
    files
}

fn flat(metadata: &Map<String, Value>, faults: &mut Faults) -> Option<String> {
    for (name, value) in metadata {
        if value.is_object() || value.is_array() {
            faults.note(
                format!("/metadata/{}", escaped(name)),
                "nested",
                "metadata holds plain values only",
            );
        }
    }
    if metadata.len() > METADATA_ENTRIES_MAX {
        faults.note(
            "/metadata",
            "too_many",
            format!("has more than {METADATA_ENTRIES_MAX} entries"),
        );
    }
    let text = Value::Object(metadata.clone()).to_string();
    if text.len() > METADATA_BYTES_MAX {
        faults.note(
            "/metadata",
            "too_long",
            format!("has more than {METADATA_BYTES_MAX} octets as JSON"),
        );
    }
    Some(text)
}

/// A time in the past means now.
fn send_at(text: &str, now_unix_ms: u64, faults: &mut Faults) -> Option<u64> {
    let Some(at) = ledger::unix_ms(text) else {
        faults.note(
            "/send_at",
            "not_a_time",
            "expected an ISO 8601 timestamp such as 2026-12-24T18:00:00Z",
        );
        return None;
    };
    let ahead = u64::try_from(SCHEDULE_AHEAD.as_millis()).unwrap_or(u64::MAX);
    if at > now_unix_ms.saturating_add(ahead) {
        faults.note("/send_at", "too_far", "is more than 72 hours ahead");
    }
    (at > now_unix_ms).then_some(at)
}

fn addresses(field: &str, given: Option<&[String]>, faults: &mut Faults) -> Vec<Address> {
    let given = given.unwrap_or_default().iter().enumerate();
    given
        .filter_map(|(at, text)| {
            faults.take(&format!("/{field}/{at}"), "not_an_address", Address::parse(text))
        })
        .collect()
}

/// Each mailbox once, in the order given.
fn distinct<'a>(addresses: impl Iterator<Item = &'a Address>) -> Vec<mime::Mailbox> {
    let mut seen = BTreeSet::new();
    addresses
        .map(|address| address.mailbox().clone())
        .filter(|mailbox| seen.insert(mailbox.as_str().to_owned()))
        .collect()
}

/// An address as a person reads it.
pub(super) fn shown(address: &Address) -> String {
    match address.name() {
        Some(name) => format!("{name} <{}>", address.mailbox().as_str()),
        None => address.mailbox().as_str().to_owned(),
    }
}

pub(super) fn stream(stream: Option<StreamType>) -> Stream {
    match stream.unwrap_or_default() {
        StreamType::Transactional => Stream::Transactional,
        StreamType::Broadcast => Stream::Broadcast,
        StreamType::Shared => Stream::Shared,
    }
}
