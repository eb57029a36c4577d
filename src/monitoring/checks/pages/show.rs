//! One check: how it is, what was found, and how it was in the last two days.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, TimeDelta, Utc};

use crate::app::App;
use crate::platform::access::{Permission, TenantScope};
use crate::platform::db::TenantTx;
use crate::platform::error::Error;
use crate::platform::events;
use crate::platform::ids::CheckId;
use crate::platform::web::{Ctx, Fragment, LastSeen, Page, Path, ago};
use crate::servers::{self, Head};
use crate::usage::model::floor;

use super::super::model::{Check, Hour};
use super::super::store;
use super::act::{href, list_href};
use super::list::is_about;

/// So many hours are in the strip.
const HOURS: i32 = 48;
/// So many changes are shown.
const TURNS: i64 = 20;

/// An hour of the strip.
#[derive(Debug, PartialEq, Eq)]
struct Cell {
    x: i32,
    y: i32,
    height: i32,
    tone: &'static str,
}

/// The strip: an hour is the higher, the worse it was.
fn strip(hours: &[Hour], now: DateTime<Utc>) -> Vec<Cell> {
    let this = floor(now, TimeDelta::hours(1));
    let cell = |place: i32| {
        let at = this - TimeDelta::hours(i64::from(HOURS - 1 - place));
        let (y, tone) = match hours.iter().find(|hour| hour.at == at) {
            None => (20, "idle"),
            Some(hour) if hour.bad == 0 => (10, "good"),
            Some(hour) if hour.good > hour.bad => (5, "warn"),
            Some(_) => (0, "bad"),
        };
        Cell {
            x: place * 6,
            y,
            height: 24 - y,
            tone,
        }
    };
    (0..HOURS).map(cell).collect()
}

/// What the strip says, in a sentence.
fn summary(hours: &[Hour]) -> String {
    let (good, all) = hours.iter().fold((0_i64, 0_i64), |(good, all), hour| {
        (
            good + i64::from(hour.good),
            all + i64::from(hour.good) + i64::from(hour.bad),
        )
    });
    if all == 0 {
        return "Nobody looked in the last two days.".to_owned();
    }
    // In hundredths of a percent, rounded down: only all is all.
    let share = good * 10_000 / all;
    let took: i64 = hours.iter().map(|hour| hour.took_ms).sum();
    let (whole, part) = (share / 100, share % 100);
    format!(
        "In the last two days {good} of {all} looks ({whole}.{part:02} %) found all well, in {} ms on average.",
        took / all
    )
}

/// A change in the list of changes.
struct TurnRow {
    tone: &'static str,
    word: &'static str,
    at: String,
    at_ago: String,
    message: String,
}

/// What changes while one looks.
#[derive(Template)]
#[template(path = "checks/panel.html")]
struct Panel {
    base: String,
    tone: &'static str,
    word: &'static str,
    since: String,
    since_ago: String,
    message: String,
    last: String,
    last_ago: String,
    took: String,
    what: String,
    rule: String,
    depends: String,
    by: String,
    is_paused: bool,
    cells: Vec<Cell>,
    summary: String,
    turns: Vec<TurnRow>,
    may_write: bool,
}

impl askama::filters::HtmlSafe for Panel {}

impl Panel {
    async fn load(app: &App, scope: &TenantScope, tx: &mut TenantTx, check: &Check) -> Result<Self, Error> {
        let now = app.now();
        let since = now - TimeDelta::hours(i64::from(HOURS));
        let mut hours = store::hours(tx, check.id, since).await?;
        hours.extend(check.hour.filter(|hour| hour.at > since));
        let turns = store::turns(tx, check.id, TURNS).await?.into_iter();
        let rule = check.rule;
        Ok(Self {
            base: href(&scope.member.slug, check.id),
            tone: check.tone(),
            word: check.state_label(),
            since: check.state_at.to_rfc3339(),
            since_ago: ago(check.state_at, now),
            message: check.message.clone(),
            last: check.last_at.map(|at| at.to_rfc3339()).unwrap_or_default(),
            last_ago: check.last_at.map(|at| ago(at, now)).unwrap_or_default(),
            took: check.took_ms.map(|took| format!("{took} ms")).unwrap_or_default(),
            what: format!("{}: {}", check.kind_label(), check.kind.target()),
            rule: format!(
                "every {} s; it fails when {} of the last {} looks did",
                rule.interval_seconds, rule.failures, rule.of_last
            ),
            depends: depends(tx, check).await?,
            by: check.created_by.clone(),
            is_paused: check.is_paused,
            cells: strip(&hours, now),
            summary: summary(&hours),
            turns: turns
                .map(|turn| TurnRow {
                    tone: turn.state.tone(),
                    word: turn.state.label(),
                    at: turn.at.to_rfc3339(),
                    at_ago: ago(turn.at, now),
                    message: turn.message,
                })
                .collect(),
            may_write: scope.may(Permission::CheckWrite),
        })
    }
}

/// What its failure is held for.
async fn depends(tx: &mut TenantTx, check: &Check) -> Result<String, Error> {
    let engine = check
        .dependence
        .engine
        .then(|| "the server's own check".to_owned());
    let other = match check.dependence.check {
        Some(id) => match store::find(tx, id).await {
            Err(Error::NotFound) => None,
            found => found.map(|other| Some(format!("“{}” of {}", other.name, other.server_name)))?,
        },
        None => None,
    };
    let all: Vec<String> = engine.into_iter().chain(other).collect();
    Ok(all.join(" and "))
}

#[derive(Template)]
#[template(path = "checks/show.html")]
pub(super) struct Show {
    ctx: Ctx,
    head: Head,
    base: String,
    name: String,
    panel: Panel,
    live: String,
    may_write: bool,
}

/// The way back from a check's pages.
pub(super) fn crumbs(ctx: Ctx, scope: &TenantScope, check: &Check) -> Ctx {
    let slug = &scope.member.slug;
    ctx.with_crumbs([
        ("Servers".to_owned(), format!("/t/{slug}/servers")),
        (
            check.server_name.clone(),
            format!("/t/{slug}/servers/{}", check.server),
        ),
        ("Checks".to_owned(), list_href(slug, check.server)),
    ])
}

/// The page.
pub(super) async fn show(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
    Path((_, id)): Path<(String, CheckId)>,
) -> Result<Page<Show>, Error> {
    let mut tx = scope.begin().await?;
    let newest = events::newest(&mut tx).await?;
    let check = store::find(&mut tx, id).await?;
    let server = servers::find(&mut tx, check.server).await?;
    let panel = Panel::load(&app, &scope, &mut tx, &check).await?;
    let base = panel.base.clone();
    Ok(Page(Show {
        ctx: crumbs(ctx, &scope, &check),
        head: Head::new(&app, &scope, &server, "checks"),
        live: format!("{base}/live?after={newest}"),
        base,
        name: check.name,
        panel,
        may_write: scope.may(Permission::CheckWrite),
    }))
}

/// The page's stream: its panel for each change.
pub(super) async fn live(
    State(app): State<App>,
    scope: TenantScope,
    Path((_, id)): Path<(String, CheckId)>,
    seen: LastSeen,
) -> Result<Response, Error> {
    store::find(&mut scope.begin().await?, id).await?;
    app.live(&scope, seen, move |app, scope, event| async move {
        if is_about(&scope, &event) != Some(id) {
            return Ok(None);
        }
        let mut tx = scope.begin().await?;
        let html = match store::find(&mut tx, id).await {
            Err(Error::NotFound) => {
                "<div id=\"check-panel\" class=\"card\"><div class=\"card-body\"><h2>Deleted</h2>\
                 <p>This check is gone.</p></div></div>"
                    .to_owned()
            }
            found => {
                let panel = Panel::load(&app, &scope, &mut tx, &found?).await?;
                panel.render().map_err(Error::internal)?
            }
        };
        Ok(Some(Fragment::default().replace("check-panel", &html)))
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_strip_is_higher_where_it_was_worse() {
        let now: DateTime<Utc> = "2026-03-10T12:30:00Z".parse().unwrap();
        let hour = |back: i64, good, bad| Hour {
            at: floor(now, TimeDelta::hours(1)) - TimeDelta::hours(back),
            good,
            bad,
            took_ms: 100,
        };
        let hours = [hour(47, 60, 0), hour(1, 50, 10), hour(0, 0, 30)];
        let cells = strip(&hours, now);
        let tones: Vec<_> = [0, 1, 46, 47].map(|place| cells[place].tone).into();
        assert_eq!(tones, ["good", "idle", "warn", "bad"]);
        assert_eq!(
            summary(&hours),
            "In the last two days 110 of 150 looks (73.33 %) found all well, in 2 ms on average."
        );
        assert_eq!(summary(&[]), "Nobody looked in the last two days.");
    }
}
