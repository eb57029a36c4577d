//! What needs attention, as a line of a dashboard.

use chrono::{DateTime, Utc};

use crate::backups;
use crate::drills;
use crate::platform::ids::{ServerId, WebhookId};
use crate::platform::web::ago;

use super::store::Troubled;

/// Something that needs attention.
#[derive(Debug)]
pub(super) struct TroubleLine {
    pub(super) href: String,
    pub(super) name: String,
    /// Whose it is; empty if it is the provider's own.
    pub(super) tenant: String,
    pub(super) reason: String,
}

impl TroubleLine {
    /// A server that does not work.
    pub(super) fn new(one: Troubled, base: &str) -> Self {
        Self {
            href: format!("{base}/servers/{}", ServerId(one.id)),
            name: one.name,
            tenant: one.tenant,
            reason: one.reason.unwrap_or_else(|| "Its check fails.".to_owned()),
        }
    }

    /// A repository of backups that no check passes of.
    pub(super) fn of_check(one: backups::FailedCheck, href: String, now: DateTime<Utc>) -> Self {
        Self {
            href,
            name: format!("Backups at {}", one.target),
            tenant: one.tenant_name,
            reason: format!(
                "The check of the repository fails, the first time {}: {}.",
                ago(one.since, now),
                one.reason
            ),
        }
    }

    /// Something about who is on call.
    pub(super) fn of_duty(reason: String) -> Self {
        Self {
            href: "/staff/on-call".to_owned(),
            name: "On call".to_owned(),
            tenant: String::new(),
            reason,
        }
    }

    /// A webhook of the provider's that is told nothing any more.
    pub(super) fn of_webhook((id, url): (WebhookId, String)) -> Self {
        Self {
            href: format!("/staff/webhooks/{id}"),
            name: "Webhook".to_owned(),
            tenant: String::new(),
            reason: format!("{url} was disabled: it took nothing for days, or says that it is gone."),
        }
    }

    /// A server whose backups are not proven.
    pub(super) fn of_drill(one: drills::Attention, href: String) -> Self {
        Self {
            href,
            name: one.name,
            tenant: one.tenant,
            reason: one.reason,
        }
    }
}

/// Servers and volumes whose backups need somebody, told as servers that do.
pub(super) fn alarmed(
    alerts: Vec<backups::Alert>,
    href: impl Fn(&backups::Alert) -> String,
) -> Vec<TroubleLine> {
    let line = |alert: backups::Alert| TroubleLine {
        href: href(&alert),
        name: alert.name,
        tenant: alert.tenant_name,
        reason: alert.reason,
    };
    alerts.into_iter().map(line).collect()
}
