//! All tenants, the oldest proof first, and when drills are.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};

use crate::app::App;
use crate::platform::access::{Permission, StaffScope};
use crate::platform::error::{Error, FieldErrors};
use crate::platform::web::{
    CHANGED, Ctx, FormData, FormState, ListQuery, Page, PageQuery, Query, SeeOther, ago,
};

use super::super::api::{listed, parsed};
use super::super::model::Setting;
use super::super::{Attention, actions, attention, store};

struct One {
    tenant: String,
    name: String,
    words: String,
    servers: i64,
    alerts: i64,
    is_without: bool,
}

#[derive(Template)]
#[template(path = "drills/staff.html")]
pub(super) struct List {
    ctx: Ctx,
    alerts: Vec<Attention>,
    rows: Vec<One>,
    next: String,
    setting: Setting,
    version: i64,
    state: FormState,
    may_set: bool,
}

impl List {
    fn when(&self) -> String {
        let Setting { is_on, hour, zone } = self.setting;
        if is_on {
            format!("A backup of each tenant is proven every night from {hour}:00 on ({zone}).")
        } else {
            "Nightly drills are off.".to_owned()
        }
    }
}

async fn page(
    app: &App,
    scope: &StaffScope,
    ctx: Ctx,
    query: ListQuery,
    state: Option<FormState>,
) -> Result<Page<List>, Error> {
    let (mut tx, now) = (scope.begin().await?, app.now());
    let listing = listed(&mut tx, &query).await?;
    let next = listing.next_href(&query).unwrap_or_default();
    let kept = store::setting(&mut tx).await?;
    let filled = FormState::default()
        .with("is_on", if kept.setting.is_on { "true" } else { "" })
        .with("hour", kept.setting.hour.to_string())
        .with("zone", kept.setting.zone.name());
    let rows = listing.items.into_iter().map(|row| One {
        tenant: row.tenant.to_string(),
        name: row.name,
        words: row
            .proven_at
            .map_or_else(|| "never".to_owned(), |at| ago(at, now)),
        servers: row.servers,
        alerts: row.alerts,
        is_without: row.is_without,
    });
    Ok(Page(List {
        ctx,
        alerts: attention(&mut tx, None, now).await?,
        rows: rows.collect(),
        next,
        setting: kept.setting,
        version: kept.version,
        state: state.unwrap_or(filled),
        may_set: scope.may(Permission::StaffBackupManage),
    }))
}

/// Shows them.
pub(super) async fn list(
    State(app): State<App>,
    scope: StaffScope,
    ctx: Ctx,
    Query(query): Query<PageQuery>,
) -> Result<Page<List>, Error> {
    page(&app, &scope, ctx, query.into(), None).await
}

/// Says when drills are.
pub(super) async fn save(
    State(app): State<App>,
    scope: StaffScope,
    ctx: Ctx,
    form: FormData,
) -> Result<Response, Error> {
    let hour = form.get("hour").trim().parse().ok();
    let saved = match parsed(form.checked("is_on"), hour, form.get("zone")) {
        Ok(new) => {
            let expected = form.has_seen();
            form.submit(actions::set(&app, &scope, new, expected)).await
        }
        Err(error) => Err(error),
    };
    let (errors, status) = match saved {
        Ok(_) => return Ok(SeeOther::to("/staff/drills").good("Saved.").into_response()),
        Err(Error::Invalid(errors)) => (errors, 422),
        Err(Error::PreconditionFailed) => (FieldErrors::one("", CHANGED), 412),
        Err(error) => return Err(error),
    };
    let state = Some(FormState::new(form, errors));
    let page = page(&app, &scope, ctx, ListQuery::default(), state).await?;
    Ok(page.status(status))
}
