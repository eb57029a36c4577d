//! How full the mailbox is, and when it was used last.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, Utc};

use crate::app::App;
use crate::files::amount;
use crate::mail::clients::{Server, servers};
use crate::mail::filters::frame;
use crate::mail::own::store::{self, Overview};
use crate::platform::access::MailboxScope;
use crate::platform::error::Error;
use crate::platform::web::{Ctx, ago};

use super::desk;

const MIB: i64 = 1024 * 1024;
/// From how many percent on the page warns, as the first mail about it does.
const NEARLY_FULL: u32 = 80;

/// When something was used last.
struct Use {
    label: &'static str,
    iso: String,
    text: String,
}

#[derive(Template)]
#[template(path = "mail/own/overview.html")]
struct Body {
    used: String,
    percent: u32,
    messages: i64,
    uses: Vec<Use>,
    host: String,
    servers: [Server; 4],
    address: String,
    has_webmail: bool,
}

impl Body {
    fn is_nearly_full(&self) -> bool {
        self.percent >= NEARLY_FULL
    }

    /// What most programs use, to read and to send.
    fn preferred(&self) -> [Server; 2] {
        let [incoming, _, outgoing, _] = self.servers;
        [incoming, outgoing]
    }
}

fn used_last(label: &'static str, at: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Use {
    Use {
        label,
        iso: at.map(|at| at.to_rfc3339()).unwrap_or_default(),
        text: at.map_or_else(|| "Not yet".to_owned(), |at| ago(at, now)),
    }
}

/// How much of what may be used is used, in percent up to 100.
fn percent(mailbox: &Overview) -> u32 {
    let Some(quota) = mailbox.quota_mib else {
        return 0;
    };
    let allowed = quota.saturating_mul(MIB).max(1);
    let percent = mailbox.used_bytes.saturating_mul(100) / allowed;
    u32::try_from(percent.clamp(0, 100)).unwrap_or(100)
}

fn words(mailbox: &Overview) -> String {
    let amount = |bytes: i64| amount(u64::try_from(bytes).unwrap_or_default());
    let used = amount(mailbox.used_bytes);
    match mailbox.quota_mib {
        Some(quota) => format!("{used} of {}", amount(quota.saturating_mul(MIB))),
        None => used,
    }
}

/// Shows it.
pub(in crate::mail::own) async fn show(
    State(app): State<App>,
    scope: MailboxScope,
    ctx: Ctx,
) -> Result<Response, Error> {
    let now = app.now();
    let mut tx = scope.begin().await?;
    let mailbox = store::overview(&mut tx, scope.mailbox()).await?;
    tx.commit().await?;
    let body = Body {
        used: words(&mailbox),
        percent: percent(&mailbox),
        messages: mailbox.used_messages,
        uses: vec![
            used_last("IMAP", mailbox.last_imap_at, now),
            used_last("POP3", mailbox.last_pop3_at, now),
            used_last("Sending", mailbox.last_smtp_at, now),
            used_last("ManageSieve", mailbox.last_sieve_at, now),
        ],
        host: app.config.mail_host().to_owned(),
        servers: servers(app.config.mail_client_ports),
        address: mailbox.address.clone(),
        has_webmail: app.config.webmail_url.is_some() && scope.owner.suspended.is_none(),
    };
    let title = if mailbox.name.is_empty() {
        "Your mailbox"
    } else {
        &mailbox.name
    };
    frame(&desk(&scope), ctx, (title, &mailbox.address), &body, 200)
}
