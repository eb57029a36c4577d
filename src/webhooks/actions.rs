//! The verbs: each one transaction with its event and its audit.

use rand::RngExt as _;
use serde_json::{Value, json};

use crate::app::App;
use crate::audit::{Change, Target};
use crate::platform::db::Scoped;
use crate::platform::error::Error;
use crate::platform::events;
use crate::platform::ids::{TenantId, WebhookDeliveryId, WebhookId};
use crate::platform::secret::Secret;
use crate::platform::web::{Cursor, ListQuery, Listing};

use super::TOPIC;
use super::desk::{Desk, DeskTx};
use super::model::{Delivery, MOST, OVERLAP, TEST, Webhook, WebhookText, message, secret_text};
use super::reseal::context;
use super::store;
use super::tell;

/// As many bytes as the hash that signs has.
const KEY: usize = 32;

fn shown(webhook: &Webhook) -> Value {
    json!({
        "url": webhook.url,
        "description": webhook.description,
        "events": webhook.events,
        "paused": webhook.is_paused,
    })
}

async fn audit(
    app: &App,
    desk: &Desk,
    tx: &mut DeskTx,
    about: &Webhook,
    change: &Change,
) -> Result<(), Error> {
    let target = Target {
        kind: "webhook",
        id: Some(about.id.0),
        label: &about.url,
        tenant: about.tenant,
    };
    events::emit(tx, about.tenant, TOPIC, Some(about.id.0)).await?;
    app.audit(tx, desk.who(), &target, change).await
}

/// Makes a secret. Its text is shown once.
async fn add_secret(
    app: &App,
    tx: &mut impl Scoped,
    to: (WebhookId, Option<TenantId>),
) -> Result<Secret, Error> {
    let (now, key) = (app.now(), rand::rng().random::<[u8; KEY]>());
    let id = app.ids.uuid(now);
    let sealed = app.keyring.seal(&context(id), &key)?;
    store::add_secret(tx, id, to, &sealed, now).await?;
    Ok(Secret::new(secret_text(&key)))
}

/// Makes a webhook, with its secret.
pub(super) async fn create(app: &App, desk: &Desk, text: &WebhookText) -> Result<(Webhook, Secret), Error> {
    let new = text.parse(desk.is_provider(), &app.config.webhook_allow)?;
    let (now, tenant) = (app.now(), desk.tenant());
    let id = WebhookId::new(&*app.ids, now);
    let mut tx = desk.begin().await?;
    if store::count(&mut tx, tenant).await? >= MOST {
        let message =
            format!("There are {MOST} webhooks, and more are not possible. Delete one that you don't need.");
        return Err(Error::conflict("too-many-webhooks", message));
    }
    store::insert(&mut tx, (id, tenant), &new, (&desk.who().label, now)).await?;
    let secret = add_secret(app, &mut tx, (id, tenant)).await?;
    let made = store::find(&mut tx, id).await?;
    audit(
        app,
        desk,
        &mut tx,
        &made,
        &Change::to("webhook.create", shown(&made)),
    )
    .await?;
    tx.commit().await?;
    Ok((made, secret))
}

/// Changes one.
pub(super) async fn change(
    app: &App,
    desk: &Desk,
    id: WebhookId,
    change: impl FnOnce(WebhookText) -> WebhookText + Send,
    is_seen: impl Fn(i64) -> Result<(), Error> + Send,
) -> Result<Webhook, Error> {
    let mut tx = desk.begin().await?;
    let known = store::lock(&mut tx, id, desk.tenant()).await?;
    is_seen(known.version)?;
    let new = change(WebhookText::from(&known)).parse(desk.is_provider(), &app.config.webhook_allow)?;
    store::save(&mut tx, id, &new, app.now()).await?;
    let changed = store::find(&mut tx, id).await?;
    let told = Change::between("webhook.change", shown(&known), shown(&changed));
    audit(app, desk, &mut tx, &changed, &told).await?;
    tx.commit().await?;
    Ok(changed)
}

/// Takes one away, with all that it was told.
pub(super) async fn remove(app: &App, desk: &Desk, id: WebhookId) -> Result<(), Error> {
    let mut tx = desk.begin().await?;
    let known = store::lock(&mut tx, id, desk.tenant()).await?;
    store::delete(&mut tx, id).await?;
    let change = Change {
        action: "webhook.delete",
        before: Some(shown(&known)),
        after: None,
    };
    audit(app, desk, &mut tx, &known, &change).await?;
    tx.commit().await
}

/// Makes another secret. The present one signs too for a day.
pub(super) async fn rotate(app: &App, desk: &Desk, id: WebhookId) -> Result<(Webhook, Secret), Error> {
    let mut tx = desk.begin().await?;
    let known = store::lock(&mut tx, id, desk.tenant()).await?;
    store::retire(&mut tx, id, app.now() + OVERLAP).await?;
    let secret = add_secret(app, &mut tx, (id, known.tenant)).await?;
    audit(app, desk, &mut tx, &known, &Change::plain("webhook.rotate")).await?;
    tx.commit().await?;
    Ok((known, secret))
}

/// Lets one that was disabled be told again what happens from now on.
pub(super) async fn enable(app: &App, desk: &Desk, id: WebhookId) -> Result<Webhook, Error> {
    let mut tx = desk.begin().await?;
    let known = store::lock(&mut tx, id, desk.tenant()).await?;
    if known.disabled_at.is_none() {
        return Ok(known);
    }
    store::enable(&mut tx, id, app.now()).await?;
    let enabled = store::find(&mut tx, id).await?;
    audit(app, desk, &mut tx, &enabled, &Change::plain("webhook.enable")).await?;
    tx.commit().await?;
    Ok(enabled)
}

/// Refuses to send to what is told nothing.
fn check_on(webhook: &Webhook) -> Result<(), Error> {
    if webhook.is_paused || webhook.disabled_at.is_some() {
        let message = "This webhook is paused or disabled. Let it be told again first.";
        return Err(Error::conflict("webhook-off", message));
    }
    Ok(())
}

/// Sends a message that tells of nothing, to see that it arrives.
pub(super) async fn test(app: &App, desk: &Desk, id: WebhookId) -> Result<Delivery, Error> {
    let mut tx = desk.begin().await?;
    let known = store::lock(&mut tx, id, desk.tenant()).await?;
    check_on(&known)?;
    store::release(&mut tx, id).await?;
    let now = app.now();
    let about = format!("test:{}", app.ids.uuid(now));
    let body = message(TEST, now, &json!({ "webhook_id": id }));
    let made = tell::write(app, &mut tx, (id, known.tenant), (TEST, &about), &body).await?;
    audit(app, desk, &mut tx, &known, &Change::plain("webhook.test")).await?;
    let delivery = store::delivery(&mut tx, id, made).await?;
    tx.commit().await?;
    Ok(delivery)
}

/// Sends a message again: the same, by the same id. One that waits for its next try is tried at once.
pub(super) async fn redeliver(
    app: &App,
    desk: &Desk,
    (id, delivery): (WebhookId, WebhookDeliveryId),
) -> Result<Delivery, Error> {
    let mut tx = desk.begin().await?;
    let known = store::lock(&mut tx, id, desk.tenant()).await?;
    let found = store::delivery(&mut tx, id, delivery).await?;
    check_on(&known)?;
    store::release(&mut tx, id).await?;
    store::renew(&mut tx, delivery, app.now()).await?;
    tell::enqueue(&mut tx, delivery, (id, known.tenant)).await?;
    let change = Change::to(
        "webhook.redeliver",
        json!({ "delivery": delivery, "event": found.event }),
    );
    audit(app, desk, &mut tx, &known, &change).await?;
    let found = store::delivery(&mut tx, id, delivery).await?;
    tx.commit().await?;
    Ok(found)
}

/// One that whoever asks may see.
pub(super) async fn find(desk: &Desk, id: WebhookId) -> Result<Webhook, Error> {
    store::find(&mut desk.begin().await?, id).await
}

/// A page of those that whoever asks may see, the newest first.
pub(super) async fn list(desk: &Desk, query: &ListQuery) -> Result<Listing<Webhook>, Error> {
    let before = Cursor::decode(query.after.as_deref())?;
    let found = store::list(&mut desk.begin().await?, before, query.fetch()?).await?;
    Listing::new(found, query, |one| (one.created_at, one.id.0))
}

/// A page of what one was told, the newest first.
pub(super) async fn deliveries(
    desk: &Desk,
    id: WebhookId,
    query: &ListQuery,
) -> Result<Listing<Delivery>, Error> {
    let before = Cursor::decode(query.after.as_deref())?;
    let mut tx = desk.begin().await?;
    // Nobody's webhook is told from one that was told nothing.
    store::find(&mut tx, id).await?;
    let found = store::deliveries(&mut tx, id, before, query.fetch()?).await?;
    Listing::new(found, query, |one| (one.created_at, one.id.0))
}
