//! Deleting: a server leaves the others' sight and stops, its data and settings stay for a while, and then it is erased.
//! Pure.

use chrono::{DateTime, Utc};

use super::{Refusal, Server, Stay};

/// However small a plan is, so many deleted servers are kept.
const FEWEST: i64 = 2;

/// Since when a server is deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deletion {
    /// When somebody deleted it.
    pub at: DateTime<Utc>,
    /// Who; nobody in particular if its organisation went.
    pub by: Option<String>,
    /// When it is erased; nothing if that is under way.
    pub kept_until: Option<DateTime<Utc>>,
}

/// How many deleted servers an organisation keeps whose plan has so many servers. The oldest makes way for another.
pub fn keeps_at_most(plan_servers: i64) -> i64 {
    plan_servers.max(FEWEST)
}

impl Server {
    /// Whether it stays.
    pub fn stay(&self) -> Stay {
        match (self.deleting_at, &self.deletion) {
            (Some(_), _) => Stay::Leaves,
            (None, Some(_)) => Stay::Kept,
            (None, None) => Stay::Lives,
        }
    }

    /// Whether it is among the organisation's servers no more.
    pub fn is_deleted(&self) -> bool {
        self.stay() != Stay::Lives
    }

    /// Refuses what only a server that lives can do.
    pub fn check_stays(&self) -> Result<(), Refusal> {
        match self.stay() {
            Stay::Lives => Ok(()),
            Stay::Kept => Err(Refusal::Deleted),
            Stay::Leaves => Err(Refusal::Deleting),
        }
    }

    /// Refuses what only a server that is deleted and kept can do.
    pub fn check_kept(&self) -> Result<(), Refusal> {
        match self.stay() {
            Stay::Kept => Ok(()),
            Stay::Lives => Err(Refusal::NotDeleted),
            Stay::Leaves => Err(Refusal::Deleting),
        }
    }

    /// Until when it is kept, if it is.
    pub fn kept_until(&self) -> Option<DateTime<Utc>> {
        self.deletion.as_ref().and_then(|deletion| deletion.kept_until)
    }

    /// Whether it was kept for as long as was promised.
    pub fn is_expired(&self, now: DateTime<Utc>) -> bool {
        self.stay() == Stay::Kept && self.kept_until().is_some_and(|until| until <= now)
    }
}

#[cfg(test)]
mod tests {
    use chrono::Duration;

    use super::super::{Goal, testing::server};
    use super::*;

    fn kept(until: DateTime<Utc>) -> Server {
        let mut server = server();
        server.deletion = Some(Deletion {
            at: until - Duration::days(7),
            by: Some("ada@example.org".to_owned()),
            kept_until: Some(until),
        });
        server
    }

    #[test]
    fn a_small_plan_keeps_two() {
        assert_eq!([0, 1, 2, 3, 50].map(keeps_at_most), [2, 2, 2, 3, 50]);
    }

    #[test]
    fn kept_until_the_promised_moment_and_erased_from_then_on() {
        let until = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let mut server = kept(until);
        assert_eq!(server.goal(), Goal::Keep);
        assert!(!server.is_expired(until - Duration::seconds(1)));
        assert!(server.is_expired(until));
        server.deleting_at = Some(until);
        assert_eq!(server.goal(), Goal::Delete);
        assert!(!server.is_expired(until), "it is being erased already");
        assert!(!super::super::testing::server().is_expired(until));
    }

    #[test]
    fn each_state_takes_what_fits_it() {
        let until = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let (lives, kept) = (server(), kept(until));
        let mut leaves = kept.clone();
        leaves.deleting_at = Some(until);
        let all = [&lives, &kept, &leaves];
        assert_eq!(
            all.map(Server::check_stays),
            [Ok(()), Err(Refusal::Deleted), Err(Refusal::Deleting)]
        );
        assert_eq!(
            all.map(Server::check_kept),
            [Err(Refusal::NotDeleted), Ok(()), Err(Refusal::Deleting)]
        );
    }
}
