//! Files that go with a message (RFC 2183), and the pictures its HTML shows (RFC 2387).

use thiserror::Error;

/// Octets of a file's name; what most file systems allow.
pub const FILENAME_OCTETS_MAX: usize = 255;

/// Octets of a media type with its parameters.
pub const MEDIA_TYPE_OCTETS_MAX: usize = 255;

/// Octets of a Content-ID.
pub const CONTENT_ID_OCTETS_MAX: usize = 128;

/// A file that goes with a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment<'a> {
    filename: String,
    media_type: ::mime::Mime,
    content_id: Option<&'a str>,
    content: &'a [u8],
}

/// Why something is not an attachment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum AttachmentError {
    /// A file without a name.
    #[error("the filename is empty")]
    FilenameEmpty,
    /// More than [`FILENAME_OCTETS_MAX`].
    #[error("the filename is longer than {FILENAME_OCTETS_MAX} octets")]
    FilenameLength,
    /// CR, LF, NUL or another control character.
    #[error("the filename contains the control character U+{:04X}", u32::from(*.0))]
    FilenameControl(char),
    /// A name that is encoded already (RFC 2047): some would show it as it is, others decode it.
    #[error("the filename is encoded already; give the name itself, in UTF-8")]
    FilenameEncodedWord,
    /// Not `type/subtype; parameter=value` (RFC 2045 §5.1), or longer than [`MEDIA_TYPE_OCTETS_MAX`].
    #[error("the content type is not a media type such as image/png")]
    MediaType,
    /// `multipart/…` or `message/…`, which may not be encoded as a file must be (RFC 2045 §6.4).
    #[error("the content type cannot be that of an attachment; application/octet-stream can")]
    Composite,
    /// Not what can stand in a `cid:` URL and in angle brackets, or longer than [`CONTENT_ID_OCTETS_MAX`].
    #[error("the content id may have letters, digits and any of .-_+@ only, {CONTENT_ID_OCTETS_MAX} at most")]
    ContentId,
}

impl<'a> Attachment<'a> {
    /// A file. Its media type is taken from the ending of its name; where that says nothing it is
    /// `application/octet-stream`. Spaces around the name go, within it each run becomes one: a long name is folded
    /// there, and readers differ in what they make of two.
    ///
    /// # Errors
    /// Those of the filename.
    pub fn new(filename: &str, content: &'a [u8]) -> Result<Self, AttachmentError> {
        if let Some(control) = filename.chars().find(|char| char.is_control()) {
            return Err(AttachmentError::FilenameControl(control));
        }
        let spaced: Vec<&str> = filename.split_ascii_whitespace().collect();
        let filename = spaced.join(" ");
        if filename.is_empty() {
            return Err(AttachmentError::FilenameEmpty);
        }
        if filename.len() > FILENAME_OCTETS_MAX {
            return Err(AttachmentError::FilenameLength);
        }
        if filename.contains("=?") {
            return Err(AttachmentError::FilenameEncodedWord);
        }
        let media_type = mime_guess::from_path(&filename).first_or_octet_stream();
        Ok(Self {
            filename,
            media_type: if is_composite(&media_type) {
                ::mime::APPLICATION_OCTET_STREAM
            } else {
                media_type
            },
            content_id: None,
            content,
        })
    }

    /// The same with this media type.
    ///
    /// # Errors
    /// [`AttachmentError::MediaType`] or [`AttachmentError::Composite`].
    pub fn with_media_type(mut self, media_type: &str) -> Result<Self, AttachmentError> {
        let printable = |byte: u8| byte.is_ascii_graphic() || byte == b' ';
        if media_type.len() > MEDIA_TYPE_OCTETS_MAX || !media_type.bytes().all(printable) {
            return Err(AttachmentError::MediaType);
        }
        self.media_type = media_type.parse().map_err(|_| AttachmentError::MediaType)?;
        if is_composite(&self.media_type) {
            return Err(AttachmentError::Composite);
        }
        Ok(self)
    }

    /// The same as a part that the HTML refers to as `cid:content_id` (RFC 2392). Angle brackets around it go.
    ///
    /// # Errors
    /// [`AttachmentError::ContentId`].
    pub fn with_content_id(mut self, content_id: &'a str) -> Result<Self, AttachmentError> {
        let bare = content_id
            .strip_prefix('<')
            .and_then(|rest| rest.strip_suffix('>'));
        let bare = bare.unwrap_or(content_id);
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b".-_+@".contains(&byte);
        if bare.is_empty() || bare.len() > CONTENT_ID_OCTETS_MAX || !bare.bytes().all(allowed) {
            return Err(AttachmentError::ContentId);
        }
        self.content_id = Some(bare);
        Ok(self)
    }

    /// The name of the file.
    pub fn filename(&self) -> &str {
        &self.filename
    }

    /// The media type with its parameters.
    pub fn media_type(&self) -> &::mime::Mime {
        &self.media_type
    }

    /// The Content-ID of what is shown within the HTML, without brackets.
    pub fn content_id(&self) -> Option<&'a str> {
        self.content_id
    }

    /// The file itself.
    pub fn content(&self) -> &'a [u8] {
        self.content
    }
}

// `MULTIPART` is a constant of the crate, `message` is not.
fn is_composite(media_type: &::mime::Mime) -> bool {
    media_type.type_() == ::mime::MULTIPART || media_type.type_() == "message"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_give_types() {
        for (filename, expected) in [
            ("invoice.pdf", "application/pdf"),
            (" two  spaces.pdf ", "application/pdf"),
            ("logo.PNG", "image/png"),
            ("notes.txt", "text/plain"),
            ("forwarded.eml", "application/octet-stream"),
            ("no-ending", "application/octet-stream"),
        ] {
            let attachment = Attachment::new(filename, b"").unwrap();
            assert_eq!(attachment.media_type().as_ref(), expected, "{filename}");
        }
    }

    #[test]
    fn what_cannot_be_written_is_refused() {
        let long = "x".repeat(FILENAME_OCTETS_MAX + 1);
        for (filename, expected) in [
            ("", AttachmentError::FilenameEmpty),
            (" ", AttachmentError::FilenameEmpty),
            ("a\r\nX: y", AttachmentError::FilenameControl('\r')),
            ("a\0", AttachmentError::FilenameControl('\0')),
            (&long, AttachmentError::FilenameLength),
            ("=?utf-8?q?x?=", AttachmentError::FilenameEncodedWord),
        ] {
            assert_eq!(Attachment::new(filename, b""), Err(expected), "{filename:?}");
        }
        let file = Attachment::new("x.bin", b"").unwrap();
        for (media_type, expected) in [
            ("image/png", Ok("image/png")),
            (
                "text/calendar; method=REQUEST; charset=utf-8",
                Ok("text/calendar; method=REQUEST; charset=utf-8"),
            ),
            ("", Err(AttachmentError::MediaType)),
            ("png", Err(AttachmentError::MediaType)),
            ("image/png\r\nX: y", Err(AttachmentError::MediaType)),
            ("image/p\u{fc}g", Err(AttachmentError::MediaType)),
            ("multipart/mixed", Err(AttachmentError::Composite)),
            ("message/rfc822", Err(AttachmentError::Composite)),
        ] {
            let typed = file.clone().with_media_type(media_type);
            let found = typed.as_ref().map(|file| file.media_type().as_ref());
            assert_eq!(found.map_err(|error| *error), expected, "{media_type:?}");
        }
        for (content_id, expected) in [
            ("logo", Ok(Some("logo"))),
            ("<logo@example.com>", Ok(Some("logo@example.com"))),
            ("", Err(AttachmentError::ContentId)),
            ("<logo", Err(AttachmentError::ContentId)),
            ("a b", Err(AttachmentError::ContentId)),
            ("a>\r\nX: y", Err(AttachmentError::ContentId)),
        ] {
            let inline = file.clone().with_content_id(content_id);
            assert_eq!(inline.map(|file| file.content_id()), expected, "{content_id:?}");
        }
    }
}
