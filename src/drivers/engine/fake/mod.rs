//! An engine without containers, for tests: it keeps the contract of [`Engine`] in memory, at once and repeatably.
//!
//! `tests/it/engine_contract.rs` holds it to the same suite as the real engine. Besides the contract it can be told
//! to be away, to fail, to lose an answer after doing what it was asked, and to let a server crash; and it counts
//! calls. Its clock starts at a fixed time and moves with every change.

mod calls;
mod copy;
mod files;
mod helper;
mod networks;
mod outside;
mod parts;
mod state;
mod tasks;
mod terminal;
mod tree;
mod volume_files;

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use tokio::sync::watch;

pub use self::calls::{Call, Program};
use self::{calls::Fault, state::State};
use super::{
    BuildEvent, BuildRequest, ContainerSpec, CopyEvent, CopySpec, Engine, EngineError, EngineEvent,
    EngineInfo, EngineResult, EngineStream, ExecOutput, GuardSpec, GuardState, Health, HelperEvent,
    HelperSpec, Image, InstanceKey, Limits, LogLine, LogQuery, LogStream, Network, NetworkKey, NetworkSpec,
    Observed, Outcome, ServerKey, ShellKey, Stats, TaskEvent, TaskSpec, Terminal, TerminalId, TerminalSize,
    Volume, VolumeKey, VolumePath, VolumeSpec, VolumeUse,
};

/// The in-memory engine. Clones are handles to the same one.
#[derive(Clone)]
pub struct FakeEngine {
    state: Arc<Mutex<State>>,
    /// Moves with every change, so that streams can wait for one.
    changes: watch::Sender<u64>,
}

impl fmt::Debug for FakeEngine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FakeEngine").finish_non_exhaustive()
    }
}

impl FakeEngine {
    /// An engine with nothing on it.
    pub fn new(instance: InstanceKey) -> Self {
        Self {
            state: Arc::new(Mutex::new(State::new(instance))),
            changes: watch::Sender::new(0),
        }
    }

    /// Makes the next calls of a kind fail without doing anything.
    pub fn fail(&self, call: Call, times: usize, error: impl Fn() -> EngineError + Send + Sync + 'static) {
        self.change(|state| state.calls.plan(call, times, Fault::Refuse(Box::new(error))));
    }

    /// Makes the next calls of a kind do what they should and then time out.
    pub fn lose_answer(&self, call: Call, times: usize) {
        self.change(|state| state.calls.plan(call, times, Fault::LoseAnswer));
    }

    /// How many calls of a kind there were, failed ones too.
    pub fn calls(&self, call: Call) -> u64 {
        self.lock().calls.count(call)
    }

    /// How many calls there were.
    pub fn total_calls(&self) -> u64 {
        self.lock().calls.total()
    }

    /// What a server says from now on that it uses, while it runs.
    pub fn set_stats(&self, server: &ServerKey, stats: Stats) {
        self.lock().used.insert(server.clone(), stats);
    }

    /// What the server's process does from its next start on.
    pub fn set_program(&self, server: &ServerKey, program: Program) {
        self.change(|state| state.programs.insert(server.clone(), program));
    }

    /// Lets a running server's process end by itself. The engine starts it again, as the restart policy says.
    pub fn crash(&self, server: &ServerKey, exit_code: i64, oom_killed: bool) {
        self.change(|state| {
            state.end(server, exit_code, oom_killed);
            state.restart(server);
        });
    }

    /// Lets a server's health check change its mind.
    pub fn set_health(&self, server: &ServerKey, health: Health) {
        self.change(|state| state.set_health(server, health));
    }

    /// Puts a link, or something that is neither file, folder nor link, into a volume behind everybody's back.
    pub fn add_odd_file(&self, volume: &VolumeKey, path: &VolumePath, target: Option<&[u8]>) {
        self.change(|state| state.add_odd_file(volume, path, target));
    }

    /// Lets a server write a line.
    pub fn log(&self, server: &ServerKey, stream: LogStream, text: &str) {
        self.change(|state| state.log(server, stream, text));
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        let done = act(&mut self.lock());
        self.changes.send_modify(|version| *version += 1);
        done
    }

    fn call<T>(&self, call: Call, act: impl FnOnce(&mut State) -> EngineResult<T>) -> EngineResult<T> {
        self.change(|state| {
            let lost = state.calls.enter(call)?;
            let answer = act(state)?;
            if lost {
                Err(EngineError::Timeout(Duration::ZERO))
            } else {
                Ok(answer)
            }
        })
    }

    /// Everything that `next` finds, waiting for changes in between.
    fn follow<T: Send + 'static>(
        &self,
        mut next: impl FnMut(&mut State) -> Step<T> + Send + 'static,
    ) -> EngineStream<T> {
        let engine = self.clone();
        let mut changes = self.changes.subscribe();
        async_stream::stream! {
            loop {
                changes.mark_unchanged();
                let step = next(&mut engine.lock());
                match step {
                    Step::Item(item) => yield Ok(item),
                    Step::Fail(error) => {
                        yield Err(error);
                        break;
                    }
                    Step::End => break,
                    Step::Wait if changes.changed().await.is_err() => break,
                    Step::Wait => {}
                }
            }
        }
        .boxed()
    }
}

/// What a followed log or list of events has next.
enum Step<T> {
    Item(T),
    Fail(EngineError),
    Wait,
    End,
}

#[async_trait]
impl Engine for FakeEngine {
    async fn ping(&self) -> EngineResult<()> {
        self.call(Call::Ping, |_| Ok(()))
    }

    async fn info(&self) -> EngineResult<EngineInfo> {
        self.call(Call::Info, |_| Ok(outside::info()))
    }

    async fn observe_all(&self) -> EngineResult<Vec<Observed>> {
        self.call(Call::ObserveAll, |state| Ok(state.observe_all()))
    }

    async fn observe(&self, server: &ServerKey) -> EngineResult<Observed> {
        self.call(Call::Observe, |state| state.observe(server))
    }

    async fn ensure(&self, spec: &ContainerSpec) -> EngineResult<Observed> {
        self.call(Call::Ensure, |state| state.ensure(spec))
    }

    async fn set_limits(&self, server: &ServerKey, limits: Limits) -> EngineResult<Outcome> {
        self.call(Call::SetLimits, |state| state.set_limits(server, limits))
    }

    async fn start(&self, server: &ServerKey) -> EngineResult<Outcome> {
        self.call(Call::Start, |state| state.start(server))
    }

    async fn stop(&self, server: &ServerKey, _grace: Duration) -> EngineResult<Outcome> {
        self.call(Call::Stop, |state| state.stop(server, state::TERMINATED))
    }

    async fn stop_by_input(&self, server: &ServerKey, line: &str, _grace: Duration) -> EngineResult<Outcome> {
        self.call(Call::StopByInput, |state| state.stop_by_input(server, line))
    }

    async fn kill(&self, server: &ServerKey) -> EngineResult<Outcome> {
        self.call(Call::Kill, |state| state.stop(server, state::KILLED))
    }

    async fn remove(&self, server: &ServerKey) -> EngineResult<Outcome> {
        self.call(Call::Remove, |state| state.remove(server))
    }

    async fn ensure_network(&self, spec: &NetworkSpec) -> EngineResult<Network> {
        self.call(Call::EnsureNetwork, |state| state.ensure_network(spec))
    }

    async fn remove_network(&self, network: &NetworkKey) -> EngineResult<Outcome> {
        self.call(Call::RemoveNetwork, |state| state.remove_network(network))
    }

    async fn join_network(
        &self,
        server: &ServerKey,
        network: &NetworkKey,
        aliases: &[String],
    ) -> EngineResult<Outcome> {
        self.call(Call::JoinNetwork, |state| {
            state.join_network(server, network, aliases)
        })
    }

    async fn leave_network(&self, server: &ServerKey, network: &NetworkKey) -> EngineResult<Outcome> {
        self.call(Call::LeaveNetwork, |state| state.leave_network(server, network))
    }

    async fn list_networks(&self) -> EngineResult<Vec<Network>> {
        self.call(Call::ListNetworks, |state| {
            Ok(state.networks.values().cloned().collect())
        })
    }

    async fn ensure_volume(&self, spec: &VolumeSpec) -> EngineResult<Volume> {
        self.call(Call::EnsureVolume, |state| state.ensure_volume(spec))
    }

    async fn remove_volume(&self, volume: &VolumeKey) -> EngineResult<Outcome> {
        self.call(Call::RemoveVolume, |state| state.remove_volume(volume))
    }

    async fn list_volumes(&self) -> EngineResult<Vec<Volume>> {
        self.call(Call::ListVolumes, |state| {
            Ok(state.volumes.values().cloned().collect())
        })
    }

    async fn volume_use(&self) -> EngineResult<Vec<VolumeUse>> {
        self.call(Call::VolumeUse, |state| Ok(state.volume_use()))
    }

    async fn ensure_guard(&self, spec: &GuardSpec) -> EngineResult<()> {
        self.call(Call::EnsureGuard, |state| state.ensure_guard(spec))
    }

    async fn observe_guard(&self) -> EngineResult<GuardState> {
        self.call(Call::ObserveGuard, |state| state.observe_guard())
    }

    async fn remove_guard(&self) -> EngineResult<Outcome> {
        self.call(Call::RemoveGuard, State::remove_guard)
    }

    async fn logs(&self, server: &ServerKey, query: LogQuery) -> EngineResult<EngineStream<LogLine>> {
        let (server, mut next) = (
            server.clone(),
            self.call(Call::Logs, |state| state.first_line(server, &query))?,
        );
        Ok(self.follow(move |state| state.next_line(&server, &mut next, &query)))
    }

    async fn stats(&self, server: &ServerKey) -> EngineResult<Option<Stats>> {
        self.call(Call::Stats, |state| state.stats(server))
    }

    async fn stats_all(&self, servers: &[ServerKey]) -> EngineResult<Vec<(ServerKey, Stats)>> {
        self.call(Call::StatsAll, |state| state.stats_all(servers))
    }

    async fn exec(
        &self,
        server: &ServerKey,
        argv: Vec<String>,
        timeout: Duration,
    ) -> EngineResult<ExecOutput> {
        self.call(Call::Exec, |state| state.exec(server, &argv, timeout))
    }

    async fn open_shell(
        &self,
        server: &ServerKey,
        shell: &ShellKey,
        size: TerminalSize,
    ) -> EngineResult<Terminal> {
        self.shell((server, shell), size)
    }

    async fn end_shell(&self, server: &ServerKey, shell: &ShellKey) -> EngineResult<Outcome> {
        self.call(Call::EndShell, |state| state.end_shell(server, shell))
    }

    async fn attach(&self, server: &ServerKey, tail: u32) -> EngineResult<Terminal> {
        self.main_process(server, tail)
    }

    async fn resize(&self, terminal: &TerminalId, size: TerminalSize) -> EngineResult<()> {
        self.call(Call::Resize, |state| {
            state.resize(terminal, size);
            Ok(())
        })
    }

    async fn archive_get(&self, server: &ServerKey, path: &str) -> EngineResult<EngineStream<Bytes>> {
        let tar = self.call(Call::ArchiveGet, |state| state.archive_get(server, path))?;
        Ok(stream::iter([Ok(tar)]).boxed())
    }

    async fn archive_put(&self, server: &ServerKey, path: &str, tar: Bytes) -> EngineResult<()> {
        self.call(Call::ArchivePut, |state| state.archive_put(server, path, &tar))
    }

    async fn image_exists(&self, tag: &str) -> EngineResult<bool> {
        self.call(Call::ImageExists, |state| state.image_exists(tag))
    }

    async fn run_task(&self, task: &TaskSpec) -> EngineResult<EngineStream<TaskEvent>> {
        let events = self.call(Call::RunTask, |state| state.run_task(task))?;
        Ok(stream::iter(events).boxed())
    }

    async fn copy_volumes(&self, copy: &CopySpec) -> EngineResult<EngineStream<CopyEvent>> {
        let events = self.call(Call::CopyVolumes, |state| state.copy_volumes(copy))?;
        Ok(stream::iter(events).boxed())
    }

    async fn run_helper(&self, spec: &HelperSpec) -> EngineResult<EngineStream<HelperEvent>> {
        let events = self.call(Call::RunHelper, |state| state.run_helper(spec))?;
        Ok(stream::iter(events).boxed())
    }

    async fn end_task(&self, server: &ServerKey) -> EngineResult<Outcome> {
        self.call(Call::EndTask, |state| {
            state.own_name(server.as_str()).map(|_| Outcome::Gone)
        })
    }

    async fn pull_image(&self, tag: &str) -> EngineResult<EngineStream<BuildEvent>> {
        let events = self.call(Call::PullImage, |state| state.pull_image(tag))?;
        Ok(stream::iter(events).boxed())
    }

    async fn build_image(&self, request: BuildRequest) -> EngineResult<EngineStream<BuildEvent>> {
        let events = self.call(Call::BuildImage, |state| state.build_image(&request))?;
        Ok(stream::iter(events).boxed())
    }

    async fn remove_image(&self, tag: &str) -> EngineResult<Outcome> {
        self.call(Call::RemoveImage, |state| state.remove_image(tag))
    }

    async fn list_images(&self) -> EngineResult<Vec<Image>> {
        self.call(Call::ListImages, |state| Ok(state.our_images()))
    }

    async fn events(&self) -> EngineResult<EngineStream<EngineEvent>> {
        let mut next = self.call(Call::Events, |state| Ok(state.events.len()))?;
        Ok(self.follow(move |state| state.next_event(&mut next)))
    }
}
