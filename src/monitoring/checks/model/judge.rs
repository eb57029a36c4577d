//! What a look changes. A check fails when N of its last M looks did, so that one that was lost in the network is nobody's night;
//! it is well again after looks that found it well one after the other, the more of them the more often it has changed its mind
//! lately. In between somebody looks more often. A certificate that runs out is no outage, so what fails for its certificate is
//! an outage only once N of M looks got no good answer either.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::{CheckState, Rule};

/// Whoever is in doubt looks again after so long.
const AGAIN: Duration = Duration::from_secs(10);
/// Failing again within so long is flapping.
const FLAPPING: TimeDelta = TimeDelta::hours(1);
/// So many good looks in a row are enough for any.
const MOST: u32 = 16;
/// So many looks are remembered.
const REMEMBERED: u32 = 31;

/// What a look came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Looked {
    /// All well.
    Good,
    /// Not so.
    Bad,
    /// All well but for its certificate.
    Certificate,
    /// It could not be told.
    Unknown,
}

/// What is remembered between looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Memory {
    /// How the check is.
    pub state: CheckState,
    /// Since when.
    pub state_at: DateTime<Utc>,
    /// The last looks, the newest lowest; set where they failed.
    pub recent: u32,
    /// Since when looks say what the newest says.
    pub run_at: Option<DateTime<Utc>>,
    /// How often it began to fail lately.
    pub flaps: i32,
    /// When it last did.
    pub flap_at: Option<DateTime<Utc>>,
    /// The last looks as in `recent`; set where more than the certificate failed.
    pub outages: u32,
    /// Since when looks say of that what the newest says.
    pub outage_at: Option<DateTime<Utc>>,
    /// Whether it fails for its certificate only.
    pub is_certificate: bool,
}

impl Memory {
    /// Nothing is known.
    pub fn new(now: DateTime<Utc>) -> Self {
        Self {
            state: CheckState::Pending,
            state_at: now,
            recent: 0,
            run_at: None,
            flaps: 0,
            flap_at: None,
            outages: 0,
            outage_at: None,
            is_certificate: false,
        }
    }

    /// Forgets what was found; how often it flapped stays.
    pub fn forgotten(self, now: DateTime<Utc>) -> Self {
        let state_at = if self.state == CheckState::Pending {
            self.state_at
        } else {
            now
        };
        Self {
            flaps: self.flaps,
            flap_at: self.flap_at,
            state_at,
            ..Self::new(now)
        }
    }

    /// With one more look.
    #[must_use]
    pub fn after(self, looked: Looked, rule: Rule, is_held: bool, now: DateTime<Utc>) -> Self {
        let failed = match looked {
            Looked::Unknown => return self,
            Looked::Bad | Looked::Certificate => 1,
            Looked::Good => 0,
        };
        let outage = u32::from(looked == Looked::Bad);
        // What was forgotten of all looks is forgotten of these.
        let outages = self.outages & self.recent;
        let is_outage_as_before = outages & 1 == outage;
        let goes_on = self.run_at.is_some() && self.recent & 1 == failed;
        let mut next = Self {
            recent: (self.recent << 1 | failed) & ((1 << REMEMBERED) - 1),
            run_at: self.run_at.filter(|_| goes_on).or(Some(now)),
            outages: (outages << 1 | outage) & ((1 << REMEMBERED) - 1),
            outage_at: self.outage_at.filter(|_| is_outage_as_before).or(Some(now)),
            ..self
        };
        let state = next.judge(failed == 1, rule, is_held);
        if state != self.state {
            next.state = state;
            // It began with the first of these looks, not with the one that was enough.
            next.state_at = next.run_at.unwrap_or(now).max(self.state_at);
            if state == CheckState::Bad {
                let again = next.flap_at.is_some_and(|at| now - at <= FLAPPING);
                next.flaps = if again { next.flaps.saturating_add(1) } else { 1 };
                next.flap_at = Some(now);
            }
        }
        next.is_certificate = next.fails() && next.is_no_outage(&self, rule);
        next
    }

    fn fails(&self) -> bool {
        matches!(self.state, CheckState::Bad | CheckState::Held)
    }

    /// Whether it fails for its certificate only: no outage is believed, or the one that was is over, by two looks in a row that
    /// found nothing but the certificate.
    fn is_no_outage(&self, before: &Self, rule: Rule) -> bool {
        if before.fails() && !before.is_certificate {
            return self.recent & 0b11 == 0b11 && self.outages.trailing_zeros() >= 2;
        }
        let last = (1_u32 << rule.of_last) - 1;
        (self.outages & last).count_ones() < u32::from(rule.failures)
    }

    fn judge(&self, failed: bool, rule: Rule, is_held: bool) -> CheckState {
        let fails = if is_held {
            CheckState::Held
        } else {
            CheckState::Bad
        };
        let last = (1_u32 << rule.of_last) - 1;
        match self.state {
            CheckState::Bad if failed => CheckState::Bad,
            CheckState::Held if failed => fails,
            CheckState::Bad | CheckState::Held if self.good_in_a_row() >= self.needed() => CheckState::Good,
            CheckState::Good | CheckState::Pending
                if failed && (self.recent & last).count_ones() >= u32::from(rule.failures) =>
            {
                fails
            }
            CheckState::Pending if !failed => CheckState::Good,
            state => state,
        }
    }

    fn good_in_a_row(&self) -> u32 {
        self.recent.trailing_zeros().min(REMEMBERED)
    }

    /// How many good looks in a row make it well again: two, and twice as many each time that it began to fail again.
    fn needed(&self) -> u32 {
        let doublings = u32::try_from(self.flaps.saturating_sub(1)).unwrap_or(0).min(3);
        (2 << doublings).min(MOST)
    }

    /// How far apart its looks are at present.
    pub fn step(&self, rule: Rule) -> Duration {
        let (fails, failed) = (self.fails(), self.recent & 1 == 1);
        // It fails, and in another way than is believed.
        let fails_otherwise = fails && failed && (self.outages & 1 == 0) != self.is_certificate;
        let in_doubt = self.run_at.is_some() && (failed != fails || fails_otherwise);
        if in_doubt {
            AGAIN.min(rule.interval())
        } else {
            rule.interval()
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const RULE: Rule = Rule {
        interval_seconds: 60,
        failures: 2,
        of_last: 3,
    };

    fn noon() -> DateTime<Utc> {
        "2026-03-10T12:00:00Z".parse().unwrap()
    }

    /// Looks a minute apart: `.` well, `x` not, `?` unknown. The state after each, by its first letter.
    fn told(looks: &str) -> String {
        let (mut memory, mut now) = (Memory::new(noon()), noon());
        let mut states = String::new();
        for look in looks.chars() {
            now += TimeDelta::minutes(1);
            let looked = match look {
                '.' => Looked::Good,
                'x' => Looked::Bad,
                _ => Looked::Unknown,
            };
            memory = memory.after(looked, RULE, false, now);
            states.push_str(&memory.state.word()[..1]);
        }
        states
    }

    #[test]
    fn n_of_m_fail_and_two_in_a_row_are_well() {
        assert_eq!(told("..x.x.."), "ggggbbg");
        assert_eq!(told("x.?x"), "pggb");
        assert_eq!(told(".x..x.."), "ggggggg");
        assert_eq!(told("xx.x.."), "pbbbbg");
    }

    #[test]
    fn whoever_flaps_has_to_be_well_for_longer() {
        // The second time takes four.
        assert_eq!(told("xx..xx..xx.."), "pbbggbbbbbbb");
        assert!(told("xx..xx....").ends_with('g'));
        // An hour later it counts as the first time.
        let calm = ".".repeat(61);
        assert!(told(&format!("xx..xx....{calm}xx..")).ends_with('g'));
    }

    #[test]
    fn what_depends_is_held_until_the_other_is_well() {
        let at = |minute| noon() + TimeDelta::minutes(minute);
        let held =
            Memory::new(noon())
                .after(Looked::Bad, RULE, true, at(1))
                .after(Looked::Bad, RULE, true, at(2));
        assert_eq!((held.state, held.flaps), (CheckState::Held, 0));
        let bad = held.after(Looked::Bad, RULE, false, at(3));
        assert_eq!((bad.state, bad.state_at, bad.flaps), (CheckState::Bad, at(1), 1));
        // What was told stays told.
        assert_eq!(bad.after(Looked::Bad, RULE, true, at(4)).state, CheckState::Bad);
        let well = held
            .after(Looked::Good, RULE, false, at(3))
            .after(Looked::Good, RULE, false, at(4));
        assert_eq!((well.state, well.state_at), (CheckState::Good, at(3)));
    }

    #[test]
    fn in_doubt_it_is_looked_at_sooner() {
        let good = Memory::new(noon()).after(Looked::Good, RULE, false, noon());
        assert_eq!(good.step(RULE), Duration::from_mins(1));
        let doubtful = good.after(Looked::Bad, RULE, false, noon());
        assert_eq!(doubtful.step(RULE), AGAIN);
        let bad = doubtful.after(Looked::Bad, RULE, false, noon());
        assert_eq!(bad.step(RULE), Duration::from_mins(1));
        assert_eq!(bad.after(Looked::Good, RULE, false, noon()).step(RULE), AGAIN);
    }

    /// Looks a minute apart: `.` well, `x` no good answer, `c` its certificate only. How it fails after each: `x` or `c`, or not.
    fn ways(looks: &str) -> (String, Memory) {
        let (mut memory, mut now) = (Memory::new(noon()), noon());
        let mut ways = String::new();
        for look in looks.chars() {
            now += TimeDelta::minutes(1);
            let looked = match look {
                '.' => Looked::Good,
                'x' => Looked::Bad,
                _ => Looked::Certificate,
            };
            memory = memory.after(looked, RULE, false, now);
            ways.push(match (memory.state, memory.is_certificate) {
                (CheckState::Bad, true) => 'c',
                (CheckState::Bad, false) => 'x',
                _ => '.',
            });
        }
        (ways, memory)
    }

    #[test]
    fn what_fails_for_its_certificate_is_an_outage_once_that_is_believed() {
        assert_eq!(ways("xxx").0, ".xx");
        assert_eq!(ways("ccxcc").0, ".cccc", "one look is nothing");
        assert_eq!(ways("ccxx").0, ".ccx");
        assert_eq!(ways("ccxxcxcc").0, ".ccxxxxc", "it is over by two looks in a row");
        assert_eq!(ways("ccxx..cc").0, ".ccxx..c");
        assert_eq!(ways("xx..").0, ".xx.");
        let (_, outage) = ways("ccxx");
        assert_eq!(outage.state_at, noon() + TimeDelta::minutes(1));
        assert_eq!(outage.outage_at, Some(noon() + TimeDelta::minutes(3)));
        // In doubt about how it fails somebody looks again soon.
        assert_eq!(ways("ccx").1.step(RULE), AGAIN);
        assert_eq!(ways("ccxxc").1.step(RULE), AGAIN);
        assert_eq!(ways("ccxx").1.step(RULE), Duration::from_mins(1));
        assert_eq!(ways("cc").1.step(RULE), Duration::from_mins(1));
    }

    proptest! {
        /// Whatever was found: it fails only right after a look that failed, and is well only right after one that did not.
        #[test]
        fn states_follow_looks(looks in proptest::collection::vec(any::<bool>(), 1..60), failures in 1_u8..=5, more in 0_u8..=5) {
            let rule = Rule { interval_seconds: 60, failures, of_last: failures + more };
            let (mut memory, mut now) = (Memory::new(noon()), noon());
            for failed in looks {
                now += TimeDelta::minutes(1);
                let looked = if failed { Looked::Bad } else { Looked::Good };
                let next = memory.after(looked, rule, false, now);
                if next.state != memory.state {
                    prop_assert_eq!(next.state == CheckState::Bad, failed);
                    prop_assert!(next.state_at <= now && next.state_at >= memory.state_at);
                }
                memory = next;
            }
        }
    }
}
