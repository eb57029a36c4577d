//! Several tickets of the queue at once: chosen by their boxes, each changed by itself.

use axum::extract::State;

use crate::app::App;
use crate::platform::access::StaffScope;
use crate::platform::error::Error;
use crate::platform::ids::TicketId;
use crate::platform::web::{FormData, SeeOther, local_path};

use super::super::model::{Severity, State as How};
use super::super::{Assignee, BulkOutcome, Patch, bulk};

const HOME: &str = "/staff/tickets";
/// Refusals that one message tells.
const TOLD: usize = 3;

fn patch(data: &FormData, scope: &StaffScope) -> Result<Patch, Error> {
    let invalid = |field: &'static str| move |why: String| Error::invalid(field, why);
    let assignee = match data.get("assignee") {
        "" => None,
        "me" => Some(Assignee::Person(scope.actor.user)),
        id => Some(Assignee::parse(id)?),
    };
    let given = |field: &str| Some(data.get(field).to_owned()).filter(|text| !text.is_empty());
    Ok(Patch {
        assignee,
        state: given("state")
            .map(|word| How::parse(&word))
            .transpose()
            .map_err(invalid("state"))?,
        severity: given("severity")
            .map(|word| Severity::parse(&word))
            .transpose()
            .map_err(invalid("severity"))?,
        ..Patch::default()
    })
}

/// What came of it, in a sentence or two.
fn told(to: SeeOther, outcomes: &[BulkOutcome]) -> SeeOther {
    let refused: Vec<String> = outcomes
        .iter()
        .filter_map(|one| one.outcome.as_ref().err())
        .map(Error::sentence)
        .collect();
    let changed = outcomes.len() - refused.len();
    let words = format!("Changed {changed} of {}.", outcomes.len());
    match refused.len() {
        0 => to.good(words),
        count => {
            let more = if count > TOLD { " …" } else { "" };
            let some: Vec<&str> = refused.iter().take(TOLD).map(String::as_str).collect();
            to.warn(format!("{words} {}{more}", some.join(" ")))
        }
    }
}

/// Changes them, and goes back to where they were chosen.
pub(super) async fn act(
    State(app): State<App>,
    scope: StaffScope,
    data: FormData,
) -> Result<SeeOther, Error> {
    let back = local_path(data.get("back")).filter(|path| path.starts_with(HOME));
    let to = SeeOther::to(back.unwrap_or(HOME));
    let ids: Vec<TicketId> = data.all("ticket").filter_map(|id| id.parse().ok()).collect();
    let changed = async { bulk(&app, &scope, &ids, &patch(&data, &scope)?).await };
    match changed.await {
        Ok(outcomes) => Ok(told(to, &outcomes)),
        Err(error) => to.refused_or_invalid(error),
    }
}
