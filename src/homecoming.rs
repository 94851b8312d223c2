//! What comes home about mail of accounts: bounces, complaints and unsubscribes, by SMTP or by hook.
//!
//! **Promise.** Nothing is believed but what carries a token of ours, or the id of an e-mail, which cannot be guessed; and
//! then only of that e-mail and its own recipients. Whatever it means (events, the ends of recipients, suppressions) is in
//! the store before anybody is told that it was taken. The same news twice is news once.
//!
//! **Nothing happens** on news of a delivery that has not failed, on automatic answers, on bounces of bounces, and on
//! reports about mail that is not ours or too old to be known.

use std::sync::Arc;
use std::time::Duration;

use content::report::{self, Complaint, Delivery, Original, Report};
use ledger::{EmailId, UnsubscribeSource};
use queue::{Accepted, Queue};
use smtp::address::ForwardPath;
use smtp::reply::Refusal;
use smtp::server::Envelope;
use store::Batch;
use tokio::time::{Instant, sleep};

use crate::chronicle::Chronicle;
use crate::desk::DeskError;
use crate::metrics::ReportMetrics;
use crate::tracking::Tokens;
use crate::tracking::homeward::{Errand, Named};

mod addressee;
mod hooks;
mod kind;
mod news;
mod origin;

pub(crate) use hooks::{HookGate, HookGateError};
pub(crate) use kind::ReportKind;

use addressee::addressed;
use news::{Happened, News};

/// Octets of a report that are read; those behind them are the message that it is about.
pub(crate) const REPORT_BYTES_MAX: usize = report::limits::OCTETS_MAX;

/// Local parts at our own hosts to which feedback loops, and people, write. RFC 2142, and what the loops are told.
const DESKS: [&str; 3] = ["postmaster", "abuse", "fbl"];

/// A host that takes a message and bounces it at once may be heard before its 250 is written down; that takes
/// milliseconds. News of what still waits for its first end after this was not overtaken: the 250 was lost.
const OVERTAKEN_FOR: Duration = Duration::from_secs(2);
const OVERTAKEN_LOOK: Duration = Duration::from_millis(20);

/// Takes in what comes home.
pub(crate) struct Homecoming {
    tokens: Arc<Tokens>,
    chronicle: Arc<Chronicle>,
    queue: Arc<Queue>,
    metrics: ReportMetrics,
    /// The name of this server: what is sent to an alias of it may arrive under it (RFC 5321 §2.3.5).
    hostname: String,
    gate: HookGate,
}

/// An address at which reports are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Address {
    /// A token says what for, and of which e-mail.
    Token(Errand, Named),
    /// One that is told to feedback loops.
    Desk,
}

/// Why a report is not taken.
#[derive(Debug)]
pub(crate) enum NotTaken {
    /// It is none, or not for here.
    Refused(Refusal),
    /// What it means could not be written down.
    Failed(DeskError),
}

impl<E: Into<DeskError>> From<E> for NotTaken {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

impl Homecoming {
    pub(crate) fn new(
        tokens: Arc<Tokens>,
        chronicle: Arc<Chronicle>,
        queue: Arc<Queue>,
        metrics: ReportMetrics,
        (hostname, gate): (String, HookGate),
    ) -> Self {
        Self {
            tokens,
            chronicle,
            queue,
            metrics,
            hostname,
            gate,
        }
    }

    /// Whether reports are taken at this address.
    pub(crate) fn is_home(&self, forward_path: &ForwardPath) -> Result<(), NotTaken> {
        self.address(forward_path).map(drop)
    }

    /// Takes a message: the first [`REPORT_BYTES_MAX`] octets of it. The proof is that of the last commit; without one,
    /// that nothing had to be written.
    pub(crate) async fn receive(&self, envelope: &Envelope, octets: Vec<u8>) -> Result<Accepted, NotTaken> {
        let read = tokio::task::spawn_blocking(move || report::read(&octets)).await;
        let report = read.unwrap_or(Report::Other);
        let mut kind = ReportKind::of(&report);
        let mut taken = None;
        let mut refused = false;
        for forward_path in &envelope.recipients {
            let news = match self.address(forward_path)? {
                Address::Token(Errand::Bounce, named) => reported(named, &report),
                Address::Token(Errand::Unsubscribe, named) => {
                    let news = unsubscribed(named, &report, envelope.reverse_path.is_null());
                    if news.is_some() {
                        kind = ReportKind::Unsubscribe;
                    }
                    news
                }
                Address::Desk if report == Report::Other => {
                    refused = true;
                    None
                }
                Address::Desk => self.complained(&report)?,
            };
            match news {
                Some((named, news)) => taken = Some(self.tell(named, news).await?),
                None => tracing::debug!(to = %forward_path.as_str(), "a report changes nothing"),
            }
        }
        let accepted = match taken {
            Some(taken) => taken,
            // A person who writes to us should know that nobody reads it.
            None if refused => {
                self.metrics.came(ReportKind::Refused);
                return Err(NotTaken::Refused(Refusal::ContentDenied));
            }
            None => self.commit(Batch::new()).await?,
        };
        self.metrics.came(kind);
        Ok(accepted)
    }

    /// Writes down what happened to recipients of an e-mail.
    async fn tell(&self, named: Named, news: Vec<News>) -> Result<Accepted, DeskError> {
        let email = named.email;
        let Some((context, to)) = self.chronicle.addressees(email)? else {
            tracing::info!(%email, "a report is about an e-mail that is not known, or not any more");
            return self.commit(Batch::new()).await;
        };
        let mut about = Vec::new();
        for news in news {
            match addressed(&to, named.recipient, &news.called) {
                Some(address) => about.push((address, news.happened)),
                None => tracing::info!(%email, "a report names no recipient of its e-mail"),
            }
        }
        self.let_pass(email, about.iter().map(|(address, _)| *address))
            .await?;
        let _turn = self.chronicle.turn(email).await;
        let mut batch = Batch::new();
        for (address, happened) in &about {
            self.write(&context, address, happened, &mut batch)?;
        }
        self.commit(batch).await
    }

    /// Lets the news of the attempts pass that a report is about, if they pass in time.
    async fn let_pass(&self, email: EmailId, addresses: impl Iterator<Item = &str>) -> Result<(), DeskError> {
        let until = Instant::now() + OVERTAKEN_FOR;
        for address in addresses {
            let mut waits = false;
            while self.chronicle.ledger.recipient_status(email, address)?.is_none() && Instant::now() < until
            {
                if !waits {
                    tracing::debug!(%email, "a report waits for the end of the attempt that it is about");
                    waits = true;
                }
                sleep(OVERTAKEN_LOOK).await;
            }
        }
        Ok(())
    }

    async fn commit(&self, batch: Batch) -> Result<Accepted, DeskError> {
        Ok(self.queue.submit(Vec::new(), batch).await?.accepted)
    }

    fn address(&self, forward_path: &ForwardPath) -> Result<Address, NotTaken> {
        let (local_part, host) = (forward_path.local_part(), forward_path.domain().as_str());
        let is = |own: &str| own.eq_ignore_ascii_case(host);
        let is_ours = is(&self.hostname) || self.tokens.home().is_some_and(is);
        let errand = self.tokens.errand(local_part);
        let is_desk = DESKS.iter().any(|desk| desk.eq_ignore_ascii_case(local_part));
        match errand {
            Some((errand, named)) if is_ours || self.is_return_host(named.email, host)? => {
                Ok(Address::Token(errand, named))
            }
            None if is_ours && is_desk => Ok(Address::Desk),
            None if is_ours => Err(NotTaken::Refused(Refusal::MailboxUnknown)),
            Some(_) | None => Err(NotTaken::Refused(Refusal::RelayDenied)),
        }
    }

    /// Whether a domain of the account that sent the e-mail has its bounces sent to this host.
    fn is_return_host(&self, email: EmailId, host: &str) -> Result<bool, DeskError> {
        let ledger = &self.chronicle.ledger;
        let Some((context, _)) = self.chronicle.addressees(email)? else {
            return Ok(false);
        };
        let domains = ledger.domains(context.account)?;
        Ok(domains.iter().any(|domain| domain.is_return_host(host)))
    }

    /// A complaint that came to no address of an e-mail: about which it is, the message in it tells.
    fn complained(&self, report: &Report) -> Result<Option<(Named, Vec<News>)>, DeskError> {
        let Report::Complaint(complaint) = report else {
            return Ok(None);
        };
        let Some(original) = &complaint.original else {
            tracing::info!("a complaint comes without the message that it is about");
            return Ok(None);
        };
        let named = origin::find(&original.header, &self.tokens, &self.chronicle.ledger)?;
        if named.is_none() {
            tracing::info!("a complaint is about no message of ours");
        }
        Ok(named.zip(complaint_news(complaint)))
    }
}

/// What a report means that came to the return path of an e-mail.
fn reported(named: Named, report: &Report) -> Option<(Named, Vec<News>)> {
    let news = match report {
        Report::Bounce(delivery) if !is_about_a_report(delivery.original.as_ref()) => bounce_news(delivery),
        Report::Complaint(complaint) => complaint_news(complaint)?,
        Report::Bounce(_) | Report::Notice(_) | Report::AutoReply { .. } | Report::Other => return None,
    };
    Some((named, news))
}

/// Whoever writes to the address in List-Unsubscribe wants no more, whatever the words are: programs write there for their
/// users. Bounces and other mail from nobody are not written by anybody.
fn unsubscribed(named: Named, report: &Report, from_nobody: bool) -> Option<(Named, Vec<News>)> {
    let is_report = matches!(
        report,
        Report::Bounce(_) | Report::Notice(_) | Report::Complaint(_)
    );
    let news = News {
        called: Vec::new(),
        happened: Happened::Unsubscribed(UnsubscribeSource::Mailto),
    };
    (!is_report && !from_nobody).then(|| (named, vec![news]))
}

fn bounce_news(delivery: &Delivery) -> Vec<News> {
    delivery.recipients.iter().map(News::of_bounce).collect()
}

fn complaint_news(complaint: &Complaint) -> Option<Vec<News>> {
    let happened = Happened::complaint(&complaint.feedback_type)?;
    let news = |called: &[String]| News {
        called: called.to_vec(),
        happened: happened.clone(),
    };
    Some(match complaint.original_recipients.as_slice() {
        [] => vec![news(&[])],
        several => several.chunks(1).map(news).collect(),
    })
}

/// Whether what came back is a report itself, which nobody sent: our own notices, and those of others.
fn is_about_a_report(original: Option<&Original>) -> bool {
    let Some(original) = original else { return false };
    content::header::fields(&original.header).any(|field| {
        let value = field.value.trim_ascii();
        let says = |text: &[u8]| {
            value
                .get(..text.len())
                .is_some_and(|begin| begin.eq_ignore_ascii_case(text))
        };
        (field.is("Return-Path") && says(b"<>")) || (field.is("Content-Type") && says(b"multipart/report"))
    })
}
