//! What a volume is, what there is to do about it, and what may be done with it when. Pure.

mod mount;
mod path;
mod size;

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::platform::error::Error;
use crate::platform::ids::{LocationId, TenantId, VolumeId};
use crate::servers::model::{Quota, ServerName};

pub use mount::{Holder, Mount, told};
pub use path::{MountPath, Taken, overlap};
pub use size::{check as check_size, check_shrink};

/// So many a tenant has at most; each costs the pool a little, however small it is.
pub const MAX: i64 = 200;
/// So many a server mounts at most.
pub const MAX_OF_SERVER: usize = 16;

/// How it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = VolumeState)]
pub enum State {
    /// It is being made.
    Making,
    /// It is there.
    Ready,
    /// Its size is being changed.
    Resizing,
    /// The engine has lost it.
    Missing,
    /// It is being removed.
    Removing,
}

/// What there is to do on the engine or in the pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Make it.
    Make,
    /// Give it its size.
    Resize,
    /// Remove it with its data.
    Remove,
}

/// A volume.
#[derive(Debug, Clone)]
pub struct Volume {
    /// Its id, which is its key on the engine.
    pub id: VolumeId,
    /// Whose.
    pub tenant: TenantId,
    /// Where.
    pub location: LocationId,
    /// What people call it.
    pub name: String,
    /// What it should be able to hold, in MiB.
    pub size_mib: i64,
    /// What it can hold, as the pool was told last; nothing before it was made.
    pub made_mib: Option<i64>,
    /// Its name on the engine and in the pool; nothing before it was made.
    pub engine_name: Option<String>,
    /// It is in the node's pool.
    pub is_pooled: bool,
    /// The kernel refuses what is over its limit.
    pub is_enforced: bool,
    /// Bytes that it held when it was measured last.
    pub used: Option<i64>,
    /// When that was.
    pub measured_at: Option<DateTime<Utc>>,
    /// Since when the engine has not had it although it was made.
    pub missing_since: Option<DateTime<Utc>>,
    /// Counts changes that people make.
    pub version: i64,
    /// Who made it.
    pub created_by: String,
    /// When.
    pub created_at: DateTime<Utc>,
    /// When somebody deleted it.
    pub deleting_at: Option<DateTime<Utc>>,
    /// It is made from a backup, and not whole yet.
    pub is_filling: bool,
    /// Counts wishes.
    pub generation: i64,
    /// Why the last attempt at something failed.
    pub error: Option<String>,
    /// How many servers it is attached to.
    pub attached: i64,
}

impl Volume {
    /// How it is.
    pub fn state(&self) -> State {
        match (self.deleting_at, self.made_mib) {
            (Some(_), _) => State::Removing,
            (None, None) => State::Making,
            (None, Some(_)) if self.missing_since.is_some() => State::Missing,
            (None, Some(made)) if made != self.size_mib => State::Resizing,
            (None, Some(_)) => State::Ready,
        }
    }

    /// What there is to do about it, if anything. One that is missing has no size to change, and is never made again.
    pub fn plan(&self) -> Option<Step> {
        match self.state() {
            State::Removing => Some(Step::Remove),
            State::Making => Some(Step::Make),
            State::Resizing => Some(Step::Resize),
            State::Ready | State::Missing => None,
        }
    }

    /// Whether its limit holds; nothing before it was made.
    pub fn quota(&self) -> Option<Quota> {
        self.made_mib.map(|_| {
            if self.is_enforced {
                Quota::Enforced
            } else {
                Quota::Soft
            }
        })
    }

    /// Refuses what one that is being deleted can't do.
    pub fn check_stays(&self) -> Result<(), Error> {
        match self.deleting_at {
            None => Ok(()),
            Some(_) => Err(Error::conflict(
                "volume-deleting",
                format!("{} is being deleted.", self.name),
            )),
        }
    }

    /// Refuses what one that the engine has lost can't do.
    pub fn check_there(&self) -> Result<(), Error> {
        match self.missing_since {
            None => Ok(()),
            Some(_) => Err(self.lost()),
        }
    }

    /// Refuses what one that is yet to be filled from a backup can't do.
    pub fn check_filled(&self) -> Result<(), Error> {
        if self.is_filling {
            return Err(Error::conflict(
                "volume-filling",
                format!(
                    "{} is being filled from a backup. Wait until that is done.",
                    self.name
                ),
            ));
        }
        Ok(())
    }

    /// What is said of one that the engine has lost.
    pub fn lost(&self) -> Error {
        Error::conflict(
            "volume-missing",
            format!(
                "The engine does not have {} any more. Ask your provider.",
                self.name
            ),
        )
    }

    /// Refuses to look into one that is not there yet, is on its way out, or was lost.
    pub fn check_open(&self) -> Result<(), Error> {
        self.check_stays()?;
        self.check_there()?;
        match self.made_mib {
            Some(_) => Ok(()),
            None => Err(Error::conflict(
                "volume-not-made",
                format!(
                    "{} is being made. Its files can be reached in a moment.",
                    self.name
                ),
            )),
        }
    }

    /// What it takes of plan and capacity, in MiB: what it was given is not free before the pool has it back.
    pub fn takes_mib(&self) -> i64 {
        self.size_mib.max(self.made_mib.unwrap_or(0))
    }
}

/// A name that people give.
pub fn parse_name(text: &str) -> Result<ServerName, String> {
    ServerName::parse(text).map_err(|error| error.to_string())
}

#[cfg(test)]
pub(super) mod tests {
    use uuid::Uuid;

    use crate::platform::ids::ServerId;

    use super::*;

    pub(in super::super) fn volume(size: i64, made: Option<i64>) -> Volume {
        Volume {
            id: VolumeId(Uuid::from_u128(1)),
            tenant: TenantId(Uuid::from_u128(2)),
            location: LocationId(Uuid::from_u128(3)),
            name: "data".to_owned(),
            size_mib: size,
            made_mib: made,
            engine_name: made.map(|_| "panel-vol".to_owned()),
            is_pooled: true,
            is_enforced: true,
            used: None,
            measured_at: None,
            missing_since: None,
            version: 1,
            created_by: "ada".to_owned(),
            created_at: DateTime::UNIX_EPOCH,
            deleting_at: None,
            is_filling: false,
            generation: 1,
            error: None,
            attached: 0,
        }
    }

    fn holder(name: &str, is_deleted: bool) -> Holder {
        Holder {
            server: ServerId(Uuid::from_u128(4)),
            server_name: name.to_owned(),
            is_deleted,
            mount: Mount {
                volume: VolumeId(Uuid::from_u128(1)),
                name: "data".to_owned(),
                path: "/srv".to_owned(),
                is_read_only: false,
                is_wanted: true,
                is_in: true,
                is_made: true,
                is_pooled: true,
                is_missing: false,
                trouble: None,
            },
        }
    }

    #[test]
    fn what_there_is_to_do_follows_from_what_is_there() {
        assert_eq!(volume(64, None).plan(), Some(Step::Make));
        assert_eq!(volume(64, Some(64)).plan(), None);
        assert_eq!(volume(64, Some(32)).plan(), Some(Step::Resize));
        let leaving = Volume {
            deleting_at: Some(DateTime::UNIX_EPOCH),
            ..volume(64, None)
        };
        assert_eq!(leaving.plan(), Some(Step::Remove));
        assert!(leaving.check_stays().is_err());
    }

    #[test]
    fn one_that_was_lost_is_never_made_again_and_can_be_deleted() {
        let lost = Volume {
            missing_since: Some(DateTime::UNIX_EPOCH),
            ..volume(64, Some(32))
        };
        assert_eq!((lost.state(), lost.plan()), (State::Missing, None));
        let leaving = Volume {
            deleting_at: Some(DateTime::UNIX_EPOCH),
            ..lost
        };
        assert_eq!(leaving.plan(), Some(Step::Remove));
    }

    #[test]
    fn one_is_looked_into_while_it_is_there_and_stays() {
        let why = |volume: Volume| volume.check_open().map_err(|error| error.code());
        let there = volume(64, Some(32));
        let lost = Volume {
            missing_since: Some(DateTime::UNIX_EPOCH),
            ..there.clone()
        };
        let leaving = Volume {
            deleting_at: Some(DateTime::UNIX_EPOCH),
            ..lost.clone()
        };
        assert_eq!(why(there), Ok(()));
        assert_eq!(why(volume(64, None)), Err("volume-not-made"));
        assert_eq!(why(lost), Err("volume-missing"));
        assert_eq!(why(leaving), Err("volume-deleting"));
    }

    #[test]
    fn one_that_is_not_whole_yet_is_attached_to_nothing() {
        let half = Volume {
            is_filling: true,
            ..volume(64, None)
        };
        assert_eq!(half.plan(), Some(Step::Make));
        assert_eq!(
            half.check_filled().map_err(|error| error.code()),
            Err("volume-filling")
        );
        assert!(volume(64, None).check_filled().is_ok());
    }

    #[test]
    fn what_it_was_given_is_not_free_before_the_pool_has_it_back() {
        assert_eq!(volume(32, Some(64)).takes_mib(), 64);
        assert_eq!(volume(64, Some(32)).takes_mib(), 64);
        assert_eq!(volume(64, None).takes_mib(), 64);
    }

    #[test]
    fn whoever_holds_it_is_named() {
        let three = [holder("a", false), holder("b", true), holder("c", false)];
        assert_eq!(told(&three), "a, b (deleted, and kept), c");
        let five = ["a", "b", "c", "d", "e"].map(|name| holder(name, false));
        assert_eq!(told(&five), "a, b, c and 2 more");
    }
}
