//! The log's pages and downloads, for members and for staff.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::platform::access::{StaffScope, TenantScope};
use crate::platform::error::{Error, FieldErrors};
use crate::platform::web::{Ctx, Cursor, ListQuery, Listing, Page, Query, first_href};

use super::export::export;
use super::model::{Event, Filter, FilterText, Line, diff, words};
use super::reader::{Key, Reader, key};

/// What the log is asked for.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
pub(super) struct LogQuery {
    #[serde(default, skip_serializing_if = "String::is_empty")]
    action: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    actor: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    target: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    tenant: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    from: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    to: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    after: Option<String>,
}

impl LogQuery {
    fn filter(&self) -> Result<Filter, FieldErrors> {
        Filter::parse(FilterText {
            action: &self.action,
            actor: &self.actor,
            target: &self.target,
            tenant: &self.tenant,
            from: &self.from,
            to: &self.to,
        })
    }

    fn is_filtered(&self) -> bool {
        [
            &self.action,
            &self.actor,
            &self.target,
            &self.tenant,
            &self.from,
            &self.to,
        ]
        .iter()
        .any(|text| !text.is_empty())
    }
}

struct Row {
    id: String,
    iso: String,
    time: String,
    words: String,
    event: Event,
    target_id: Option<String>,
    lines: Vec<Line>,
}

impl From<Event> for Row {
    fn from(event: Event) -> Self {
        Self {
            id: event.id.to_string(),
            iso: event.at.to_rfc3339(),
            time: event.at.format("%Y-%m-%d %H:%M:%S").to_string(),
            words: words(&event.action, &event.target),
            target_id: event.target_public_id(),
            lines: diff(event.before.as_ref(), event.after.as_ref()),
            event,
        }
    }
}

#[derive(Template)]
#[template(path = "audit/log.html")]
struct Log {
    ctx: Ctx,
    path: String,
    is_staff: bool,
    query: LogQuery,
    errors: FieldErrors,
    rows: Vec<Row>,
    first: String,
    next: String,
    csv: String,
}

impl Log {
    fn error(&self, field: &str) -> &str {
        self.errors.get(field).unwrap_or_default()
    }
}

async fn show(reader: &Reader, ctx: Ctx, path: String, query: LogQuery) -> Result<Response, Error> {
    let is_staff = matches!(reader, Reader::Staff(_));
    let (filter, errors) = match query.filter() {
        Ok(filter) => (Some(filter), FieldErrors::default()),
        Err(errors) => (None, errors),
    };
    let list = ListQuery {
        after: query.after.clone(),
        ..ListQuery::default()
    };
    let after: Option<Key> = Cursor::decode(list.after.as_deref())?;
    let events = match &filter {
        Some(filter) => reader.page(filter, after, list.fetch()?).await?,
        None => Vec::new(),
    };
    let listing = Listing::new(events, &list, key)?;
    let page = Log {
        next: listing.next_href(&query).unwrap_or_default(),
        first: after.map(|_| first_href(&query)).unwrap_or_default(),
        csv: format!("{path}.csv{}", first_href(&query)),
        rows: listing.items.into_iter().map(Row::from).collect(),
        ctx,
        path,
        is_staff,
        query,
        errors,
    };
    Ok(if filter.is_some() {
        Page(page).into_response()
    } else {
        Page(page).status(422)
    })
}

fn tenant_path(scope: &TenantScope) -> String {
    format!("/t/{}/audit", scope.member.slug)
}

pub(super) async fn tenant_log(
    scope: TenantScope,
    ctx: Ctx,
    Query(query): Query<LogQuery>,
) -> Result<Response, Error> {
    let path = tenant_path(&scope);
    show(&Reader::Tenant(scope), ctx, path, query).await
}

pub(super) async fn staff_log(
    scope: StaffScope,
    ctx: Ctx,
    Query(query): Query<LogQuery>,
) -> Result<Response, Error> {
    show(&Reader::Staff(scope), ctx, "/staff/audit".to_owned(), query).await
}

pub(super) async fn tenant_csv(
    State(app): State<App>,
    scope: TenantScope,
    Query(query): Query<LogQuery>,
) -> Result<Response, Error> {
    let name = format!("audit-{}-{}.csv", scope.member.slug, app.now().format("%Y-%m-%d"));
    export(Reader::Tenant(scope), query.filter()?, &name).await
}

pub(super) async fn staff_csv(
    State(app): State<App>,
    scope: StaffScope,
    Query(query): Query<LogQuery>,
) -> Result<Response, Error> {
    let name = format!("audit-{}.csv", app.now().format("%Y-%m-%d"));
    export(Reader::Staff(scope), query.filter()?, &name).await
}
