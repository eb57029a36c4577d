//! One incident.

use askama::Template;
use axum::extract::State;
use serde_json::Value;

use crate::app::App;
use crate::platform::access::{StaffScope, TenantScope};
use crate::platform::error::Error;
use crate::platform::events;
use crate::platform::ids::IncidentId;
use crate::platform::web::{Ctx, Page, Path, ago};

use super::super::model::IncidentState;
use super::super::store;
use super::list::Row;
use super::{Side, lasted, words};

/// So many parts of a larger incident are shown.
const SHOWN: i64 = 50;

/// A time in which it failed.
struct Time {
    iso: String,
    when: String,
    took: String,
    is_over: bool,
}

/// What changes while one looks.
#[derive(Template)]
#[template(path = "incidents/panel.html")]
pub(super) struct Panel {
    tone: &'static str,
    word: &'static str,
    how: &'static str,
    began: String,
    began_ago: String,
    took: String,
    times: Vec<Time>,
    facts: Vec<(String, String)>,
    server: Option<(String, String)>,
    tenant: Option<(String, String)>,
    place: String,
    part_of: Option<String>,
    maintenance: Option<String>,
    closed: Option<(String, String)>,
    parts: Vec<Row>,
    /// How many parts there are, and where all of them are listed.
    count: i64,
    all: String,
    is_staff: bool,
}

/// Its template escapes what it prints.
impl askama::filters::HtmlSafe for Panel {}

/// What is known, in the order of its names: `exit code`, `3`.
fn facts(detail: &Value) -> Vec<(String, String)> {
    let known = detail.as_object().into_iter().flatten();
    let shown = known.filter_map(|(name, value)| {
        let text = match value {
            Value::Null | Value::Array(_) | Value::Object(_) => return None,
            Value::String(text) => text.clone(),
            Value::Bool(true) => "yes".to_owned(),
            Value::Bool(false) => "no".to_owned(),
            Value::Number(number) => number.to_string(),
        };
        Some((name.replace('_', " "), text))
    });
    shown.collect()
}

impl Panel {
    pub(super) const ID: &str = "incident-panel";

    fn has_more(&self) -> bool {
        self.count > SHOWN
    }

    pub(super) async fn load(app: &App, side: &Side, id: IncidentId) -> Result<(Self, String, bool), Error> {
        let (mut tx, now) = (side.begin().await?, app.now());
        let kept = store::find(&mut tx, id).await?;
        let spans = store::spans(&mut tx, id).await?;
        let parts = store::children(&mut tx, id, SHOWN).await?;
        let count = store::count_children(&mut tx, id).await?;
        let is_staff = matches!(side, Side::Staff(_));
        let (tone, word) = words(&kept);
        let one = &kept.incident;
        let times = spans.iter().rev().map(|(began, ended)| Time {
            iso: began.to_rfc3339(),
            when: ago(*began, now),
            took: lasted(*began, ended.unwrap_or(now)),
            is_over: ended.is_some(),
        });
        let server = one.server.zip(kept.server_name.clone());
        let tenant = one.tenant.filter(|_| is_staff).zip(kept.tenant_name.clone());
        let is_open = one.state == IncidentState::Open;
        let panel = Self {
            tone,
            word,
            how: one.signature.label(),
            began: one.began_at.to_rfc3339(),
            began_ago: ago(one.began_at, now),
            took: lasted(one.began_at, one.ended_at.unwrap_or(now)),
            times: times.collect(),
            facts: facts(&one.detail),
            server: server.map(|(id, name)| (side.server(&id.to_string()), name)),
            tenant: tenant.map(|(id, name)| (format!("/staff/tenants/{id}"), name)),
            place: kept.location_name.clone().unwrap_or_default(),
            // What is the provider's no customer can open.
            part_of: one
                .parent
                .filter(|_| is_staff)
                .map(|id| format!("{}/{id}", side.base())),
            maintenance: one.maintenance.map(|id| id.to_string()),
            closed: kept.closed_by.clone().zip(kept.close_reason.clone()),
            parts: parts.into_iter().map(|part| Row::new(part, side, now)).collect(),
            count,
            all: format!("{}?part_of={id}", side.base()),
            is_staff,
        };
        Ok((panel, kept.incident.summary, is_open))
    }
}

#[derive(Template)]
#[template(path = "incidents/show.html")]
pub(super) struct Show {
    ctx: Ctx,
    summary: String,
    panel: Panel,
    live: String,
    close: Option<String>,
}

async fn page(app: &App, side: Side, ctx: Ctx, id: IncidentId) -> Result<Page<Show>, Error> {
    let newest = events::newest(&mut side.begin().await?).await?;
    let (panel, summary, is_open) = Panel::load(app, &side, id).await?;
    let base = side.base();
    Ok(Page(Show {
        ctx: ctx.with_crumbs([("Incidents", base.clone())]),
        summary,
        panel,
        live: format!("{base}/{id}/live?after={newest}"),
        close: (is_open && side.may_close()).then(|| format!("{base}/{id}/close")),
    }))
}

/// A tenant's own.
pub(super) async fn own(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
    Path((_, id)): Path<(String, IncidentId)>,
) -> Result<Page<Show>, Error> {
    page(&app, Side::Own(scope), ctx, id).await
}

/// Any.
pub(super) async fn any(
    State(app): State<App>,
    scope: StaffScope,
    ctx: Ctx,
    Path(id): Path<IncidentId>,
) -> Result<Page<Show>, Error> {
    page(&app, Side::Staff(scope), ctx, id).await
}
