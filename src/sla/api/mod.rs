//! SLAs for programs.

pub(super) mod calendars;
pub(super) mod plans;
pub(super) mod policies;
pub(super) mod reports;
pub(super) mod tenant;

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::platform::web::{Json, Tagged, object};

use super::model::{Credit, Hours, HoursText, Targets, Terms};

/// 201 with the address of what was made, its version and what it is.
fn created(path: &str, version: i64, body: impl Serialize) -> Response {
    (
        StatusCode::CREATED,
        [(header::LOCATION, path.to_owned())],
        Tagged(version, Json(body)),
    )
        .into_response()
}

/// When time counts.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SlaHours)]
pub(super) struct HoursBody {
    /// Whether all time counts. The rest says nothing then.
    #[serde(default)]
    always: bool,
    /// The time zone of the hours, by its name in the IANA database.
    #[serde(default)]
    #[schema(example = "Europe/Berlin")]
    zone: String,
    /// The hours of each day from Monday; empty where nothing counts.
    #[serde(default)]
    #[schema(example = json!(["09:00-17:00", "09:00-17:00", "09:00-17:00", "09:00-17:00", "09:00-12:00", "", ""]))]
    days: Vec<String>,
    /// Days on which nothing counts.
    #[serde(default)]
    #[schema(example = json!(["2026-12-25"]))]
    holidays: Vec<String>,
}

impl HoursBody {
    fn text(self, name: String) -> HoursText {
        let mut days = <[String; 7]>::default();
        for (place, text) in days.iter_mut().zip(self.days) {
            *place = text;
        }
        HoursText {
            name,
            is_always: self.always,
            zone: self.zone,
            days,
            holidays: self.holidays.join("\n"),
        }
    }
}

impl From<&Hours> for HoursBody {
    fn from(hours: &Hours) -> Self {
        let text = HoursText::of("", hours);
        Self {
            always: text.is_always,
            zone: text.zone,
            days: if text.is_always {
                Vec::new()
            } else {
                text.days.into()
            },
            holidays: text.holidays.lines().map(str::to_owned).collect(),
        }
    }
}

/// What is promised for one severity, in minutes that count; null or left out where nothing is.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = SlaTargets)]
pub(super) struct TargetsBody {
    /// Until the first answer.
    #[schema(minimum = 1, maximum = 43_200)]
    first_answer: Option<u32>,
    /// Between answers.
    #[schema(minimum = 1, maximum = 43_200)]
    update: Option<u32>,
    /// Until it works again.
    #[schema(minimum = 1, maximum = 43_200)]
    restore: Option<u32>,
}

impl From<Targets> for TargetsBody {
    fn from(targets: Targets) -> Self {
        Self {
            first_answer: targets.first_answer,
            update: targets.update,
            restore: targets.restore,
        }
    }
}

/// What is promised, by severity.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = SlaSeverities)]
pub(super) struct SeveritiesBody {
    /// Outages.
    #[serde(deserialize_with = "object")]
    p1: TargetsBody,
    /// Something important.
    #[serde(deserialize_with = "object")]
    p2: TargetsBody,
    /// Something that works badly.
    #[serde(deserialize_with = "object")]
    p3: TargetsBody,
    /// Questions and wishes.
    #[serde(deserialize_with = "object")]
    p4: TargetsBody,
}

impl From<[Targets; 4]> for SeveritiesBody {
    fn from(targets: [Targets; 4]) -> Self {
        let [p1, p2, p3, p4] = targets.map(TargetsBody::from);
        Self { p1, p2, p3, p4 }
    }
}

/// A step of credit.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SlaCredit)]
pub(super) struct CreditBody {
    /// If the month's availability is below this, in percent,
    #[schema(example = "99.9")]
    below: String,
    /// so many percent of the month's price are given back.
    #[schema(minimum = 1, maximum = 100)]
    credit: u8,
}

impl From<Credit> for CreditBody {
    fn from(step: Credit) -> Self {
        Self {
            below: step.below.to_string(),
            credit: step.credit,
        }
    }
}

/// What is promised.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = SlaTerms)]
pub(super) struct TermsOut {
    /// The policy's name.
    #[schema(example = "Standard")]
    name: String,
    /// When time counts.
    hours: HoursBody,
    /// How soon, by severity.
    targets: SeveritiesBody,
    /// How available servers are to be in a month, in percent; null if that is not promised.
    #[schema(example = "99.9")]
    availability: Option<String>,
    /// What is given back if they are not.
    credits: Vec<CreditBody>,
}

impl From<Terms> for TermsOut {
    fn from(terms: Terms) -> Self {
        Self {
            hours: (&terms.hours).into(),
            name: terms.name,
            targets: terms.targets.into(),
            availability: terms.availability.map(|share| share.to_string()),
            credits: terms.credits.into_iter().map(CreditBody::from).collect(),
        }
    }
}
