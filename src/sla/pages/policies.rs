//! Policies, for the provider.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};

use crate::app::App;
use crate::platform::access::{Permission, StaffScope};
use crate::platform::db::StaffTx;
use crate::platform::error::Error;
use crate::platform::ids::SlaPolicyId;
use crate::platform::web::{
    Ctx, Cursor, FormData, FormState, ListQuery, Listing, Page, Path, Query, SeeOther, mistakes,
};
use crate::tickets::Severity;

use super::super::model::{Calendar, Policy, PolicyText, TargetText, What, show_minutes};
use super::super::{actions, store};
use super::Promise;

const BASE: &str = "/staff/sla/policies";

/// The page that is asked for.
pub(in super::super) async fn listing(tx: &mut StaffTx, query: &ListQuery) -> Result<Listing<Policy>, Error> {
    let after: Option<String> = Cursor::decode(query.after.as_deref())?;
    let pattern = query.pattern()?;
    let rows = store::policies(tx, pattern.as_deref(), after.as_deref(), query.fetch()?).await?;
    Listing::new(rows, query, |policy| policy.terms.name.clone())
}

#[derive(Template)]
#[template(path = "sla/policies.html")]
pub(in super::super) struct List {
    ctx: Ctx,
    query: ListQuery,
    rows: Vec<(Policy, String)>,
    next: String,
    may_manage: bool,
}

/// All of them, by name.
pub(in super::super) async fn list(
    scope: StaffScope,
    ctx: Ctx,
    Query(query): Query<ListQuery>,
) -> Result<Page<List>, Error> {
    let listing = listing(&mut scope.begin().await?, &query).await?;
    let shown = |policy: Policy| {
        let share = super::share(policy.terms.availability, "–");
        (policy, share)
    };
    Ok(Page(List {
        ctx,
        next: listing.next_href(&query).unwrap_or_default(),
        rows: listing.items.into_iter().map(shown).collect(),
        query,
        may_manage: scope.may(Permission::StaffSlaManage),
    }))
}

/// A field of a target.
struct Field {
    name: String,
    label: String,
}

#[derive(Template)]
#[template(path = "sla/policy.html")]
pub(in super::super) struct Show {
    ctx: Ctx,
    /// Nothing for one that is yet to be made.
    policy: Option<Policy>,
    promise: Option<Promise>,
    action: String,
    state: FormState,
    calendars: Vec<Calendar>,
    may_manage: bool,
}

impl Show {
    fn title(&self) -> &str {
        self.policy
            .as_ref()
            .map_or("New policy", |policy| &policy.terms.name)
    }

    fn version(&self) -> String {
        self.state
            .version(self.policy.as_ref().map_or(0, |policy| policy.version))
    }

    fn is_archived(&self) -> bool {
        self.policy
            .as_ref()
            .is_some_and(|policy| policy.archived_at.is_some())
    }

    fn is_made(&self) -> bool {
        self.policy.is_some()
    }

    /// Severities with their fields.
    fn severities(&self) -> Vec<(&'static str, Vec<Field>)> {
        let fields = |severity: Severity| {
            let field = |what: What| Field {
                name: format!("{}.{}", severity.word(), what.word()),
                label: what.label().to_owned(),
            };
            What::ALL.into_iter().map(field).collect()
        };
        Severity::ALL
            .into_iter()
            .map(|one| (one.label(), fields(one)))
            .collect()
    }

    /// Calendars to choose from: id, name, whether it is the one.
    fn choices(&self) -> Vec<(String, &str, bool)> {
        let chosen = self.state.value("calendar");
        let choice = |calendar: &Calendar| calendar.id.to_string();
        let all = self
            .calendars
            .iter()
            .map(|calendar| (choice(calendar), calendar.name.as_str()));
        all.map(|(id, name)| {
            let is = id == chosen;
            (id, name, is)
        })
        .collect()
    }
}

fn filled(policy: &Policy) -> FormState {
    let terms = &policy.terms;
    let credits = terms
        .credits
        .iter()
        .map(|step| format!("{} = {}", step.below, step.credit));
    let availability = terms.availability.map(|share| share.to_string());
    let mut state = FormState::default()
        .with("name", terms.name.as_str())
        .with("calendar", policy.calendar.to_string())
        .with("availability", availability.unwrap_or_default())
        .with("credits", credits.collect::<Vec<_>>().join("\n"));
    for (severity, targets) in Severity::ALL.into_iter().zip(terms.targets) {
        let times = [targets.first_answer, targets.update, targets.restore];
        for (what, minutes) in What::ALL.into_iter().zip(times) {
            state = state.with(
                &format!("{}.{}", severity.word(), what.word()),
                show_minutes(minutes),
            );
        }
    }
    state
}

fn text(form: &FormData) -> PolicyText {
    let target = |severity: Severity| {
        let field = |what: What| {
            form.get(&format!("{}.{}", severity.word(), what.word()))
                .to_owned()
        };
        TargetText {
            first_answer: field(What::FirstAnswer),
            update: field(What::Update),
            restore: field(What::Restore),
        }
    };
    PolicyText {
        name: form.get("name").to_owned(),
        calendar: form.get("calendar").to_owned(),
        targets: Severity::ALL.map(target),
        availability: form.get("availability").to_owned(),
        credits: form.get("credits").lines().map(str::to_owned).collect(),
    }
}

async fn page(
    scope: &StaffScope,
    ctx: Ctx,
    id: Option<SlaPolicyId>,
    state: Option<FormState>,
) -> Result<Page<Show>, Error> {
    let mut tx = scope.begin().await?;
    let policy = match id {
        Some(id) => Some(store::find_policy(&mut tx, id).await?),
        None => None,
    };
    let calendars =
        store::calendars_for_choice(&mut tx, policy.as_ref().map(|policy| policy.calendar)).await?;
    Ok(Page(Show {
        ctx: ctx.with_crumbs([("SLA", "/staff/sla"), ("Policies", BASE)]),
        action: id.map_or_else(|| BASE.to_owned(), address),
        promise: policy.as_ref().map(|policy| Promise::from(&policy.terms)),
        state: state.unwrap_or_else(|| policy.as_ref().map(filled).unwrap_or_default()),
        policy,
        calendars,
        may_manage: scope.may(Permission::StaffSlaManage),
    }))
}

fn address(id: SlaPolicyId) -> String {
    format!("{BASE}/{id}")
}

/// Asks for a new one.
pub(in super::super) async fn form(scope: StaffScope, ctx: Ctx) -> Result<Page<Show>, Error> {
    page(&scope, ctx, None, None).await
}

/// Makes it.
pub(in super::super) async fn create(
    State(app): State<App>,
    scope: StaffScope,
    ctx: Ctx,
    form: FormData,
) -> Result<Response, Error> {
    let made = match text(&form).parse() {
        Ok(new) => form.submit(actions::create_policy(&app, &scope, new)).await,
        Err(errors) => Err(errors.into()),
    };
    let (errors, status) = match made {
        Ok(made) => {
            let to = SeeOther::to(address(made.id));
            return Ok(to.good("Created. Say which plans have it.").into_response());
        }
        Err(error) => mistakes(error)?,
    };
    let state = Some(FormState::new(form, errors));
    Ok(page(&scope, ctx, None, state).await?.status(status))
}

/// Shows one.
pub(in super::super) async fn show(
    scope: StaffScope,
    ctx: Ctx,
    Path(id): Path<SlaPolicyId>,
) -> Result<Page<Show>, Error> {
    page(&scope, ctx, Some(id), None).await
}

/// Changes one.
pub(in super::super) async fn save(
    State(app): State<App>,
    scope: StaffScope,
    ctx: Ctx,
    Path(id): Path<SlaPolicyId>,
    form: FormData,
) -> Result<Response, Error> {
    let check = form.same_version();
    let saved = match text(&form).parse() {
        Ok(new) => {
            form.submit(actions::update_policy(&app, &scope, id, new, &check))
                .await
        }
        Err(errors) => Err(errors.into()),
    };
    let (errors, status) = match saved {
        Ok(_) => {
            let to = SeeOther::to(address(id));
            return Ok(to
                .good("Saved. It holds for tickets that are opened from now on.")
                .into_response());
        }
        Err(error) => mistakes(error)?,
    };
    let state = Some(FormState::new(form, errors));
    Ok(page(&scope, ctx, Some(id), state).await?.status(status))
}

async fn set_archived(app: &App, scope: &StaffScope, id: SlaPolicyId, is: bool) -> Result<SeeOther, Error> {
    let policy = actions::archive_policy(app, scope, id, is).await?;
    let what = if is {
        "is not offered any more"
    } else {
        "is offered again"
    };
    Ok(SeeOther::to(address(id)).good(format!("{} {what}.", policy.terms.name)))
}

/// Offers one no more.
pub(in super::super) async fn archive(
    State(app): State<App>,
    scope: StaffScope,
    Path(id): Path<SlaPolicyId>,
) -> Result<SeeOther, Error> {
    set_archived(&app, &scope, id, true).await
}

/// Offers one again.
pub(in super::super) async fn restore(
    State(app): State<App>,
    scope: StaffScope,
    Path(id): Path<SlaPolicyId>,
) -> Result<SeeOther, Error> {
    set_archived(&app, &scope, id, false).await
}
