//! Reads the document from one token to the next: what is open, what is seen, what is kept.

use html5gum::Tokenizer;
use html5gum::emitters::callback::{CallbackEmitter, CallbackEvent};

use super::super::super::limits::{
    ANCHOR_OCTETS_MAX, DEPTH_MAX, END_TAG_REACH, IMAGES_MAX, ISSUES_PER_RULE_MAX, LINKS_MAX,
};
use super::super::image::Image;
use super::super::link::Link;
use super::super::look::{ClassesMay, Look, Sight, declarations};
use super::super::tag::Tag;
use super::super::{beginning, text_of};
use super::Page;

/// Letters before the first that is seen which pass for a preview, not for hidden text.
const PREVIEW_LETTERS_MAX: usize = 300;

/// Octets of the beginning that an inbox shows beside the subject.
const PREVIEW_OCTETS_MAX: usize = 200;

/// Kinds of CSS properties that are kept.
const PROPERTIES_MAX: usize = 200;

/// Octets of the name of one.
const PROPERTY_OCTETS_MAX: usize = 64;

/// Elements that are parted from what is around them.
const BLOCKS: &[&str] = &[
    "address",
    "article",
    "aside",
    "blockquote",
    "body",
    "br",
    "center",
    "dd",
    "div",
    "dl",
    "dt",
    "footer",
    "form",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hr",
    "img",
    "li",
    "main",
    "nav",
    "ol",
    "option",
    "p",
    "pre",
    "section",
    "table",
    "tbody",
    "td",
    "th",
    "thead",
    "tr",
    "ul",
];

/// Elements that hold nothing.
const VOID: &[&str] = &[
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track",
    "wbr",
];

/// Elements that one of the same name ends.
const ENDED_BY_NEXT: &[&str] = &["p", "li", "td", "th", "tr", "dd", "dt", "option"];

/// Reads a document.
pub(super) fn read(html: &str) -> Page {
    let mut reader = Reader::default();
    let mut emitter = CallbackEmitter::new(
        |event: CallbackEvent<'_>, _: html5gum::Span<()>| -> Option<std::convert::Infallible> {
            reader.handle(event);
            None
        },
    );
    emitter.naively_switch_states(true);
    // Nothing is emitted: the first request for a token reads the whole document.
    let tokens = Tokenizer::new_with_emitter(html, emitter).count();
    debug_assert_eq!(tokens, 0);
    reader.end_link();
    reader.page
}

/// Where the tokenizer is.
#[derive(Default)]
struct Reader {
    page: Page,
    tag: Option<Tag>,
    /// Open elements, outermost first.
    open: Vec<(String, Look)>,
    /// Elements deeper than the stack may be.
    deeper: usize,
    /// What the text is in: an element of which the content is no text to a reader.
    raw: Option<Raw>,
    link: Option<Link>,
    classes_may: ClassesMay,
    preview_letters: usize,
    /// The last thing was a comment that came directly after a letter.
    comment_after_letter: bool,
    /// The last thing was text.
    after_text: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Raw {
    Style,
    Title,
    Nothing,
}

impl Raw {
    fn of(name: &str) -> Option<Self> {
        match name {
            "style" => Some(Self::Style),
            "title" => Some(Self::Title),
            "script" | "textarea" | "iframe" | "noembed" | "noframes" => Some(Self::Nothing),
            _ => None,
        }
    }
}

impl Reader {
    fn handle(&mut self, event: CallbackEvent<'_>) {
        match event {
            CallbackEvent::OpenStartTag { name } => self.tag = Some(Tag::named(name)),
            CallbackEvent::AttributeName { name } => {
                if let Some(tag) = &mut self.tag {
                    tag.begin_attribute(name);
                }
            }
            CallbackEvent::AttributeValue { value } => {
                if let Some(tag) = &mut self.tag {
                    tag.add_value(value);
                }
            }
            CallbackEvent::CloseStartTag { .. } => {
                if let Some(tag) = self.tag.take() {
                    self.start(&tag);
                }
                self.part_from_text();
            }
            CallbackEvent::EndTag { name } => {
                self.end(&text_of(name));
                self.part_from_text();
            }
            CallbackEvent::String { value } => self.text(&text_of(value)),
            CallbackEvent::Comment { value } => self.comment(&text_of(value)),
            CallbackEvent::Doctype { .. } => self.page.has_doctype = true,
            CallbackEvent::Error(error) => {
                let error = error.as_str();
                self.page.is_cut_off |= matches!(error, "eof-in-tag" | "eof-in-comment");
            }
        }
    }

    fn part_from_text(&mut self) {
        self.after_text = false;
        self.comment_after_letter = false;
    }

    fn look(&self) -> Look {
        self.open.last().map_or_else(Look::plain, |(_, look)| *look)
    }

    fn start(&mut self, tag: &Tag) {
        let name = tag.name();
        if let Some((opened, _)) = self.page.count_mut(name) {
            *opened += 1;
        }
        self.note(tag);
        self.raw = Raw::of(name);
        if BLOCKS.contains(&name) {
            self.part_line();
        }
        if VOID.contains(&name) || self.raw.is_some() {
            return;
        }
        self.push(tag);
    }

    fn push(&mut self, tag: &Tag) {
        let name = tag.name();
        if ENDED_BY_NEXT.contains(&name) && self.open.last().is_some_and(|(open, _)| open == name) {
            self.open.pop();
        }
        if self.open.len() >= DEPTH_MAX {
            self.deeper += 1;
        } else {
            let look = self.look().within(tag, self.classes_may);
            self.open.push((name.to_owned(), look));
        }
        self.page.depth = self.page.depth.max(self.open.len() + self.deeper);
    }

    fn end(&mut self, name: &str) {
        if let Some((_, closed)) = self.page.count_mut(name) {
            *closed += 1;
        }
        self.raw = None;
        if name == "a" {
            self.end_link();
        }
        if BLOCKS.contains(&name) {
            self.part_line();
        }
        if self.deeper > 0 {
            self.deeper -= 1;
            return;
        }
        let within_reach = self.open.iter().rev().take(END_TAG_REACH);
        if let Some(above) = within_reach.map(|(open, _)| open).position(|open| open == name) {
            self.open.truncate(self.open.len() - above - 1);
        }
    }

    fn part_line(&mut self) {
        if !self.page.text.is_empty() && !self.page.text.ends_with('\n') {
            self.page.text.push('\n');
        }
        if let Some(anchor) = self.link.as_mut().and_then(|link| link.anchor.as_mut()) {
            add_up_to(anchor, " ", ANCHOR_OCTETS_MAX);
        }
    }

    /// What an element says by being there.
    fn note(&mut self, tag: &Tag) {
        if let Some(handler) = tag.handler()
            && self.page.handlers.len() < ISSUES_PER_RULE_MAX
        {
            self.page.handlers.push(format!("<{} {handler}>", tag.name()));
        }
        self.note_properties(tag);
        match tag.name() {
            "a" | "area" => self.start_link(tag),
            "img" => self.note_image(tag),
            "html" => self.page.lang = tag.value("lang").or(tag.value("xml:lang")).map(str::to_owned),
            "meta" => self.note_meta(tag),
            "link" => self.note_sheet(tag),
            _ => {}
        }
    }

    fn note_properties(&mut self, tag: &Tag) {
        for (property, _) in declarations(tag.value("style").unwrap_or_default()) {
            if self.page.properties.len() >= PROPERTIES_MAX {
                return;
            }
            self.page
                .properties
                .insert(beginning(property, PROPERTY_OCTETS_MAX).to_lowercase());
        }
    }

    fn note_image(&mut self, tag: &Tag) {
        if self.page.images.len() < IMAGES_MAX {
            self.page.images.push(Image::of(tag, self.link.is_some()));
        }
    }

    fn note_meta(&mut self, tag: &Tag) {
        let page = &mut self.page;
        let content = tag.value("content").unwrap_or_default();
        let about = tag.value("http-equiv").unwrap_or_default();
        if let Some(charset) = tag.value("charset") {
            page.charset = Some(charset.to_owned());
        } else if about.eq_ignore_ascii_case("content-type") {
            let charset = content
                .rsplit_once('=')
                .map(|(_, charset)| charset.trim().to_owned());
            page.charset = charset.or(page.charset.take());
        } else if about.eq_ignore_ascii_case("refresh") {
            page.refresh = Some(content.to_owned());
        }
        page.has_viewport |= tag
            .value("name")
            .is_some_and(|name| name.eq_ignore_ascii_case("viewport"));
    }

    fn note_sheet(&mut self, tag: &Tag) {
        let rel = tag.value("rel").unwrap_or_default();
        if rel
            .split_whitespace()
            .any(|rel| rel.eq_ignore_ascii_case("stylesheet"))
        {
            self.page.external_style = tag.value("href").map(str::to_owned);
        }
    }

    fn start_link(&mut self, tag: &Tag) {
        self.end_link();
        let Some(href) = tag.value("href") else { return };
        let link = Link::of_anchor(href);
        if tag.name() == "a" {
            self.link = Some(link);
        } else {
            self.keep_link(link);
        }
    }

    fn end_link(&mut self) {
        if let Some(link) = self.link.take() {
            self.keep_link(link);
        }
    }

    fn keep_link(&mut self, link: Link) {
        if self.page.links.len() < LINKS_MAX {
            self.page.links.push(link);
        }
    }

    fn text(&mut self, text: &str) {
        match self.raw {
            Some(Raw::Style) => {
                self.page.style.push_str(text);
                self.classes_may.display |= text.contains("display");
                self.classes_may.colour |= text.contains("background");
            }
            Some(Raw::Title) => add_up_to(&mut self.page.title, text, ANCHOR_OCTETS_MAX),
            Some(Raw::Nothing) => {}
            None => self.add_text(text),
        }
    }

    fn add_text(&mut self, text: &str) {
        if self.comment_after_letter && text.starts_with(char::is_alphabetic) {
            self.page.comments_in_words += 1;
        }
        self.part_from_text();
        self.after_text = true;
        self.page.text.push_str(text);
        if let Some(anchor) = self.link.as_mut().and_then(|link| link.anchor.as_mut()) {
            add_up_to(anchor, text, ANCHOR_OCTETS_MAX);
        }
        let words = text.trim();
        if !words.is_empty() {
            add_up_to(&mut self.page.preview, words, PREVIEW_OCTETS_MAX);
            add_up_to(&mut self.page.preview, " ", PREVIEW_OCTETS_MAX);
            self.see(words);
        }
    }

    /// Counts letters by whether they are seen.
    fn see(&mut self, words: &str) {
        let letters = words.chars().filter(|char| char.is_alphanumeric()).count();
        if letters == 0 {
            return;
        }
        let look = self.look();
        let sight = look.sight();
        if matches!(sight, Sight::Seen | Sight::Faint) {
            self.page.letters_seen += letters;
            self.page.font_px_max = self.page.font_px_max.max(look.font_px);
        } else if self.page.letters_seen == 0 && self.preview_letters + letters <= PREVIEW_LETTERS_MAX {
            self.preview_letters += letters;
            return;
        }
        let unseen = match sight {
            Sight::Seen => return,
            Sight::Faint => &mut self.page.faint,
            Sight::SameColour => &mut self.page.same_colour,
            Sight::ZeroFont => &mut self.page.zero_font,
            Sight::Hidden => &mut self.page.hidden,
        };
        unseen.letters += letters;
        add_up_to(&mut unseen.sample, words, ANCHOR_OCTETS_MAX);
    }

    fn comment(&mut self, comment: &str) {
        let words = comment.trim();
        // For Outlook: `[if mso]>…<![endif]`.
        if words.starts_with("[if") || words.ends_with("[endif]") || words.starts_with("<![") {
            self.part_from_text();
            return;
        }
        self.page.comment_octets += comment.len();
        self.comment_after_letter = self.after_text && self.page.text.ends_with(char::is_alphabetic);
        if words.starts_with("saved from url") {
            self.page.saved_from = Some(beginning(words, ANCHOR_OCTETS_MAX).to_owned());
        }
    }
}

fn add_up_to(text: &mut String, more: &str, octets: usize) {
    text.push_str(beginning(more, octets.saturating_sub(text.len())));
}
