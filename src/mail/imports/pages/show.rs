//! One import: before it is started, while it is worked on, and afterwards.

use askama::Template;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};

use crate::app::App;
use crate::platform::access::{Permission as P, TenantScope};
use crate::platform::db::TenantTx;
use crate::platform::error::Error;
use crate::platform::events;
use crate::platform::ids::MailImportId;
use crate::platform::web::page::attachment;
use crate::platform::web::{Ctx, Page, Path, ago};

use super::super::actions;
use super::super::export::written;
use super::super::model::{Import, ImportState, LineState, Room, Shown, inert};
use super::super::store;
use super::{base, crumbs, href, words};

/// How many lines a page shows; the rest are in the download.
const SHOWN: usize = 200;
/// Lines that are read at once.
const BATCH: i64 = 5000;

/// What changes while somebody looks; also what the live stream sends.
#[derive(Debug, Template)]
#[template(path = "mail/imports/panel.html")]
pub(super) struct Panel {
    import: Import,
    room: Option<Room>,
    /// Those that can't be used or could not be made.
    lines: Vec<Shown>,
    href: String,
    new_href: String,
    created_ago: String,
    may_write: bool,
}

/// Its template escapes what it prints.
impl askama::filters::HtmlSafe for Panel {}

impl Panel {
    pub(super) async fn load(
        app: &App,
        tx: &mut TenantTx,
        scope: &TenantScope,
        id: MailImportId,
    ) -> Result<Self, Error> {
        let (import, room) = actions::find(tx, scope.tenant(), id).await?;
        let most = i64::try_from(SHOWN + 1).unwrap_or(i64::MAX);
        let states = [LineState::Bad, LineState::Failed];
        Ok(Self {
            lines: store::lines(tx, id, &states, 0, most).await?,
            href: href(scope, id),
            new_href: format!("{}/new", base(scope)),
            created_ago: ago(import.created_at, app.now()),
            may_write: scope.may(P::MailWrite),
            import,
            room,
        })
    }

    fn words(&self) -> (&'static str, &'static str) {
        words(&self.import)
    }

    fn is_preview(&self) -> bool {
        self.import.state == ImportState::Preview
    }

    fn is_running(&self) -> bool {
        self.import.state == ImportState::Running
    }

    /// What would be made.
    fn wanted(&self) -> String {
        let room = self.room.as_ref();
        let (mailboxes, aliases) = room.map_or((0, 0), |room| (room.mailboxes, room.aliases));
        format!(
            "{} and {}",
            count(mailboxes, "mailbox", "mailboxes"),
            count(aliases, "alias", "aliases")
        )
    }

    fn lack(&self) -> String {
        self.room.as_ref().and_then(Room::lack).unwrap_or_default()
    }

    fn may_start(&self) -> bool {
        self.may_write && self.import.good() > 0 && self.lack().is_empty()
    }

    fn percent(&self) -> u32 {
        self.import.percent()
    }

    fn progress(&self) -> String {
        let past = self.import.done + self.import.failed;
        format!("{past} of {}", self.import.good())
    }

    fn shown(&self) -> &[Shown] {
        &self.lines[..self.lines.len().min(SHOWN)]
    }

    fn has_more(&self) -> bool {
        self.lines.len() > SHOWN
    }

    fn created(&self) -> String {
        self.import.created_at.to_rfc3339()
    }
}

fn count(number: i64, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

#[derive(Template)]
#[template(path = "mail/imports/show.html")]
pub(super) struct Show {
    ctx: Ctx,
    panel: Panel,
    live: String,
}

/// Shows it.
pub(super) async fn show(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
    Path((_, id)): Path<(String, MailImportId)>,
) -> Result<Page<Show>, Error> {
    let mut tx = scope.begin().await?;
    let newest = events::newest(&mut tx).await?;
    let panel = Panel::load(&app, &mut tx, &scope, id).await?;
    Ok(Page(Show {
        ctx: crumbs(ctx, &scope),
        live: format!("{}/live?after={newest}", href(&scope, id)),
        panel,
    }))
}

/// All lines with what became of them, as a download. There are 20,000 at most.
pub(super) async fn lines(
    scope: TenantScope,
    Path((_, id)): Path<(String, MailImportId)>,
) -> Result<Response, Error> {
    let mut tx = scope.begin().await?;
    store::find(&mut tx, id).await?;
    let mut all = vec![["line", "kind", "address", "state", "reason"].map(str::to_owned)];
    let mut after = 0;
    loop {
        let batch = store::lines(&mut tx, id, &LineState::ALL, after, BATCH).await?;
        let Some(last) = batch.last() else {
            break;
        };
        after = last.number;
        all.extend(batch.iter().map(cells));
    }
    let headers = [(header::CONTENT_TYPE, "text/csv; charset=utf-8")];
    Ok((headers, [attachment(&format!("{id}.csv"))], written(all)?).into_response())
}

fn cells(line: &Shown) -> [String; 5] {
    [
        line.number.to_string(),
        line.kind.word().to_owned(),
        inert(&line.address),
        line.state.word().to_owned(),
        inert(line.reason.as_deref().unwrap_or_default()),
    ]
}
