//! The wall, and what changes on it while nobody touches it.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, Utc};

use crate::app::App;
use crate::monitoring::incidents;
use crate::on_call;
use crate::platform::access::StaffScope;
use crate::platform::db::StaffTx;
use crate::platform::error::Error;
use crate::platform::events;
use crate::platform::web::{Ctx, Fragment, LastSeen, Page, ago};

use super::super::pages::{clock, follow};
use super::super::store::pages::{TicketCounts, counts};
use super::super::{Severity, TOPIC};
use super::store::{self, Broken, Timed};

/// Lines of a list: what is readable from afar is little.
const LINES: i64 = 3;

/// A number with what it counts.
struct Number {
    severity: Severity,
    count: i64,
}

struct Line {
    words: String,
    iso: String,
    time: String,
    is_late: bool,
}

impl Line {
    fn ticket(one: &Timed, time: String, now: DateTime<Utc>) -> Self {
        let whose = one.tenant.as_deref().unwrap_or("triage");
        Self {
            words: format!("#{} {} ({whose})", one.number, one.subject),
            iso: one.at.to_rfc3339(),
            time,
            is_late: one.at < now,
        }
    }

    fn incident(one: &Broken, now: DateTime<Utc>) -> Self {
        let words = match &one.tenant {
            Some(tenant) => format!("{} ({tenant})", one.summary),
            None => one.summary.clone(),
        };
        Self {
            words,
            iso: one.at.to_rfc3339(),
            time: ago(one.at, now),
            is_late: false,
        }
    }
}

/// What is on the wall; also what the live stream sends.
#[derive(Template)]
#[template(path = "tickets/wall.html")]
struct Wall {
    numbers: Vec<Number>,
    open: i64,
    overdue: i64,
    due: Vec<Line>,
    unanswered: Option<Line>,
    /// The rota, and who has it.
    duty: Vec<(String, String)>,
    incidents: i64,
    broken: Vec<Line>,
}

/// Its template escapes what it prints.
impl askama::filters::HtmlSafe for Wall {}

impl Wall {
    const ID: &'static str = "wall";

    async fn load(tx: &mut StaffTx, now: DateTime<Utc>) -> Result<Self, Error> {
        let TicketCounts {
            open,
            overdue,
            p1,
            p2,
            p3,
            p4,
            ..
        } = counts(tx, None, now).await?;
        let of_severity = Severity::ALL.into_iter().zip([p1, p2, p3, p4]);
        let due = store::due_next(tx, LINES).await?;
        let unanswered = store::oldest_unanswered(tx).await?;
        let duty = on_call::on_duty(tx, now).await?;
        let broken = store::broken(tx, LINES).await?;
        Ok(Self {
            numbers: of_severity
                .map(|(severity, count)| Number { severity, count })
                .collect(),
            open,
            overdue,
            due: due
                .iter()
                .map(|one| Line::ticket(one, clock(one.at, now), now))
                .collect(),
            unanswered: unanswered.map(|one| Line {
                is_late: false,
                ..Line::ticket(&one, ago(one.at, now), now)
            }),
            duty: duty
                .into_iter()
                .map(|one| (one.rota_name, one.user_name))
                .collect(),
            incidents: store::count_broken(tx).await?,
            broken: broken.iter().map(|one| Line::incident(one, now)).collect(),
        })
    }
}

#[derive(Template)]
#[template(path = "tickets/wallboard.html")]
pub(super) struct Wallboard {
    ctx: Ctx,
    wall: Wall,
    live: String,
}

/// The whole page.
pub(super) async fn wall(
    State(app): State<App>,
    scope: StaffScope,
    ctx: Ctx,
) -> Result<Page<Wallboard>, Error> {
    let mut tx = scope.begin().await?;
    let newest = events::newest(&mut tx).await?;
    Ok(Page(Wallboard {
        ctx,
        wall: Wall::load(&mut tx, app.now()).await?,
        live: format!("/staff/wallboard/live?after={newest}"),
    }))
}

/// The wall for each change of a ticket, an incident or a shift. What only time changes, the page asks for once a minute.
pub(super) async fn live(
    State(app): State<App>,
    scope: StaffScope,
    seen: LastSeen,
) -> Result<Response, Error> {
    follow(app, scope, seen, |app, scope, event| async move {
        if ![TOPIC, on_call::TOPIC, incidents::TOPIC].contains(&&*event.topic) {
            return Ok(None);
        }
        let wall = Wall::load(&mut scope.begin().await?, app.now()).await?;
        let html = wall.render().map_err(Error::internal)?;
        Ok(Some(Fragment::default().replace(Wall::ID, &html)))
    })
    .await
}
