//! All that happens to a mailbox's mail on one page: the rules in their order, the reply, spam, and the script of one's own.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use chrono::NaiveDate;

use crate::app::App;
use crate::mail::filters::actions::{self, Spam};
use crate::mail::filters::desk::Desk;
use crate::mail::filters::model::{self, Filter, MailRule, Reply, RuleCondition};
use crate::platform::error::{Error, FieldErrors};
use crate::platform::web::{Ctx, FormData, FormState, Path, SeeOther, mistakes};

use super::words::{FIELDS, TESTS, label};
use super::{Place, frame};

/// A rule in the list.
struct Row {
    at: usize,
    name: String,
    is_enabled: bool,
    when: String,
    does: String,
    is_first: bool,
    is_last: bool,
}

#[derive(Template)]
#[template(path = "mail/filters/parts.html")]
struct Body {
    base: String,
    may_write: bool,
    revision: i64,
    rows: Vec<Row>,
    reply: FormState,
    spam: FormState,
    script: FormState,
}

/// The forms that come back; the others show what is there.
#[derive(Default)]
struct Again {
    reply: Option<FormState>,
    spam: Option<FormState>,
    script: Option<FormState>,
}

fn when(rule: &MailRule) -> String {
    let told = |condition: &RuleCondition| {
        let what = match condition.header.as_str() {
            "" => label(&FIELDS, &condition.field),
            header => header,
        };
        format!("{what} {} {}", label(&TESTS, &condition.test), condition.value)
    };
    let conditions: Vec<String> = rule.conditions.iter().map(told).collect();
    conditions.join(if rule.all { ", and " } else { ", or " })
}

fn row((at, rule): (usize, &MailRule), count: usize) -> Row {
    Row {
        at,
        name: rule.name.clone(),
        is_enabled: rule.is_enabled,
        when: when(rule),
        does: rule.told(),
        is_first: at == 0,
        is_last: at + 1 == count,
    }
}

fn day(day: Option<NaiveDate>) -> String {
    day.map(|day| day.to_string()).unwrap_or_default()
}

fn filled_reply(reply: &Reply) -> FormState {
    let state = FormState::default()
        .with("subject", reply.subject.clone())
        .with("text", reply.text.clone())
        .with("from", day(reply.from))
        .with("until", day(reply.until));
    if reply.is_on {
        state.with("is_on", "true")
    } else {
        state
    }
}

fn filled_spam(filter: &Filter) -> FormState {
    FormState::default()
        .with("score", model::show_score(filter.parts.spam_tenths))
        .with("allowed", filter.parts.allowed.join("\n"))
        .with("blocked", filter.parts.blocked.join("\n"))
}

async fn page(desk: &Desk, ctx: Ctx, again: Again, status: u16) -> Result<Response, Error> {
    let (address, filter) = actions::find(desk).await?;
    let rules = &filter.parts.rules;
    let body = Body {
        base: desk.base(),
        may_write: desk.may_write(),
        revision: filter.revision,
        rows: rules
            .iter()
            .enumerate()
            .map(|one| row(one, rules.len()))
            .collect(),
        reply: again.reply.unwrap_or_else(|| filled_reply(&filter.parts.reply)),
        spam: again.spam.unwrap_or_else(|| filled_spam(&filter)),
        script: again
            .script
            .unwrap_or_else(|| FormState::default().with("script", filter.parts.raw.clone())),
    };
    frame(desk, ctx, ("Filters and replies", &address), &body, status)
}

/// Shows it.
pub(super) async fn show(desk: Desk, ctx: Ctx) -> Result<Response, Error> {
    page(&desk, ctx, Again::default(), 200).await
}

/// Back to the page.
fn back(desk: &Desk) -> SeeOther {
    SeeOther::to(format!("{}/rules", desk.base()))
}

fn read_day(errors: &mut FieldErrors, form: &FormData, field: &str) -> Option<NaiveDate> {
    let text = form.get(field).trim();
    if text.is_empty() {
        return None;
    }
    let day: Result<NaiveDate, _> = text.parse();
    errors.check(field, day.map_err(|_| "Enter a day like 2027-01-31, or nothing."))
}

fn read_reply(form: &FormData) -> Result<Reply, Error> {
    let mut errors = FieldErrors::default();
    let reply = Reply {
        is_on: form.checked("is_on"),
        subject: form.get("subject").to_owned(),
        text: form.get("text").to_owned(),
        from: read_day(&mut errors, form, "from"),
        until: read_day(&mut errors, form, "until"),
    };
    errors.into_result()?;
    Ok(reply)
}

/// Changes the reply.
pub(super) async fn save_reply(
    State(app): State<App>,
    desk: Desk,
    ctx: Ctx,
    form: FormData,
) -> Result<Response, Error> {
    let change = async {
        let reply = read_reply(&form)?;
        actions::set_reply(&app, &desk, form.has_seen(), reply).await
    };
    match form.submit(change).await {
        Ok(filter) if filter.parts.reply.is_on => Ok(back(&desk).good("The reply is on.").into_response()),
        Ok(_) => Ok(back(&desk).good("The reply is off.").into_response()),
        Err(error) => {
            let (errors, status) = mistakes(error)?;
            let again = Again {
                reply: Some(FormState::new(form, errors)),
                ..Again::default()
            };
            page(&desk, ctx, again, status).await
        }
    }
}

/// Changes what is spam.
pub(super) async fn save_spam(
    State(app): State<App>,
    desk: Desk,
    ctx: Ctx,
    form: FormData,
) -> Result<Response, Error> {
    let spam = Spam {
        score: form.get("score"),
        allowed: form.get("allowed").lines().collect(),
        blocked: form.get("blocked").lines().collect(),
    };
    let change = actions::set_spam(&app, &desk, form.has_seen(), spam);
    match form.submit(change).await {
        Ok(_) => Ok(back(&desk)
            .good("Saved. It holds for the next mail.")
            .into_response()),
        Err(error) => {
            let (errors, status) = mistakes(error)?;
            let again = Again {
                spam: Some(FormState::new(form, errors)),
                ..Again::default()
            };
            page(&desk, ctx, again, status).await
        }
    }
}

/// Changes the script of one's own.
pub(super) async fn save_script(
    State(app): State<App>,
    desk: Desk,
    ctx: Ctx,
    form: FormData,
) -> Result<Response, Error> {
    let raw = Some(form.get("script").to_owned());
    let change = actions::set_rules(&app, &desk, form.has_seen(), |_| Ok(()), raw);
    match form.submit(change).await {
        Ok(_) => Ok(back(&desk)
            .good("Saved. It runs for the next mail.")
            .into_response()),
        Err(error) => {
            let (errors, status) = mistakes(error)?;
            let again = Again {
                script: Some(FormState::new(form, errors)),
                ..Again::default()
            };
            page(&desk, ctx, again, status).await
        }
    }
}

/// Answers a button.
fn pressed(desk: &Desk, outcome: Result<Filter, Error>, words: &str) -> Result<Response, Error> {
    let to = match outcome {
        Ok(_) => back(desk).good(words),
        Err(Error::PreconditionFailed) => {
            back(desk).bad("The rules have changed meanwhile. Look at them again.")
        }
        Err(error) => back(desk).refused_or_invalid(error)?,
    };
    Ok(to.into_response())
}

/// Moves a rule up or down.
pub(super) async fn shift(
    State(app): State<App>,
    desk: Desk,
    Path(place): Path<Place>,
    form: FormData,
) -> Result<Response, Error> {
    let is_up = form.get("to") == "up";
    let edit = |rules: &mut Vec<MailRule>| -> Result<(), Error> {
        if place.rule >= rules.len() {
            return Err(Error::NotFound);
        }
        let other = if is_up {
            place.rule.checked_sub(1)
        } else {
            Some(place.rule + 1)
        };
        if let Some(other) = other.filter(|other| *other < rules.len()) {
            rules.swap(place.rule, other);
        }
        Ok(())
    };
    let outcome = actions::set_rules(&app, &desk, form.has_seen(), edit, None).await;
    pressed(&desk, outcome, "Moved.")
}

/// Deletes a rule.
pub(super) async fn remove(
    State(app): State<App>,
    desk: Desk,
    Path(place): Path<Place>,
    form: FormData,
) -> Result<Response, Error> {
    let edit = |rules: &mut Vec<MailRule>| -> Result<(), Error> {
        if place.rule >= rules.len() {
            return Err(Error::NotFound);
        }
        rules.remove(place.rule);
        Ok(())
    };
    let outcome = actions::set_rules(&app, &desk, form.has_seen(), edit, None).await;
    pressed(&desk, outcome, "Rule deleted.")
}
