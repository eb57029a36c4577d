//! Saying how a ticket went: one transaction.

use serde_json::{Value, json};

use crate::app::App;
use crate::audit::Change;
use crate::platform::access::TenantScope;
use crate::platform::error::{Error, FieldErrors};
use crate::platform::ids::TicketId;
use crate::tickets;
use crate::tickets::extras::tell;

use super::model::{Answer, Satisfaction, may_answer};
use super::store;

/// Says how a ticket went, for the first time or otherwise than before.
pub(super) async fn answer(
    app: &App,
    scope: &TenantScope,
    ticket: TicketId,
    answer: Result<Answer, FieldErrors>,
) -> Result<Satisfaction, Error> {
    let (answer, now) = (answer?, app.now());
    let mut tx = scope.begin().await?;
    let ticket = tickets::lock(&mut tx, ticket).await?;
    let before = store::of_ticket(&mut tx, ticket.id).await?;
    may_answer(&ticket, before.as_ref(), now)?;
    store::save(&mut tx, ticket.id, &answer, &scope.who.label, now).await?;
    let after = store::of_ticket(&mut tx, ticket.id)
        .await?
        .ok_or(Error::NotFound)?;
    let change = Change {
        action: "ticket.rate",
        before: before.as_ref().map(shown),
        after: Some(shown(&after)),
    };
    tell(app, &mut tx, &scope.who, &ticket, &change).await?;
    tx.commit().await?;
    Ok(after)
}

fn shown(said: &Satisfaction) -> Value {
    json!({ "rating": said.tone(), "words": said.words })
}
