//! An engine whose calls are counted: how long each took, whether it succeeded, and whether the engine is there at all.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use bytes::Bytes;

use crate::platform::metrics;

use super::{
    BuildEvent, BuildRequest, ContainerSpec, CopyEvent, CopySpec, Engine, EngineError, EngineEvent,
    EngineInfo, EngineResult, EngineStream, ExecOutput, GuardSpec, GuardState, HelperEvent, HelperSpec,
    Image, Limits, LogLine, LogQuery, Network, NetworkKey, NetworkSpec, Observed, Outcome, ServerKey,
    ShellKey, Stats, TaskEvent, TaskSpec, Terminal, TerminalId, TerminalSize, Volume, VolumeKey, VolumeSpec,
    VolumeUse,
};

/// What it is called on the page of metrics.
const NAME: &str = "engine";

/// Another engine, measured from outside. A stream's time is that until it begins.
#[derive(Debug)]
pub struct Measured(Arc<dyn Engine>);

impl Measured {
    /// Measures `engine` from now on.
    pub fn new(engine: Arc<dyn Engine>) -> Self {
        Self(engine)
    }

    /// The engine that is measured.
    pub(super) fn inner(&self) -> &dyn Engine {
        &*self.0
    }
}

async fn measured<T>(
    call: &'static str,
    answer: impl Future<Output = EngineResult<T>> + Send,
) -> EngineResult<T> {
    let begun = Instant::now();
    let outcome = answer.await;
    metrics::engine(call, outcome.is_ok(), begun.elapsed());
    metrics::dependency(NAME, !matches!(outcome, Err(EngineError::Unavailable(_))));
    outcome
}

macro_rules! calls {
    ($($name:ident($($argument:ident: $type:ty),*) -> $answer:ty;)*) => {
        #[async_trait]
        impl Engine for Measured {
            $(async fn $name(&self, $($argument: $type),*) -> EngineResult<$answer> {
                measured(stringify!($name), self.0.$name($($argument),*)).await
            })*
        }
    };
}

calls! {
    ping() -> ();
    info() -> EngineInfo;
    observe_all() -> Vec<Observed>;
    observe(server: &ServerKey) -> Observed;
    ensure(spec: &ContainerSpec) -> Observed;
    set_limits(server: &ServerKey, limits: Limits) -> Outcome;
    start(server: &ServerKey) -> Outcome;
    stop(server: &ServerKey, grace: Duration) -> Outcome;
    stop_by_input(server: &ServerKey, line: &str, grace: Duration) -> Outcome;
    kill(server: &ServerKey) -> Outcome;
    remove(server: &ServerKey) -> Outcome;
    ensure_network(spec: &NetworkSpec) -> Network;
    remove_network(network: &NetworkKey) -> Outcome;
    join_network(server: &ServerKey, network: &NetworkKey, aliases: &[String]) -> Outcome;
    leave_network(server: &ServerKey, network: &NetworkKey) -> Outcome;
    list_networks() -> Vec<Network>;
    ensure_volume(spec: &VolumeSpec) -> Volume;
    remove_volume(volume: &VolumeKey) -> Outcome;
    list_volumes() -> Vec<Volume>;
    volume_use() -> Vec<VolumeUse>;
    ensure_guard(spec: &GuardSpec) -> ();
    observe_guard() -> GuardState;
    remove_guard() -> Outcome;
    logs(server: &ServerKey, query: LogQuery) -> EngineStream<LogLine>;
    stats(server: &ServerKey) -> Option<Stats>;
    stats_all(servers: &[ServerKey]) -> Vec<(ServerKey, Stats)>;
    exec(server: &ServerKey, argv: Vec<String>, timeout: Duration) -> ExecOutput;
    open_shell(server: &ServerKey, shell: &ShellKey, size: TerminalSize) -> Terminal;
    end_shell(server: &ServerKey, shell: &ShellKey) -> Outcome;
    attach(server: &ServerKey, tail: u32) -> Terminal;
    resize(terminal: &TerminalId, size: TerminalSize) -> ();
    archive_get(server: &ServerKey, path: &str) -> EngineStream<Bytes>;
    archive_put(server: &ServerKey, path: &str, tar: Bytes) -> ();
    image_exists(tag: &str) -> bool;
    run_task(task: &TaskSpec) -> EngineStream<TaskEvent>;
    copy_volumes(copy: &CopySpec) -> EngineStream<CopyEvent>;
    run_helper(spec: &HelperSpec) -> EngineStream<HelperEvent>;
    end_task(server: &ServerKey) -> Outcome;
    pull_image(tag: &str) -> EngineStream<BuildEvent>;
    build_image(request: BuildRequest) -> EngineStream<BuildEvent>;
    remove_image(tag: &str) -> Outcome;
    list_images() -> Vec<Image>;
    events() -> EngineStream<EngineEvent>;
}

#[cfg(all(test, feature = "testing"))]
mod tests {
    use metrics_exporter_prometheus::PrometheusBuilder;

    use super::super::InstanceKey;
    use super::super::fake::FakeEngine;
    use super::*;

    #[tokio::test]
    async fn calls_are_counted_and_an_engine_that_is_away_shows() {
        let recorder = PrometheusBuilder::new().build_recorder();
        let _guard = ::metrics::set_default_local_recorder(&recorder);
        let fake = FakeEngine::new(InstanceKey::new("test").unwrap());
        let engine = Measured::new(Arc::new(fake.clone()));
        engine.list_volumes().await.unwrap();
        let told = recorder.handle().render();
        assert!(told.contains(r#"call="list_volumes",outcome="ok""#), "{told}");
        assert!(told.contains(r#"berth_dependency_up{name="engine"} 1"#), "{told}");
        fake.set_down(true);
        engine.ping().await.unwrap_err();
        let told = recorder.handle().render();
        assert!(told.contains(r#"call="ping",outcome="error""#), "{told}");
        assert!(told.contains(r#"berth_dependency_up{name="engine"} 0"#), "{told}");
    }
}
