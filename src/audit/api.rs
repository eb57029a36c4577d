//! The log for programs.

use axum::response::Response;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use crate::platform::access::{StaffScope, TenantScope};
use crate::platform::error::Error;
use crate::platform::ids::{AuditId, TenantId, TokenId, UserId};
use crate::platform::web::{Cursor, ListOut, ListQuery, Listing, Query};

use super::model::{Event, Filter, FilterText};
use super::reader::{Key, Reader, key};

/// Who did what to what, from where.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AuditEventOut {
    id: AuditId,
    at: DateTime<Utc>,
    /// The tenant that it concerns; null for the installation.
    tenant_id: Option<TenantId>,
    actor: AuditActorOut,
    /// The verb.
    #[schema(example = "server.create")]
    action: String,
    target: AuditTargetOut,
    /// What it was before, without secrets; null if there was nothing.
    before: Option<Value>,
    /// What it is since, without secrets; null if it says nothing more.
    after: Option<Value>,
    /// Where the request came from; null for the system's own work.
    address: Option<String>,
    /// Which request it was.
    request_id: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
struct AuditActorOut {
    /// `user`, `token` or `system`.
    #[schema(example = "user")]
    kind: String,
    user_id: Option<UserId>,
    token_id: Option<TokenId>,
    /// The person's address then, or the part of the system.
    #[schema(example = "ada@example.com")]
    label: String,
}

#[derive(Debug, Serialize, ToSchema)]
struct AuditTargetOut {
    #[schema(example = "server")]
    kind: String,
    /// Its id in this API; null where the kind has none.
    #[schema(example = "srv_01kb2m4v0xf9ya8e3m1v6gq0ht")]
    id: Option<String>,
    /// What it was called then.
    #[schema(example = "web-1")]
    label: String,
}

impl From<Event> for AuditEventOut {
    fn from(event: Event) -> Self {
        Self {
            id: event.id,
            at: event.at,
            tenant_id: event.tenant,
            target: AuditTargetOut {
                id: event.target_public_id(),
                kind: event.target_kind,
                label: event.target,
            },
            actor: AuditActorOut {
                kind: event.actor_kind,
                user_id: event.actor_user,
                token_id: event.actor_token,
                label: event.actor,
            },
            action: event.action,
            before: event.before,
            after: event.after,
            address: event.ip,
            request_id: event.request_id,
        }
    }
}

/// Which events.
#[derive(Debug, Clone, Default, Deserialize, Serialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct EventParams {
    /// An action such as `server.create`, or the noun that several begin with: `server`.
    #[param(max_length = 200)]
    #[serde(default, skip_serializing_if = "String::is_empty")]
    action: String,
    /// Part of the actor's label.
    #[param(max_length = 200)]
    #[serde(default, skip_serializing_if = "String::is_empty")]
    actor: String,
    /// What was acted on: its id, or part of its name then.
    #[param(max_length = 200)]
    #[serde(default, skip_serializing_if = "String::is_empty")]
    target: String,
    /// Not before this day or moment (RFC 3339).
    #[serde(default, skip_serializing_if = "String::is_empty")]
    from: String,
    /// Not after this day, or before this moment (RFC 3339).
    #[serde(default, skip_serializing_if = "String::is_empty")]
    to: String,
    /// The cursor of the answer before: `next`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    after: Option<String>,
    /// How many, at most 200; 50 if not given.
    #[param(minimum = 1, maximum = 200)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    limit: Option<u16>,
}

/// Which tenant's events, for staff.
#[derive(Debug, Clone, Default, Deserialize, Serialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct TenantParam {
    /// A tenant, by id or by its name in addresses.
    #[param(max_length = 200)]
    #[serde(default, skip_serializing_if = "String::is_empty")]
    tenant: String,
}

async fn list(reader: &Reader, params: EventParams, tenant: TenantParam) -> Result<Response, Error> {
    let filter = Filter::parse(FilterText {
        action: &params.action,
        actor: &params.actor,
        target: &params.target,
        tenant: &tenant.tenant,
        from: &params.from,
        to: &params.to,
    })?;
    let query = ListQuery {
        after: params.after.clone(),
        limit: params.limit,
        ..ListQuery::default()
    };
    let after: Option<Key> = Cursor::decode(query.after.as_deref())?;
    let events = reader.page(&filter, after, query.fetch()?).await?;
    let listing = Listing::new(events, &query, key)?;
    let kept = serde_html_form::to_string(&params).map_err(Error::internal)?;
    let kept: Vec<(String, String)> = serde_html_form::from_str(&kept).map_err(Error::internal)?;
    let more = Some(("tenant".to_owned(), tenant.tenant)).filter(|(_, text)| !text.is_empty());
    let kept: Vec<_> = kept.into_iter().chain(more).collect();
    Ok(listing.map(AuditEventOut::from).json(&kept))
}

/// The tenant's audit events, the newest first.
#[utoipa::path(get, path = "/api/v1/audit-events", tag = "audit", params(EventParams),
    responses((status = 200, description = "Events", body = ListOut<AuditEventOut>)))]
pub(super) async fn tenant_events(
    scope: TenantScope,
    Query(params): Query<EventParams>,
) -> Result<Response, Error> {
    list(&Reader::Tenant(scope), params, TenantParam::default()).await
}

/// All audit events, the newest first.
#[utoipa::path(get, path = "/api/v1/staff/audit-events", tag = "audit", params(EventParams, TenantParam),
    responses((status = 200, description = "Events", body = ListOut<AuditEventOut>)))]
pub(super) async fn all_events(
    scope: StaffScope,
    Query(params): Query<EventParams>,
    Query(tenant): Query<TenantParam>,
) -> Result<Response, Error> {
    list(&Reader::Staff(scope), params, tenant).await
}
