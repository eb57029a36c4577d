//! What to do next about a server: a pure function of what is wanted and what is there.
//!
//! A plan may be cut off after any step, by a crash or by a new wish; planning again from what is then there goes on to
//! the same end. Planning for what is already as wanted gives no step.

use super::wish::{Goal, Seen};

/// What is wanted, as far as a plan needs to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a question of its own about one wish"
)]
pub struct Desired<'a> {
    /// Where to.
    pub goal: Goal,
    /// The stamp of the specification; absent if none can be made now, because the template is gone for example.
    pub spec: Option<&'a str>,
    /// The same in the words of containers that were made before the engine told of limits.
    pub older: Option<&'a str>,
    /// Somebody asked for something since the server was last as wanted. Only then may a running container be replaced:
    /// an upgrade of Berth changes specifications too, and must not restart anybody's server.
    pub is_fresh: bool,
    /// A restart was asked for and not begun.
    pub restart: bool,
    /// How far its folder is filled.
    pub install: Installation,
    /// The container may have a mount that is not wanted any more, and must not keep it while it does not run.
    pub discard: bool,
    /// The last attempt failed, so look also at what is otherwise taken for granted.
    pub repair: bool,
}

/// How far the folder of a server is filled by a script.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Installation {
    /// It is, or there is nothing to fill it with.
    #[default]
    Done,
    /// It is to be filled before the next start.
    Needed,
    /// It is being filled, or was when somebody died.
    Running,
}

/// What is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Present<'a> {
    /// The container's state.
    pub seen: Seen,
    /// The stamp that it has, or the hash that it was made from if it is older.
    pub spec: Option<&'a str>,
    /// How its networks compare with what is wanted.
    pub wiring: Wiring,
}

/// Where a container is, against where it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Wiring {
    /// It should be in other networks than the common one alone, in which it is made.
    pub is_special: bool,
    /// It is in others than it should be, or that was not noted.
    pub differs: bool,
}

/// One effect. Each is harmless when repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step {
    /// Leave the network of the tenant whose it was before.
    Depart,
    /// Fill its volumes with another server's data.
    Copy,
    /// See that the image is on the engine; build it if not.
    Image,
    /// See that the tenant has its network.
    Network,
    /// See that the server has its volumes.
    Volumes,
    /// Fill its folder by its template's script.
    Install,
    /// End the script that fills its folder.
    EndInstall,
    /// Make the container from the present specification. What was there before is replaced; volumes stay.
    Ensure,
    /// Put it into the networks that it should be in, and out of others.
    Wire,
    /// Give the container the limits of its size, without ending what runs in it.
    Resize,
    /// Give its volumes the size of its disk, while they are used.
    Disk,
    /// Start it.
    Start,
    /// End it in good order.
    Stop,
    /// End it at once.
    Kill,
    /// Note that the asked-for restart has begun, so that it is not done twice.
    NoteRestart,
    /// Remove the container.
    RemoveContainer,
    /// Give its ports of the host to whoever wants them, and remember which they were.
    ReleasePorts,
    /// Remove the volumes with their data.
    RemoveVolumes,
    /// Remove the tenant's network if this was its last server.
    RemoveNetwork,
    /// Forget the server.
    Forget,
}

impl Step {
    /// All of them.
    pub const ALL: &'static [Self] = &[
        Self::Depart,
        Self::Copy,
        Self::Image,
        Self::Network,
        Self::Volumes,
        Self::Install,
        Self::EndInstall,
        Self::Ensure,
        Self::Wire,
        Self::Resize,
        Self::Disk,
        Self::Start,
        Self::Stop,
        Self::Kill,
        Self::NoteRestart,
        Self::RemoveContainer,
        Self::ReleasePorts,
        Self::RemoveVolumes,
        Self::RemoveNetwork,
        Self::Forget,
    ];

    /// The word in the database and in the names of crash points: `servers.after_<word>`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Depart => "depart",
            Self::Copy => "copy",
            Self::Image => "image",
            Self::Network => "network",
            Self::Volumes => "volumes",
            Self::Install => "install",
            Self::EndInstall => "end_install",
            Self::Ensure => "ensure",
            Self::Wire => "wire",
            Self::Resize => "resize",
            Self::Disk => "disk",
            Self::Start => "start",
            Self::Stop => "stop",
            Self::Kill => "kill",
            Self::NoteRestart => "note_restart",
            Self::RemoveContainer => "remove_container",
            Self::ReleasePorts => "release_ports",
            Self::RemoveVolumes => "remove_volumes",
            Self::RemoveNetwork => "remove_network",
            Self::Forget => "forget",
        }
    }

    /// The words on pages; none for what nobody needs to see.
    pub fn label(self) -> Option<&'static str> {
        match self {
            Self::Depart => Some("Leave the former network"),
            Self::Copy => Some("Copy the data"),
            Self::Image => Some("Prepare the image"),
            Self::Network => Some("Prepare the network"),
            Self::Volumes => Some("Prepare the volumes"),
            Self::Install => Some("Install it"),
            Self::EndInstall => Some("End the installation"),
            Self::Ensure => Some("Make the container"),
            Self::Wire => Some("Connect its networks"),
            Self::Resize => Some("Change its limits"),
            Self::Disk => Some("Change its disk"),
            Self::Start => Some("Start it"),
            Self::Stop => Some("Stop it"),
            Self::Kill => Some("Kill it"),
            Self::NoteRestart => None,
            Self::RemoveContainer => Some("Remove the container"),
            Self::ReleasePorts => Some("Give its ports back"),
            Self::RemoveVolumes => Some("Remove the volumes"),
            Self::RemoveNetwork => Some("Remove the network if it is unused"),
            Self::Forget => Some("Forget the server"),
        }
    }

    /// The words for a server that is in the middle of it.
    pub fn doing(self) -> &'static str {
        match self {
            Self::Depart => "It is leaving its former network.",
            Self::Copy => "Its data is being copied.",
            Self::Image => "The image is being prepared.",
            Self::Network => "The network is being prepared.",
            Self::Volumes => "The volumes are being prepared.",
            Self::Install => "It is being installed.",
            Self::EndInstall => "Its installation is being ended.",
            Self::Ensure => "The container is being made.",
            Self::Wire => "Its networks are being connected.",
            Self::Resize => "Its limits are being changed.",
            Self::Disk => "Its disk is being changed.",
            Self::Start | Self::NoteRestart => "It is being started.",
            Self::Stop => "It is being stopped.",
            Self::Kill => "It is being killed.",
            Self::RemoveContainer => "The container is being removed.",
            Self::ReleasePorts => "Its ports are given back.",
            Self::RemoveVolumes => "The volumes are being removed.",
            Self::RemoveNetwork => "The network is being removed.",
            Self::Forget => "It is being forgotten.",
        }
    }

    /// Whether a new wish may cut it off: waiting for a process to end, for an image that is built elsewhere, or for a
    /// script that the next attempt ends or runs anew.
    pub fn is_interruptible(self) -> bool {
        matches!(self, Self::Stop | Self::Image | Self::Install)
    }

    /// Whether it only writes to the database.
    pub fn is_bookkeeping(self) -> bool {
        matches!(self, Self::NoteRestart | Self::ReleasePorts | Self::Forget)
    }

    /// The step that the database's word means.
    pub fn read(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|step| step.word() == word)
    }
}

/// The steps from `present` to `desired`, in order.
pub fn plan(desired: &Desired<'_>, present: &Present<'_>) -> Vec<Step> {
    match desired.goal {
        Goal::Run => run(desired, present),
        Goal::Stop | Goal::Kill if desired.install == Installation::Running && !present.seen.is_alive() => {
            vec![Step::EndInstall]
        }
        Goal::Stop if present.seen.is_alive() => rest(vec![Step::Stop], desired, present),
        Goal::Kill if present.seen.is_alive() => rest(vec![Step::Kill], desired, present),
        Goal::Stop | Goal::Kill => rest(Vec::new(), desired, present),
        Goal::Keep => put_away(desired, present),
        Goal::Delete => vec![
            Step::RemoveContainer,
            Step::RemoveVolumes,
            Step::RemoveNetwork,
            Step::Forget,
        ],
    }
}

/// What does not run is put away if it has a mount that is not wanted any more: its next start makes it anew.
fn rest(mut steps: Vec<Step>, desired: &Desired<'_>, present: &Present<'_>) -> Vec<Step> {
    if desired.discard && present.seen != Seen::Absent {
        steps.push(Step::RemoveContainer);
        return steps;
    }
    then_wire(steps, present)
}

/// Networks change also while it runs, or does not: what was left must be left, whatever comes next.
fn then_wire(mut steps: Vec<Step>, present: &Present<'_>) -> Vec<Step> {
    steps.extend(present.wiring.differs.then_some(Step::Wire));
    steps
}

/// A container that is gone may have left its ports and its network, until the wish is reached.
fn put_away(desired: &Desired<'_>, present: &Present<'_>) -> Vec<Step> {
    if present.seen == Seen::Absent && !desired.is_fresh && !desired.repair {
        return Vec::new();
    }
    let stop = present.seen.is_alive().then_some(Step::Stop);
    let rest = [Step::RemoveContainer, Step::ReleasePorts, Step::RemoveNetwork];
    stop.into_iter().chain(rest).collect()
}

fn run(desired: &Desired<'_>, present: &Present<'_>) -> Vec<Step> {
    let must_make = must_make(desired, present);
    let resize = (must_make && is_only_resized(desired, present)).then_some(Step::Resize);
    if must_make && resize.is_none() || must_install(desired, present) {
        return make(desired, present);
    }
    let note = desired.restart.then_some(Step::NoteRestart);
    let go_on = resize.into_iter().chain([Step::Start]);
    match present.seen {
        Seen::Running | Seen::Restarting | Seen::Paused if desired.restart => {
            // While it is stopped nothing keeps it from having less memory.
            let mut steps = then_wire(vec![Step::Stop, Step::NoteRestart], present);
            steps.extend(go_on);
            steps
        }
        // The engine is at it itself.
        // What can't be seen is better left alone than replaced.
        Seen::Running | Seen::Restarting | Seen::Unknown => then_wire(resize.into_iter().collect(), present),
        Seen::Paused | Seen::Created | Seen::Exited | Seen::Absent | Seen::Dead => {
            let repair = desired.repair.then_some([Step::Network, Step::Volumes]);
            let repair = repair.into_iter().flatten();
            let wire = present.wiring.differs || desired.repair && present.wiring.is_special;
            let wire = wire.then_some(Step::Wire);
            repair.chain(wire).chain(note).chain(go_on).collect()
        }
    }
}

/// Whether the container has to be made, or made again.
fn must_make(desired: &Desired<'_>, present: &Present<'_>) -> bool {
    let may_replace = !present.seen.is_alive() || desired.is_fresh || desired.restart;
    match present.seen {
        Seen::Absent | Seen::Dead => true,
        Seen::Unknown => false,
        _ => is_outdated(desired, present) && may_replace,
    }
}

/// Whether its folder has to be filled first; one that runs ends for it only if somebody asked.
fn must_install(desired: &Desired<'_>, present: &Present<'_>) -> bool {
    let may_stop = !present.seen.is_alive() || desired.is_fresh;
    desired.install != Installation::Done && present.seen != Seen::Unknown && may_stop
}

/// Whether the container was made from another specification than the present one.
pub fn is_outdated(desired: &Desired<'_>, present: &Present<'_>) -> bool {
    let is_as_wanted =
        desired.spec == present.spec || desired.older.is_some() && desired.older == present.spec;
    present.seen != Seen::Absent && desired.spec.is_some() && !is_as_wanted
}

/// Whether the container differs from the specification in nothing but its limits, which the engine can change.
fn is_only_resized(desired: &Desired<'_>, present: &Present<'_>) -> bool {
    fn shape(stamp: &str) -> Option<&str> {
        stamp.split_once('@').map(|(shape, _)| shape)
    }
    let wanted = desired.spec.and_then(shape);
    let is_there = !matches!(present.seen, Seen::Absent | Seen::Dead);
    is_there && wanted.is_some() && wanted == present.spec.and_then(shape)
}

/// What takes long comes first, so that a server that runs is away for as short as can be.
fn make(desired: &Desired<'_>, present: &Present<'_>) -> Vec<Step> {
    let mut steps = vec![Step::Image, Step::Network, Step::Volumes];
    if present.seen.is_alive() {
        steps.push(Step::Stop);
    }
    if present.seen == Seen::Dead {
        steps.push(Step::RemoveContainer);
    }
    if desired.install != Installation::Done {
        steps.push(Step::Install);
    }
    steps.push(Step::Ensure);
    if present.wiring.is_special || present.wiring.differs {
        steps.push(Step::Wire);
    }
    if desired.restart {
        steps.push(Step::NoteRestart);
    }
    steps.push(Step::Start);
    steps
}
