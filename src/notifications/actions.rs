//! Writing what is to be told, and sending again what was not.

use chrono::TimeDelta;
use serde_json::json;

use crate::app::App;
use crate::audit::{Change, Target};
use crate::platform::access::{StaffScope, SystemScope};
use crate::platform::db::Scoped;
use crate::platform::error::Error;
use crate::platform::events;
use crate::platform::ids::{NotificationId, TenantId};
use crate::platform::jobs;
use crate::tenants::Tenant;

use super::TOPIC;
use super::jobs::SendMail;
use super::model::{Draft, Notification, State};
use super::store;

/// How long is remembered what was sent.
const KEPT: TimeDelta = TimeDelta::days(90);
/// Mails go one after another, so that a server that is away holds up no other work.
const QUEUE: &str = "mail";

/// Tells a tenant's owners, in the transaction in which it becomes true. Nothing is written where there is no mail server.
pub async fn tell_owners(
    app: &App,
    tx: &mut impl Scoped,
    tenant: &Tenant,
    draft: &Draft,
) -> Result<(), Error> {
    if app.mailer.is_none() {
        return Ok(());
    }
    for owner in store::owners(tx, tenant.id).await? {
        write(app, tx, Some((tenant.id, tenant.name.clone())), &owner, draft).await?;
    }
    Ok(())
}

async fn write(
    app: &App,
    tx: &mut impl Scoped,
    tenant: Option<(TenantId, String)>,
    recipient: &str,
    draft: &Draft,
) -> Result<Notification, Error> {
    let now = app.now();
    let new = Notification {
        id: NotificationId::new(&*app.ids, now),
        tenant,
        recipient: recipient.to_owned(),
        subject: draft.subject.clone(),
        text: draft.text.clone(),
        about: draft.about,
        state: State::Waiting,
        attempts: 0,
        error: None,
        created_at: now,
        sent_at: None,
    };
    store::insert(tx, &new).await?;
    enqueue(tx, new.id).await?;
    Ok(new)
}

async fn enqueue(tx: &mut impl Scoped, id: NotificationId) -> Result<(), Error> {
    let job = SendMail { notification: id };
    jobs::enqueue(tx, &job, Some(QUEUE), &id.to_string()).await?;
    events::emit(tx, None, TOPIC, Some(id.0)).await
}

fn check_mailer(app: &App) -> Result<(), Error> {
    if app.mailer.is_some() {
        return Ok(());
    }
    Err(Error::conflict(
        "no-mail-server",
        "No mail server is set. Name one by BERTH_SMTP_URL and start the panel again.",
    ))
}

/// Sends a mail to whoever asks, to see that it arrives.
pub async fn test(app: &App, scope: &StaffScope) -> Result<Notification, Error> {
    check_mailer(app)?;
    let mut tx = scope.begin().await?;
    let draft = Draft {
        subject: "A test of your panel's mail".to_owned(),
        text: format!(
            "You asked {} to send you this. If you read it, mail from the panel arrives.\n",
            app.config.public_url
        ),
        about: None,
    };
    let new = write(app, &mut tx, None, &scope.actor.email, &draft).await?;
    audit(app, &mut tx, scope, &new, "notification.test").await?;
    tx.commit().await?;
    Ok(new)
}

/// Sends one again that has failed.
pub async fn retry(app: &App, scope: &StaffScope, id: NotificationId) -> Result<Notification, Error> {
    check_mailer(app)?;
    let mut tx = scope.begin().await?;
    let found = store::find(&mut tx, id).await?;
    found.check_failed()?;
    store::renew(&mut tx, id).await?;
    enqueue(&mut tx, id).await?;
    audit(app, &mut tx, scope, &found, "notification.retry").await?;
    let found = store::find(&mut tx, id).await?;
    tx.commit().await?;
    Ok(found)
}

async fn audit(
    app: &App,
    tx: &mut impl Scoped,
    scope: &StaffScope,
    about: &Notification,
    verb: &'static str,
) -> Result<(), Error> {
    let target = Target {
        kind: "notification",
        id: Some(about.id.0),
        label: &about.subject,
        tenant: about.tenant.as_ref().map(|(tenant, _)| *tenant),
    };
    let change = Change::to(verb, json!({ "recipient": about.recipient }));
    app.audit(tx, &scope.who, &target, &change).await
}

/// Forgets what was sent long ago. Says how many.
pub async fn clean_up(app: &App, scope: &SystemScope) -> Result<u64, Error> {
    let mut tx = scope.begin().await?;
    let count = store::forget(&mut tx, app.now() - KEPT).await?;
    tx.commit().await?;
    Ok(count)
}
