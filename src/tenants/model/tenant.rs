//! Tenants and plans, and how a tenant's status may change.

use chrono::{DateTime, Duration, Utc};

use crate::platform::error::Error;
use crate::platform::ids::{PlanId, TenantId};

use super::amounts::Amounts;
use super::names::{Description, Name, Reason, Slug};

/// What a tenant's people and servers may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Everything that its plan allows.
    Active,
    /// Its people may read; its servers are stopped and come back as they were.
    Suspended,
    /// Hidden from its people, its servers stopped, and erased after a while.
    Closed,
}

impl Status {
    /// All, in the order of pages.
    pub const ALL: [Self; 3] = [Self::Active, Self::Suspended, Self::Closed];

    /// The name in database and API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Suspended => "suspended",
            Self::Closed => "closed",
        }
    }

    /// The name on pages.
    pub fn label(self) -> &'static str {
        match self {
            Self::Active => "Active",
            Self::Suspended => "Suspended",
            Self::Closed => "Closed",
        }
    }

    /// The tone that pages show it in.
    pub fn tone(self) -> &'static str {
        match self {
            Self::Active => "good",
            Self::Suspended => "warn",
            Self::Closed => "idle",
        }
    }

    /// The status of that name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.name() == text)
    }
}

/// What staff do to a tenant's status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verb {
    /// Stop its servers and leave its people read access.
    Suspend(Reason),
    /// End a suspension.
    Resume,
    /// Hide it, stop its servers, and erase it after the retention.
    Close {
        /// Why.
        reason: Reason,
        /// How long its data is kept.
        keep: Duration,
    },
    /// Take back a closing before the data is erased.
    Reopen,
}

impl Verb {
    /// The audit event's name.
    pub fn action(&self) -> &'static str {
        match self {
            Self::Suspend(_) => "tenant.suspend",
            Self::Resume => "tenant.resume",
            Self::Close { .. } => "tenant.close",
            Self::Reopen => "tenant.reopen",
        }
    }
}

/// Why a status can't change that way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StatusError {
    /// Suspending what is suspended.
    #[error("This tenant is suspended already.")]
    AlreadySuspended,
    /// Resuming what is not suspended.
    #[error("Only a suspended tenant can be resumed.")]
    NotSuspended,
    /// Anything but reopening a closed tenant.
    #[error("This tenant is closed. Reopen it first.")]
    Closed,
    /// Reopening what is not closed.
    #[error("Only a closed tenant can be reopened.")]
    NotClosed,
    /// The retention is over.
    #[error("The retention is over and this tenant's data is being erased, so it can't be reopened.")]
    Erasing,
}

impl From<StatusError> for Error {
    fn from(error: StatusError) -> Self {
        Self::conflict("tenant-status", error.to_string())
    }
}

/// A status with all that belongs to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewStatus {
    /// The status.
    pub status: Status,
    /// Why, if it is not active.
    pub reason: Option<Reason>,
    /// When the tenant is erased, if it is closed.
    pub purge_after: Option<DateTime<Utc>>,
}

/// A customer organisation.
#[derive(Debug, Clone)]
pub struct Tenant {
    /// Its id.
    pub id: TenantId,
    /// Its name in addresses.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// Its plan.
    pub plan: PlanId,
    /// The plan's name.
    pub plan_name: String,
    /// What the plan allows.
    pub limits: Amounts,
    /// Its status.
    pub status: Status,
    /// Why it is suspended or closed.
    pub reason: Option<String>,
    /// Since when it has the status.
    pub status_at: DateTime<Utc>,
    /// When a closed tenant is erased.
    pub purge_after: Option<DateTime<Utc>>,
    /// Grows with each change.
    pub version: i64,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

impl Tenant {
    /// The status that `verb` leads to.
    pub fn after(&self, verb: Verb, now: DateTime<Utc>) -> Result<NewStatus, StatusError> {
        let active = NewStatus {
            status: Status::Active,
            reason: None,
            purge_after: None,
        };
        match (self.status, verb) {
            (Status::Active, Verb::Suspend(reason)) => Ok(NewStatus {
                status: Status::Suspended,
                reason: Some(reason),
                purge_after: None,
            }),
            (Status::Suspended, Verb::Suspend(_)) => Err(StatusError::AlreadySuspended),
            (Status::Active, Verb::Resume) => Err(StatusError::NotSuspended),
            (Status::Active | Status::Suspended, Verb::Close { reason, keep }) => Ok(NewStatus {
                status: Status::Closed,
                reason: Some(reason),
                purge_after: Some(now + keep),
            }),
            (Status::Active | Status::Suspended, Verb::Reopen) => Err(StatusError::NotClosed),
            (Status::Closed, Verb::Reopen) if self.is_erasing(now) => Err(StatusError::Erasing),
            (Status::Suspended, Verb::Resume) | (Status::Closed, Verb::Reopen) => Ok(active),
            (Status::Closed, _) => Err(StatusError::Closed),
        }
    }

    /// Whether its retention is over.
    pub fn is_erasing(&self, now: DateTime<Utc>) -> bool {
        self.purge_after.is_some_and(|at| at <= now)
    }
}

/// A tenant to be created.
#[derive(Debug, Clone)]
pub struct NewTenant {
    /// Its name in addresses; without one, a free one that its name suggests.
    pub slug: Option<Slug>,
    /// Its name.
    pub name: Name,
    /// Its plan.
    pub plan: PlanId,
}

/// What changes about a tenant.
#[derive(Debug, Clone, Default)]
pub struct TenantPatch {
    /// The new name.
    pub name: Option<Name>,
    /// The new plan.
    pub plan: Option<PlanId>,
}

/// The limits that tenants share.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Its id.
    pub id: PlanId,
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// What it allows.
    pub limits: Amounts,
    /// Since when it takes no new tenants.
    pub archived_at: Option<DateTime<Utc>>,
    /// Grows with each change.
    pub version: i64,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
    /// How many tenants have it, closed ones aside.
    pub tenants: i64,
}

/// A plan to be created.
#[derive(Debug, Clone)]
pub struct NewPlan {
    /// Its name.
    pub name: Name,
    /// What it is for.
    pub description: Description,
    /// What it allows.
    pub limits: Amounts,
}

/// What changes about a plan.
#[derive(Debug, Clone, Default)]
pub struct PlanPatch {
    /// The new name.
    pub name: Option<Name>,
    /// The new description.
    pub description: Option<Description>,
    /// The new limits.
    pub limits: Option<Amounts>,
    /// Whether the limit of networks stays although the others change: it was not said.
    pub keeps_networks: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    fn tenant(status: Status) -> Tenant {
        Tenant {
            id: TenantId(uuid::Uuid::nil()),
            slug: "acme".to_owned(),
            name: "Acme".to_owned(),
            plan: PlanId(uuid::Uuid::nil()),
            plan_name: "Starter".to_owned(),
            limits: Amounts::default(),
            status,
            reason: None,
            status_at: at(0),
            purge_after: (status == Status::Closed).then(|| at(100)),
            version: 1,
            created_at: at(0),
            updated_at: at(0),
        }
    }

    fn verbs() -> Vec<Verb> {
        let reason = Reason::parse("unpaid").unwrap();
        let keep = Duration::seconds(50);
        vec![
            Verb::Suspend(reason.clone()),
            Verb::Resume,
            Verb::Close { reason, keep },
            Verb::Reopen,
        ]
    }

    #[test]
    fn the_table_of_transitions() {
        use StatusError as E;
        let table = [
            (
                Status::Active,
                [
                    Ok(Status::Suspended),
                    Err(E::NotSuspended),
                    Ok(Status::Closed),
                    Err(E::NotClosed),
                ],
            ),
            (
                Status::Suspended,
                [
                    Err(E::AlreadySuspended),
                    Ok(Status::Active),
                    Ok(Status::Closed),
                    Err(E::NotClosed),
                ],
            ),
            (
                Status::Closed,
                [Err(E::Closed), Err(E::Closed), Err(E::Closed), Ok(Status::Active)],
            ),
        ];
        for (from, expected) in table {
            for (verb, wanted) in verbs().into_iter().zip(expected) {
                let told = format!("{from:?} {verb:?}");
                let got = tenant(from).after(verb, at(10)).map(|new| new.status);
                assert_eq!(got, wanted, "{told}");
            }
        }
    }

    #[test]
    fn closing_sets_the_end_and_reopening_ends_with_it() {
        let close = verbs().remove(2);
        assert_eq!(
            tenant(Status::Active).after(close, at(10)).unwrap().purge_after,
            Some(at(60))
        );
        let closed = tenant(Status::Closed);
        assert!(closed.after(Verb::Reopen, at(99)).is_ok());
        assert_eq!(closed.after(Verb::Reopen, at(100)), Err(StatusError::Erasing));
    }
}
