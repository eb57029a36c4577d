//! Certificates for the provider's people: all of them, and one to print or to pass on.

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use chrono::{DateTime, Utc};

use crate::app::App;
use crate::platform::access::StaffScope;
use crate::platform::error::Error;
use crate::platform::ids::CertificateId;
use crate::platform::web::page::attachment;
use crate::platform::web::{Ctx, Page, Path, Query, ago};
use crate::usage::bytes;

use super::actions::signed;
use super::api::{CertificateQuery, listed};
use super::model::Signed;
use super::store;

const BASE: &str = "/staff/certificates";

/// A certificate in the list.
struct Row {
    id: String,
    tenant: String,
    iso: String,
    when: String,
    servers: i64,
    held: String,
}

#[derive(Template)]
#[template(path = "certificates/list.html")]
pub(super) struct List {
    ctx: Ctx,
    rows: Vec<Row>,
    next: String,
}

/// All of them.
pub(super) async fn list(
    State(app): State<App>,
    scope: StaffScope,
    ctx: Ctx,
    Query(query): Query<CertificateQuery>,
) -> Result<Page<List>, Error> {
    let listing = listed(&mut scope.begin().await?, &query).await?;
    let now = app.now();
    let next = listing.next_href(&query).unwrap_or_default();
    let rows = listing.items.into_iter().map(|one| Row {
        id: one.id.to_string(),
        tenant: one.tenant.to_string(),
        iso: one.purged_at.to_rfc3339(),
        when: ago(one.purged_at, now),
        servers: one.servers,
        held: bytes(one.bytes),
    });
    Ok(Page(List {
        ctx,
        rows: rows.collect(),
        next,
    }))
}

#[derive(Template)]
#[template(path = "certificates/show.html")]
pub(super) struct Show {
    ctx: Ctx,
    signed: Signed,
}

impl Show {
    fn time(&self, at: &DateTime<Utc>) -> String {
        at.format("%-d %B %Y, %H:%M:%S UTC").to_string()
    }

    fn figures(&self) -> Vec<(&'static str, String)> {
        let erased = &self.signed.document.erased;
        vec![
            ("Servers", erased.servers.to_string()),
            (
                "Volumes",
                format!("{}, holding {}", erased.volumes, bytes(erased.bytes)),
            ),
            ("Snapshots", erased.snapshots.to_string()),
            (
                "Backups",
                format!("{}, holding {}", erased.backups, bytes(erased.backup_bytes)),
            ),
            (
                "Mailboxes",
                format!("{}, holding {}", erased.mailboxes, bytes(erased.mail_bytes)),
            ),
            ("Keys of backups destroyed", erased.backup_keys.to_string()),
            ("Memberships", erased.memberships.to_string()),
            ("Accounts", erased.people.to_string()),
            ("API tokens", erased.tokens.to_string()),
            ("Open invitations", erased.invitations.to_string()),
        ]
    }

    fn closed_by(&self) -> &str {
        let by = self.signed.document.closed_by.as_deref();
        by.unwrap_or("not written down")
    }

    fn file(&self) -> String {
        format!("{BASE}/{}/file", self.signed.document.certificate)
    }
}

/// One of them.
pub(super) async fn show(
    scope: StaffScope,
    ctx: Ctx,
    Path(id): Path<CertificateId>,
) -> Result<Page<Show>, Error> {
    let kept = store::find(&mut scope.begin().await?, id).await?;
    Ok(Page(Show {
        ctx: ctx.with_crumbs([("Certificates", BASE)]),
        signed: signed(kept)?,
    }))
}

/// One of them as a file, to be passed on and checked.
pub(super) async fn file(scope: StaffScope, Path(id): Path<CertificateId>) -> Result<Response, Error> {
    let kept = store::find(&mut scope.begin().await?, id).await?;
    let mut text = serde_json::to_vec_pretty(&signed(kept)?).map_err(Error::internal)?;
    text.push(b'\n');
    let headers = [(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))];
    let name = attachment(&format!("deletion-{id}.json"));
    Ok((headers, [name], text).into_response())
}
