//! A try to send a message, and what follows from it.

use std::net::IpAddr;
use std::time::Duration;

use serde_json::json;
use zeroize::Zeroizing;

use crate::app::App;
use crate::audit::{Change, Target};
use crate::drivers::http::{self, Request};
use crate::notifications::{self, Draft};
use crate::platform::access::SystemScope;
use crate::platform::db::SystemTx;
use crate::platform::error::Error;
use crate::platform::ids::WebhookDeliveryId;
use crate::platform::{events, fault};
use crate::tenants;

use super::TOPIC;
use super::model::{DISABLED_AFTER, State, Tried, hold, may_speak, signatures};
use super::reseal::context;
use super::store::{self, Waiting};

/// How long an address may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// So much of its answer is kept.
const KEPT: usize = 1024;

type Keys = Vec<Zeroizing<Vec<u8>>>;

/// What a look at a message says.
enum Look {
    /// There is nothing to send any more.
    Done,
    /// Its address is left alone for now.
    Held,
    /// Send it, signed with these.
    Send(Waiting, Keys),
}

/// Tries one. An error is for the queue, which runs it again later.
pub(super) async fn work(app: &App, scope: &SystemScope, id: WebhookDeliveryId) -> Result<(), String> {
    let (due, keys) = match look(app, scope, id).await.map_err(|error| error.to_string())? {
        Look::Done => return Ok(()),
        Look::Held => return Err("the address failed a moment ago and is left alone".to_owned()),
        Look::Send(due, keys) => (due, keys),
    };
    let tried = send(app, id, &due, &keys).await;
    fault::point("webhooks.after_send");
    let state = keep(app, scope, (id, &due), &tried)
        .await
        .map_err(|error| error.to_string())?;
    match (state, tried.error) {
        (State::Waiting, Some(error)) => Err(error),
        _ => Ok(()),
    }
}

async fn look(app: &App, scope: &SystemScope, id: WebhookDeliveryId) -> Result<Look, Error> {
    let now = app.now();
    let mut tx = scope.begin().await?;
    let Some(due) = store::due(&mut tx, id).await? else {
        return Ok(Look::Done);
    };
    if due.is_off {
        store::fail_waiting(&mut tx, due.webhook, "The webhook was paused or disabled.").await?;
        tx.commit().await?;
        return Ok(Look::Done);
    }
    if due.hold_until.is_some_and(|until| now < until) {
        return Ok(Look::Held);
    }
    let sealed = store::keys(&mut tx, due.webhook, now).await?;
    let open = |(id, sealed): &(_, Vec<u8>)| app.keyring.open(&context(*id), sealed);
    let keys: Result<Keys, _> = sealed.iter().map(open).collect();
    Ok(Look::Send(due, keys?))
}

async fn send(app: &App, id: WebhookDeliveryId, due: &Waiting, keys: &Keys) -> Tried {
    let (id, seconds) = (id.to_string(), app.now().timestamp());
    let signature = signatures(keys, &id, seconds, &due.body);
    let seconds = seconds.to_string();
    let request = Request {
        method: "POST",
        url: &due.url,
        headers: &[
            ("content-type", "application/json"),
            ("webhook-id", id.as_str()),
            ("webhook-timestamp", seconds.as_str()),
            ("webhook-signature", signature.as_str()),
        ],
        body: due.body.as_bytes(),
        limit: KEPT,
        timeout: PATIENCE,
        verify: true,
    };
    let allow = |ip: IpAddr| may_speak(&due.url, ip, &app.config.webhook_allow);
    match http::send(&request, &*app.dns, &allow).await {
        Ok(answer) => {
            let took = i32::try_from(answer.took.as_millis()).unwrap_or(i32::MAX);
            Tried::answered(answer.status, took, &answer.body)
        }
        Err(error) => Tried {
            status: None,
            took_ms: 0,
            answer: String::new(),
            error: Some(error.to_string()),
        },
    }
}

/// Writes what a try came to, and what follows for the webhook.
async fn keep(
    app: &App,
    scope: &SystemScope,
    (id, due): (WebhookDeliveryId, &Waiting),
    tried: &Tried,
) -> Result<State, Error> {
    let now = app.now();
    let state = tried.state(due.due_at, now);
    let mut tx = scope.begin().await?;
    // Before its messages, as whoever deletes it takes them: two never wait for each other.
    match store::lock(&mut tx, due.webhook, due.tenant).await {
        // It was deleted meanwhile, and the message with it.
        Err(Error::NotFound) => return Ok(State::Failed),
        locked => drop(locked?),
    }
    store::tried(&mut tx, id, (state, tried), now).await?;
    if tried.error.is_none() {
        store::worked(&mut tx, due.webhook).await?;
    } else {
        let (since, failures) = store::failed(&mut tx, due.webhook, now).await?;
        if tried.is_gone() || now - since >= DISABLED_AFTER {
            disable(app, scope, &mut tx, due).await?;
        } else {
            store::hold(&mut tx, due.webhook, hold(failures, now)).await?;
        }
    }
    events::emit(&mut tx, due.tenant, TOPIC, Some(due.webhook.0)).await?;
    tx.commit().await?;
    Ok(state)
}

/// Lets a webhook be told nothing any more, and tells its owners so, once.
async fn disable(app: &App, scope: &SystemScope, tx: &mut SystemTx, due: &Waiting) -> Result<(), Error> {
    if !store::disable(tx, due.webhook, app.now()).await? {
        return Ok(());
    }
    store::fail_waiting(tx, due.webhook, "The webhook was disabled.").await?;
    let target = Target {
        kind: "webhook",
        id: Some(due.webhook.0),
        label: &due.url,
        tenant: due.tenant,
    };
    let change = Change::to("webhook.disable", json!({ "url": due.url }));
    app.audit(tx, &scope.who, &target, &change).await?;
    let Some(tenant) = due.tenant else {
        tracing::warn!(webhook = %due.webhook, "a webhook of the provider was disabled: nothing arrived");
        return Ok(());
    };
    let tenant = tenants::find_tenant(tx, tenant).await?;
    let page = app
        .config
        .link(&format!("/t/{}/webhooks/{}", tenant.slug, due.webhook));
    let draft = Draft {
        subject: format!("A webhook of {} was disabled", tenant.name),
        text: format!(
            "{} has taken nothing for {} days, or says that it is gone, so it is told nothing any more.\n\nWhat was tried, and \
             how to enable it again: {page}\n",
            due.url,
            DISABLED_AFTER.num_days()
        ),
        about: Some(due.webhook.0),
    };
    notifications::tell_owners(app, tx, &tenant, &draft).await
}
