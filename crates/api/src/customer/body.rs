//! A request's body, held to the schema that the OpenAPI document shows: every fault at once, each with its place.

use std::any::TypeId;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{StatusCode, header};
use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::{ValidationError, Validator};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::router::openapi;
use crate::limits::FAULTS_MAX;
use crate::problem::{Fault, Problem};

/// A body that is JSON.
pub(super) struct Json(pub(super) Value);

impl<S: Send + Sync> FromRequest<S> for Json {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        read(request, state).await.map(Self)
    }
}

/// A body that fits the schema of `T`.
pub(crate) struct Checked<T>(pub(crate) T);

impl<S: Send + Sync, T: ToSchema + DeserializeOwned + 'static> FromRequest<S> for Checked<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        checked(read(request, state).await?).map(Self)
    }
}

/// A body that may be left out: an empty one is none, and neither is null.
pub(super) struct Optional<T>(pub(super) T);

impl<S: Send + Sync, T: ToSchema + DeserializeOwned + Default + 'static> FromRequest<S> for Optional<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let is_json = is_json(&request);
        let octets = octets(request, state).await?;
        if octets.is_empty() {
            return Ok(Self(T::default()));
        }
        if !is_json {
            return Err(not_json());
        }
        match parse(&octets)? {
            Value::Null => Ok(Self(T::default())),
            json => checked(json).map(Self),
        }
    }
}

async fn read<S: Send + Sync>(request: Request, state: &S) -> Result<Value, Problem> {
    match is_json(&request) {
        true => parse(&octets(request, state).await?),
        false => Err(not_json()),
    }
}

/// A body that is CSV.
pub(super) struct Csv(pub(super) Bytes);

impl<S: Send + Sync> FromRequest<S> for Csv {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        if !essence(&request).eq_ignore_ascii_case("text/csv") {
            let message = "send the list as Content-Type: text/csv";
            return Err(Problem::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "not_csv",
                message,
            ));
        }
        octets(request, state).await.map(Self)
    }
}

/// The media type of the body, without parameters.
fn essence(request: &Request) -> &str {
    let media_type = request.headers().get(header::CONTENT_TYPE);
    let media_type = media_type
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    media_type.split(';').next().unwrap_or_default().trim()
}

fn is_json(request: &Request) -> bool {
    let essence = essence(request);
    essence.eq_ignore_ascii_case("application/json")
        || (essence.len() > 5
            && essence
                .get(essence.len() - 5..)
                .is_some_and(|end| end.eq_ignore_ascii_case("+json")))
}

fn not_json() -> Problem {
    let message = "send the request as Content-Type: application/json";
    Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "not_json", message)
}

async fn octets<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, Problem> {
    let octets = Bytes::from_request(request, state).await;
    octets.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => too_large(),
        _ => Problem::new(
            StatusCode::BAD_REQUEST,
            "bad_request",
            "the body cannot be read to its end",
        ),
    })
}

fn parse(octets: &[u8]) -> Result<Value, Problem> {
    serde_json::from_slice(octets).map_err(|error| {
        let message = format!("the body is not JSON: {error}");
        Problem::new(StatusCode::BAD_REQUEST, "invalid_json", message)
    })
}

fn too_large() -> Problem {
    let message =
        "the request is larger than this server takes; send large files as links, or fewer e-mails at once";
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", message)
}

fn checked<T: ToSchema + DeserializeOwned + 'static>(json: Value) -> Result<T, Problem> {
    let faults = faults::<T>(&json);
    match faults.is_empty() {
        true => taken(json),
        false => Err(Problem::validation(faults)),
    }
}

/// What of `json` does not fit the schema of `T`; bounded.
pub(super) fn faults<T: ToSchema + 'static>(json: &Value) -> Vec<Fault> {
    validator::<T>()
        .iter_errors(json)
        .flat_map(|error| faults_of(&error))
        .take(FAULTS_MAX)
        .collect()
}

/// Reads a `T` out of what fits its schema.
///
/// # Errors
/// The schema is wider than the type; the client hears what the type says.
pub(super) fn taken<T: DeserializeOwned>(json: Value) -> Result<T, Problem> {
    serde_json::from_value(json).map_err(|error| Problem::fault("", "invalid", error.to_string()))
}

/// Adds to the faults of `json` those that only `judge` sees, which is shown the fields that do fit, so that a client
/// hears of everything at once. `stand_ins` takes the place of the fields that a `T` needs and `json` does not have right.
pub(super) fn all_faults<T: DeserializeOwned>(
    mut faults: Vec<Fault>,
    json: &Value,
    stand_ins: Value,
    judge: impl FnOnce(T) -> Option<Problem>,
) -> Problem {
    let (Some(given), Value::Object(stand_ins)) = (json.as_object(), stand_ins) else {
        return Problem::validation(faults);
    };
    let told: HashSet<String> = faults
        .iter()
        .map(|fault| first_name(&fault.field).to_owned())
        .collect();
    let sound = given.iter().filter(|(name, _)| !told.contains(*name));
    let mut rest: Map<String, Value> = sound.map(|(name, value)| (name.clone(), value.clone())).collect();
    rest.extend(stand_ins.into_iter().filter(|(name, _)| told.contains(name)));
    let judged = serde_json::from_value(Value::Object(rest)).ok().and_then(judge);
    let more = judged.map(|problem| problem.faults).unwrap_or_default();
    faults.extend(
        more.into_iter()
            .filter(|fault| !told.contains(first_name(&fault.field))),
    );
    faults.truncate(FAULTS_MAX);
    Problem::validation(faults)
}

/// The name of the field that a pointer leads into, as the request has it.
fn first_name(pointer: &str) -> &str {
    pointer.split('/').nth(1).unwrap_or_default()
}

/// The validator of a type, made of the document once.
fn validator<T: ToSchema + 'static>() -> Arc<Validator> {
    static KNOWN: OnceLock<RwLock<HashMap<TypeId, Arc<Validator>>>> = OnceLock::new();
    let known = KNOWN.get_or_init(RwLock::default);
    if let Some(validator) = known
        .read()
        .unwrap_or_else(PoisonError::into_inner)
        .get(&TypeId::of::<T>())
    {
        return Arc::clone(validator);
    }
    static COMPONENTS: OnceLock<Value> = OnceLock::new();
    let components = COMPONENTS.get_or_init(|| json!(openapi().components));
    let schema = json!({ "$ref": format!("#/components/schemas/{}", T::name()), "components": components });
    let validator = match jsonschema::draft202012::new(&schema) {
        Ok(validator) => Arc::new(validator),
        Err(error) => unreachable!("the document describes {}: {error}", T::name()),
    };
    let mut known = known.write().unwrap_or_else(PoisonError::into_inner);
    Arc::clone(known.entry(TypeId::of::<T>()).or_insert(validator))
}

fn faults_of(error: &ValidationError<'_>) -> Vec<Fault> {
    let at = error.instance_path().to_string();
    let one = |code: &'static str, message: String| vec![Fault::new(at.clone(), code, message)];
    match error.kind() {
        ValidationErrorKind::Required { property } => {
            let name = property.as_str().unwrap_or_default();
            vec![Fault::new(
                format!("{at}/{}", escaped(name)),
                "required",
                format!("{name} is missing"),
            )]
        }
        ValidationErrorKind::AdditionalProperties { unexpected } => unexpected
            .iter()
            .map(|name| {
                let name: String = name.chars().take(100).collect();
                let message = format!("{name:?} is not a field of this request; is it misspelt?");
                Fault::new(format!("{at}/{}", escaped(&name)), "unknown_field", message)
            })
            .collect(),
        ValidationErrorKind::Type { kind } => one("wrong_type", format!("expected {}", types(kind))),
        ValidationErrorKind::Enum { options } => one("not_an_option", format!("expected one of {options}")),
        ValidationErrorKind::MaxLength { limit } => {
            one("too_long", format!("has more than {limit} characters"))
        }
        ValidationErrorKind::MinLength { limit } => {
            one("too_short", format!("has fewer than {limit} characters"))
        }
        ValidationErrorKind::MaxItems { limit } => one("too_many", format!("has more than {limit} entries")),
        ValidationErrorKind::MinItems { limit } => one("too_few", format!("has fewer than {limit} entries")),
        ValidationErrorKind::MaxProperties { limit } => {
            one("too_many", format!("has more than {limit} entries"))
        }
        ValidationErrorKind::Maximum { limit } => one("too_large", format!("is more than {limit}")),
        ValidationErrorKind::Minimum { limit } => one("too_small", format!("is less than {limit}")),
        ValidationErrorKind::Pattern { pattern } => {
            one("bad_form", format!("does not have the form {pattern}"))
        }
        ValidationErrorKind::OneOfNotValid { .. } | ValidationErrorKind::AnyOf { .. } => one(
            "wrong_type",
            "has none of the forms that the reference shows".to_owned(),
        ),
        kind => one("invalid", format!("does not fit: {}", kind.keyword())),
    }
}

fn types(kind: &TypeKind) -> String {
    let named: Vec<String> = match kind {
        TypeKind::Single(kind) => vec![kind.to_string()],
        TypeKind::Multiple(kinds) => kinds.iter().map(|kind| kind.to_string()).collect(),
    };
    named.join(" or ")
}

/// A name as a part of a JSON pointer (RFC 6901 §3).
pub(super) fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}
