//! One rule in a form. It has some empty lines for conditions and actions; who needs more saves and goes on.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};

use crate::app::App;
use crate::mail::filters::actions;
use crate::mail::filters::desk::Desk;
use crate::mail::filters::model::{
    ActionKind, ConditionField, ConditionTest, Filter, MAX_CONDITIONS, MAX_RULES, MailRule, RuleAction,
    RuleCondition,
};
use crate::platform::error::{Error, FieldErrors};
use crate::platform::web::{Ctx, FormData, FormState, Path, SeeOther, mistakes};

use super::words::{ACTIONS, FIELDS, TESTS, options, parse, word};
use super::{Place, frame};

/// Empty lines after those that are filled in.
const SPARE: usize = 2;

/// A line of the form: what stands in it, and what is wrong with that.
#[derive(Default)]
struct Line {
    /// What its fields are called begins with this.
    at: String,
    kind: &'static str,
    header: String,
    header_error: String,
    test: &'static str,
    test_error: String,
    value: String,
    value_error: String,
}

impl Line {
    fn named(&self, field: &str) -> String {
        format!("{}.{field}", self.at)
    }

    fn is_kind(&self, word: &str) -> bool {
        self.kind == word
    }

    fn is_test(&self, word: &str) -> bool {
        self.test == word
    }
}

#[derive(Template)]
#[template(path = "mail/filters/rule.html")]
struct Body {
    base: String,
    action: String,
    rule: MailRule,
    version: String,
    errors: FormState,
    conditions: Vec<Line>,
    actions: Vec<Line>,
}

impl Body {
    fn fields(&self) -> Vec<(&'static str, &'static str)> {
        options(&FIELDS)
    }

    fn tests(&self) -> Vec<(&'static str, &'static str)> {
        options(&TESTS)
    }

    fn kinds(&self) -> Vec<(&'static str, &'static str)> {
        options(&ACTIONS)
    }
}

fn conditions(rule: &MailRule, errors: &FormState) -> Vec<Line> {
    let line = |at: usize| {
        let at = format!("conditions[{at}]");
        Line {
            header_error: errors.error(&format!("{at}.header")).to_owned(),
            test_error: errors.error(&format!("{at}.test")).to_owned(),
            value_error: errors.error(&format!("{at}.value")).to_owned(),
            at,
            ..Line::default()
        }
    };
    let filled = rule.conditions.iter().enumerate().map(|(at, condition)| Line {
        kind: word(&FIELDS, &condition.field),
        header: condition.header.clone(),
        test: word(&TESTS, &condition.test),
        value: condition.value.clone(),
        ..line(at)
    });
    let count = rule.conditions.len();
    let spare = (count..(count + SPARE).min(MAX_CONDITIONS)).map(line);
    filled.chain(spare).collect()
}

fn actions_of(rule: &MailRule, errors: &FormState) -> Vec<Line> {
    let line = |at: usize| {
        let at = format!("actions[{at}]");
        Line {
            value_error: errors.error(&format!("{at}.value")).to_owned(),
            at,
            ..Line::default()
        }
    };
    let filled = rule.actions.iter().enumerate().map(|(at, action)| Line {
        kind: word(&ACTIONS, &action.action),
        value: action.value.clone(),
        ..line(at)
    });
    let count = rule.actions.len();
    let spare = (count..(count + SPARE).min(MAX_CONDITIONS)).map(line);
    filled.chain(spare).collect()
}

/// What was typed. Lines in which nothing was chosen are left out.
fn read(form: &FormData) -> MailRule {
    let get = |at: &str, field: &str| form.get(&format!("{at}.{field}")).to_owned();
    let conditions = (0..MAX_CONDITIONS).filter_map(|at| {
        let at = format!("conditions[{at}]");
        let field: ConditionField = parse(&FIELDS, &get(&at, "field"))?;
        let header = match field {
            ConditionField::Header => get(&at, "header").trim().to_owned(),
            _ => String::new(),
        };
        Some(RuleCondition {
            field,
            header,
            test: parse(&TESTS, &get(&at, "test")).unwrap_or(ConditionTest::Contains),
            value: get(&at, "value"),
        })
    });
    let actions = (0..MAX_CONDITIONS).filter_map(|at| {
        let at = format!("actions[{at}]");
        let action: ActionKind = parse(&ACTIONS, &get(&at, "field"))?;
        let value = get(&at, "value").trim().to_owned();
        Some(RuleAction { action, value })
    });
    MailRule {
        name: form.get("name").trim().to_owned(),
        is_enabled: form.checked("is_enabled"),
        all: form.get("all") == "true",
        conditions: conditions.collect(),
        actions: actions.collect(),
    }
}

/// The page with a rule; `place` is none for one that is made.
async fn page(
    desk: &Desk,
    ctx: Ctx,
    place: Option<usize>,
    (rule, errors): (Option<MailRule>, FormState),
    status: u16,
) -> Result<Response, Error> {
    let (address, filter) = actions::find(desk).await?;
    let known = place.map(|at| filter.parts.rules.get(at).cloned().ok_or(Error::NotFound));
    let known = known.transpose()?;
    let title = known
        .as_ref()
        .map_or("New rule", |known| known.name.as_str())
        .to_owned();
    let rule = rule.or(known).unwrap_or_else(fresh);
    let end = place.map_or_else(|| "new".to_owned(), |at| at.to_string());
    let body = Body {
        base: desk.base(),
        action: format!("{}/rules/{end}", desk.base()),
        version: errors.version(filter.revision),
        conditions: conditions(&rule, &errors),
        actions: actions_of(&rule, &errors),
        rule,
        errors,
    };
    frame(desk, ctx, (&title, &address), &body, status)
}

fn fresh() -> MailRule {
    MailRule {
        name: String::new(),
        is_enabled: true,
        all: true,
        conditions: Vec::new(),
        actions: Vec::new(),
    }
}

/// The form of a new one.
pub(super) async fn new(desk: Desk, ctx: Ctx) -> Result<Response, Error> {
    page(&desk, ctx, None, (None, FormState::default()), 200).await
}

/// The form of one that is there.
pub(super) async fn edit(desk: Desk, ctx: Ctx, Path(place): Path<Place>) -> Result<Response, Error> {
    page(&desk, ctx, Some(place.rule), (None, FormState::default()), 200).await
}

/// Puts the rule in its place, or at the end.
async fn put(
    app: &App,
    desk: &Desk,
    form: &FormData,
    place: Option<usize>,
    rule: MailRule,
) -> Result<Filter, Error> {
    let mut errors = FieldErrors::default();
    rule.check(&mut errors, "");
    errors.into_result()?;
    let edit = |rules: &mut Vec<MailRule>| -> Result<(), Error> {
        match place {
            Some(at) => *rules.get_mut(at).ok_or(Error::NotFound)? = rule,
            None if rules.len() >= MAX_RULES => {
                return Err(Error::invalid(
                    "",
                    format!("A mailbox has at most {MAX_RULES} rules."),
                ));
            }
            None => rules.push(rule),
        }
        Ok(())
    };
    actions::set_rules(app, desk, form.has_seen(), edit, None).await
}

async fn save_at(
    (app, desk): (&App, &Desk),
    ctx: Ctx,
    place: Option<usize>,
    form: FormData,
) -> Result<Response, Error> {
    let rule = read(&form);
    let change = put(app, desk, &form, place, rule.clone());
    match form.submit(change).await {
        Ok(_) => {
            let to = SeeOther::to(format!("{}/rules", desk.base()));
            Ok(to.good("Saved. It holds for the next mail.").into_response())
        }
        Err(error) => {
            let (errors, status) = mistakes(error)?;
            let state = FormState::new(form, errors);
            page(desk, ctx, place, (Some(rule), state), status).await
        }
    }
}

/// Makes a rule.
pub(super) async fn create(
    State(app): State<App>,
    desk: Desk,
    ctx: Ctx,
    form: FormData,
) -> Result<Response, Error> {
    save_at((&app, &desk), ctx, None, form).await
}

/// Changes a rule.
pub(super) async fn save(
    State(app): State<App>,
    desk: Desk,
    ctx: Ctx,
    Path(place): Path<Place>,
    form: FormData,
) -> Result<Response, Error> {
    save_at((&app, &desk), ctx, Some(place.rule), form).await
}
