//! Which operation is at which path, and the document that says so.

use std::sync::{Arc, OnceLock};

use axum::extract::DefaultBodyLimit;
use axum::{Router, middleware};
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::{Components, OpenApi, ServerBuilder};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::gate::{self, Gate};
use super::idempotency::InFlight;
use super::{
    batch, bulk, content_score, credentials, domains, emails, events, health, profile, reference, send,
    statistics, suppressions, unsubscribes, webhooks, wire,
};
use crate::edge;
use crate::hooks::{self, Hooks};
use crate::platform::Platform;
use crate::track::{self, Tracking};

/// What the handlers share.
pub(super) struct Service {
    pub(super) platform: Arc<dyn Platform>,
    pub(super) in_flight: InFlight,
}

/// The customers' HTTP over `platform`, and the public paths over `tracking` and `hooks`.
pub fn router(platform: Arc<dyn Platform>, tracking: Arc<dyn Tracking>, hooks: Arc<dyn Hooks>) -> Router {
    let body_max = usize::try_from(platform.settings().body_max).unwrap_or(usize::MAX);
    let document = document(platform.settings().public_url.as_deref());
    let gate = Arc::new(Gate::new(Arc::clone(&platform)));
    let service = Arc::new(Service {
        platform,
        in_flight: InFlight::default(),
    });
    let (operations, _) = operations().split_for_parts();
    let operations = operations
        .fallback(edge::unknown_path)
        .method_not_allowed_fallback(edge::method_not_allowed)
        .layer(middleware::from_fn_with_state(gate, gate::pass))
        .with_state(service);
    let operations = edge::under_both_bases(operations);
    Router::new()
        .merge(reference::routes(document))
        .merge(track::routes(tracking))
        .merge(hooks::routes(hooks))
        .fallback_service(operations)
        .method_not_allowed_fallback(edge::method_not_allowed)
        .layer(DefaultBodyLimit::max(body_max))
        .layer(middleware::from_fn(edge::identify))
}

fn operations() -> OpenApiRouter<Arc<Service>> {
    OpenApiRouter::new()
        .routes(routes!(send::send))
        .routes(routes!(batch::batch))
        .routes(routes!(bulk::bulk_send))
        .routes(routes!(emails::get_email, emails::cancel_email))
        .routes(routes!(profile::get_profile, profile::update_profile))
        .routes(routes!(profile::rotate_key))
        .routes(routes!(credentials::get_smtp_credentials))
        .routes(routes!(credentials::rotate_smtp_credentials))
        .routes(routes!(domains::list_domains, domains::add_domain))
        .routes(routes!(
            domains::get_domain,
            domains::update_domain,
            domains::delete_domain
        ))
        .routes(routes!(domains::verify_domain))
        .routes(routes!(domains::rotate_dkim))
        .routes(routes!(
            unsubscribes::list_unsubscribes,
            unsubscribes::add_unsubscribe
        ))
        .routes(routes!(unsubscribes::export_unsubscribes))
        .routes(routes!(unsubscribes::import_unsubscribes))
        .routes(routes!(
            unsubscribes::get_unsubscribe,
            unsubscribes::update_unsubscribe,
            unsubscribes::delete_unsubscribe
        ))
        .routes(routes!(
            suppressions::list_suppressions,
            suppressions::add_suppression,
            suppressions::remove_suppressions
        ))
        .routes(routes!(suppressions::export_suppressions))
        .routes(routes!(suppressions::import_suppressions))
        .routes(routes!(
            suppressions::get_suppressions,
            suppressions::delete_suppressions
        ))
        .routes(routes!(webhooks::list_webhooks, webhooks::add_webhook))
        .routes(routes!(
            webhooks::get_webhook,
            webhooks::update_webhook,
            webhooks::delete_webhook
        ))
        .routes(routes!(webhooks::rotate_webhook_secret))
        .routes(routes!(webhooks::list_webhook_attempts))
        .routes(routes!(webhooks::replay_webhook_attempt))
        .routes(routes!(webhooks::replay_webhook))
        .routes(routes!(webhooks::test_webhook))
        .routes(routes!(webhooks::fetch_webhook))
        .routes(routes!(content_score::score_content))
        .routes(routes!(health::get_health_score))
        .routes(routes!(health::refresh_health_score))
        .routes(routes!(statistics::totals))
        .routes(routes!(statistics::series))
        .routes(routes!(events::list_events))
        .routes(routes!(events::list_email_events))
}

/// The document of the operations, without servers.
pub fn openapi() -> &'static OpenApi {
    static DOCUMENT: OnceLock<OpenApi> = OnceLock::new();
    DOCUMENT.get_or_init(|| {
        let mut document = operations().into_openapi();
        document.merge(hooks::operations().into_openapi());
        document.merge(track::operations().into_openapi());
        document.info.title = "Postrider".to_owned();
        document.info.version = "1".to_owned();
        document.info.description = Some(include_str!("../reference/introduction.md").to_owned());
        document.info.contact = None;
        document.info.license = None;
        let components = document.components.get_or_insert_with(Components::new);
        let bearer = Http::builder()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some("`Authorization: Bearer ml_live_…`"))
            .build();
        let header = ApiKey::Header(ApiKeyValue::with_description(
            "X-API-Key",
            "`X-API-Key: ml_live_…`",
        ));
        components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
        components.add_security_scheme("header", SecurityScheme::ApiKey(header));
        let hook = Http::builder()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some("The operator's secret of hooks, where there is one"))
            .build();
        components.add_security_scheme("hook", SecurityScheme::Http(hook));
        // What a batch holds is described by itself, because each of its e-mails is validated by itself.
        let (name, schema) = wire::item_schema();
        components.schemas.entry(name).or_insert(schema);
        let none: [&str; 0] = [];
        document.security = Some(vec![
            SecurityRequirement::new("bearer", none),
            SecurityRequirement::new("header", none),
        ]);
        document
    })
}

fn document(public_url: Option<&str>) -> String {
    let mut document = openapi().clone();
    let url = public_url.unwrap_or("/");
    document.servers = Some(vec![ServerBuilder::new().url(url).build()]);
    document.to_pretty_json().unwrap_or_default()
}
