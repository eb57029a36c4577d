//! What an operation is. Pure.

use chrono::{DateTime, Utc};

use crate::platform::ids::{OperationId, TenantId};

/// How far an operation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Nobody has begun.
    Queued,
    /// It is being done; an error, if any, is that of the last attempt, and another follows.
    Running,
    /// Done.
    Succeeded,
    /// Given up.
    Failed,
    /// A later wish replaced it.
    Superseded,
}

impl State {
    /// The name in the database and on pages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Superseded => "superseded",
        }
    }

    /// Whether it will change no more.
    pub fn is_final(self) -> bool {
        !matches!(self, Self::Queued | Self::Running)
    }

    pub(super) fn parse(text: &str) -> Self {
        match text {
            "queued" => Self::Queued,
            "succeeded" => Self::Succeeded,
            "failed" => Self::Failed,
            "superseded" => Self::Superseded,
            _ => Self::Running,
        }
    }
}

/// How far a step is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = OperationStepState)]
pub enum StepState {
    /// Being done.
    Running,
    /// Done.
    Succeeded,
    /// It failed; a later attempt may succeed.
    Failed,
}

impl StepState {
    /// The name in the database and on pages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
        }
    }

    pub(super) fn parse(text: &str) -> Self {
        match text {
            "succeeded" => Self::Succeeded,
            "failed" => Self::Failed,
            _ => Self::Running,
        }
    }
}

/// An operation to be written.
#[derive(Debug, Clone)]
pub struct NewOperation<'a> {
    /// Its id.
    pub id: OperationId,
    /// Whose it is; none for work of the provider.
    pub tenant: Option<TenantId>,
    /// What is done, such as `server.create`.
    pub kind: &'a str,
    /// What it is done to: `server`, `template`.
    pub target_kind: &'a str,
    /// Which one.
    pub target: Option<uuid::Uuid>,
    /// What people call it.
    pub label: &'a str,
    /// The generation that is asked for.
    pub generation: Option<i64>,
    /// Who asked.
    pub actor: &'a str,
    /// When.
    pub now: DateTime<Utc>,
}

/// An operation.
#[derive(Debug, Clone)]
pub struct Operation {
    /// Its id.
    pub id: OperationId,
    /// Whose it is.
    pub tenant: Option<TenantId>,
    /// What is done, such as `server.create`.
    pub kind: String,
    /// What it is done to: `server`, `template`.
    pub target_kind: String,
    /// Which one.
    pub target: Option<uuid::Uuid>,
    /// What people call it.
    pub label: String,
    /// How far it is.
    pub state: State,
    /// Why the last attempt failed.
    pub error: Option<String>,
    /// Who asked.
    pub actor: String,
    /// When it was asked for.
    pub created_at: DateTime<Utc>,
    /// When it ended.
    pub finished_at: Option<DateTime<Utc>>,
}

/// A step of an operation.
#[derive(Debug, Clone)]
pub struct Step {
    /// What is done, in words.
    pub name: String,
    /// How far it is.
    pub state: StepState,
    /// What it says: progress or error.
    pub detail: Option<String>,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When it ended.
    pub finished_at: Option<DateTime<Utc>>,
}
