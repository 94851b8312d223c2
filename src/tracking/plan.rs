//! What is put into one e-mail before it leaves.

use std::sync::Arc;

use content::tracking::{
    Inserted, Outcome, Plan, Purpose, has_list_unsubscribe, rewrite_html, rewrite_message,
};
use ledger::{Account, Domain, Email, EmailId, Stream};

use super::Tokens;

/// The wishes that hold for one e-mail.
pub(crate) struct EmailPlan {
    tokens: Arc<Tokens>,
    /// How its links begin.
    base: String,
    /// All domains of its account.
    domains: Arc<[Arc<Domain>]>,
    email: EmailId,
    opens: bool,
    clicks: bool,
    /// It goes to many, and says how not to get the next.
    to_many: bool,
    pixel_url: Option<String>,
    unsubscribe_url: Option<String>,
}

impl EmailPlan {
    /// The narrowest wish decides: the e-mail's, else its domain's, else its account's; a switch that is off anywhere
    /// above is off. None if nothing can be put into mail. The e-mail is from `domain`, one of `domains`.
    pub(crate) fn new(
        tokens: &Arc<Tokens>,
        email: &Email,
        account: &Account,
        (domain, domains): (&Domain, Arc<[Arc<Domain>]>),
    ) -> Option<Self> {
        let base = tokens.hosts.base(domain)?;
        let on = account.tracking_enabled && domain.tracking_enabled;
        let wish =
            |own: Option<bool>, domain: Option<bool>, account: bool| on && own.or(domain).unwrap_or(account);
        let opens = wish(
            email.track_opens,
            domain.track_opens,
            account.open_tracking_enabled,
        );
        let clicks = wish(
            email.track_clicks,
            domain.track_clicks,
            account.click_tracking_enabled,
        );
        // To several in one message nobody in particular could be unsubscribed.
        let single = email.to.len() == 1;
        let to_many = match email.stream {
            Stream::Broadcast => true,
            Stream::Shared => email.template.is_some(),
            Stream::Transactional => false,
        };
        let url = |path, purpose| tokens.url(&base, (path, purpose), email.id, 0);
        Some(Self {
            email: email.id,
            opens,
            clicks,
            to_many: to_many && single,
            pixel_url: opens.then(|| url("o", Purpose::Open)),
            unsubscribe_url: single.then(|| url("u", Purpose::Unsubscribe)),
            tokens: Arc::clone(tokens),
            base,
            domains,
        })
    }

    pub(crate) fn unsubscribe_url(&self) -> Option<&str> {
        self.unsubscribe_url.as_deref()
    }

    /// The HTML that is sent, and where its links lead.
    pub(crate) fn html(&self, html: &str) -> (String, Inserted) {
        self.with_plan(|plan| {
            let rewritten = rewrite_html(html, plan);
            (rewritten.html.into_owned(), rewritten.inserted)
        })
    }

    /// A message that was composed by its sender: the octets that are sent and where the links lead, if it changes.
    pub(crate) fn message(&self, octets: &[u8]) -> Option<(Vec<u8>, Inserted)> {
        self.with_plan(|plan| match rewrite_message(octets, plan) {
            Outcome::Unchanged(_) => None,
            Outcome::Rewritten(message) => Some((message.octets, message.inserted)),
        })
    }

    /// The fields that are put before the header, if any are.
    pub(crate) fn fields(&self, header: &[u8]) -> Option<String> {
        if !self.to_many || has_list_unsubscribe(header) {
            return None;
        }
        self.tokens.unsubscribe_fields(&self.base, self.email)
    }

    /// Whether anything of the message can change.
    pub(crate) fn is_empty(&self) -> bool {
        !self.opens && !self.clicks && self.unsubscribe_url.is_none()
    }

    fn with_plan<T>(&self, apply: impl FnOnce(&Plan<'_>) -> T) -> T {
        let click_url = |number| {
            let link = ("c", Purpose::Click);
            self.tokens.url(&self.base, link, self.email, number)
        };
        apply(&Plan {
            click_url: self.clicks.then_some(&click_url),
            pixel_url: self.pixel_url.as_deref(),
            unsubscribe_url: self.unsubscribe_url(),
            excluded_hosts: &self.tokens.hosts.untracked(&self.domains),
        })
    }
}
