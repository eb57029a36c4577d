//! Policies, for programs of staff.

use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::App;
use crate::platform::access::StaffScope;
use crate::platform::error::Error;
use crate::platform::ids::{SlaCalendarId, SlaPolicyId};
use crate::platform::web::{IfMatch, Json, ListOut, ListQuery, Path, Query, Tagged, object, optional_object};

use super::super::model::{Policy, PolicyText, TargetText};
use super::super::{actions, pages, store};
use super::{CreditBody, SeveritiesBody, TargetsBody, TermsOut, created};

type One = Result<Tagged<Json<PolicyOut>>, Error>;

/// A policy to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SlaPolicyIn)]
pub(in super::super) struct PolicyIn {
    /// What it is called.
    #[schema(min_length = 1, max_length = 80, example = "Standard")]
    name: String,
    /// Its calendar.
    calendar: SlaCalendarId,
    /// How soon, by severity.
    #[serde(default, deserialize_with = "object")]
    targets: SeveritiesBody,
    /// How available servers are to be in a month, in percent.
    #[schema(example = "99.9")]
    availability: Option<String>,
    /// What is given back if they are not.
    #[serde(default)]
    #[schema(max_items = 10)]
    credits: Vec<CreditBody>,
}

/// What changes about a policy; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SlaPolicyPatch)]
pub(in super::super) struct PolicyPatch {
    /// The new name.
    #[schema(min_length = 1, max_length = 80)]
    name: Option<String>,
    /// Another calendar.
    calendar: Option<SlaCalendarId>,
    /// The new targets, all of them.
    #[serde(default, deserialize_with = "optional_object")]
    targets: Option<SeveritiesBody>,
    /// The new availability; empty to promise none.
    availability: Option<String>,
    /// The new steps of credit, all of them.
    credits: Option<Vec<CreditBody>>,
}

/// A policy.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SlaPolicy)]
pub(in super::super) struct PolicyOut {
    /// Its id.
    id: SlaPolicyId,
    /// Its calendar.
    calendar: SlaCalendarId,
    /// What it says.
    terms: TermsOut,
    /// How many plans have it.
    plans: i64,
    /// Since when it is not offered any more.
    archived_at: Option<DateTime<Utc>>,
    /// Grows with each change of what it says; it is the entity tag.
    version: i64,
}

impl From<Policy> for PolicyOut {
    fn from(policy: Policy) -> Self {
        Self {
            id: policy.id,
            calendar: policy.calendar,
            terms: policy.terms.into(),
            plans: policy.plans,
            archived_at: policy.archived_at,
            version: policy.version,
        }
    }
}

fn answer(policy: Policy) -> Tagged<Json<PolicyOut>> {
    Tagged(policy.version, Json(policy.into()))
}

fn target(targets: TargetsBody) -> TargetText {
    let text = |minutes: Option<u32>| minutes.map(|minutes| minutes.to_string()).unwrap_or_default();
    TargetText {
        first_answer: text(targets.first_answer),
        update: text(targets.update),
        restore: text(targets.restore),
    }
}

impl PolicyIn {
    fn text(self) -> PolicyText {
        let SeveritiesBody { p1, p2, p3, p4 } = self.targets;
        let credits = self.credits.iter();
        PolicyText {
            name: self.name,
            calendar: self.calendar.to_string(),
            targets: [p1, p2, p3, p4].map(target),
            availability: self.availability.unwrap_or_default(),
            credits: credits
                .map(|step| format!("{} = {}", step.below, step.credit))
                .collect(),
        }
    }
}

/// List policies
///
/// By name.
#[utoipa::path(get, path = "/api/v1/staff/sla/policies", tag = "staff sla", params(ListQuery),
    responses((status = 200, description = "A page of the policies", body = ListOut<PolicyOut>)))]
pub(in super::super) async fn list(
    scope: StaffScope,
    Query(query): Query<ListQuery>,
) -> Result<Response, Error> {
    let listing = pages::policies::listing(&mut scope.begin().await?, &query).await?;
    Ok(listing.map(PolicyOut::from).json(&query))
}

/// Create a policy
///
/// No tenant has it until a plan does.
#[utoipa::path(post, path = "/api/v1/staff/sla/policies", tag = "staff sla", request_body = PolicyIn,
    responses((status = 201, description = "The policy", body = PolicyOut)))]
pub(in super::super) async fn create(
    State(app): State<App>,
    scope: StaffScope,
    Json(new): Json<PolicyIn>,
) -> Result<Response, Error> {
    let made = actions::create_policy(&app, &scope, new.text().parse()?).await?;
    let path = format!("/api/v1/staff/sla/policies/{}", made.id);
    Ok(created(&path, made.version, PolicyOut::from(made)))
}

/// Show a policy
#[utoipa::path(get, path = "/api/v1/staff/sla/policies/{policy}", tag = "staff sla",
    params(("policy" = SlaPolicyId, Path)),
    responses((status = 200, description = "The policy", body = PolicyOut)))]
pub(in super::super) async fn show(scope: StaffScope, Path(id): Path<SlaPolicyId>) -> One {
    Ok(answer(store::find_policy(&mut scope.begin().await?, id).await?))
}

/// Change a policy
///
/// For all plans that have it, and tickets that are opened from now on. Those that are open keep the terms that they were opened
/// under.
#[utoipa::path(patch, path = "/api/v1/staff/sla/policies/{policy}", tag = "staff sla",
    params(("policy" = SlaPolicyId, Path)), request_body = PolicyPatch,
    responses((status = 200, description = "The policy", body = PolicyOut)))]
pub(in super::super) async fn change(
    State(app): State<App>,
    scope: StaffScope,
    Path(id): Path<SlaPolicyId>,
    if_match: IfMatch,
    Json(patch): Json<PolicyPatch>,
) -> One {
    let before = store::find_policy(&mut scope.begin().await?, id).await?;
    let version_read = before.version;
    let TermsOut {
        name,
        targets,
        availability,
        credits,
        ..
    } = before.terms.into();
    let text = PolicyIn {
        name: patch.name.unwrap_or(name),
        calendar: patch.calendar.unwrap_or(before.calendar),
        targets: patch.targets.unwrap_or(targets),
        availability: patch.availability.or(availability),
        credits: patch.credits.unwrap_or(credits),
    };
    // What was left out is as it was when it was read, so nobody may have changed it since.
    let check = |version| match if_match.check(version) {
        Ok(()) if version != version_read => Err(Error::PreconditionFailed),
        other => other,
    };
    let new = text.text().parse()?;
    Ok(answer(
        actions::update_policy(&app, &scope, id, new, &check).await?,
    ))
}

/// Archive a policy
///
/// Plans do not get it any more; those that have it keep it.
#[utoipa::path(post, path = "/api/v1/staff/sla/policies/{policy}/archive", tag = "staff sla",
    params(("policy" = SlaPolicyId, Path)),
    responses((status = 200, description = "The policy", body = PolicyOut)))]
pub(in super::super) async fn archive(
    State(app): State<App>,
    scope: StaffScope,
    Path(id): Path<SlaPolicyId>,
) -> One {
    Ok(answer(actions::archive_policy(&app, &scope, id, true).await?))
}

/// Restore an archived policy
#[utoipa::path(post, path = "/api/v1/staff/sla/policies/{policy}/restore", tag = "staff sla",
    params(("policy" = SlaPolicyId, Path)),
    responses((status = 200, description = "The policy", body = PolicyOut)))]
pub(in super::super) async fn restore(
    State(app): State<App>,
    scope: StaffScope,
    Path(id): Path<SlaPolicyId>,
) -> One {
    Ok(answer(actions::archive_policy(&app, &scope, id, false).await?))
}
