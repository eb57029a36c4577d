//! What happens to a mailbox's mail, for programs: each part is read and set as a whole.

use axum::extract::State;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::App;
use crate::platform::access::TenantScope;
use crate::platform::error::Error;
use crate::platform::ids::MailboxId;
use crate::platform::web::{IfMatch, Json, Path, Tagged};

use super::actions::{self, Spam};
use super::desk::Desk;
use super::forward::{self, Forwarding};
use super::model::{Filter, MailRule, Reply};

/// The rules of a mailbox.
#[derive(Debug, Serialize, ToSchema)]
pub struct MailRulesOut {
    /// In the order in which they are looked at.
    rules: Vec<MailRule>,
    /// A Sieve script (RFC 5228) that runs after them.
    #[schema(example = "")]
    script: String,
}

impl MailRulesOut {
    fn new(filter: Filter) -> Tagged<Json<Self>> {
        let out = Self {
            rules: filter.parts.rules,
            script: filter.parts.raw,
        };
        Tagged(filter.revision, Json(out))
    }
}

/// Show a mailbox's rules
///
/// Rules, reply and spam have one `ETag` together: they are parts of one script.
#[utoipa::path(get, path = "/api/v1/mail/mailboxes/{mailbox}/rules", tag = "mail", params(("mailbox" = MailboxId, Path)),
    responses((status = 200, description = "The rules", body = MailRulesOut)))]
pub async fn rules(
    scope: TenantScope,
    Path(id): Path<MailboxId>,
) -> Result<Tagged<Json<MailRulesOut>>, Error> {
    let (_, filter) = actions::find(&Desk::of_tenant(scope, id)).await?;
    Ok(MailRulesOut::new(filter))
}

/// The rules that a mailbox is to have.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MailRulesIn {
    /// All of them, in the order in which they are looked at.
    #[schema(max_items = 100)]
    rules: Vec<MailRule>,
    /// A Sieve script (RFC 5228) that runs after them; the one that is there stays if this is absent. Brackets, quotes and
    /// extensions are checked here, and all else by the mail service, which delivers as if there were no script where it finds a
    /// mistake.
    #[schema(max_length = 32768)]
    script: Option<String>,
}

/// Set a mailbox's rules
///
/// They act on the next mail.
#[utoipa::path(put, path = "/api/v1/mail/mailboxes/{mailbox}/rules", tag = "mail", params(("mailbox" = MailboxId, Path)),
    request_body = MailRulesIn, responses((status = 200, description = "The rules", body = MailRulesOut)))]
pub async fn put_rules(
    State(app): State<App>,
    scope: TenantScope,
    Path(id): Path<MailboxId>,
    if_match: IfMatch,
    Json(wish): Json<MailRulesIn>,
) -> Result<Tagged<Json<MailRulesOut>>, Error> {
    let desk = Desk::of_tenant(scope, id);
    let edit = |rules: &mut Vec<MailRule>| -> Result<(), Error> {
        *rules = wish.rules;
        Ok(())
    };
    let check = |version| if_match.check(version);
    let filter = actions::set_rules(&app, &desk, check, edit, wish.script).await?;
    Ok(MailRulesOut::new(filter))
}

/// An automatic reply. Each sender gets one a day at most; mailing lists and machines get none (RFC 5230).
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MailReply {
    /// Whether it is sent.
    is_enabled: bool,
    /// Its subject; that of the mail that it answers if empty.
    #[serde(default)]
    #[schema(example = "Away", max_length = 200)]
    subject: String,
    /// What it says.
    #[serde(default)]
    #[schema(example = "I am back on Monday.", max_length = 8192)]
    text: String,
    /// The first day, in the organisation's time zone; null for at once.
    #[serde(default)]
    from: Option<NaiveDate>,
    /// The last day; null for no end.
    #[serde(default)]
    until: Option<NaiveDate>,
}

impl MailReply {
    fn new(filter: Filter) -> Tagged<Json<Self>> {
        let reply = filter.parts.reply;
        let out = Self {
            is_enabled: reply.is_on,
            subject: reply.subject,
            text: reply.text,
            from: reply.from,
            until: reply.until,
        };
        Tagged(filter.revision, Json(out))
    }
}

/// Show a mailbox's automatic reply
#[utoipa::path(get, path = "/api/v1/mail/mailboxes/{mailbox}/reply", tag = "mail", params(("mailbox" = MailboxId, Path)),
    responses((status = 200, description = "The reply", body = MailReply)))]
pub async fn reply(scope: TenantScope, Path(id): Path<MailboxId>) -> Result<Tagged<Json<MailReply>>, Error> {
    let (_, filter) = actions::find(&Desk::of_tenant(scope, id)).await?;
    Ok(MailReply::new(filter))
}

/// Set a mailbox's automatic reply
#[utoipa::path(put, path = "/api/v1/mail/mailboxes/{mailbox}/reply", tag = "mail", params(("mailbox" = MailboxId, Path)),
    request_body = MailReply, responses((status = 200, description = "The reply", body = MailReply)))]
pub async fn put_reply(
    State(app): State<App>,
    scope: TenantScope,
    Path(id): Path<MailboxId>,
    if_match: IfMatch,
    Json(wish): Json<MailReply>,
) -> Result<Tagged<Json<MailReply>>, Error> {
    let desk = Desk::of_tenant(scope, id);
    let reply = Reply {
        is_on: wish.is_enabled,
        subject: wish.subject,
        text: wish.text,
        from: wish.from,
        until: wish.until,
    };
    let check = |version| if_match.check(version);
    let filter = actions::set_reply(&app, &desk, check, reply).await?;
    Ok(MailReply::new(filter))
}

/// What is spam for a mailbox. Spam goes to the folder Junk, gets no reply and reaches no rule.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MailSpam {
    /// From which score on mail is spam, from 0 to 100 with one digit behind the point. Few honest mails reach 6.
    #[schema(example = 6.5, minimum = 0, maximum = 100)]
    score: f64,
    /// Addresses, and domains with an @ before them, whose mail is never spam.
    #[serde(default)]
    #[schema(max_items = 500)]
    allowed: Vec<String>,
    /// The same of those whose mail always is, unless they are allowed.
    #[serde(default)]
    #[schema(max_items = 500)]
    blocked: Vec<String>,
}

impl MailSpam {
    fn new(filter: Filter) -> Tagged<Json<Self>> {
        let out = Self {
            score: f64::from(filter.parts.spam_tenths) / 10.0,
            allowed: filter.parts.allowed,
            blocked: filter.parts.blocked,
        };
        Tagged(filter.revision, Json(out))
    }
}

/// Show what is spam for a mailbox
#[utoipa::path(get, path = "/api/v1/mail/mailboxes/{mailbox}/spam", tag = "mail", params(("mailbox" = MailboxId, Path)),
    responses((status = 200, description = "What is spam", body = MailSpam)))]
pub async fn spam(scope: TenantScope, Path(id): Path<MailboxId>) -> Result<Tagged<Json<MailSpam>>, Error> {
    let (_, filter) = actions::find(&Desk::of_tenant(scope, id)).await?;
    Ok(MailSpam::new(filter))
}

/// Set what is spam for a mailbox
#[utoipa::path(put, path = "/api/v1/mail/mailboxes/{mailbox}/spam", tag = "mail", params(("mailbox" = MailboxId, Path)),
    request_body = MailSpam, responses((status = 200, description = "What is spam", body = MailSpam)))]
pub async fn put_spam(
    State(app): State<App>,
    scope: TenantScope,
    Path(id): Path<MailboxId>,
    if_match: IfMatch,
    Json(wish): Json<MailSpam>,
) -> Result<Tagged<Json<MailSpam>>, Error> {
    let desk = Desk::of_tenant(scope, id);
    let tenths = wish.score.to_string();
    let spam = Spam {
        score: &tenths,
        allowed: wish.allowed.iter().map(String::as_str).collect(),
        blocked: wish.blocked.iter().map(String::as_str).collect(),
    };
    let check = |version| if_match.check(version);
    let filter = actions::set_spam(&app, &desk, check, spam).await?;
    Ok(MailSpam::new(filter))
}

/// Where a mailbox's mail goes as well, or instead.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MailForwarding {
    /// The addresses.
    #[schema(max_items = 20)]
    forward_to: Vec<String>,
    /// Whether mail stays in the mailbox as well. With no addresses it does in any case.
    keeps_copy: bool,
}

impl MailForwarding {
    fn new(forwarding: Forwarding) -> Tagged<Json<Self>> {
        let out = Self {
            forward_to: forwarding.targets,
            keeps_copy: forwarding.keeps_copy,
        };
        Tagged(forwarding.version, Json(out))
    }
}

/// Show where a mailbox's mail is forwarded to
#[utoipa::path(get, path = "/api/v1/mail/mailboxes/{mailbox}/forwarding", tag = "mail",
    params(("mailbox" = MailboxId, Path)),
    responses((status = 200, description = "Where it goes", body = MailForwarding)))]
pub async fn forwarding(
    scope: TenantScope,
    Path(id): Path<MailboxId>,
) -> Result<Tagged<Json<MailForwarding>>, Error> {
    let found = forward::find(&Desk::of_tenant(scope, id)).await?;
    Ok(MailForwarding::new(found))
}

/// Set where a mailbox's mail is forwarded to
///
/// What leads back to the mailbox is refused, with the way that it would take.
#[utoipa::path(put, path = "/api/v1/mail/mailboxes/{mailbox}/forwarding", tag = "mail",
    params(("mailbox" = MailboxId, Path)), request_body = MailForwarding,
    responses((status = 200, description = "Where it goes", body = MailForwarding)))]
pub async fn put_forwarding(
    State(app): State<App>,
    scope: TenantScope,
    Path(id): Path<MailboxId>,
    if_match: IfMatch,
    Json(wish): Json<MailForwarding>,
) -> Result<Tagged<Json<MailForwarding>>, Error> {
    let desk = Desk::of_tenant(scope, id);
    let targets = wish.forward_to.iter().map(String::as_str).collect();
    let check = |version| if_match.check(version);
    let set = forward::set(&app, &desk, check, (targets, wish.keeps_copy)).await?;
    Ok(MailForwarding::new(set))
}
