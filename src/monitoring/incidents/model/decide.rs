//! What a signal does to what is known of its cause: one pure decision, so that two panels that see the same come to the same.

use chrono::{DateTime, TimeDelta, Utc};

use crate::platform::ids::{IncidentId, LocationId, MaintenanceId, ServerId};

use super::{Incident, IncidentState, Signal};

/// What comes back within so long is the same incident.
const RELAPSE: TimeDelta = TimeDelta::minutes(30);

/// An incident with what only this part knows of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Kept {
    /// The incident.
    pub incident: Incident,
    /// The tenant's name.
    pub tenant_name: Option<String>,
    /// What the server was called.
    pub server_name: Option<String>,
    /// What the location is called.
    pub location_name: Option<String>,
    /// The summary that was told last as a breakdown.
    pub told: Option<String>,
    /// Closed by somebody before it was over.
    pub is_dismissed: bool,
    /// By whom.
    pub closed_by: Option<String>,
    /// Why.
    pub close_reason: Option<String>,
    /// Something about it has to be told yet.
    pub owes_news: bool,
    /// When it changed last.
    pub changed_at: DateTime<Utc>,
}

impl Kept {
    /// Whether news of it are for people: it stands alone and outside of maintenance, or people know of it already.
    pub fn is_public(&self) -> bool {
        self.told.is_some() || (self.incident.parent.is_none() && self.incident.maintenance.is_none())
    }
}

/// What is going on around something that fails.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Around {
    /// Something larger that fails as well.
    pub parent: Option<IncidentId>,
    /// A maintenance window.
    pub maintenance: Option<MaintenanceId>,
}

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// Nothing.
    Nothing,
    /// Open a new one.
    Open,
    /// Write down what is known now; whether that is news.
    Update(bool),
    /// Open the same one again.
    Relapse,
    /// Close it.
    Recover,
    /// Let it open again: what somebody closed before it was over is over.
    Forgive,
}

/// What a signal means for the newest incident of its cause. `around` counts only where something opens.
pub fn decide(known: Option<&Kept>, signal: &Signal, around: &Around, now: DateTime<Utc>) -> Act {
    let Some(kept) = known else {
        return if signal.failing { Act::Open } else { Act::Nothing };
    };
    let one = &kept.incident;
    match (one.state, signal.failing) {
        (IncidentState::Open, false) => Act::Recover,
        (IncidentState::Open, true) if one.signature != signal.signature => Act::Update(true),
        (IncidentState::Open, true) if one.summary != signal.summary => Act::Update(false),
        (IncidentState::Closed, false) if kept.is_dismissed => Act::Forgive,
        (IncidentState::Closed, true) if !kept.is_dismissed && relapses(kept, signal, around, now) => {
            Act::Relapse
        }
        (IncidentState::Closed, true) if !kept.is_dismissed => Act::Open,
        _ => Act::Nothing,
    }
}

/// A relapse goes on where people left off, so one of which they know is not continued silently, and none is continued for another
/// tenant to whom the server was given.
fn relapses(kept: &Kept, signal: &Signal, around: &Around, now: DateTime<Utc>) -> bool {
    let one = &kept.incident;
    let is_soon = one.ended_at.is_some_and(|ended| now - ended <= RELAPSE);
    let is_alike = one.maintenance == around.maintenance
        && (around.parent.is_none() || around.parent == one.parent || kept.told.is_none());
    is_soon && is_alike && one.tenant == signal.tenant
}

/// When something ended that began at `began`: as the signal says, if that can be.
pub fn end_of(began: DateTime<Utc>, since: DateTime<Utc>, now: DateTime<Utc>) -> DateTime<Utc> {
    if since > began && since <= now {
        since
    } else {
        now.max(began)
    }
}

/// The cause of what a server's engine says of it.
pub fn server_cause(server: ServerId) -> String {
    format!("server:{}:engine", server.0)
}

/// The cause of a location's engine that is away.
pub fn location_cause(location: LocationId) -> String {
    format!("location:{}", location.0)
}

#[cfg(test)]
pub(in crate::monitoring::incidents) mod tests {
    use proptest::prelude::*;
    use serde_json::json;
    use uuid::Uuid;

    use super::super::Signature;
    use super::*;
    use crate::platform::ids::TenantId;

    pub(crate) fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + second, 0).unwrap()
    }

    fn signal(failing: bool, signature: Signature, second: i64) -> Signal {
        Signal {
            cause: "server:x:engine".to_owned(),
            tenant: Some(TenantId(Uuid::from_u128(1))),
            location: None,
            server: None,
            check: None,
            signature,
            summary: signature.label().to_owned(),
            failing,
            since: at(second),
            detail: json!({}),
        }
    }

    fn opened(signal: &Signal, around: Around, now: DateTime<Utc>) -> Kept {
        Kept {
            incident: Incident {
                id: IncidentId(Uuid::from_u128(7)),
                tenant: signal.tenant,
                location: None,
                server: None,
                check: None,
                cause: signal.cause.clone(),
                signature: signal.signature,
                summary: signal.summary.clone(),
                detail: json!({}),
                state: IncidentState::Open,
                began_at: signal.since,
                opened_at: now,
                ended_at: None,
                flaps: 0,
                parent: around.parent,
                maintenance: around.maintenance,
            },
            tenant_name: None,
            server_name: None,
            location_name: None,
            told: (around == Around::default()).then(|| signal.summary.clone()),
            is_dismissed: false,
            closed_by: None,
            close_reason: None,
            owes_news: false,
            changed_at: now,
        }
    }

    /// As the store writes it.
    fn take(kept: Option<Kept>, signal: &Signal, around: Around, now: DateTime<Utc>) -> (Act, Option<Kept>) {
        let act = decide(kept.as_ref(), signal, &around, now);
        let after = match (act, kept) {
            (Act::Open, _) => Some(opened(signal, around, now)),
            (Act::Update(_), Some(mut kept)) => {
                kept.incident.signature = signal.signature;
                kept.incident.summary.clone_from(&signal.summary);
                Some(kept)
            }
            (Act::Relapse, Some(mut kept)) => {
                kept.incident.state = IncidentState::Open;
                kept.incident.ended_at = None;
                kept.incident.flaps += 1;
                kept.incident.signature = signal.signature;
                kept.incident.summary.clone_from(&signal.summary);
                Some(kept)
            }
            (Act::Recover, Some(mut kept)) => {
                kept.incident.state = IncidentState::Closed;
                kept.incident.ended_at = Some(now);
                Some(kept)
            }
            (Act::Forgive, Some(mut kept)) => {
                kept.is_dismissed = false;
                Some(kept)
            }
            (_, kept) => kept,
        };
        (act, after)
    }

    #[test]
    fn it_opens_once_changes_closes_and_comes_back_as_the_same() {
        let plain = Around::default();
        let steps = [
            (signal(false, Signature::Stopped, 0), 0, Act::Nothing),
            (signal(true, Signature::ExitCode, 1), 1, Act::Open),
            (signal(true, Signature::ExitCode, 1), 2, Act::Nothing),
            (signal(true, Signature::CrashLoop, 3), 3, Act::Update(true)),
            (signal(false, Signature::Stopped, 4), 4, Act::Recover),
            (signal(false, Signature::Stopped, 4), 5, Act::Nothing),
            (signal(true, Signature::ExitOom, 4 + 1800), 4 + 1800, Act::Relapse),
            (signal(false, Signature::Stopped, 2000), 2000, Act::Recover),
            (signal(true, Signature::ExitOom, 3801), 3801, Act::Open),
        ];
        let mut kept = None;
        for (signal, second, expected) in steps {
            let (act, after) = take(kept, &signal, plain, at(second));
            assert_eq!(act, expected, "at {second}");
            kept = after;
        }
        assert_eq!(kept.unwrap().incident.flaps, 0, "the last one is a new incident");
    }

    #[test]
    fn what_somebody_closed_stays_closed_until_it_was_good_once() {
        let bad = signal(true, Signature::Http, 0);
        let mut kept = opened(&bad, Around::default(), at(0));
        kept.incident.state = IncidentState::Closed;
        kept.incident.ended_at = Some(at(10));
        kept.is_dismissed = true;
        let look = |kept: &Kept, signal: &Signal| decide(Some(kept), signal, &Around::default(), at(20));
        assert_eq!(look(&kept, &bad), Act::Nothing);
        assert_eq!(look(&kept, &signal(false, Signature::Http, 15)), Act::Forgive);
        kept.is_dismissed = false;
        assert_eq!(look(&kept, &bad), Act::Relapse);
    }

    #[test]
    fn nothing_that_people_know_of_is_continued_where_they_do_not_see_it() {
        let bad = signal(true, Signature::Http, 0);
        let closed = |around: Around| {
            let mut kept = opened(&bad, around, at(0));
            kept.incident.state = IncidentState::Closed;
            kept.incident.ended_at = Some(at(10));
            kept
        };
        let part = Around {
            parent: Some(IncidentId(Uuid::from_u128(9))),
            maintenance: None,
        };
        let planned = Around {
            parent: None,
            maintenance: Some(MaintenanceId(Uuid::from_u128(3))),
        };
        let plain = Around::default();
        let act = |before, around| decide(Some(&closed(before)), &bad, &around, at(20));
        assert_eq!(act(plain, part), Act::Open);
        assert_eq!(act(plain, planned), Act::Open);
        assert_eq!(act(planned, plain), Act::Open);
        assert_eq!(act(planned, planned), Act::Relapse);
        assert_eq!(
            act(part, plain),
            Act::Relapse,
            "the same trouble, which now stands alone"
        );
        assert_eq!(act(part, part), Act::Relapse);
    }

    #[test]
    fn an_end_is_never_before_its_beginning_or_in_the_future() {
        assert_eq!(end_of(at(5), at(8), at(10)), at(8));
        assert_eq!(end_of(at(5), at(3), at(10)), at(10));
        assert_eq!(end_of(at(5), at(12), at(10)), at(10));
        assert_eq!(end_of(at(12), at(3), at(10)), at(12));
    }

    #[test]
    fn words_survive_a_round_trip() {
        for one in Signature::ALL {
            assert_eq!(Signature::read(one.word()), *one);
            assert_eq!(serde_json::to_value(one).unwrap(), one.word());
        }
    }

    proptest! {
        /// Whatever comes in whatever order: told twice it changes nothing, and what is open says what was seen last.
        #[test]
        fn signals_may_come_twice(looks in prop::collection::vec((any::<bool>(), 0..3_usize, 1..2000_i64), 1..40)) {
            let mut kept = None;
            let mut second = 0;
            for (failing, how, gap) in looks {
                second += gap;
                let signature = [Signature::ExitCode, Signature::ExitOom, Signature::CrashLoop][how];
                let signal = signal(failing, signature, second);
                let (_, after) = take(kept, &signal, Around::default(), at(second));
                let (again, same) = take(after.clone(), &signal, Around::default(), at(second));
                prop_assert_eq!(again, Act::Nothing);
                prop_assert_eq!(&same, &after);
                let is_open = after.as_ref().is_some_and(|kept| kept.incident.state == IncidentState::Open);
                prop_assert_eq!(is_open, failing);
                if let Some(kept) = after.as_ref().filter(|_| failing) {
                    prop_assert_eq!(kept.incident.signature, signature);
                }
                kept = after;
            }
        }
    }
}
