//! An audit event: as an action writes it, and as it is read.

use chrono::{DateTime, Utc};
use serde_json::Value;
use uuid::Uuid;

use crate::platform::ids::{
    AuditId, BreakGlassId, LinkId, LocationId, MailDomainId, MailboxId, OperationId, PlanId, ServerId,
    SessionId, TenantId, TicketId, TokenId, UserId, VolumeId,
};

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

/// An event as it was written.
#[derive(Debug, Clone)]
pub(crate) struct Event {
    pub(crate) id: AuditId,
    pub(crate) at: DateTime<Utc>,
    pub(crate) tenant: Option<TenantId>,
    /// The tenant's name today; gone with the tenant.
    pub(crate) tenant_name: Option<String>,
    pub(crate) actor_kind: String,
    pub(crate) actor_user: Option<UserId>,
    pub(crate) actor_token: Option<TokenId>,
    pub(crate) actor: String,
    pub(crate) action: String,
    pub(crate) target_kind: String,
    pub(crate) target_id: Option<Uuid>,
    pub(crate) target: String,
    pub(crate) before: Option<Value>,
    pub(crate) after: Option<Value>,
    pub(crate) ip: Option<String>,
    pub(crate) request_id: Option<String>,
}

impl Event {
    /// What was acted on, as the API calls it.
    pub(crate) fn target_public_id(&self) -> Option<String> {
        public_id(&self.target_kind, self.target_id?)
    }
}

macro_rules! kinds {
    ($($kind:literal => $id:ident,)*) => {
        /// The public id of a thing of that kind; none for a kind without.
        fn public_id(kind: &str, id: Uuid) -> Option<String> {
            match kind {
                $($kind => Some($id(id).to_string()),)*
                _ => None,
            }
        }

        /// The thing that a public id of any kind names.
        pub(crate) fn any_id(text: &str) -> Option<Uuid> {
            $(if let Ok(id) = text.parse::<$id>() {
                return Some(id.0);
            })*
            None
        }
    };
}

kinds! {
    "user" => UserId,
    "tenant" => TenantId,
    "plan" => PlanId,
    "server" => ServerId,
    "volume" => VolumeId,
    "mail_domain" => MailDomainId,
    "location" => LocationId,
    "operation" => OperationId,
    "session" => SessionId,
    "token" => TokenId,
    "invitation" => LinkId,
    "guest" => UserId,
    "mailbox" => MailboxId,
    "ticket" => TicketId,
    "break_glass" => BreakGlassId,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn public_ids_go_both_ways() {
        let id = Uuid::from_u128(7);
        for kind in [
            "user",
            "tenant",
            "plan",
            "server",
            "volume",
            "token",
            "invitation",
        ] {
            assert_eq!(any_id(&public_id(kind, id).unwrap()), Some(id), "{kind}");
        }
        assert_eq!(public_id("teapot", id), None);
        assert_eq!(any_id("srv_nonsense"), None);
    }
}
