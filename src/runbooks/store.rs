//! The queries of runbooks: who used which one, and whether it helped.

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use crate::platform::access::Who;
use crate::platform::db::{Scoped, StaffTx};
use crate::platform::error::Error;
use crate::platform::ids::TicketId;

/// That a runbook was used for a ticket.
#[derive(Debug, Clone)]
pub struct Use {
    /// Which.
    pub runbook: String,
    /// The steps that are done, from 0.
    pub ticked: Vec<i32>,
    /// Whether it helped, if somebody has said so.
    pub helped: Option<bool>,
    /// Who changed it last.
    pub by: String,
    /// When.
    pub changed_at: DateTime<Utc>,
}

/// How often a runbook helped, and how often not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
#[schema(as = RunbookFigures)]
pub struct Figures {
    /// So often it helped.
    pub helped: i64,
    /// So often it did not.
    pub did_not: i64,
}

impl Figures {
    /// In words.
    pub fn words(&self) -> String {
        match self.helped + self.did_not {
            0 => "not used yet".to_owned(),
            all => format!("helped {} of {all} times", self.helped),
        }
    }
}

/// The figures of all that were judged.
pub async fn figures(tx: &mut impl Scoped) -> Result<HashMap<String, Figures>, Error> {
    let rows = sqlx::query!(
        r#"select runbook, count(*) filter (where helped) as "helped!", count(*) filter (where not helped) as "did_not!"
           from runbook_use where helped is not null group by runbook"#
    );
    let rows = rows.fetch_all(tx.conn()).await?.into_iter();
    let figure = rows.map(|row| {
        let figures = Figures {
            helped: row.helped,
            did_not: row.did_not,
        };
        (row.runbook, figures)
    });
    Ok(figure.collect())
}

/// What was used for a ticket.
pub async fn uses_of(tx: &mut impl Scoped, ticket: TicketId) -> Result<Vec<Use>, Error> {
    let rows = sqlx::query_as!(
        Use,
        "select runbook, ticked, helped, by_label as by, changed_at from runbook_use where ticket_id = $1 order by changed_at",
        ticket.0
    );
    Ok(rows.fetch_all(tx.conn()).await?)
}

/// Writes what was done by a runbook.
pub(super) async fn save(
    tx: &mut StaffTx,
    (ticket, runbook): (TicketId, &str),
    (done, helped): (&[i32], Option<bool>),
    who: &Who,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "insert into runbook_use (ticket_id, runbook, ticked, helped, by_user, by_label, changed_at) \
         values ($1, $2, $3, $4, $5, $6, $7) on conflict (ticket_id, runbook) do update set \
           ticked = $3, helped = $4, by_user = $5, by_label = $6, changed_at = $7",
        ticket.0,
        runbook,
        done,
        helped,
        who.user.map(|id| id.0),
        who.label,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
