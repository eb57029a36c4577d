//! Rotas against examples, and against what must hold for all of them, over the changes of clocks.

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc, Weekday};
use chrono_tz::Tz;
use proptest::prelude::*;
use uuid::Uuid;

use crate::platform::ids::{RotaId, RotaOverrideId, UserId};

use super::rota::{Away, DAYS, Override, Rota, Turn, anchor, instant, schedule, who};

fn user(number: u128) -> UserId {
    UserId(Uuid::from_u128(number))
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn time(text: &str) -> NaiveTime {
    text.parse().unwrap()
}

/// Ada, Ben and Cleo by the week, handed over on Mondays at nine in Berlin, from 2 March 2026 on.
fn weekly() -> Rota {
    Rota {
        id: RotaId(Uuid::nil()),
        name: "First line".to_owned(),
        zone: Tz::Europe__Berlin,
        turn: Turn::Weekly,
        handover: time("09:00:00"),
        weekday: Weekday::Mon,
        starts_on: NaiveDate::from_ymd_opt(2026, 3, 2).unwrap(),
        hours: None,
        skips_holidays: true,
        people: vec![user(1), user(2), user(3)],
        away: Vec::new(),
        overrides: Vec::new(),
        version: 1,
    }
}

fn over(number: u128, from: &str, to: &str) -> Override {
    Override {
        id: RotaOverrideId(Uuid::nil()),
        user: user(number),
        from: at(from),
        to: at(to),
    }
}

#[test]
fn turns_go_round_by_the_clocks_of_their_place() {
    let rota = weekly();
    for (when, number) in [
        ("2026-03-02T07:59:59Z", 3),
        ("2026-03-02T08:00:00Z", 1),
        ("2026-03-09T08:00:00Z", 2),
        // Clocks have gone forward on 29 March: nine is an hour earlier.
        ("2026-03-30T06:59:59Z", 1),
        ("2026-03-30T07:00:00Z", 2),
        ("2020-01-01T00:00:00Z", 3),
    ] {
        assert_eq!(who(&rota, at(when)), Some(user(number)), "{when}");
    }
    assert_eq!(
        rota.in_turn(at("2026-03-10T00:00:00Z")),
        [user(2), user(3), user(1)]
    );
    assert_eq!(
        rota.next_handover(at("2026-03-29T00:00:00Z")),
        at("2026-03-30T07:00:00Z")
    );
}

#[test]
fn somebody_else_takes_over_and_the_newest_word_holds() {
    let mut rota = weekly();
    rota.overrides = vec![
        over(3, "2026-03-03T00:00:00Z", "2026-03-05T00:00:00Z"),
        over(2, "2026-03-04T00:00:00Z", "2026-03-04T12:00:00Z"),
    ];
    let shifts = schedule(&rota, at("2026-03-02T12:00:00Z"), at("2026-03-06T00:00:00Z"));
    let told: Vec<_> = shifts
        .iter()
        .map(|shift| (shift.who, shift.is_override))
        .collect();
    let whole = |number, is_override| (Some(user(number)), is_override);
    assert_eq!(
        told,
        [
            whole(1, false),
            whole(3, true),
            whole(2, true),
            whole(3, true),
            whole(1, false)
        ]
    );
}

#[test]
fn nights_only_leave_days_to_nobody() {
    let mut rota = weekly();
    rota.hours = Some((time("20:00:00"), time("08:00:00")));
    for (when, is_on) in [
        ("2026-03-03T18:59:59Z", false),
        ("2026-03-03T19:00:00Z", true),
        ("2026-03-04T06:59:59Z", true),
        ("2026-03-04T07:00:00Z", false),
        // The night of 29 March is an hour shorter.
        ("2026-03-29T05:59:59Z", true),
        ("2026-03-29T06:00:00Z", false),
    ] {
        assert_eq!(who(&rota, at(when)).is_some(), is_on, "{when}");
    }
}

#[test]
fn who_is_away_is_passed_over_until_nobody_is_left() {
    let mut rota = weekly();
    let away = |number| Away {
        user: user(number),
        from: at("2026-03-03T00:00:00Z"),
        to: at("2026-03-04T00:00:00Z"),
    };
    let noon = at("2026-03-03T12:00:00Z");
    for (number, next) in [(1, Some(user(2))), (2, Some(user(3))), (3, None)] {
        rota.away.push(away(number));
        assert_eq!(who(&rota, noon), next);
    }
    assert_eq!(who(&rota, at("2026-03-04T00:00:00Z")), Some(user(1)));
    rota.people.clear();
    assert_eq!(who(&rota, noon), None);
}

#[test]
fn a_time_that_is_left_out_is_the_end_of_the_gap_and_one_that_there_is_twice_the_first() {
    for (zone, local, moment) in [
        (Tz::Europe__Berlin, "2026-03-29T02:30:00", "2026-03-29T01:00:00Z"),
        (Tz::Europe__Berlin, "2026-10-25T02:30:00", "2026-10-25T00:30:00Z"),
        // Samoa left out a whole day.
        (Tz::Pacific__Apia, "2011-12-30T12:00:00", "2011-12-30T10:00:00Z"),
    ] {
        assert_eq!(
            instant(zone, local.parse().unwrap()),
            at(moment),
            "{local} {zone}"
        );
    }
}

#[test]
fn a_new_rota_begins_with_the_turn_that_goes_on() {
    let day = |turn, now: &str| {
        anchor(
            Tz::Europe__Berlin,
            (turn, time("09:00:00"), Weekday::Mon),
            at(now),
        )
        .to_string()
    };
    assert_eq!(day(Turn::Weekly, "2026-03-10T12:00:00Z"), "2026-03-09");
    assert_eq!(day(Turn::Weekly, "2026-03-09T07:59:00Z"), "2026-03-02");
    assert_eq!(day(Turn::Daily, "2026-03-10T07:59:00Z"), "2026-03-09");
    assert_eq!(day(Turn::Daily, "2026-03-10T08:00:00Z"), "2026-03-10");
}

/// Around a change of clocks, and around Samoa's missing day.
fn near() -> impl Strategy<Value = (Tz, DateTime<Utc>)> {
    prop_oneof![
        Just((Tz::Europe__Berlin, at("2026-03-29T01:00:00Z"))),
        Just((Tz::Europe__Berlin, at("2026-10-25T01:00:00Z"))),
        Just((Tz::America__New_York, at("2026-11-01T06:00:00Z"))),
        Just((Tz::Australia__Lord_Howe, at("2026-04-04T15:00:00Z"))),
        Just((Tz::Pacific__Apia, at("2011-12-30T10:00:00Z"))),
        (0..chrono_tz::TZ_VARIANTS.len(), 1_600_000_000_i64..1_900_000_000).prop_map(|(zone, at)| (
            chrono_tz::TZ_VARIANTS[zone],
            DateTime::from_timestamp(at, 0).unwrap()
        )),
    ]
}

fn clock() -> impl Strategy<Value = NaiveTime> {
    (0_u32..24, 0_u32..60).prop_map(|(hour, minute)| NaiveTime::from_hms_opt(hour, minute, 0).unwrap())
}

prop_compose! {
    /// Any rota, and a moment near which its clocks may change.
    fn rotas()(
        (zone, near) in near(),
        is_daily in any::<bool>(),
        handover in clock(),
        day in 0_usize..7,
        back in -400_i64..400,
        hours in proptest::option::of((clock(), clock())),
        people in 0_u128..5,
        times in proptest::collection::vec((0_u128..6, -300_i64..300, 1_i64..200), 0..5),
        gone in 0_usize..5,
    ) -> (Rota, DateTime<Utc>) {
        let hour = |hours| near + TimeDelta::hours(hours);
        let (away, instead) = times.split_at(gone.min(times.len()));
        let away = away.iter().map(|(who, from, long)| Away { user: user(*who), from: hour(*from), to: hour(from + long) });
        let overrides = instead.iter().map(|(who, from, long)| Override {
            id: RotaOverrideId(Uuid::nil()), user: user(*who), from: hour(*from), to: hour(from + long),
        });
        let rota = Rota {
            zone, handover, hours,
            turn: if is_daily { Turn::Daily } else { Turn::Weekly },
            weekday: DAYS[day].0,
            starts_on: near.date_naive() + TimeDelta::days(back),
            people: (1..=people).map(user).collect(),
            away: away.collect(),
            overrides: overrides.collect(),
            ..weekly()
        };
        (rota, near)
    }
}

proptest! {
    #[test]
    fn shifts_cover_their_time_without_gap_or_overlap((rota, near) in rotas(), before in 0_i64..400, after in 1_i64..400) {
        let (from, to) = (near - TimeDelta::hours(before), near + TimeDelta::hours(after));
        let shifts = schedule(&rota, from, to);
        prop_assert_eq!(shifts.first().map(|shift| shift.from), Some(from));
        prop_assert_eq!(shifts.last().map(|shift| shift.to), Some(to));
        for shift in &shifts {
            prop_assert!(shift.from < shift.to);
        }
        for pair in shifts.windows(2) {
            prop_assert_eq!(pair[0].to, pair[1].from);
            prop_assert!((pair[0].who, pair[0].is_override) != (pair[1].who, pair[1].is_override));
        }
    }

    #[test]
    fn at_every_moment_is_on_duty_whom_the_shifts_say((rota, near) in rotas(), seconds in proptest::collection::vec(-900_000_i64..900_000, 1..40)) {
        let far = TimeDelta::seconds(900_000);
        let shifts = schedule(&rota, near - far, near + far);
        for second in seconds {
            let moment = near + TimeDelta::seconds(second);
            let shift = shifts.iter().find(|shift| shift.from <= moment && moment < shift.to).unwrap();
            prop_assert_eq!(who(&rota, moment), shift.who, "{}", moment);
        }
    }

    #[test]
    fn a_local_time_never_comes_before_an_earlier_one((zone, near) in near(), first in -3_000_i64..3_000, later in 0_i64..3_000) {
        let local = near.naive_utc() + TimeDelta::minutes(first);
        let (one, other) = (instant(zone, local), instant(zone, local + TimeDelta::minutes(later)));
        prop_assert!(one <= other, "{} {}", one, other);
    }
}
