//! `POST /api/bulk-send`: one template, a copy for each of many recipients.
//!
//! The template is stored once, and a small record for each copy; the copies are made when they are due.

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use content::mime::{self, Address};
use content::template::Template;
use ledger::{Disposition, Email, EmailContext, EmailId, Mode, StoredTemplate, TagDigest};
use serde_json::{Map, json};

use super::batch::own_id;
use super::body::{Json, all_faults, faults, taken};
use super::caller::Caller;
use super::compose::{self, Author, Common, CommonRequest, Faults, author, shown};
use super::idempotency::{Begun, IdempotencyHeader, respond};
use super::rendering::{Copy, Rendering};
use super::responses::{Admission, Keyed, Reading};
use super::router::Service;
use super::send::{fresh_id, parted, stored};
use super::source::{Source, message_id};
use super::wire::{BulkError, BulkRecipient, BulkReply, BulkRequest, SubmissionStatus};
use crate::platform::{Draft, Mailing};
use crate::problem::{Error, Problem};

/// Send a copy to each of many recipients
///
/// `{{variable}}` in subject, html and text is replaced by what each recipient's `vars` say; html escapes it. A recipient
/// who lacks a variable is refused and stops no other. The template is stored once, and everything is on disk, in one
/// synced commit, before the reply leaves.
#[utoipa::path(
    post, path = "/api/bulk-send", tag = "Sending", operation_id = "bulk_send",
    params(IdempotencyHeader),
    request_body = BulkRequest,
    responses(
        (status = 200, description = "Accepted as told", body = BulkReply),
        (status = 400, description = "The request as a whole does not hold", body = Error),
        (status = 403, description = "`domain_not_verified`, `account_suspended` or `account_pending`", body = Error),
        Admission,
        Reading,
        Keyed,
    )
)]
pub(super) async fn bulk_send(
    State(service): State<Arc<Service>>,
    caller: Caller,
    headers: HeaderMap,
    Json(json): Json,
) -> Result<Response, Problem> {
    caller.may_send()?;
    let faults = faults::<BulkRequest>(&json);
    if !faults.is_empty() {
        let stand_ins = json!({ "subject": "", "html": "", "text": "", "recipients": [] });
        let nobody = EmailId::new(0, [0; 10]);
        let judge = |rest| Bulk::make(&service, rest, nobody, &caller).err();
        return Err(all_faults(faults, &json, stand_ins, judge));
    }
    let platform = service.platform.as_ref();
    let working = match service
        .in_flight
        .begin(&headers, "bulk-send", &json, &caller, platform)?
    {
        Begun::Done(response) => return Ok(response),
        Begun::Work(working) => working,
    };
    let value: BulkRequest = taken(json)?;
    own_id(value.customer_id.as_deref(), &caller)?;
    let id = fresh_id(platform);
    let made = tokio::task::block_in_place(|| Bulk::make(&service, value, id, &caller))?;
    let (fingerprint, slot, _working) = parted(working);
    let Bulk {
        template,
        drafts,
        errors,
        total,
    } = made;
    let now = caller.now_unix_ms;
    let reply = move |dispositions: &[Disposition]| {
        let suppressed =
            |status: &&Disposition| SubmissionStatus::of(**status) == SubmissionStatus::Suppressed;
        let suppressed = dispositions.iter().filter(suppressed).count();
        let reply = BulkReply {
            bulk_id: id.to_string(),
            total,
            queued: dispositions.len() - suppressed,
            failed: errors.len(),
            suppressed,
            errors,
        };
        stored(fingerprint, now, &reply)
    };
    let mailing = Mailing {
        account: Arc::clone(&caller.account),
        template: (!drafts.is_empty()).then_some(template),
        drafts,
        slot,
        reply: Box::new(reply),
    };
    Ok(respond(platform.accept(mailing).await?))
}

struct Bulk {
    template: StoredTemplate,
    drafts: Vec<Draft>,
    errors: Vec<BulkError>,
    total: usize,
}

impl Bulk {
    fn make(
        service: &Service,
        mut request: BulkRequest,
        id: EmailId,
        caller: &Caller,
    ) -> Result<Self, Problem> {
        let mut faults = Faults::default();
        let author = author(
            request.domain.as_deref(),
            request.from.as_deref(),
            caller,
            &mut faults,
        );
        if request.html.is_none() && request.text.is_none() {
            faults.note("/html", "required", "html or text is needed");
        }
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
        drop(compose::attachments(files, &common.contents, &mut faults));
        let (html, text) = (request.html.as_deref(), request.text.as_deref());
        let made = match text {
            Some(_) => None,
            // Once and not for each copy.
            None => html.and_then(mime::text_of_html),
        };
        if let Err(error) = Template::parse(&request.subject, html, text) {
            faults.note(format!("/{}", error.part), "template", error.to_string());
        }
        if let Ok(Some(author)) = &author {
            let has_own = |recipient: &BulkRecipient| {
                let vars = recipient.vars.as_ref();
                vars.is_some_and(|vars| vars.contains_key("unsubscribe_url"))
            };
            let no_url = || match request.recipients.iter().all(has_own) {
                true => None,
                false => compose::no_unsubscribe_url(1, &author.domain, service.platform.as_ref()),
            };
            compose::check_unsubscribe_url((html, text), no_url, &mut faults);
        }
        // Who it is from may be the account's trouble; what else is wrong is told first.
        faults.check()?;
        let Some(author) = author? else {
            return Err(Problem::internal(&"a fault was not told"));
        };
        let from = shown(&author.from);
        // As it was given: a name that needs quotes is shown without them.
        let given = request.from.clone().unwrap_or_else(|| from.clone());
        let mut source = Source::new(given, author.domain.name.clone(), request.subject.clone());
        source.reply_to = request.reply_to.take();
        source.text = request.text.take().or(made);
        source.html = request.html.take();
        source.headers = request.headers.take().unwrap_or_default();
        source.attachments = request.attachments.take().unwrap_or_default();
        let content = serde_json::to_vec(&source).map_err(|error| Problem::internal(&error))?;
        let rendering = Rendering::of(source).map_err(|why| Problem::internal(&why))?;
        let template = StoredTemplate {
            id,
            account: caller.account.id,
            from,
            subject: request.subject.clone(),
            tag: request.tag.clone(),
            metadata: common.metadata.clone(),
            content: content.into(),
        };
        let copies = Copies {
            service,
            caller,
            author: &author,
            common: &common,
            rendering: &rendering,
            template: id,
            tag: TagDigest::of(request.tag.as_deref()),
            request: &request,
        };
        let total = request.recipients.len();
        let (mut drafts, mut errors) = (Vec::with_capacity(total), Vec::new());
        for (index, recipient) in request.recipients.iter().enumerate() {
            match copies.make(recipient) {
                Ok(draft) => drafts.push(draft),
                Err((error, message)) => errors.push(BulkError {
                    index,
                    email: recipient.email.clone(),
                    error: error.to_owned(),
                    message,
                }),
            }
        }
        Ok(Self {
            template,
            drafts,
            errors,
            total,
        })
    }
}

/// What all copies share.
struct Copies<'a> {
    service: &'a Service,
    caller: &'a Caller,
    author: &'a Author,
    common: &'a Common,
    rendering: &'a Rendering,
    template: EmailId,
    tag: TagDigest,
    request: &'a BulkRequest,
}

impl Copies<'_> {
    fn make(&self, recipient: &BulkRecipient) -> Result<Draft, (&'static str, String)> {
        let to = Address::parse(&recipient.email).map_err(|error| ("not_an_address", error.to_string()))?;
        let none = Map::new();
        let vars = recipient.vars.as_ref().unwrap_or(&none);
        self.rendering
            .check(vars)
            .map_err(|error| ("variable_missing", error))?;
        let wish = |own: Option<bool>, all: Option<bool>| own.or(all).or(Some(true));
        let id = fresh_id(self.service.platform.as_ref());
        let date = self.common.send_at_unix_ms.unwrap_or(self.caller.now_unix_ms);
        let copy = Copy {
            to: recipient.email.clone(),
            date: i64::try_from(date / 1000).unwrap_or(i64::MAX),
            vars: vars.clone(),
        };
        let octets = serde_json::to_vec(&copy).map_err(|error| ("invalid", error.to_string()))?;
        let email = Email {
            id,
            account: self.caller.account.id,
            disposition: self.common.disposition(),
            sandbox: self.caller.mode == Mode::Test,
            stream: compose::stream(self.request.stream_type),
            track_opens: wish(recipient.track_opens, self.request.track_opens),
            track_clicks: wish(recipient.track_clicks, self.request.track_clicks),
            to: vec![to.mailbox().as_str().to_owned()],
            created_unix_ms: self.caller.now_unix_ms,
            message_id: message_id(&id.to_string(), &self.author.domain.name),
            template: Some(self.template),
            from: String::new(),
            subject: String::new(),
            tag: None,
            metadata: None,
        };
        let context = EmailContext {
            tag: self.tag,
            ..EmailContext::of(&email, Some(self.author.domain.id))
        };
        Ok(Draft {
            email,
            context,
            reverse_path: self.author.from.mailbox().clone(),
            recipients: vec![to.mailbox().clone()],
            smtputf8: to.needs_smtputf8() || self.author.from.needs_smtputf8(),
            octets: octets.into(),
        })
    }
}
