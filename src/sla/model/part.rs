//! Parts of a month: times in which one policy held, each judged by that.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Availability, Interval, Percent, Terms, clip, seconds, total};

/// What was promised for a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// When.
    pub span: Interval,
    /// What.
    pub terms: Terms,
}

impl Held {
    /// Whether another one promises the same of what is judged by the month.
    fn goes_on_in(&self, next: &Self) -> bool {
        let said = |terms: &Terms| (terms.name.clone(), terms.availability, terms.credits.clone());
        self.span.1 == next.span.0 && said(&self.terms) == said(&next.terms)
    }
}

/// A time of a month in which one policy held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = SlaPart)]
pub struct Part {
    /// The policy.
    pub policy: String,
    /// Since when.
    pub from: DateTime<Utc>,
    /// Until when.
    pub until: DateTime<Utc>,
    /// How available servers were to be, in percent; null if that was not promised.
    #[schema(value_type = Option<String>, example = "99.9")]
    pub promised: Option<Percent>,
    /// How available they were in that time, all together; null without servers.
    #[schema(value_type = Option<String>, example = "99.95")]
    pub availability: Option<Percent>,
    /// What the terms give back for that time, in percent of its price.
    pub credit: u8,
}

impl Part {
    fn new(held: &Held, servers: &[Availability]) -> Self {
        let within = |set: &[Interval]| seconds(&clip(set, held.span));
        let counted = servers.iter().map(|server| within(&server.counted)).sum();
        let down = servers.iter().map(|server| within(&server.down)).sum();
        let availability = share(counted, down);
        Self {
            policy: held.terms.name.clone(),
            from: held.span.0,
            until: held.span.1,
            promised: held.terms.availability,
            availability,
            credit: availability.map_or(0, |share| held.terms.credit(share)),
        }
    }

    /// Whether servers were less available than was promised.
    pub fn is_unavailable(&self) -> bool {
        self.availability
            .zip(self.promised)
            .is_some_and(|(was, promised)| was < promised)
    }
}

/// How available servers were that were out for some of the seconds that count; nothing if none counts.
pub fn share(counted: i64, down: i64) -> Option<Percent> {
    let part = TimeDelta::seconds(counted - down);
    (counted > 0).then(|| Percent::of(part, TimeDelta::seconds(counted)))
}

/// The parts of a month, of what held in order. A change that leaves what is judged by the month as it was begins no new one.
pub fn parts(held: Vec<Held>, servers: &[Availability]) -> Vec<Part> {
    let mut all: Vec<Held> = Vec::new();
    for one in held {
        match all.last_mut() {
            Some(last) if last.goes_on_in(&one) => last.span.1 = one.span.1,
            _ => all.push(one),
        }
    }
    all.iter().map(|held| Part::new(held, servers)).collect()
}

/// What a month gives back, in percent of its price: each part by its length in the time that the tenant was there. Rounded up.
pub fn credit(parts: &[Part], there: &[Interval]) -> u8 {
    let due = |part: &Part| i64::from(part.credit) * (part.until - part.from).num_milliseconds();
    let (whole, due) = (
        total(there).num_milliseconds(),
        parts.iter().map(due).sum::<i64>(),
    );
    let rounded = (due + whole - 1).checked_div(whole);
    rounded.map_or(0, |credit| u8::try_from(credit).unwrap_or(100).min(100))
}

#[cfg(test)]
mod tests {
    use super::super::samples::at;
    use super::super::{Credit, Hours, Targets};
    use super::*;

    fn day(day: u32) -> DateTime<Utc> {
        at(&format!("2026-03-{day:02}T00:00:00Z"))
    }

    fn held(from: u32, to: u32, name: &str, credit: u8) -> Held {
        Held {
            span: (day(from), day(to)),
            terms: Terms {
                name: name.to_owned(),
                hours: Hours::Always,
                targets: [Targets::default(); 4],
                availability: "99".parse().ok(),
                credits: vec![Credit {
                    below: "99".parse().unwrap(),
                    credit,
                }],
            },
        }
    }

    #[test]
    fn each_part_of_a_month_is_judged_by_what_held_in_it() {
        let server = Availability {
            counted: vec![(day(1), day(31))],
            down: vec![(day(3), day(4)), (day(25), day(26))],
        };
        let mut renamed_times = held(11, 16, "Silver", 10);
        renamed_times.terms.targets[0].first_answer = Some(5);
        let all = vec![held(6, 11, "Silver", 10), renamed_times, held(21, 31, "Gold", 50)];
        let found = parts(all, &[server]);
        let told: Vec<_> = found
            .iter()
            .map(|part| {
                (
                    part.policy.as_str(),
                    part.from,
                    part.credit,
                    part.is_unavailable(),
                )
            })
            .collect();
        // The outage of the third was before anything was promised.
        assert_eq!(told, [("Silver", day(6), 0, false), ("Gold", day(21), 50, true)]);
        assert_eq!(found[1].availability, "90".parse().ok());
        // Ten of the thirty days, rounded up.
        assert_eq!(credit(&found, &[(day(1), day(31))]), 17);
        assert_eq!(credit(&found[1..], &[(day(21), day(31))]), 50);
        assert_eq!(credit(&[], &[]), 0);
    }
}
