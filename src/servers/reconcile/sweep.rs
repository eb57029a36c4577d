//! Everything at once: one call to the engine, one look at the table, and whoever differs is woken.

use std::collections::HashMap;

use crate::drivers::engine::Observed;
use crate::platform::ids::ServerId;

use super::super::model::{Condition, Observation};
use super::super::store::{self, Brief};
use super::Servers;
use super::orphans::find_orphans;
use super::watch::Watch;

/// Compares all servers with the engine and wakes those that are not as they should be, or not as they were.
pub(super) async fn sweep(servers: &Servers) -> Result<(), Watch> {
    let all = servers.app.engine.observe_all().await?;
    let mut tx = servers.app.db.system().await?;
    let briefs = store::briefs(&mut tx, servers.location).await?;
    let observed: HashMap<ServerId, &Observed> = all.iter().filter_map(by_id).collect();
    let absent = Observation::default();
    let look = |brief: &&Brief| {
        let seen = observed
            .get(&brief.id)
            .map(|observed| Observation::from(*observed));
        needs_a_look(brief, seen.as_ref().unwrap_or(&absent))
    };
    let ids: Vec<ServerId> = briefs.iter().filter(look).map(|brief| brief.id).collect();
    if !ids.is_empty() {
        store::wake(&mut tx, &ids, servers.app.now()).await?;
        tx.commit().await?;
        servers.app.poke_servers.poke();
    }
    find_orphans(servers, &all, &briefs).await
}

fn by_id(observed: &Observed) -> Option<(ServerId, &Observed)> {
    Some((observed.server.as_str().parse().ok()?, observed))
}

/// Whether something is to be done about a server, or to be told. What is due or in work is looked at anyway.
fn needs_a_look(brief: &Brief, seen: &Observation) -> bool {
    let known = &brief.observed;
    // What a server says by a line is not the engine's to know; one that has not said it yet is listened to.
    let is_same_health = known.health == seen.health || brief.is_heard && known.health != Condition::Starting;
    let is_same = (known.seen, &known.spec) == (seen.seen, &seen.spec) && is_same_health;
    let is_settled = is_same && brief.is_reached && brief.goal.is_met_by(seen.seen);
    !brief.is_busy && !is_settled
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::super::super::model::{Goal, Seen};
    use super::*;
    use crate::platform::ids::TenantId;

    fn brief() -> Brief {
        Brief {
            id: ServerId(Uuid::from_u128(1)),
            tenant: TenantId(Uuid::from_u128(2)),
            goal: Goal::Run,
            is_reached: true,
            is_busy: false,
            is_heard: false,
            observed: look(Seen::Running),
        }
    }

    fn look(seen: Seen) -> Observation {
        Observation {
            seen,
            ..Observation::default()
        }
    }

    #[test]
    fn who_is_as_wanted_and_as_known_is_left_alone() {
        assert!(!needs_a_look(&brief(), &look(Seen::Running)));
        assert!(needs_a_look(&brief(), &look(Seen::Exited)));
        assert!(needs_a_look(&brief(), &Observation::default()));
    }

    #[test]
    fn a_goal_that_changed_without_a_word_is_found() {
        let suspended = Brief {
            goal: Goal::Stop,
            ..brief()
        };
        assert!(needs_a_look(&suspended, &look(Seen::Running)));
        let unreached = Brief {
            is_reached: false,
            ..brief()
        };
        assert!(needs_a_look(&unreached, &look(Seen::Running)));
    }

    #[test]
    fn what_is_kept_has_no_container() {
        let kept = Brief {
            goal: Goal::Keep,
            observed: Observation::default(),
            ..brief()
        };
        assert!(!needs_a_look(&kept, &Observation::default()));
        assert!(needs_a_look(&kept, &look(Seen::Exited)));
    }

    #[test]
    fn who_is_due_is_not_woken() {
        let busy = Brief {
            is_busy: true,
            ..brief()
        };
        assert!(!needs_a_look(&busy, &look(Seen::Exited)));
    }
}
