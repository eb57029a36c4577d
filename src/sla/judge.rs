//! The clocks of a ticket, computed from its log and nothing else. Pure.
//!
//! - First answer: from the opening to the first public reply of staff. To acknowledge is no answer. Whoever of the staff opens a
//!   ticket has spoken first.
//! - Update: from each public reply of staff, and from each reopening, to the next, as long as the ticket is open.
//! - Restore: from the opening until it is resolved or closed; a reopened ticket goes on where it stopped.
//! - Waiting for the customer stops the last two. Waiting for anybody else is the provider's matter and stops nothing.
//! - The severity that holds when something ends says how long it could take, counted from the beginning.
//! - What is merged into another ticket is judged there; here only what was late already stays.

use chrono::TimeDelta;

use crate::tickets::{Severity, State};

use super::clock::{Clock, Fact, Story};
use super::model::{At, Terms, What};

/// How long before something is due staff are told, besides at three quarters of its time.
const WARNED_BEFORE: TimeDelta = TimeDelta::minutes(15);

/// When a clock ran.
#[derive(Debug, Clone, Default)]
struct Watch {
    ran: Vec<(At, At)>,
    since: Option<At>,
}

impl Watch {
    fn start(at: At) -> Self {
        Self {
            ran: Vec::new(),
            since: Some(at),
        }
    }

    fn stop(&mut self, at: At) {
        if let Some(since) = self.since.take() {
            self.ran.push((since, at));
        }
    }

    fn go_on(&mut self, at: At) {
        self.since.get_or_insert(at);
    }

    fn began(&self) -> Option<At> {
        self.ran.first().map(|(from, _)| *from).or(self.since)
    }

    /// When it will have run for so long, if it goes on.
    fn reaches(&self, terms: &Terms, amount: TimeDelta) -> Option<At> {
        let mut left = amount;
        for (from, to) in &self.ran {
            let ran = terms.hours.between(*from, *to);
            if ran >= left {
                return Some(terms.hours.add(*from, left));
            }
            left -= ran;
        }
        let from = self.since.or_else(|| self.ran.last().map(|(_, to)| *to))?;
        Some(terms.hours.add(from, left))
    }
}

/// A clock, and what is to be told of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Judged {
    pub(super) clock: Clock,
    pub(super) began_at: At,
    /// When its warnings are due, and last of all its end; nothing while it stands still or once it is over.
    pub(super) stages: Vec<At>,
}

/// What a ticket's log comes to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Judgement {
    pub(super) clocks: Vec<Judged>,
    /// When updates were due that came too late, those before the present one.
    pub(super) late_updates: Vec<At>,
    /// When updates came in time.
    pub(super) timely_updates: Vec<At>,
    /// When staff answered first.
    pub(super) answered_at: Option<At>,
}

impl Judgement {
    pub(super) fn clock(&self, what: What) -> Option<Clock> {
        let found = self.clocks.iter().find(|judged| judged.clock.what == what);
        found.map(|judged| judged.clock)
    }
}

struct Play<'a> {
    terms: &'a Terms,
    severity: Severity,
    first: Watch,
    update: Option<Watch>,
    restore: Watch,
    is_waiting: bool,
    is_over: bool,
    merged_at: Option<At>,
    /// The first answer's clock when it was given.
    answered: Option<Judged>,
    /// The restore's clock while the ticket is over.
    restored: Option<Judged>,
    judgement: Judgement,
}

/// Judges what happened until `now`.
pub(super) fn judge(terms: &Terms, story: &Story, now: At) -> Judgement {
    let mut play = Play {
        terms,
        severity: story.severity,
        first: Watch::start(story.opened_at),
        update: None,
        restore: Watch::start(story.opened_at),
        is_waiting: false,
        is_over: false,
        merged_at: None,
        answered: None,
        restored: None,
        judgement: Judgement::default(),
    };
    for (at, fact) in story.facts.iter().filter(|(at, _)| *at <= now) {
        if play.merged_at.is_none() {
            play.take(*at, *fact);
        }
    }
    play.end(now)
}

impl Play<'_> {
    fn take(&mut self, at: At, fact: Fact) {
        match fact {
            Fact::Replied => self.replied(at),
            Fact::Severity(severity) => self.severity = severity,
            Fact::Merged => self.merged_at = Some(at),
            Fact::State(State::Resolved | State::Closed) if self.is_over => {}
            Fact::State(State::Resolved | State::Closed) => {
                self.is_over = true;
                self.first.stop(at);
                self.restore.stop(at);
                self.end_update(at);
                self.restored = self.judged(What::Restore, &self.restore, Some(at), at);
            }
            Fact::State(state) => {
                if self.is_over {
                    self.reopened(at);
                }
                self.is_waiting = state == State::WaitingCustomer;
                let watches = [Some(&mut self.restore), self.update.as_mut()];
                for watch in watches.into_iter().flatten() {
                    if self.is_waiting {
                        watch.stop(at);
                    } else {
                        watch.go_on(at);
                    }
                }
            }
        }
    }

    fn replied(&mut self, at: At) {
        if self.judgement.answered_at.is_none() {
            self.judgement.answered_at = Some(at);
            self.first.stop(at);
            self.answered = self.judged(What::FirstAnswer, &self.first, Some(at), at);
        }
        if !self.is_over {
            self.end_update(at);
            let mut watch = Watch::start(at);
            if self.is_waiting {
                watch.stop(at);
            }
            self.update = Some(watch);
        }
    }

    fn reopened(&mut self, at: At) {
        self.is_over = false;
        self.restored = None;
        if self.judgement.answered_at.is_none() {
            self.first.go_on(at);
        }
        self.restore.go_on(at);
        self.update = Some(Watch::start(at));
    }

    /// The update that was waited for came, or is not needed any more.
    fn end_update(&mut self, at: At) {
        let Some(mut watch) = self.update.take() else {
            return;
        };
        watch.stop(at);
        match self.judged(What::Update, &watch, Some(at), at) {
            Some(judged) if judged.clock.breached => {
                self.judgement.late_updates.push(judged.clock.due_at);
            }
            Some(_) => self.judgement.timely_updates.push(at),
            None => {}
        }
    }

    fn judged(&self, what: What, watch: &Watch, met_at: Option<At>, now: At) -> Option<Judged> {
        let amount = self.terms.target(self.severity, what)?;
        let due_at = watch.reaches(self.terms, amount)?;
        let breached = match (watch.since, watch.ran.last()) {
            (Some(_), _) => due_at <= now,
            (None, Some((_, stopped))) => due_at < *stopped,
            (None, None) => false,
        };
        let stages = if watch.since.is_some() {
            self.stages(watch, amount)
        } else {
            Vec::new()
        };
        Some(Judged {
            clock: Clock {
                what,
                due_at,
                paused: watch.since.is_none() && met_at.is_none(),
                met_at,
                breached,
            },
            began_at: watch.began()?,
            stages,
        })
    }

    fn stages(&self, watch: &Watch, amount: TimeDelta) -> Vec<At> {
        let mut amounts = vec![amount * 3 / 4, amount - WARNED_BEFORE, amount];
        amounts.retain(|amount| *amount > TimeDelta::zero());
        amounts.sort_unstable();
        amounts.dedup();
        amounts
            .into_iter()
            .filter_map(|amount| watch.reaches(self.terms, amount))
            .collect()
    }

    fn end(mut self, now: At) -> Judgement {
        let now = self.merged_at.unwrap_or(now);
        if self.merged_at.is_some() {
            self.first.stop(now);
            self.restore.stop(now);
            self.end_update(now);
        }
        let is_still = self.is_over || self.merged_at.is_some();
        let open = |what, watch: &Watch| {
            // What nobody waits for any more is told only if it was late.
            let judged = self.judged(what, watch, None, now);
            judged.filter(|judged| !is_still || judged.clock.breached)
        };
        let first = match self.judgement.answered_at {
            Some(_) => self.answered.clone(),
            None => open(What::FirstAnswer, &self.first),
        };
        let restore = match (self.is_over, &self.restored) {
            (true, restored) => {
                let is_merged = self.merged_at.is_some();
                restored
                    .clone()
                    .filter(|judged| !is_merged || judged.clock.breached)
            }
            (false, _) => open(What::Restore, &self.restore),
        };
        let update = self.update.as_ref().and_then(|watch| open(What::Update, watch));
        let clocks = [first, update, restore].into_iter().flatten().collect();
        self.judgement.clocks = clocks;
        self.judgement
    }
}

#[cfg(test)]
mod tests {
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
                        self.first.run(self.answered.is_none(), at);
                        self.restore.run(true, at);
                        self.begin_update(at);
                    }
                    self.restore.run(!self.waiting, at);
                    if let Some(update) = &mut self.update {
                        update.run(!self.waiting, at);
                    }
                }
            }
        }

        fn begin_update(&mut self, at: At) {
            let mut next = Looker::running();
            next.run(!self.waiting, at);
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
}
