//! What held when: whether a tenant was there, and when its servers should have run. Pure.

use crate::platform::ids::ServerId;

use super::{At, Interval, clip, union};

/// How a tenant was from a moment on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stage {
    /// Since when.
    pub since: At,
    /// Whether its servers might run: it was neither suspended nor closed.
    pub is_active: bool,
    /// Whether it was closed.
    pub is_closed: bool,
}

/// How a tenant was: its stages in order, each until the next one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Past(Vec<Stage>);

impl Past {
    /// Of stages in order.
    pub fn new(stages: Vec<Stage>) -> Self {
        Self(stages)
    }

    fn when(&self, holds: fn(&Stage) -> bool, within: Interval) -> Vec<Interval> {
        let ends = self.0.iter().skip(1).map(|stage| stage.since).chain([within.1]);
        let stages = self.0.iter().zip(ends).filter(|(stage, _)| holds(stage));
        let spans = stages.map(|(stage, end)| (stage.since, end)).collect();
        clip(&union(spans), within)
    }

    /// When it was there in a time, suspended or not.
    pub fn there(&self, within: Interval) -> Vec<Interval> {
        self.when(|stage| !stage.is_closed, within)
    }

    /// When its servers might run in a time.
    pub fn active(&self, within: Interval) -> Vec<Interval> {
        self.when(|stage| stage.is_active, within)
    }

    /// Since when it is closed, if it is.
    pub fn closed_at(&self) -> Option<At> {
        let open = self.0.iter().rposition(|stage| !stage.is_closed);
        let first = self.0.get(open.map_or(0, |place| place + 1));
        first.map(|stage| stage.since)
    }

    /// When it was closed, and when it was back: each moment, and whether it was closed from then on.
    pub fn closings(&self) -> Vec<(At, bool)> {
        let mut was_closed = false;
        let mut all = Vec::new();
        for stage in &self.0 {
            if stage.is_closed != was_closed {
                was_closed = stage.is_closed;
                all.push((stage.since, was_closed));
            }
        }
        all
    }
}

/// A server, and when it should have run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Served {
    /// Which.
    pub id: ServerId,
    /// What it was called last.
    pub name: String,
    /// When it was the tenant's and should have run, as a set.
    pub wanted: Vec<Interval>,
}

impl Served {
    /// Of times in order: what follows at once goes on.
    pub fn add(all: &mut Vec<Self>, id: ServerId, name: String, span: Interval) {
        match all.last_mut() {
            Some(last) if last.id == id => {
                last.name = name;
                last.wanted.push(span);
            }
            _ => all.push(Self {
                id,
                name,
                wanted: vec![span],
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::at;
    use super::*;

    fn stage(time: &str, word: &str) -> Stage {
        Stage {
            since: at(&format!("2026-03-10T{time}:00Z")),
            is_active: word == "active",
            is_closed: word == "closed",
        }
    }

    #[test]
    fn a_tenant_is_there_until_it_is_closed_and_again_when_it_is_back() {
        let mut past = Past::new(vec![
            stage("10:00", "active"),
            stage("11:00", "suspended"),
            stage("12:00", "closed"),
            stage("12:30", "closed"),
        ]);
        let time = |time: &str| stage(time, "active").since;
        let day = (time("00:00"), time("20:00"));
        assert_eq!(past.there(day), [(time("10:00"), time("12:00"))]);
        assert_eq!(past.active(day), [(time("10:00"), time("11:00"))]);
        assert_eq!(past.closed_at(), Some(time("12:00")));
        past.0.push(stage("15:00", "active"));
        assert_eq!(past.there(day).len(), 2);
        assert_eq!(past.closed_at(), None);
        assert_eq!(past.closings(), [(time("12:00"), true), (time("15:00"), false)]);
        assert_eq!(Past::default().closed_at(), None);
    }
}
