//! The beginning and the end of a visit: a row and an audit event each, in one transaction.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::app::App;
use crate::audit::Change;
use crate::break_glass::{self, Part};
use crate::platform::access::Who;
use crate::platform::db::Scoped;
use crate::platform::error::Error;

use super::super::actions::target;
use super::super::model::Server;
use super::access::Scope;
use super::model::{End, Way};
use super::store::{self, NewVisit};

/// A visit that has begun.
pub(super) struct Visit {
    pub(super) id: Uuid,
    pub(super) server: Server,
    pub(super) way: Way,
    pub(super) may_type: bool,
    opened_at: DateTime<Utc>,
}

/// What audit events tell of a visit besides who and from where.
fn shown(way: &str, may_type: bool) -> Value {
    json!({ "way": way, "typing": may_type })
}

/// The same when it is over.
pub(super) fn shown_after((way, may_type): (&str, bool), seconds: i64, reason: &'static str) -> Value {
    json!({ "way": way, "typing": may_type, "seconds": seconds, "ended": reason })
}

/// Writes that somebody opens a console.
pub(super) async fn open(
    app: &App,
    scope: &Scope,
    server: Server,
    (shell, way): (&str, Way),
) -> Result<Visit, Error> {
    let now = app.now();
    let visit = Visit {
        id: app.ids.uuid(now),
        way,
        may_type: scope.may_type(),
        opened_at: now,
        server,
    };
    match scope {
        Scope::Tenant(scope) => {
            let mut tx = scope.begin().await?;
            opened(app, &mut tx, &scope.who, &visit, shell).await?;
            tx.commit().await?;
        }
        Scope::Staff(scope) => {
            let mut tx = scope.begin().await?;
            let asked = (visit.server.tenant, Part::Console);
            let grant = break_glass::check(&mut tx, scope, asked, now).await?;
            let what = (Part::Console, visit.server.name.as_str());
            break_glass::note_use(app, &mut tx, &grant, what).await?;
            opened(app, &mut tx, &scope.who, &visit, shell).await?;
            tx.commit().await?;
        }
    }
    Ok(visit)
}

async fn opened(app: &App, tx: &mut impl Scoped, who: &Who, visit: &Visit, shell: &str) -> Result<(), Error> {
    let new = NewVisit {
        id: visit.id,
        server: &visit.server,
        shell,
        way: visit.way.name(),
        may_type: visit.may_type,
        who,
        now: visit.opened_at,
    };
    store::insert(tx, &new).await?;
    let change = Change::to("console.open", shown(visit.way.name(), visit.may_type));
    app.audit(tx, who, &target(&visit.server), &change).await
}

/// Writes that the visit goes on.
pub(super) async fn go_on(app: &App, scope: &Scope, visit: &Visit) -> Result<(), Error> {
    match scope {
        Scope::Tenant(scope) => {
            let mut tx = scope.begin().await?;
            store::touch(&mut tx, visit.id, app.now()).await?;
            tx.commit().await
        }
        Scope::Staff(scope) => {
            let mut tx = scope.begin().await?;
            store::touch(&mut tx, visit.id, app.now()).await?;
            tx.commit().await
        }
    }
}

/// Writes that the visit is over. The row stays until it is made sure that nothing of its shell is left; where the
/// database does not answer now, its end is written then, too.
pub(super) async fn close(app: &App, scope: &Scope, visit: &Visit, end: End) -> Result<(), Error> {
    match scope {
        // A guest's transaction sees nothing any more once their access was taken back, and that is just when the end has to
        // be written.
        Scope::Tenant(scope) if scope.guest_of().is_some() => {
            let mut tx = app.db.system().await?;
            closed(app, &mut tx, &scope.who, visit, end).await?;
            tx.commit().await
        }
        Scope::Tenant(scope) => {
            let mut tx = scope.begin().await?;
            closed(app, &mut tx, &scope.who, visit, end).await?;
            tx.commit().await
        }
        Scope::Staff(scope) => {
            let mut tx = scope.begin().await?;
            closed(app, &mut tx, &scope.who, visit, end).await?;
            tx.commit().await
        }
    }
}

async fn closed(app: &App, tx: &mut impl Scoped, who: &Who, visit: &Visit, end: End) -> Result<(), Error> {
    let now = app.now();
    if !store::close(tx, visit.id, now).await? {
        return Ok(());
    }
    let seconds = (now - visit.opened_at).num_seconds();
    let after = shown_after((visit.way.name(), visit.may_type), seconds, end.word());
    let change = Change::to("console.close", after);
    app.audit(tx, who, &target(&visit.server), &change).await
}
