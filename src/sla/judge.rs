//! The clocks of a ticket, computed from its log and nothing else. Pure.
//!
//! - First answer: from the opening to the first public reply of staff. To acknowledge is no answer. Whoever of the staff opens a
//!   ticket has spoken first.
//! - Update: from each public reply of staff, and from each reopening, to the next, as long as the ticket is open.
//! - Restore: from the opening until it is resolved or closed; a reopened ticket goes on where it stopped.
//! - Waiting for the customer stops the last two. Waiting for anybody else is the provider's matter and stops nothing.
//! - While its tenant is closed, all stand still.
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
    /// Whether the tenant is closed.
    is_left: bool,
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
        is_left: false,
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
            Fact::Left => {
                self.is_left = true;
                self.first.stop(at);
                self.move_others(at);
            }
            Fact::Back => {
                self.is_left = false;
                if !self.is_over {
                    self.move_first(at);
                    self.move_others(at);
                }
            }
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
                self.move_others(at);
            }
        }
    }

    /// The first answer's clock goes on, if it is waited for.
    fn move_first(&mut self, at: At) {
        if self.judgement.answered_at.is_none() && !self.is_left {
            self.first.go_on(at);
        }
    }

    /// The clocks of the update and the end go on, or stop.
    fn move_others(&mut self, at: At) {
        let is_still = self.is_waiting || self.is_left;
        let watches = [Some(&mut self.restore), self.update.as_mut()];
        for watch in watches.into_iter().flatten() {
            if is_still {
                watch.stop(at);
            } else {
                watch.go_on(at);
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
            if self.is_waiting || self.is_left {
                watch.stop(at);
            }
            self.update = Some(watch);
        }
    }

    fn reopened(&mut self, at: At) {
        self.is_over = false;
        self.restored = None;
        self.move_first(at);
        if !self.is_left {
            self.restore.go_on(at);
        }
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
mod tests;
