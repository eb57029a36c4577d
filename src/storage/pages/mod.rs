//! Storage for people: what is used, by what, and how that came to be; and the warning on top of other pages.

pub(super) mod capacity;
pub(super) mod live;
pub(super) mod plan;
pub(super) mod show;

use crate::platform::web::Ctx;
use crate::platform::web::page::Tone;
use crate::usage::bytes;

use super::model::{Level, Policy, percent};
use super::store::Warning;

/// Says on top that a tenant's storage is filling up, if it is.
pub fn with_warning(ctx: Ctx, warning: Option<&Warning>) -> Ctx {
    let Some(warning) = warning else {
        return ctx;
    };
    let tone = if warning.level == Level::Full {
        Tone::Bad
    } else {
        Tone::Warn
    };
    ctx.with_banner(tone, text(warning))
}

fn text(warning: &Warning) -> String {
    let share = percent(warning.used, warning.allowed);
    let (used, allowed) = (bytes(warning.used), bytes(warning.allowed));
    let begin = format!("Storage is {share} % full: {used} of {allowed} are used.");
    let follows = match (warning.overuse.policy, warning.full_since) {
        (Policy::Suspend, Some(since)) => format!(
            "The organisation will be suspended on {} unless there is room by then.",
            (since + warning.overuse.grace()).format("%-d %B %Y")
        ),
        (Policy::Block, Some(_)) => "New and larger things are refused until there is room.".to_owned(),
        _ => "See what uses it under Storage.".to_owned(),
    };
    format!("{begin} {follows}")
}
