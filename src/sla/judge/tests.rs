//! Clocks in examples, and against somebody who looks every minute.

use proptest::prelude::*;

use super::super::model::samples::{at, business, counts, hours, minutes};
use super::super::model::{Hours, Targets};
use super::*;

fn terms(hours: Hours, targets: [Targets; 4]) -> Terms {
    Terms {
        name: "Standard".to_owned(),
        hours,
        targets,
        availability: None,
        credits: Vec::new(),
    }
}

fn story(facts: &[(&str, Fact)]) -> Story {
    Story {
        opened_at: at("2026-03-10T12:00:00Z"),
        severity: Severity::P2,
        facts: facts
            .iter()
            .map(|(time, fact)| (at(&format!("2026-03-10T{time}:00Z")), *fact))
            .collect(),
    }
}

/// Half an hour, an hour, two hours; twice that for P3, a quarter for P1.
fn standard() -> Terms {
    let times = |part: u32| Targets {
        first_answer: Some(30 * part / 4),
        update: Some(15 * part),
        restore: Some(30 * part),
    };
    terms(Hours::Always, [times(1), times(4), times(8), Targets::default()])
}

fn told(facts: &[(&str, Fact)], now: &str) -> Vec<(What, &'static str, String)> {
    let judgement = judge(&standard(), &story(facts), at(&format!("2026-03-10T{now}:00Z")));
    let clocks = judgement.clocks.iter().map(|judged| judged.clock);
    clocks
        .map(|clock| (clock.what, clock.word(), clock.due_at.format("%H:%M").to_string()))
        .collect()
}

#[test]
fn an_answer_in_time_is_met_and_begins_the_next_interval() {
    use What::{FirstAnswer, Restore, Update};
    let due = |what, word, time: &str| (what, word, time.to_owned());
    assert_eq!(
        told(&[], "12:10"),
        [due(FirstAnswer, "Due", "12:30"), due(Restore, "Due", "14:00")]
    );
    let replied = [("12:20", Fact::Replied)];
    let expected = [
        due(FirstAnswer, "Met", "12:30"),
        due(Update, "Due", "13:20"),
        due(Restore, "Due", "14:00"),
    ];
    assert_eq!(told(&replied, "12:40"), expected);
    let late = [("12:31", Fact::Replied)];
    assert_eq!(told(&late, "12:40")[0], due(FirstAnswer, "Missed", "12:30"));
    assert_eq!(told(&late, "13:31")[1], due(Update, "Missed", "13:31"));
}

#[test]
fn waiting_for_the_customer_stops_all_but_the_first_answer_and_reopening_goes_on() {
    let mut facts = vec![
        ("12:20", Fact::Replied),
        ("12:30", Fact::State(State::WaitingCustomer)),
    ];
    let words = |facts: &[(&str, Fact)], now: &str| {
        told(facts, now)
            .into_iter()
            .map(|(_, word, due)| (word, due))
            .collect::<Vec<_>>()
    };
    let clock = |word, due: &str| (word, due.to_owned());
    assert_eq!(
        words(&facts, "18:00")[1..],
        [clock("Paused", "13:20"), clock("Paused", "14:00")]
    );
    facts.push(("18:00", Fact::State(State::InProgress)));
    assert_eq!(
        words(&facts, "18:00")[1..],
        [clock("Due", "18:50"), clock("Due", "19:30")]
    );
    facts.push(("18:30", Fact::State(State::Resolved)));
    assert_eq!(words(&facts, "23:00")[1..], [clock("Met", "19:30")]);
    facts.push(("20:00", Fact::State(State::Reopened)));
    assert_eq!(
        words(&facts, "20:30")[1..],
        [clock("Due", "21:00"), clock("Due", "21:00")]
    );
    assert_eq!(
        words(&facts, "21:00")[1..],
        [clock("Missed", "21:00"), clock("Missed", "21:00")]
    );
    facts.push(("20:45", Fact::Merged));
    assert_eq!(words(&facts, "23:00").len(), 1);
}

#[test]
fn while_the_tenant_is_closed_all_clocks_stand_still() {
    let mut facts = vec![("12:10", Fact::Left)];
    let words = |facts: &[(&str, Fact)], now: &str| {
        told(facts, now)
            .into_iter()
            .map(|(_, word, due)| (word, due))
            .collect::<Vec<_>>()
    };
    let clock = |word, due: &str| (word, due.to_owned());
    assert_eq!(
        words(&facts, "18:00"),
        [clock("Paused", "12:30"), clock("Paused", "14:00")]
    );
    facts.push(("13:10", Fact::Back));
    assert_eq!(
        words(&facts, "13:20"),
        [clock("Due", "13:30"), clock("Due", "15:00")]
    );
    assert_eq!(words(&facts, "13:30")[0], clock("Missed", "13:30"));
}

#[test]
fn a_severity_counts_from_the_opening_and_what_is_over_stays_judged() {
    let raised = [("12:20", Fact::Replied), ("12:40", Fact::Severity(Severity::P1))];
    let told = told(&raised, "12:41");
    let words: Vec<_> = told.iter().map(|(_, word, due)| (*word, due.as_str())).collect();
    assert_eq!(
        words,
        [("Met", "12:30"), ("Missed", "12:35"), ("Missed", "12:30")]
    );
}

#[test]
fn warnings_come_at_three_quarters_and_a_quarter_of_an_hour_before() {
    let judgement = judge(&standard(), &story(&[]), at("2026-03-10T12:00:00Z"));
    let stages: Vec<_> = judgement.clocks[1]
        .stages
        .iter()
        .map(|at| at.format("%H:%M").to_string())
        .collect();
    assert_eq!(stages, ["13:30", "13:45", "14:00"]);
    let mut short = standard();
    short.targets[1].first_answer = Some(10);
    let judgement = judge(&short, &story(&[]), at("2026-03-10T12:00:00Z"));
    assert_eq!(judgement.clocks[0].stages.len(), 2);
}

#[test]
fn business_hours_end_for_the_night() {
    let targets = Targets {
        first_answer: Some(120),
        ..Targets::default()
    };
    let terms = terms(business(chrono_tz::Tz::UTC), [targets; 4]);
    let mut late = story(&[]);
    late.opened_at = at("2026-03-13T16:00:00Z");
    let judgement = judge(&terms, &late, late.opened_at);
    assert_eq!(judgement.clocks[0].clock.due_at, at("2026-03-16T10:00:00Z"));
}

/// Somebody who looks every minute, and writes each minute down that counts.
#[derive(Default, Clone)]
struct Looker {
    counted: Vec<At>,
    runs: bool,
    stopped: Option<At>,
}

impl Looker {
    fn running() -> Self {
        Self {
            runs: true,
            ..Self::default()
        }
    }

    fn run(&mut self, runs: bool, at: At) {
        if self.runs && !runs {
            self.stopped = Some(at);
        }
        self.runs = runs;
    }

    fn look(&mut self, counts: bool, at: At) {
        if self.runs && counts {
            self.counted.push(at + TimeDelta::minutes(1));
        }
    }

    fn late(&self, minutes: u32, now: At) -> bool {
        let due = self.counted.get(usize::try_from(minutes - 1).unwrap());
        due.is_some_and(|due| {
            if self.runs {
                *due <= now
            } else {
                Some(*due) < self.stopped
            }
        })
    }
}

type Seen = Option<(bool, Option<At>, bool)>;

/// The same rules, minute by minute.
struct Looking<'a> {
    terms: &'a Terms,
    severity: Severity,
    first: Looker,
    restore: Looker,
    update: Option<Looker>,
    answered: Option<Seen>,
    restored: Option<Seen>,
    waiting: bool,
    left: bool,
}

impl Looking<'_> {
    fn minutes(&self, what: What) -> Option<u32> {
        let target = self.terms.target(self.severity, what)?;
        Some(u32::try_from(target.num_minutes()).unwrap())
    }

    fn done(&self, what: What, looker: &Looker, at: At) -> Seen {
        Some((looker.late(self.minutes(what)?, at), Some(at), false))
    }

    fn take(&mut self, fact: Fact, at: At) {
        match fact {
            Fact::Severity(other) => self.severity = other,
            Fact::Replied => {
                if self.answered.is_none() {
                    self.first.run(false, at);
                    self.answered = Some(self.done(What::FirstAnswer, &self.first, at));
                }
                if self.restored.is_none() {
                    self.begin_update(at);
                }
            }
            Fact::State(State::Resolved | State::Closed) if self.restored.is_none() => {
                self.first.run(false, at);
                self.restore.run(false, at);
                self.update = None;
                self.restored = Some(self.done(What::Restore, &self.restore, at));
            }
            Fact::State(State::Resolved | State::Closed) | Fact::Merged => {}
            Fact::State(state) => {
                self.waiting = state == State::WaitingCustomer;
                if self.restored.take().is_some() {
                    self.first.run(self.answered.is_none() && !self.left, at);
                    self.restore.run(!self.left, at);
                    self.begin_update(at);
                }
                self.move_others(at);
            }
            Fact::Left | Fact::Back => {
                self.left = fact == Fact::Left;
                if self.restored.is_none() {
                    self.first.run(self.answered.is_none() && !self.left, at);
                    self.move_others(at);
                }
            }
        }
    }

    fn move_others(&mut self, at: At) {
        let runs = !self.waiting && !self.left;
        self.restore.run(runs, at);
        if let Some(update) = &mut self.update {
            update.run(runs, at);
        }
    }

    fn begin_update(&mut self, at: At) {
        let mut next = Looker::running();
        next.run(!self.waiting && !self.left, at);
        self.update = Some(next);
    }

    fn look(&mut self, at: At) {
        let counts = counts(&self.terms.hours, at);
        let lookers = [
            Some(&mut self.first),
            Some(&mut self.restore),
            self.update.as_mut(),
        ];
        lookers
            .into_iter()
            .flatten()
            .for_each(|looker| looker.look(counts, at));
    }

    fn open(&self, what: What, looker: &Looker, now: At) -> Seen {
        let late = looker.late(self.minutes(what)?, now);
        (self.restored.is_none() || late).then_some((late, None, !looker.runs))
    }
}

fn by_looking(terms: &Terms, story: &Story, now: At) -> [Seen; 3] {
    let mut looking = Looking {
        terms,
        severity: story.severity,
        first: Looker::running(),
        restore: Looker::running(),
        update: None,
        answered: None,
        restored: None,
        waiting: false,
        left: false,
    };
    let (mut at, mut facts) = (story.opened_at, story.facts.iter().peekable());
    loop {
        while let Some((_, fact)) = facts.next_if(|(when, _)| *when <= at) {
            looking.take(*fact, at);
        }
        if at >= now {
            break;
        }
        looking.look(at);
        at += TimeDelta::minutes(1);
    }
    let open = |what, looker: &Looker| looking.open(what, looker, now);
    [
        looking
            .answered
            .unwrap_or_else(|| open(What::FirstAnswer, &looking.first)),
        looking
            .update
            .as_ref()
            .and_then(|update| open(What::Update, update)),
        looking
            .restored
            .unwrap_or_else(|| open(What::Restore, &looking.restore)),
    ]
}

fn facts() -> impl Strategy<Value = Vec<(i64, Fact)>> {
    let fact = prop_oneof![
        3 => Just(Fact::Replied),
        6 => prop::sample::select(State::ALL.to_vec()).prop_map(Fact::State),
        1 => prop::sample::select(Severity::ALL.to_vec()).prop_map(Fact::Severity),
        1 => Just(Fact::Left),
        1 => Just(Fact::Back),
    ];
    prop::collection::vec((0i64..2_500, fact), 0..10).prop_map(|mut facts| {
        facts.sort_by_key(|(minute, _)| *minute);
        facts
    })
}

fn targets() -> impl Strategy<Value = Targets> {
    let minutes = || prop::option::weighted(0.9, 1u32..900);
    (minutes(), minutes(), minutes()).prop_map(|(first_answer, update, restore)| Targets {
        first_answer,
        update,
        restore,
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn clocks_say_what_somebody_says_who_looks_every_minute(
        hours in hours(), targets in prop::array::uniform4(targets()), opened_at in minutes(), facts in facts(), length in 0i64..3_500,
    ) {
        let terms = terms(hours, targets);
        let facts = facts.into_iter().map(|(minute, fact)| (opened_at + TimeDelta::minutes(minute), fact)).collect();
        let story = Story { opened_at, severity: Severity::P2, facts };
        let now = opened_at + TimeDelta::minutes(length);
        let judgement = judge(&terms, &story, now);
        let found = What::ALL.map(|what| judgement.clock(what).map(|clock| (clock.breached, clock.met_at, clock.paused)));
        prop_assert_eq!(found, by_looking(&terms, &story, now), "{:?}", story);
    }
}
