//! Chains: whom to page one after another, and what comes after whom.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::platform::error::FieldErrors;
use crate::platform::ids::{EscalationId, RotaId, UserId};

use super::input::name;

/// How many levels a chain has at most.
pub const MAX_LEVELS: usize = 8;
/// How long the next level waits, in minutes, if nobody says otherwise.
pub const USUAL_WAIT: i32 = 10;
const MAX_REPEATS: i32 = 9;
const MAX_WAIT: i32 = 1440;

/// Who is paged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aim {
    /// Whoever is on duty by a rota.
    Rota(RotaId),
    /// Somebody, whenever.
    Person(UserId),
    /// Whoever is on duty by any rota: where there is no chain.
    Anybody,
}

/// A step of a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Level {
    /// Who is paged.
    pub aim: Aim,
    /// How long the next one waits, in minutes.
    pub wait: i32,
}

/// A chain.
#[derive(Debug, Clone)]
pub struct Chain {
    /// Its id.
    pub id: EscalationId,
    /// What people call it.
    pub name: String,
    /// Whether it is the one that tickets use.
    pub is_default: bool,
    /// How often it begins again after its last level.
    pub repeats: i32,
    /// Its levels, in order.
    pub levels: Vec<Level>,
    /// Counts changes.
    pub version: i64,
}

/// What is paged next: the round and the level, both from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Next {
    /// How often the chain began again.
    pub round: i32,
    /// Which level.
    pub level: i32,
}

impl Next {
    /// The level of a chain, nothing once all of it was paged in vain.
    pub fn of(self, levels: &[Level]) -> Option<Level> {
        levels.get(usize::try_from(self.level).ok()?).copied()
    }

    /// What comes after it in a chain of so many levels.
    #[must_use]
    pub fn after(self, levels: usize, repeats: i32) -> Self {
        let level = self.level + 1;
        let is_last = usize::try_from(level).is_ok_and(|level| level >= levels);
        if is_last && self.round < repeats {
            return Self {
                round: self.round + 1,
                level: 0,
            };
        }
        Self { level, ..self }
    }
}

/// A level as programs say it: a rota or a person.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = EscalationLevel)]
pub struct LevelIn {
    /// Whoever is on duty by this rota.
    #[serde(default)]
    pub rota: Option<RotaId>,
    /// Or this person.
    #[serde(default)]
    pub person: Option<UserId>,
    /// How long the next level waits for an acknowledgement.
    #[schema(minimum = 1, maximum = 1440)]
    pub wait_minutes: i32,
}

impl From<&Level> for LevelIn {
    fn from(level: &Level) -> Self {
        let (rota, person) = match level.aim {
            Aim::Rota(id) => (Some(id), None),
            Aim::Person(id) => (None, Some(id)),
            Aim::Anybody => (None, None),
        };
        Self {
            rota,
            person,
            wait_minutes: level.wait,
        }
    }
}

/// A chain as programs say it. What is left out stays as it is; a new one needs a name and levels.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = EscalationIn)]
pub struct ChainIn {
    /// What people call it.
    #[schema(min_length = 1, max_length = 100)]
    pub name: Option<String>,
    /// How often it begins again after its last level.
    #[schema(minimum = 0, maximum = 9)]
    pub repeats: Option<i32>,
    /// Whom to page, in order.
    #[schema(min_items = 1, max_items = 8)]
    pub levels: Option<Vec<LevelIn>>,
}

/// A chain as somebody wants it.
#[derive(Debug, Clone, Default)]
pub struct ChainText {
    /// What people call it.
    pub name: String,
    /// How often it begins again.
    pub repeats: i32,
    /// Whom to page, in order.
    pub levels: Vec<LevelIn>,
}

impl From<&Chain> for ChainText {
    fn from(chain: &Chain) -> Self {
        Self {
            name: chain.name.clone(),
            repeats: chain.repeats,
            levels: chain.levels.iter().map(LevelIn::from).collect(),
        }
    }
}

impl ChainText {
    /// With what somebody says.
    #[must_use]
    pub fn with(self, said: ChainIn) -> Self {
        Self {
            name: said.name.unwrap_or(self.name),
            repeats: said.repeats.unwrap_or(self.repeats),
            levels: said.levels.unwrap_or(self.levels),
        }
    }

    /// Its name and its levels.
    pub fn parse(&self) -> Result<(String, Vec<Level>), FieldErrors> {
        let mut errors = FieldErrors::default();
        let called = errors.check("name", name(&self.name));
        if !(0..=MAX_REPEATS).contains(&self.repeats) {
            errors.add("repeats", format!("Use 0 to {MAX_REPEATS}."));
        }
        if !(1..=MAX_LEVELS).contains(&self.levels.len()) {
            errors.add("levels", format!("Name 1 to {MAX_LEVELS} levels."));
        }
        let mut levels = Vec::new();
        for (place, level) in self.levels.iter().enumerate() {
            let aim = match (level.rota, level.person) {
                (Some(rota), None) => Aim::Rota(rota),
                (None, Some(person)) => Aim::Person(person),
                _ => {
                    errors.add(&format!("levels.{place}.aim"), "Choose a rota or a person.");
                    continue;
                }
            };
            let wait = level.wait_minutes;
            if !(1..=MAX_WAIT).contains(&wait) {
                let field = format!("levels.{place}.wait_minutes");
                errors.add(&field, format!("Use 1 to {MAX_WAIT} minutes."));
            }
            levels.push(Level { aim, wait });
        }
        errors.into_result()?;
        Ok((called.unwrap_or_default(), levels))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn levels_name_one_and_waits_are_bounded() {
        let level = |rota: Option<u128>, person: Option<u128>, wait_minutes| LevelIn {
            rota: rota.map(|id| RotaId(Uuid::from_u128(id))),
            person: person.map(|id| UserId(Uuid::from_u128(id))),
            wait_minutes,
        };
        let text = ChainText {
            name: " Nights ".to_owned(),
            repeats: 10,
            levels: vec![
                level(Some(1), None, 5),
                level(Some(1), Some(2), 5),
                level(None, Some(2), 0),
            ],
        };
        let errors = text.parse().unwrap_err();
        let fields: Vec<_> = errors.0.iter().map(|error| error.field.as_str()).collect();
        assert_eq!(fields, ["repeats", "levels.1.aim", "levels.2.wait_minutes"]);
        let good = ChainText {
            repeats: 1,
            levels: vec![level(None, Some(2), 5)],
            ..text
        };
        let (name, levels) = good.parse().unwrap();
        assert_eq!(
            (&*name, levels[0].aim),
            ("Nights", Aim::Person(UserId(Uuid::from_u128(2))))
        );
    }

    proptest! {
        /// From the first level on, each is paged once a round, and then no more.
        #[test]
        fn a_chain_pages_each_level_once_a_round_and_ends(levels in 1_usize..9, repeats in 0_i32..10) {
            let chain = vec![Level { aim: Aim::Anybody, wait: 1 }; levels];
            let mut next = Next { round: 0, level: 0 };
            let mut paged = Vec::new();
            while next.of(&chain).is_some() {
                paged.push((next.round, next.level));
                next = next.after(levels, repeats);
            }
            let all = (0..=repeats).flat_map(|round| (0..i32::try_from(levels).unwrap()).map(move |level| (round, level)));
            prop_assert_eq!(paged, all.collect::<Vec<_>>());
        }
    }
}
