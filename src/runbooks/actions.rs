//! Saying what was done by a runbook.

use serde_json::json;

use crate::app::App;
use crate::audit::{Change, Target};
use crate::platform::access::StaffScope;
use crate::platform::error::Error;
use crate::platform::ids::TicketId;
use crate::tickets::{self, EventKind};

use super::model::find;
use super::store::{self, Use};

/// What somebody says.
#[derive(Debug, Clone, Default)]
pub struct Mark {
    /// The steps that are done, from 0.
    pub ticked: Vec<i32>,
    /// Whether it helped.
    pub helped: Option<bool>,
}

/// Writes which steps are done, and whether the runbook helped. The ticket's log tells the latter.
pub async fn mark(
    app: &App,
    scope: &StaffScope,
    (id, slug): (TicketId, &str),
    mark: Mark,
) -> Result<Use, Error> {
    let runbook = find(slug).ok_or(Error::NotFound)?;
    let Mark {
        ticked: mut done,
        helped,
    } = mark;
    done.sort_unstable();
    done.dedup();
    let steps = runbook.steps().count();
    if done
        .iter()
        .any(|step| usize::try_from(*step).map_or(true, |step| step >= steps))
    {
        return Err(Error::invalid(
            "ticked",
            format!("Use steps from 0 to {}.", steps - 1),
        ));
    }
    let mut tx = scope.begin().await?;
    let ticket = tickets::lock(&mut tx, id).await?;
    let before = of(store::uses_of(&mut tx, id).await?, slug);
    let now = app.now();
    store::save(&mut tx, (id, slug), (&done, helped), &scope.who, now).await?;
    if helped.is_some() && before.as_ref().and_then(|before| before.helped) != helped {
        let outcome = if helped == Some(true) {
            "helped"
        } else {
            "did not help"
        };
        let verb = format!("used the runbook “{}”: it {outcome}", runbook.title);
        tickets::record(app, &mut tx, &scope.who, id, EventKind::ActedOn { verb }, false).await?;
    }
    let target = Target {
        kind: "ticket",
        id: Some(id.0),
        label: &ticket.subject,
        // How staff work is not the customer's log.
        tenant: None,
    };
    let told = json!({ "runbook": slug, "ticked": done, "helped": helped });
    let change = Change::to("runbook.use", told);
    app.audit(&mut tx, &scope.who, &target, &change).await?;
    let after = of(store::uses_of(&mut tx, id).await?, slug);
    tx.commit().await?;
    after.ok_or_else(|| Error::internal("a use that was written is not there"))
}

fn of(uses: Vec<Use>, slug: &str) -> Option<Use> {
    uses.into_iter().find(|used| used.runbook == slug)
}
