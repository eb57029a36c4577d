//! Webhooks for people: of a tenant, and of the provider, by the same code.

mod list;
mod show;

use serde::Deserialize;

use crate::app::App;
use crate::platform::access::{Permission as P, Rule};
use crate::platform::ids::{WebhookDeliveryId, WebhookId};
use crate::platform::web::{Ctx, FormData, FormState, Routes};

use super::desk::Desk;
use super::model::{WebhookText, choices};

/// The addresses.
pub(super) fn routes() -> Routes<App> {
    let (read, write) = (Rule::Tenant(P::WebhookRead), Rule::Tenant(P::WebhookWrite));
    let (see, manage) = (
        Rule::Staff(P::StaffWebhookRead),
        Rule::Staff(P::StaffWebhookManage),
    );
    of("/t/{tenant}/webhooks", read, write).merge(of("/staff/webhooks", see, manage))
}

fn of(base: &str, read: Rule, write: Rule) -> Routes<App> {
    let at = |end: &str| format!("{base}{end}");
    Routes::new()
        .get(base, read, list::list)
        .form(base, write, list::create)
        .get(&at("/new"), write, list::new)
        .get(&at("/{webhook}"), read, show::show)
        .form(&at("/{webhook}"), write, show::save)
        .post(&at("/{webhook}/delete"), write, show::delete)
        .post(&at("/{webhook}/rotate"), write, show::rotate)
        .post(&at("/{webhook}/enable"), write, show::enable)
        .post(&at("/{webhook}/test"), write, show::test)
        .post(
            &at("/{webhook}/deliveries/{delivery}/redeliver"),
            write,
            show::redeliver,
        )
}

/// Which webhook an address is about, on either side.
#[derive(Debug, Deserialize)]
struct At {
    webhook: WebhookId,
}

/// Which message of it.
#[derive(Debug, Deserialize)]
struct AtDelivery {
    webhook: WebhookId,
    delivery: WebhookDeliveryId,
}

fn crumbs(ctx: Ctx, desk: &Desk) -> Ctx {
    ctx.with_crumbs([("Webhooks", desk.base())])
}

/// A box of the form: the event, what it means, and whether it is chosen.
struct EventBox {
    name: &'static str,
    about: &'static str,
    is_chosen: bool,
}

fn boxes(desk: &Desk, form: &FormState) -> Vec<EventBox> {
    choices(desk.is_provider())
        .map(|(name, about)| EventBox {
            name,
            about,
            is_chosen: form.has("events", name),
        })
        .collect()
}

/// A webhook as it was typed.
fn typed(data: &FormData) -> WebhookText {
    WebhookText {
        url: data.get("url").to_owned(),
        description: data.get("description").to_owned(),
        events: data.all("events").map(str::to_owned).collect(),
        is_paused: data.checked("paused"),
    }
}
