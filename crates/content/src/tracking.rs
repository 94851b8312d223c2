//! What is put into a message to learn whether it was opened and which links were followed, and the way to unsubscribe.
//!
//! **Promise.** Octets that need not change do not: of a link the value of its `href`, of a link marked as not to be
//! tracked the mark, and one picture is put in; everything else comes back as it was. With nothing asked for, nothing is
//! copied. Time and memory grow with the length of the document, whatever is in it. A link leads on only to what a
//! [`Token`] of ours names: nothing in a URL is believed otherwise.
//!
//! **Which links.** `a[href]`, `area[href]` and the `href` of VML elements (`v:roundrect`, …), in conditional comments
//! too, that lead to a host over http or https. Everything else stays: other schemes, relative URLs, places of a
//! template, URLs with a user's name, hosts excluded by the plan, URLs above [`limits::URL_OCTETS_MAX`], links after the
//! first [`limits::LINKS_MAX`]. What is in `script`, `style`, `textarea`, `title`, `template` and comments is no link.
//!
//! **Opting out.** A link with `data-no-track`, `data-as-no-track`, `data-pm-no-track`, `ses:no-track`,
//! `clicktracking=off`, `data-msys-clicktrack=0`, `disable-tracking=true` or the class `untracked` is not tracked. When
//! clicks are, the mark is taken out, with the white space before it; of a class, only that word.
//!
//! **Numbers.** Each link has its own, from 0, in the order of the document, even where two lead to the same URL: which
//! of them was followed is worth knowing, and the destination can be stored once.
//!
//! **Unsubscribing.** A link that leads to `{{unsubscribe_url}}` gets the URL of the plan, and is never counted among
//! the others; in plain text it stands wherever it is wanted. [`UnsubscribeFields`] are the header fields that say the same to software (RFC 8058).
//!
//! **Failures.** Rewriting cannot fail. What cannot be rewritten stays: a document above [`limits::HTML_OCTETS_MAX`], and
//! of messages what [`Untouched`] tells.

use std::borrow::Cow;
use std::fmt;

pub use message::{MessageRewritten, Outcome, Untouched, rewrite_message};
pub use place::{wants_unsubscribe_url, with_unsubscribe_url};
pub use target::location;
pub use token::{
    KeyRing, KeyRingError, LOCAL_PART_CHARACTERS, Purpose, Token, TokenError, TokenKey, URL_CHARACTERS,
};
pub use unsubscribe::{UnsubscribeError, UnsubscribeFields, has_list_unsubscribe};

use page::{Charset, Page};

pub mod limits;
mod markup;
mod message;
mod opt_out;
mod page;
pub(crate) mod parts;
mod place;
mod tag;
mod target;
#[cfg(test)]
mod tests;
pub mod token;
mod unsubscribe;

/// What is to be put into a message. By default nothing.
#[derive(Clone, Copy, Default)]
pub struct Plan<'a> {
    /// Gives the URL that stands for the link of this number. `None`: clicks are not tracked.
    pub click_url: Option<&'a dyn Fn(u16) -> String>,
    /// The picture that tells of an opened message. `None`: opens are not tracked.
    pub pixel_url: Option<&'a str>,
    /// What stands for `{{unsubscribe_url}}`. `None`: it stays.
    pub unsubscribe_url: Option<&'a str>,
    /// Hosts whose links, and those of all hosts within them, are not tracked: our own, and those that an operator
    /// names. Without port, an internationalised name in its `xn--` form, in any case.
    pub excluded_hosts: &'a [&'a str],
}

impl Plan<'_> {
    fn is_empty(&self) -> bool {
        self.click_url.is_none() && self.pixel_url.is_none() && self.unsubscribe_url.is_none()
    }
}

/// Everything but what makes URLs.
impl fmt::Debug for Plan<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Plan")
            .field("clicks", &self.click_url.is_some())
            .field("pixel_url", &self.pixel_url)
            .field("unsubscribe_url", &self.unsubscribe_url)
            .field("excluded_hosts", &self.excluded_hosts)
            .finish()
    }
}

/// What was put in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Inserted {
    /// Where the tracked links lead, by their numbers: each URL as a browser reads it ([`location`] makes a field of it).
    pub links: Vec<String>,
    /// Links that were left since there are [`limits::LINKS_MAX`] already.
    pub links_left: usize,
    /// Links that lead to the unsubscribe URL now.
    pub unsubscribe_links: usize,
    /// Whether there is a picture.
    pub pixel: bool,
}

/// A document after rewriting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rewritten<'a> {
    /// The document; borrowed if it is as it was.
    pub html: Cow<'a, str>,
    /// What was put into it.
    pub inserted: Inserted,
}

/// Puts into a document what the plan wants.
///
/// The picture stands before the last `</body>`, else before the last `</html>`, else at the end; a document that breaks
/// off within a tag or a comment gets none.
pub fn rewrite_html<'a>(html: &'a str, plan: &Plan<'_>) -> Rewritten<'a> {
    let mut inserted = Inserted::default();
    let html = rewritten(html, plan, Charset::Unicode, &mut inserted);
    Rewritten { html, inserted }
}

/// One document of a message into which something may have been put already.
fn rewritten<'a>(html: &'a str, plan: &Plan<'_>, charset: Charset, inserted: &mut Inserted) -> Cow<'a, str> {
    if plan.is_empty() || html.len() > limits::HTML_OCTETS_MAX {
        return Cow::Borrowed(html);
    }
    Page::of(html, plan, charset, inserted).into_html()
}
