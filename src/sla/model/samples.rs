//! What tests of hours and clocks begin with.

use std::collections::BTreeSet;

use chrono::{Datelike as _, NaiveDate, TimeDelta, Timelike as _};
use chrono_tz::Tz;
use proptest::prelude::*;

use super::{At, Hours, Span, Week};

/// A moment.
pub fn at(text: &str) -> At {
    text.parse().unwrap()
}

/// Nine to five on working days.
pub fn business(zone: Tz) -> Hours {
    let day = vec![Span { from: 540, to: 1020 }];
    let mut days = vec![day; 5];
    days.extend([Vec::new(), Vec::new()]);
    Hours::Week(Week {
        zone,
        days,
        holidays: BTreeSet::new(),
    })
}

/// Whether a minute counts, by looking at a clock in the zone.
pub fn counts(hours: &Hours, at: At) -> bool {
    let Hours::Week(week) = hours else { return true };
    let local = at.with_timezone(&week.zone);
    let minute = u16::try_from(local.hour() * 60 + local.minute()).unwrap();
    let day = &week.days[usize::try_from(local.weekday().num_days_from_monday()).unwrap()];
    !week.holidays.contains(&local.date_naive())
        && day.iter().any(|span| (span.from..span.to).contains(&minute))
}

fn spans() -> impl Strategy<Value = Vec<Span>> {
    prop::collection::btree_set(0u16..=96, 0..6).prop_map(|edges| {
        let edges: Vec<_> = edges.into_iter().map(|edge| edge * 15).collect();
        edges
            .chunks_exact(2)
            .map(|pair| Span {
                from: pair[0],
                to: pair[1],
            })
            .collect()
    })
}

/// Zones with odd offsets and changes are as likely as all others together.
fn zones() -> impl Strategy<Value = Tz> {
    let odd = vec![
        Tz::Europe__Berlin,
        Tz::America__New_York,
        Tz::Australia__Lord_Howe,
        Tz::Pacific__Chatham,
        Tz::Africa__Casablanca,
        Tz::America__Santiago,
        Tz::Asia__Kathmandu,
    ];
    prop_oneof![
        prop::sample::select(odd),
        (0..chrono_tz::TZ_VARIANTS.len()).prop_map(|place| chrono_tz::TZ_VARIANTS[place])
    ]
}

/// Any hours, also none.
pub fn hours() -> impl Strategy<Value = Hours> {
    let week = (
        zones(),
        prop::collection::vec(spans(), 7),
        prop::option::of(0i64..7),
    )
        .prop_map(|(zone, days, off)| {
            let day = |off| NaiveDate::from_ymd_opt(2026, 3, 25).unwrap() + TimeDelta::days(off);
            Hours::Week(Week {
                zone,
                days,
                holidays: off.map(day).into_iter().collect(),
            })
        });
    prop_oneof![1 => Just(Hours::Always), 9 => week]
}

/// A minute around which clocks are set in many zones, or any.
pub fn minutes() -> impl Strategy<Value = At> {
    let near = prop::sample::select(vec![
        "2026-03-08",
        "2026-03-27",
        "2026-04-04",
        "2026-09-05",
        "2026-10-24",
        "2026-11-01",
    ]);
    let near = near.prop_map(|day| at(&format!("{day}T00:00:00Z")));
    let any = (0i64..1_000).prop_map(|day| at("2025-01-01T00:00:00Z") + TimeDelta::days(day));
    (prop_oneof![near, any], 0i64..1_440).prop_map(|(day, minute)| day + TimeDelta::minutes(minute))
}
