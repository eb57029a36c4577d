//! Containers: the trait that features see, and the engines behind it.
//!
//! # The contract
//!
//! - **Idempotent.** Every call may be repeated, also after a crash in its middle. Nothing needs another call first;
//!   what a call needs to exist (an image, a network, a volume) it names in an error of its own.
//! - **Gone is a value.** Observing, stopping or removing what is not there succeeds and says so.
//! - **Ours only.** What an engine runs for us carries labels with our [`Owner`]'s names. A thing without them is never
//!   changed, even if it has the very name that we would use: [`EngineError::Foreign`], or
//!   [`EngineError::OtherInstallation`] if it is another panel's with the same [`InstanceKey`].
//! - **Only what is safe can be said.** A [`ContainerSpec`] has no field for a host path, a device, privileges or
//!   the engine's socket; what the engine would allow by default is taken away in [`spec`].
//! - **The engine may be away.** No constructor does I/O. While the engine is down every call returns
//!   [`EngineError::Unavailable`]; when it is back the same object works again.
//! - **Apart.** What keeps a server from the host and from other tenants' servers is the [guard](GuardSpec), one for
//!   an instance. [`ensure_guard`](Engine::ensure_guard) says whether it holds; no other call asks, so who starts servers
//!   makes sure first. Its rules outlive the guard's own end.
//! - **Servers outlive us.** The engine itself restarts what ended without being told to, also after a reboot (see
//!   [`spec`] for why); [`stop`](Engine::stop) and [`kill`](Engine::kill) hold until [`start`](Engine::start).
//! - **Files** in a server's volumes are reached by [`VolumeFiles`], whether the server runs or not.
//! - **Concurrent calls** for different servers do not wait for each other. For one server the caller keeps order.
//!
//! `tests/it/engine_contract.rs` is the contract in executable form; it runs against every engine.

mod copy;
pub mod docker;
mod error;
#[cfg(feature = "testing")]
pub mod fake;
mod files;
mod guard;
mod helper;
mod io;
mod key;
mod measured;
mod objects;
mod observed;
mod own_image;
mod owner;
pub mod spec;
mod task;
mod terminal;

use std::{fmt, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::stream::BoxStream;

pub use copy::{CopiedVolume, CopyEvent, CopyFailure, CopySpec};
pub use error::{EngineError, EngineResult, Source};
pub use files::{
    Expected, FileEntry, FileKind, FilePart, FilesBody, FilesChange, FilesCount, FilesError, FilesPage,
    FilesResult, FilesSpec, FilesVolume, NewContent, OpenFile, PathError, Rank, UploadKey, VolumeFiles,
    VolumePath, Written,
};
pub use guard::{GUARD_VERSION, GuardSpec, GuardState, is_network};
pub use helper::{HelperEnd, HelperEvent, HelperFile, HelperSpec, HelperVolume};
pub use io::{ExecOutput, LogLine, LogQuery, LogStream, MAX_EXEC_OUTPUT, MAX_LOG_LINE, Stats};
pub use key::{InstallationKey, InstanceKey, NetworkKey, ServerKey, ShellKey, TenantKey, VolumeKey};
pub use measured::Measured;
pub use objects::{
    BuildEvent, BuildRequest, Image, Network, NetworkSpec, Volume, VolumeDriver, VolumeSpec, VolumeUse,
};
pub use observed::{
    EngineEvent, EngineInfo, EventKind, Health, MAX_GRACE, Observed, ObservedState, Outcome, PublishedPort,
    Subject,
};
pub use owner::{Installation, Owner};
pub use spec::{
    Capability, ContainerSpec, Env, HealthCheck, HealthTest, Limits, Port, Protocol, Tmpfs, VolumeMount,
    is_image_tag,
};
pub use task::{TaskEvent, TaskSpec};
pub use terminal::{Terminal, TerminalId, TerminalInput, TerminalSize};

/// A stream of answers. Dropping it ends the request.
pub type EngineStream<T> = BoxStream<'static, EngineResult<T>>;

/// Something that runs containers. See the [module](self) for what holds for every call.
#[async_trait]
pub trait Engine: VolumeFiles + fmt::Debug + Send + Sync {
    /// Whether it answers.
    async fn ping(&self) -> EngineResult<()>;

    /// What it is and what its host has.
    async fn info(&self) -> EngineResult<EngineInfo>;

    /// All containers of our instance, running or not, in no order. One that the engine cannot describe (it hangs,
    /// say) is there as [`ObservedState::Unknown`]: it must neither hide the others nor look gone.
    async fn observe_all(&self) -> EngineResult<Vec<Observed>>;

    /// One server's container, or [`ObservedState::Gone`].
    async fn observe(&self, server: &ServerKey) -> EngineResult<Observed>;

    /// Makes sure that the server's container exists and was made from this very specification.
    ///
    /// One that was made from another is stopped with the specification's grace, removed and made again; volumes and
    /// their data stay. A container that is made here is [`ObservedState::Created`]: it is not started, whatever
    /// the one before it did. An existing one with the right hash is left as it is, running or not.
    async fn ensure(&self, spec: &ContainerSpec) -> EngineResult<Observed>;

    /// Gives the server's container other limits without ending its process, whether it runs or not. Less memory than
    /// its processes use now is refused, and nothing is changed: [`EngineError::MemoryInUse`].
    async fn set_limits(&self, server: &ServerKey, limits: Limits) -> EngineResult<Outcome>;

    /// Starts the server's container, or thaws it if it is paused.
    async fn start(&self, server: &ServerKey) -> EngineResult<Outcome>;

    /// Asks the server's process to end and kills it after `grace` (at most [`MAX_GRACE`]). Returns when it ended.
    async fn stop(&self, server: &ServerKey, grace: Duration) -> EngineResult<Outcome>;

    /// Asks the server's process to end by a line on its standard input, which its container must keep
    /// [open](ContainerSpec::open_stdin), and [stops](Self::stop) it if it has not ended after `grace`.
    async fn stop_by_input(&self, server: &ServerKey, line: &str, grace: Duration) -> EngineResult<Outcome>;

    /// Ends the server's process at once.
    async fn kill(&self, server: &ServerKey) -> EngineResult<Outcome>;

    /// Removes the server's container, killing it first if it runs. Volumes stay. Returns when it is gone.
    async fn remove(&self, server: &ServerKey) -> EngineResult<Outcome>;

    /// Makes sure that the network exists. A network cannot be changed, so one that exists is left as it is.
    async fn ensure_network(&self, spec: &NetworkSpec) -> EngineResult<Network>;

    /// Removes a network that no running container uses; otherwise [`EngineError::InUse`].
    async fn remove_network(&self, network: &NetworkKey) -> EngineResult<Outcome>;

    /// Puts the server's container, running or not, into one more network of its tenant, where it is found by the aliases.
    /// [`Outcome::Gone`] if there is no container; [`EngineError::NetworkMissing`] if there is no network.
    async fn join_network(
        &self,
        server: &ServerKey,
        network: &NetworkKey,
        aliases: &[String],
    ) -> EngineResult<Outcome>;

    /// Takes the server's container out of a network. [`Outcome::Gone`] if it is not in it, or one of the two is gone.
    async fn leave_network(&self, server: &ServerKey, network: &NetworkKey) -> EngineResult<Outcome>;

    /// All networks of our instance.
    async fn list_networks(&self) -> EngineResult<Vec<Network>>;

    /// Makes sure that the volume exists. One that exists is left as it is, whatever its size.
    async fn ensure_volume(&self, spec: &VolumeSpec) -> EngineResult<Volume>;

    /// Removes a volume **and its data**, if no container uses it; otherwise [`EngineError::InUse`].
    async fn remove_volume(&self, volume: &VolumeKey) -> EngineResult<Outcome>;

    /// All volumes of our instance.
    async fn list_volumes(&self) -> EngineResult<Vec<Volume>>;

    /// What the volumes of our servers hold, in bytes. What cannot be measured is not in the answer. It takes as long as
    /// walking all files does.
    async fn volume_use(&self) -> EngineResult<Vec<VolumeUse>>;

    /// Makes sure that the guard is there, made from this specification, and that its rules hold now for all networks of
    /// our instance, also for those that are yet to be made. If they don't: [`EngineError::Unguarded`]. The first time
    /// this builds an image. A guard that a newer version of Berth made stays as it is.
    async fn ensure_guard(&self, spec: &GuardSpec) -> EngineResult<()>;

    /// Whether the guard's rules hold. Changes nothing.
    async fn observe_guard(&self) -> EngineResult<GuardState>;

    /// Removes the guard and its rules.
    async fn remove_guard(&self) -> EngineResult<Outcome>;

    /// What the server wrote, oldest first. Empty if there is no container.
    async fn logs(&self, server: &ServerKey, query: LogQuery) -> EngineResult<EngineStream<LogLine>>;

    /// What the server uses now; nothing if it does not run.
    async fn stats(&self, server: &ServerKey) -> EngineResult<Option<Stats>>;

    /// What many servers use now, in no order. Who does not run, or cannot be measured, is not in the answer. Cheap enough
    /// to be asked for all servers every ten seconds.
    async fn stats_all(&self, servers: &[ServerKey]) -> EngineResult<Vec<(ServerKey, Stats)>>;

    /// Runs a command inside the server, as the server's user. If it takes longer than `timeout` the call fails with
    /// [`EngineError::Timeout`], but the command goes on: no engine can end it.
    async fn exec(
        &self,
        server: &ServerKey,
        argv: Vec<String>,
        timeout: Duration,
    ) -> EngineResult<ExecOutput>;

    /// Opens a shell with a terminal inside the server, as the server's user. No engine ends it when somebody hangs up, so
    /// whoever opened it calls [`end_shell`](Self::end_shell), also when this call failed.
    async fn open_shell(
        &self,
        server: &ServerKey,
        shell: &ShellKey,
        size: TerminalSize,
    ) -> EngineResult<Terminal>;

    /// Ends the shell and all that was started in it: by a hang-up, and by force what does not heed that.
    async fn end_shell(&self, server: &ServerKey, shell: &ShellKey) -> EngineResult<Outcome>;

    /// What the server's own process prints, from its last `tail` lines on, and its standard input. Needs a container
    /// with [`open_stdin`](ContainerSpec::open_stdin), otherwise [`EngineError::NoInput`].
    async fn attach(&self, server: &ServerKey, tail: u32) -> EngineResult<Terminal>;

    /// Changes a terminal's size. One that has ended, or has none, stays as it is.
    async fn resize(&self, terminal: &TerminalId, size: TerminalSize) -> EngineResult<()>;

    /// A tar of the file or folder at an absolute path in the server's container, which need not run.
    async fn archive_get(&self, server: &ServerKey, path: &str) -> EngineResult<EngineStream<Bytes>>;

    /// Unpacks a tar into the folder at an absolute path in the server's container, which need not run. This is done
    /// by the engine as root inside the container: the tar's owners and modes are kept, so the caller vouches for it.
    async fn archive_put(&self, server: &ServerKey, path: &str, tar: Bytes) -> EngineResult<()>;

    /// Whether there is an image with this tag, whoever made it.
    async fn image_exists(&self, tag: &str) -> EngineResult<bool>;

    /// Runs a task for a server beside its container, in place of one that was left over. Dropping the stream leaves it
    /// running: [`end_task`](Self::end_task) ends it. It is never observed as a server.
    async fn run_task(&self, task: &TaskSpec) -> EngineResult<EngineStream<TaskEvent>>;

    /// Fills a server's volumes with what is in another's; see [`CopySpec`]. It is a task of the server that is filled, and is
    /// ended like one.
    async fn copy_volumes(&self, copy: &CopySpec) -> EngineResult<EngineStream<CopyEvent>>;

    /// Makes a call of the backup helper, in place of one with the same key; see [`HelperSpec`]. Dropping the stream ends it.
    async fn run_helper(&self, spec: &HelperSpec) -> EngineResult<EngineStream<HelperEvent>>;

    /// Ends and removes a server's task.
    async fn end_task(&self, server: &ServerKey) -> EngineResult<Outcome>;

    /// Fetches an image from its registry; [`EngineError::PullFailed`] if that does not give it. It is not labelled as ours.
    async fn pull_image(&self, tag: &str) -> EngineResult<EngineStream<BuildEvent>>;

    /// Builds an image and labels it as ours. A base image that is on the engine is used as it is, never refreshed;
    /// a missing one is fetched only if the engine can reach its registry, otherwise the build fails with
    /// [`EngineError::BuildFailed`]. A tag that somebody else's image has is [`EngineError::Foreign`].
    async fn build_image(&self, request: BuildRequest) -> EngineResult<EngineStream<BuildEvent>>;

    /// Takes a tag from an image of ours, and removes the image with its last one.
    async fn remove_image(&self, tag: &str) -> EngineResult<Outcome>;

    /// All images of our instance.
    async fn list_images(&self) -> EngineResult<Vec<Image>>;

    /// What happens to our containers, the guard's too, from now on: everything after this call returned is in the stream. It ends, or
    /// fails, when the engine goes away; the caller then asks again and looks at everything.
    async fn events(&self) -> EngineResult<EngineStream<EngineEvent>>;
}
