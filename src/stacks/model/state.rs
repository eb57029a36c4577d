//! How a stack is, from how its servers are. Nothing about it is kept, so it is never wrong about them.

use crate::servers::model::Phase;

/// The state in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StackState {
    /// All of its servers run as wanted.
    Running,
    /// At least one is on its way to what is wanted, and none is in trouble.
    Changing,
    /// Some run and some do not, as wanted.
    Partial,
    /// None runs, as wanted.
    Stopped,
    /// At least one crashed, fails or is unhealthy.
    Troubled,
    /// At least one is suspended, and none is in trouble.
    Suspended,
    /// On its way out.
    Deleting,
    /// Put away: it can be restored for a while.
    Deleted,
}

impl StackState {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Running,
        Self::Changing,
        Self::Partial,
        Self::Stopped,
        Self::Troubled,
        Self::Suspended,
        Self::Deleting,
        Self::Deleted,
    ];

    /// The word on pages.
    pub fn label(self) -> &'static str {
        match self {
            Self::Running => "Running",
            Self::Changing => "Changing",
            Self::Partial => "Partly running",
            Self::Stopped => "Stopped",
            Self::Troubled => "In trouble",
            Self::Suspended => "Suspended",
            Self::Deleting => "Deleting",
            Self::Deleted => "Deleted",
        }
    }

    /// The word for its shape and colour, as the status macro of templates takes it.
    pub fn look(self) -> &'static str {
        match self {
            Self::Running => "good",
            Self::Changing | Self::Deleting => "busy",
            Self::Partial | Self::Suspended => "warn",
            Self::Troubled => "bad",
            Self::Stopped | Self::Deleted => "idle",
        }
    }
}

/// The state in a word and a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StackStatus {
    /// The word.
    pub state: StackState,
    /// The sentence.
    pub sentence: String,
}

impl StackStatus {
    /// Tells the state of a stack whose servers are so, by name.
    pub fn of(is_deleted: bool, servers: &[(&str, Phase)]) -> Self {
        let phases: Vec<Phase> = servers.iter().map(|(_, phase)| *phase).collect();
        let state = if is_deleted {
            gone(&phases)
        } else {
            present(&phases)
        };
        Self {
            state,
            sentence: sentence(state, servers),
        }
    }
}

fn gone(phases: &[Phase]) -> StackState {
    if !phases.is_empty() && phases.iter().all(|phase| *phase == Phase::Deleted) {
        StackState::Deleted
    } else {
        StackState::Deleting
    }
}

fn is_troubled(phase: Phase) -> bool {
    matches!(phase, Phase::Failing | Phase::Crashed | Phase::Unhealthy)
}

fn present(phases: &[Phase]) -> StackState {
    let any = |which: &dyn Fn(Phase) -> bool| phases.iter().any(|phase| which(*phase));
    let all = |phase: Phase| phases.iter().all(|one| *one == phase);
    match () {
        () if any(&is_troubled) => StackState::Troubled,
        () if any(&Phase::is_moving) => StackState::Changing,
        () if any(&|phase| phase == Phase::Suspended) => StackState::Suspended,
        () if all(Phase::Running) => StackState::Running,
        () if all(Phase::Stopped) => StackState::Stopped,
        () => StackState::Partial,
    }
}

fn sentence(state: StackState, servers: &[(&str, Phase)]) -> String {
    let all = servers.len();
    let run = servers
        .iter()
        .filter(|(_, phase)| *phase == Phase::Running)
        .count();
    match state {
        StackState::Running if all == 2 => "Both servers run.".to_owned(),
        StackState::Running => format!("All {all} servers run."),
        StackState::Stopped => "None of its servers runs. Their data stays.".to_owned(),
        StackState::Changing | StackState::Partial => format!("{run} of {all} servers run."),
        StackState::Suspended => {
            "The provider has suspended it, or some of its servers. Their pages say why.".to_owned()
        }
        StackState::Troubled => {
            let names = servers.iter().filter(|(_, phase)| is_troubled(*phase));
            let names: Vec<&str> = names.map(|(name, _)| *name).collect();
            let (verb, pages) = if names.len() == 1 {
                ("needs", "Its page says")
            } else {
                ("need", "Their pages say")
            };
            format!("{} {verb} attention. {pages} why.", names.join(", "))
        }
        StackState::Deleting => "Its servers are being removed.".to_owned(),
        StackState::Deleted => "It is deleted: its data and settings are kept for a while.".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(phases: &[Phase]) -> StackState {
        let servers: Vec<_> = phases.iter().map(|phase| ("x", *phase)).collect();
        StackStatus::of(false, &servers).state
    }

    #[test]
    fn the_worst_of_its_servers_is_what_is_told() {
        use Phase as P;
        assert_eq!(of(&[P::Running, P::Running]), StackState::Running);
        assert_eq!(of(&[P::Running, P::Starting]), StackState::Changing);
        assert_eq!(of(&[P::Failing, P::Starting]), StackState::Troubled);
        assert_eq!(of(&[P::Crashed, P::Running]), StackState::Troubled);
        assert_eq!(of(&[P::Running, P::Unhealthy]), StackState::Troubled);
        assert_eq!(of(&[P::Suspended, P::Running]), StackState::Suspended);
        assert_eq!(of(&[P::Stopped, P::Stopped]), StackState::Stopped);
        assert_eq!(of(&[P::Stopped, P::Running]), StackState::Partial);
    }

    #[test]
    fn it_is_deleted_when_all_of_its_servers_are() {
        let told = |phases: &[Phase]| {
            let servers: Vec<_> = phases.iter().map(|phase| ("x", *phase)).collect();
            StackStatus::of(true, &servers).state
        };
        assert_eq!(told(&[Phase::Deleted, Phase::Deleted]), StackState::Deleted);
        assert_eq!(told(&[Phase::Deleted, Phase::Deleting]), StackState::Deleting);
        assert_eq!(told(&[]), StackState::Deleting);
    }

    #[test]
    fn sentences_name_who_needs_attention() {
        let servers = [("Shop web", Phase::Running), ("Shop db", Phase::Failing)];
        let told = StackStatus::of(false, &servers);
        assert_eq!(told.sentence, "Shop db needs attention. Its page says why.");
        let servers = [("Shop web", Phase::Crashed), ("Shop db", Phase::Failing)];
        let told = StackStatus::of(false, &servers);
        assert_eq!(
            told.sentence,
            "Shop web, Shop db need attention. Their pages say why."
        );
        let servers = [("Shop web", Phase::Running), ("Shop db", Phase::Starting)];
        assert_eq!(StackStatus::of(false, &servers).sentence, "1 of 2 servers run.");
    }
}
