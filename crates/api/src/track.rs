//! What the links, pictures and unsubscribe URLs in e-mails lead to: public, without a key.
//!
//! **Promise.** The answer comes first, what is kept of it after. A destination is only ever one that was in the e-mail: a
//! token that is not ours leads to no page. Nothing that is only looked at unsubscribes anybody (scanners look at
//! everything), and whoever unsubscribes twice has unsubscribed.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use content::tracking::location;
use ledger::UnsubscribeSource;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::ClientAddress;
use crate::platform::Answer;
use crate::problem::Error;

/// Octets of the form that unsubscribes: the largest that a mail client sends is a multipart with one field.
const FORM_BYTES_MAX: usize = 8 * 1024;

/// A transparent picture of one pixel.
const PIXEL: &[u8; 43] = b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\x00\x00\x00\x21\xf9\x04\x01\x00\x00\x00\x00\x2c\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02\x44\x01\x00\x3b";

const NOTHING_KEPT: &str = "no-store, no-cache, must-revalidate, private, max-age=0";
const REFERRER_POLICY: HeaderName = HeaderName::from_static("referrer-policy");
const ROBOTS: HeaderName = HeaderName::from_static("x-robots-tag");

/// The port behind the public paths. Whatever it is given as a token may be anything.
pub trait Tracking: Send + Sync {
    /// A picture was asked for.
    fn opened<'a>(&'a self, token: &'a str, visitor: Visitor) -> Answer<'a, ()>;

    /// A link was followed: where it leads, if it is one.
    fn clicked<'a>(&'a self, token: &'a str, visitor: Visitor) -> Answer<'a, Option<String>>;

    /// Whom a token can unsubscribe.
    fn subscriber<'a>(&'a self, token: &'a str) -> Answer<'a, Option<String>>;

    /// Somebody wants no more. False when the token is not one, or nothing could be written.
    fn unsubscribe<'a>(&'a self, token: &'a str, source: UnsubscribeSource) -> Answer<'a, bool>;
}

/// Who asks.
#[derive(Clone, Debug)]
pub struct Visitor {
    /// Where from.
    pub address: IpAddr,
    /// What it calls itself.
    pub user_agent: Option<String>,
    /// It asks for more than the head.
    pub reads: bool,
}

/// The public paths over `tracking`.
pub(crate) fn routes(tracking: Arc<dyn Tracking>) -> Router {
    let (operations, _) = operations().split_for_parts();
    operations
        .layer(DefaultBodyLimit::max(FORM_BYTES_MAX))
        .with_state(tracking)
}

/// The operations, as the document has them.
pub(crate) fn operations() -> OpenApiRouter<Arc<dyn Tracking>> {
    OpenApiRouter::new()
        .routes(routes!(open))
        .routes(routes!(click))
        .routes(routes!(ask, unsubscribe))
}

/// What a mail client posts (RFC 8058 §3.1). A form without the field unsubscribes, too: a person sent it.
#[allow(dead_code, reason = "the form is described here and read as octets")]
#[derive(ToSchema)]
struct UnsubscribeForm {
    /// `One-Click`
    #[schema(rename = "List-Unsubscribe")]
    list_unsubscribe: Option<String>,
}

impl Visitor {
    fn of(request: &Request) -> Self {
        let address = request.extensions().get::<ClientAddress>();
        Self {
            address: address.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |ClientAddress(address)| {
                *address
            }),
            user_agent: user_agent(request.headers()),
            reads: request.method() == Method::GET,
        }
    }
}

fn user_agent(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::USER_AGENT)?;
    Some(String::from_utf8_lossy(value.as_bytes()).into_owned())
}

/// Show the picture of an opened message
///
/// It comes whatever the token is: a broken picture helps nobody.
#[utoipa::path(
    get, path = "/track/o/{token}", tag = "Readers", operation_id = "show_picture",
    params(("token" = String, Path, description = "As it stands in the message")),
    responses((status = 200, description = "One transparent pixel", content_type = "image/gif")),
    security(()),
)]
async fn open(
    State(tracking): State<Arc<dyn Tracking>>,
    Path(token): Path<String>,
    request: Request,
) -> Response {
    let visitor = Visitor::of(&request);
    if visitor.reads {
        tracking.opened(&token, visitor).await;
    }
    let headers = [
        (header::CONTENT_TYPE, "image/gif"),
        (header::CACHE_CONTROL, NOTHING_KEPT),
        (header::PRAGMA, "no-cache"),
        (header::EXPIRES, "0"),
    ];
    (headers, PIXEL.as_slice()).into_response()
}

/// Follow a link
///
/// It leads where the link in the message led; nothing in the request can lead elsewhere.
#[utoipa::path(
    get, path = "/track/c/{token}", tag = "Readers", operation_id = "follow_link",
    params(("token" = String, Path, description = "As it stands in the message")),
    responses(
        (status = 302, description = "Where it leads", headers(("Location" = String, description = "The link as it was"))),
        (status = 404, description = "No link of ours, as a page", body = String, content_type = "text/html"),
    ),
    security(()),
)]
async fn click(
    State(tracking): State<Arc<dyn Tracking>>,
    Path(token): Path<String>,
    request: Request,
) -> Response {
    let url = tracking.clicked(&token, Visitor::of(&request)).await;
    let Some(target) = url.and_then(|url| HeaderValue::from_str(&location(&url)).ok()) else {
        return page(StatusCode::NOT_FOUND, "This link leads nowhere", NOWHERE);
    };
    let headers = [
        (header::LOCATION, target),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (ROBOTS, HeaderValue::from_static("noindex")),
    ];
    (StatusCode::FOUND, headers).into_response()
}

/// Ask whether to unsubscribe
///
/// A page with a button. To look changes nothing (RFC 8058 §3.2).
#[utoipa::path(
    get, path = "/track/u/{token}", tag = "Readers", operation_id = "ask_to_unsubscribe",
    params(("token" = String, Path, description = "As it stands in the message")),
    responses(
        (status = 200, description = "The page", body = String, content_type = "text/html"),
        (status = 404, description = "No link of ours, as a page", body = String, content_type = "text/html"),
    ),
    security(()),
)]
async fn ask(State(tracking): State<Arc<dyn Tracking>>, Path(token): Path<String>) -> Response {
    match tracking.subscriber(&token).await {
        Some(address) => {
            let body = format!(
                "<p>Stop e-mails like this one to <b>{}</b>?</p>\n\
                 <form method=\"post\"><input type=\"hidden\" name=\"confirm\" value=\"yes\">\
                 <button type=\"submit\">Unsubscribe</button></form>",
                escaped(&address)
            );
            page(StatusCode::OK, "Unsubscribe", &body)
        }
        None => page(StatusCode::NOT_FOUND, "This link leads nowhere", NOWHERE),
    }
}

/// Unsubscribe
///
/// By the button of the page, or in one click by a mail client: the one field comes as a form of either kind, and the answer
/// is no redirect (RFC 8058 §3.1). Whoever has unsubscribed already hears the same.
#[utoipa::path(
    post, path = "/track/u/{token}", tag = "Readers", operation_id = "unsubscribe",
    params(("token" = String, Path, description = "As it stands in the message")),
    request_body(content(
        (UnsubscribeForm = "application/x-www-form-urlencoded"),
        (UnsubscribeForm = "multipart/form-data"),
    )),
    responses(
        (status = 200, description = "Done, as a page", body = String, content_type = "text/html"),
        (status = 404, description = "No link of ours, as a page", body = String, content_type = "text/html"),
        (status = 408, description = "The form took too long", body = Error),
        (status = 413, description = "The form is too large", body = Error),
        (status = 503, description = "It could not be written down; try again, as a page", body = String, content_type = "text/html"),
    ),
    security(()),
)]
async fn unsubscribe(
    State(tracking): State<Arc<dyn Tracking>>,
    Path(token): Path<String>,
    body: Bytes,
) -> Response {
    let source = match is_one_click(&body) {
        true => UnsubscribeSource::OneClick,
        false => UnsubscribeSource::Link,
    };
    if tracking.subscriber(&token).await.is_none() {
        return page(StatusCode::NOT_FOUND, "This link leads nowhere", NOWHERE);
    }
    if tracking.unsubscribe(&token, source).await {
        page(
            StatusCode::OK,
            "Unsubscribed",
            "<p>You will get no more of these e-mails.</p>",
        )
    } else {
        let words = "<p>That did not work. Please try again in a minute.</p>";
        page(StatusCode::SERVICE_UNAVAILABLE, "Please try again", words)
    }
}

const NOWHERE: &str = "<p>It may have been cut off on its way to you.</p>";

/// In a multipart the name and the value stand apart, in a form they are joined.
fn is_one_click(body: &[u8]) -> bool {
    let has = |text: &[u8]| body.windows(text.len()).any(|at| at == text);
    has(b"List-Unsubscribe=One-Click") || (has(b"name=\"List-Unsubscribe\"") && has(b"One-Click"))
}

fn page(status: StatusCode, title: &str, body: &str) -> Response {
    let html = format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title>\
         <meta name=\"viewport\" content=\"width=device-width\">\
         <style>body{{font:16px/1.5 sans-serif;max-width:32em;margin:4em auto;padding:0 1em}}</style></head>\n\
         <body><h1>{title}</h1>\n{body}\n</body></html>\n"
    );
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'",
        ),
        (REFERRER_POLICY, "no-referrer"),
        (ROBOTS, "noindex"),
    ];
    (status, headers, html).into_response()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_click_comes_as_either_kind_of_form() {
        for (body, expected) in [
            ("List-Unsubscribe=One-Click", true),
            (
                "--x\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--x--\r\n",
                true,
            ),
            ("confirm=yes", false),
            ("", false),
            (
                "--x\r\nContent-Disposition: form-data; name=\"other\"\r\n\r\nOne-Click\r\n--x--\r\n",
                false,
            ),
        ] {
            assert_eq!(is_one_click(body.as_bytes()), expected, "{body}");
        }
    }

    #[test]
    fn an_address_is_text_on_the_page() {
        assert_eq!(escaped("\"<b>&\"@a.example"), "\"&lt;b&gt;&amp;\"@a.example");
    }
}
