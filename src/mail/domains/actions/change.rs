//! Changing a domain's settings, and removing it.

use serde_json::json;

use crate::app::App;
use crate::audit::Change;
use crate::mail::{kicks, limits};
use crate::platform::access::TenantScope;
use crate::platform::error::{Error, FieldErrors};
use crate::platform::ids::MailDomainId;

use super::super::model::{Domain, Said, check_hourly, check_quota};
use super::super::store::{self, Settings};
use super::{check_alias, check_ways, settings_of, shown, tell};

/// What somebody changes. What is not said stays.
#[derive(Debug)]
pub struct ChangeInput {
    /// Whether mail goes in and out.
    pub is_enabled: Option<bool>,
    /// The domain whose addresses it has as well.
    pub alias_of: Said<MailDomainId>,
    /// What its mailboxes may hold together, in MiB, or why what was typed is no size.
    pub quota_mib: Result<Said<i64>, String>,
    /// Recipients that they may send to in an hour, or why what was typed is no number.
    pub hourly_limit: Result<Said<i32>, String>,
}

/// Looks at a value that is to be there.
fn checked<T>(
    said: Result<Said<T>, String>,
    check: impl FnOnce(T) -> Result<T, String>,
) -> Result<Said<T>, String> {
    match said? {
        Said::Be(Some(value)) => check(value).map(|value| Said::Be(Some(value))),
        other => Ok(other),
    }
}

/// Changes a domain. Whoever has a mailbox of one that is disabled open is signed out. `is_seen` is asked whether the version that is
/// there may be changed.
pub async fn change(
    app: &App,
    scope: &TenantScope,
    id: MailDomainId,
    input: ChangeInput,
    is_seen: impl FnOnce(i64) -> Result<(), Error>,
) -> Result<Domain, Error> {
    let mut errors = FieldErrors::default();
    let quota = errors.check("quota_mib", checked(input.quota_mib, check_quota));
    let hourly = errors.check("hourly_limit", checked(input.hourly_limit, check_hourly));
    errors.into_result()?;
    let mut tx = scope.begin().await?;
    // Whoever makes a domain an alias has this lock, so that two of them make no chain.
    limits::lock(&mut tx, scope.tenant()).await?;
    let before = store::lock(&mut tx, id).await?;
    is_seen(before.version)?;
    let settings = Settings {
        is_enabled: input.is_enabled.unwrap_or(before.is_enabled),
        alias_of: input.alias_of.or(before.alias_of),
        quota_mib: quota.unwrap_or_default().or(before.quota_mib),
        hourly_limit: hourly.unwrap_or_default().or(before.hourly_limit),
    };
    if settings == settings_of(&before) {
        return Ok(before);
    }
    let becomes = settings.alias_of.filter(|other| Some(*other) != before.alias_of);
    if let Some(other) = becomes {
        check_alias(&mut tx, &before, other).await?;
    }
    store::save(&mut tx, id, &settings, app.now()).await?;
    if becomes.is_some() {
        check_ways(&mut tx, &before).await?;
    }
    if before.is_enabled && !settings.is_enabled {
        kicks::ask_domain(&mut tx, (before.tenant, id), app.now()).await?;
    }
    let after = store::find(&mut tx, id).await?;
    let change = Change::between("mail_domain.change", shown(&before), shown(&after));
    tell(app, &mut tx, scope, &after, &change).await?;
    tx.commit().await?;
    Ok(after)
}

/// Removes a domain that has nothing any more, so that nobody has a mailbox of it open either; `typed` is what somebody typed as its
/// name, where a page asks for that. Mailboxes of it that were deleted and kept are erased with it.
pub async fn remove(
    app: &App,
    scope: &TenantScope,
    id: MailDomainId,
    typed: Option<&str>,
) -> Result<Domain, Error> {
    let mut tx = scope.begin().await?;
    store::lock_kept(&mut tx, id).await?;
    limits::lock(&mut tx, scope.tenant()).await?;
    let before = store::lock(&mut tx, id).await?;
    let is_typed = |typed: &str| typed == before.name.as_str() || typed == before.name.shown();
    if typed.is_some_and(|typed| !is_typed(typed.trim())) {
        let message = format!("Type the domain's name: {}", before.name.shown());
        return Err(Error::invalid("confirm", message));
    }
    before.check_empty()?;
    let erased = store::erase_kept(&mut tx, id, app.now()).await?;
    store::remove(&mut tx, id).await?;
    let mut told = shown(&before);
    told["erased_mailboxes"] = json!(erased);
    let change = Change {
        action: "mail_domain.delete",
        before: Some(told),
        after: None,
    };
    tell(app, &mut tx, scope, &before, &change).await?;
    tx.commit().await?;
    Ok(before)
}
