//! What an audit event says. Pure.

use serde_json::Value;
use uuid::Uuid;

use crate::platform::ids::TenantId;

/// What was acted on.
#[derive(Debug, Clone)]
pub struct Target<'a> {
    /// `server`, `tenant`, `plan`, `user`, …
    pub kind: &'static str,
    /// Which one.
    pub id: Option<Uuid>,
    /// What people call it, as it was then.
    pub label: &'a str,
    /// The tenant whose members may read the event.
    pub tenant: Option<TenantId>,
}

/// What the action did.
#[derive(Debug, Clone)]
pub struct Change {
    /// The verb, `noun.verb`: `server.create`.
    pub action: &'static str,
    /// What it was before, without secrets.
    pub before: Option<Value>,
    /// What it is now, without secrets.
    pub after: Option<Value>,
}

impl Change {
    /// An action that says it all by its name.
    pub fn plain(action: &'static str) -> Self {
        Self {
            action,
            before: None,
            after: None,
        }
    }

    /// An action that made something.
    pub fn to(action: &'static str, after: Value) -> Self {
        Self {
            action,
            before: None,
            after: Some(after),
        }
    }

    /// An action that changed something.
    pub fn between(action: &'static str, before: Value, after: Value) -> Self {
        Self {
            action,
            before: Some(before),
            after: Some(after),
        }
    }
}
