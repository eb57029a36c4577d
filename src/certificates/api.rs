//! Certificates for programs.

use axum::response::Response;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::platform::access::StaffScope;
use crate::platform::db::StaffTx;
use crate::platform::error::Error;
use crate::platform::ids::{CertificateId, TenantId};
use crate::platform::web::{Cursor, Json, ListOut, ListQuery, Listing, Path, Query};

use super::actions::signed;
use super::model::Signed;
use super::store::{self, Listed};

/// Which certificates.
#[derive(Debug, Default, Deserialize, Serialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct CertificateQuery {
    /// Only the one of this tenant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tenant: Option<TenantId>,
    /// The cursor of the answer before: `next`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    after: Option<String>,
    /// How many, at most 200; 50 if not given.
    #[param(minimum = 1, maximum = 200)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    limit: Option<u16>,
}

/// The page that is asked for.
pub(super) async fn listed(tx: &mut StaffTx, query: &CertificateQuery) -> Result<Listing<Listed>, Error> {
    let list = ListQuery {
        after: query.after.clone(),
        limit: query.limit,
        ..ListQuery::default()
    };
    let before = Cursor::decode(list.after.as_deref())?;
    let rows = store::list(tx, query.tenant, before, list.fetch()?).await?;
    Listing::new(rows, &list, |one| (one.purged_at, one.id.0))
}

/// A certificate of deletion in a list.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CertificateOut {
    /// Its id.
    id: CertificateId,
    /// The tenant that was erased.
    tenant_id: TenantId,
    /// When.
    purged_at: DateTime<Utc>,
    /// Servers that were erased.
    servers: i64,
    /// What their volumes held.
    bytes: i64,
}

/// List certificates of deletion
///
/// One for each tenant that was erased, the newest first.
#[utoipa::path(get, path = "/api/v1/staff/certificates", tag = "staff tenants", params(CertificateQuery),
    responses((status = 200, description = "A page of the certificates", body = ListOut<CertificateOut>)))]
pub(super) async fn list(
    scope: StaffScope,
    Query(query): Query<CertificateQuery>,
) -> Result<Response, Error> {
    let listing = listed(&mut scope.begin().await?, &query).await?;
    let out = listing.map(|one| CertificateOut {
        id: one.id,
        tenant_id: one.tenant,
        purged_at: one.purged_at,
        servers: one.servers,
        bytes: one.bytes,
    });
    Ok(out.json(&query))
}

/// Show a certificate of deletion
///
/// As it was signed: pass it on as it is. `berth certificate verify` checks it, and so does any program that knows Ed25519.
#[utoipa::path(get, path = "/api/v1/staff/certificates/{certificate}", tag = "staff tenants",
    params(("certificate" = CertificateId, Path)),
    responses((status = 200, description = "The certificate", body = Signed)))]
pub(super) async fn show(scope: StaffScope, Path(id): Path<CertificateId>) -> Result<Json<Signed>, Error> {
    let kept = store::find(&mut scope.begin().await?, id).await?;
    signed(kept).map(Json)
}
