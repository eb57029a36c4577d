//! What programs read of on-call.

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::platform::ids::{CallId, EscalationId, HandoverId, RotaId, RotaOverrideId, TicketId, UserId};
use crate::tickets::model::{Severity, State};

use super::super::model::{Call, Chain, LevelIn, Override, Rota, RotaText, Shift, Turn};
use super::super::paging::Duty;
use super::super::store::{Handover, Holiday};

/// Who is on duty by a rota.
#[derive(Debug, Serialize, ToSchema)]
pub struct DutyOut {
    /// The rota.
    rota_id: RotaId,
    /// What that is called.
    rota_name: String,
    /// Who.
    person_id: UserId,
    /// Their name.
    person_name: String,
}

impl From<Duty> for DutyOut {
    fn from(duty: Duty) -> Self {
        Self {
            rota_id: duty.rota,
            rota_name: duty.rota_name,
            person_id: duty.user,
            person_name: duty.user_name,
        }
    }
}

/// A time without a change of a rota.
#[derive(Debug, Serialize, ToSchema)]
pub struct ShiftOut {
    /// Who is on duty; null if nobody is.
    person_id: Option<UserId>,
    /// Whether in somebody else's place.
    is_override: bool,
    /// From when on.
    from: DateTime<Utc>,
    /// Until when.
    to: DateTime<Utc>,
}

impl From<Shift> for ShiftOut {
    fn from(shift: Shift) -> Self {
        Self {
            person_id: shift.who,
            is_override: shift.is_override,
            from: shift.from,
            to: shift.to,
        }
    }
}

/// A time in which somebody else is on duty.
#[derive(Debug, Serialize, ToSchema)]
pub struct RotaOverrideOut {
    /// Its id.
    id: RotaOverrideId,
    /// Who.
    person_id: UserId,
    /// From when on.
    from: DateTime<Utc>,
    /// Until when.
    to: DateTime<Utc>,
}

impl From<&Override> for RotaOverrideOut {
    fn from(one: &Override) -> Self {
        Self {
            id: one.id,
            person_id: one.user,
            from: one.from,
            to: one.to,
        }
    }
}

/// A rota.
#[derive(Debug, Serialize, ToSchema)]
pub struct RotaOut {
    /// Its id.
    id: RotaId,
    /// What people call it.
    name: String,
    /// Whose clocks it goes by.
    zone: String,
    /// How long a turn is.
    turn: Turn,
    /// When one turn ends and the next begins.
    #[schema(example = "09:00")]
    handover: String,
    /// On which day, if weekly.
    #[schema(example = "monday")]
    weekday: String,
    /// Since when in the day somebody is on duty; empty for all day.
    hours_from: String,
    /// Until when.
    hours_to: String,
    /// Whether somebody's turn goes to the next while they are on holiday.
    skips_holidays: bool,
    /// Who takes turns, in order. The turn that goes on is the first one's.
    people: Vec<UserId>,
    /// Who is on duty in somebody's place, now or later.
    overrides: Vec<RotaOverrideOut>,
}

impl RotaOut {
    /// As it is at a moment.
    pub(super) fn new(rota: &Rota, now: DateTime<Utc>) -> Self {
        let text = RotaText::of(rota, now);
        Self {
            id: rota.id,
            name: text.name,
            zone: text.zone,
            turn: text.turn,
            handover: text.handover,
            weekday: text.weekday,
            hours_from: text.hours_from,
            hours_to: text.hours_to,
            skips_holidays: text.skips_holidays,
            people: text.people,
            overrides: rota.overrides.iter().map(RotaOverrideOut::from).collect(),
        }
    }
}

/// Days on which somebody is away.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OnCallHoliday)]
pub struct HolidayOut {
    /// Its id.
    id: Uuid,
    /// Who.
    person_id: UserId,
    /// Their name.
    person_name: String,
    /// The first day.
    first_on: NaiveDate,
    /// The last day.
    last_on: NaiveDate,
}

impl From<Holiday> for HolidayOut {
    fn from(one: Holiday) -> Self {
        Self {
            id: one.id,
            person_id: one.user,
            person_name: one.name,
            first_on: one.first_on,
            last_on: one.last_on,
        }
    }
}

/// A chain: whom to page one after another.
#[derive(Debug, Serialize, ToSchema)]
pub struct EscalationOut {
    /// Its id.
    id: EscalationId,
    /// What people call it.
    name: String,
    /// Whether it is the one that tickets page by.
    is_default: bool,
    /// How often it begins again after its last level.
    repeats: i32,
    /// Whom to page, in order.
    levels: Vec<LevelIn>,
}

impl From<&Chain> for EscalationOut {
    fn from(chain: &Chain) -> Self {
        Self {
            id: chain.id,
            name: chain.name.clone(),
            is_default: chain.is_default,
            repeats: chain.repeats,
            levels: chain.levels.iter().map(LevelIn::from).collect(),
        }
    }
}

/// A page to a person.
#[derive(Debug, Serialize, ToSchema)]
pub struct CallOut {
    /// Its id.
    id: CallId,
    /// The ticket.
    ticket_id: TicketId,
    /// The ticket's number.
    ticket_number: i64,
    /// Its line.
    subject: String,
    /// How bad it is.
    severity: Severity,
    /// How far it is.
    state: State,
    /// Who was paged.
    person_id: UserId,
    /// Their name.
    person_name: String,
    /// By which rota.
    rota_name: Option<String>,
    /// Which level of the chain, from 0.
    level: i32,
    /// Whether it went to them because nobody was on duty, or nobody acknowledged.
    is_fallback: bool,
    /// What for.
    why: String,
    /// When.
    paged_at: DateTime<Utc>,
    /// What became of the mail: `waiting`, `sent`, `failed`, `skipped` because it was over before, or `off` without a mail server.
    #[schema(example = "sent")]
    mail: String,
    /// Why it did not go at the last try.
    mail_error: Option<String>,
    /// When it went.
    mailed_at: Option<DateTime<Utc>>,
    /// When it was over.
    ended_at: Option<DateTime<Utc>>,
    /// Who acknowledged; null if it ended otherwise.
    acknowledged_by: Option<String>,
}

impl From<Call> for CallOut {
    fn from(call: Call) -> Self {
        Self {
            id: call.id,
            ticket_id: call.ticket,
            ticket_number: call.number,
            subject: call.subject,
            severity: call.severity,
            state: call.state,
            person_id: call.user,
            person_name: call.user_name,
            rota_name: call.rota_name,
            level: call.level,
            is_fallback: call.is_fallback,
            why: call.why,
            paged_at: call.paged_at,
            mail: call.mail,
            mail_error: call.mail_error,
            mailed_at: call.mailed_at,
            ended_at: call.ended_at,
            acknowledged_by: call.ended_by,
        }
    }
}

/// A note of one shift to the next.
#[derive(Debug, Serialize, ToSchema)]
pub struct HandoverOut {
    /// Its id.
    id: HandoverId,
    /// Of which rota.
    rota_id: RotaId,
    /// Who wrote it.
    written_by: String,
    /// What it says.
    body: String,
    /// When it was written.
    created_at: DateTime<Utc>,
    /// Who has read it.
    seen_by: Option<String>,
    /// When.
    seen_at: Option<DateTime<Utc>>,
}

impl From<Handover> for HandoverOut {
    fn from(note: Handover) -> Self {
        Self {
            id: note.id,
            rota_id: note.rota,
            written_by: note.writer,
            body: note.body,
            created_at: note.created_at,
            seen_by: note.seen_by,
            seen_at: note.seen_at,
        }
    }
}
