//! Tasks, and servers that end by a line on their standard input.

use std::time::Duration;

use bollard::{
    body_full,
    query_parameters::{
        AttachContainerOptionsBuilder, CreateContainerOptionsBuilder, KillContainerOptionsBuilder,
        UploadToContainerOptionsBuilder, WaitContainerOptionsBuilder,
    },
};
use futures_util::StreamExt;
use tokio::io::AsyncWriteExt as _;

use super::super::spec::label;
use super::super::{
    EngineError, EngineResult, EngineStream, LogQuery, MAX_GRACE, Outcome, ServerKey, TaskEvent, TaskSpec,
};
use super::{connection::Connection, error, raw};

/// How long to wait before asking again how a task ended whose output has just ended.
const ASK_AGAIN: Duration = Duration::from_millis(50);
/// Ends nothing; but any signal through the engine tells it that the end that follows is wanted.
const NO_SIGNAL: &str = "SIGCONT";
/// What is left for the stop signal after a process did not heed its input.
const LAST_GRACE: Duration = Duration::from_secs(10);

impl Connection {
    pub(super) async fn run_task(&self, task: &TaskSpec) -> EngineResult<EngineStream<TaskEvent>> {
        let server = task.container.server.clone();
        let body = task.to_container(&self.owner()?)?;
        self.end_task(&server).await?;
        self.check_parts(&task.container).await?;
        self.check_image(&task.container).await?;
        let name = self.task_name(&server);
        let options = CreateContainerOptionsBuilder::default().name(&name).build();
        let patient = self.patient(Duration::ZERO);
        let made = patient.docker.create_container(Some(options), body).await;
        let id = made.map_err(|failure| patient.failure(failure))?.id;
        let options = UploadToContainerOptionsBuilder::default().path("/").build();
        let put = patient
            .docker
            .upload_to_container(&id, Some(options), body_full(task.files.clone()));
        put.await.map_err(|failure| patient.failure(failure))?;
        let started = patient.docker.start_container(&id, None).await;
        started.map_err(|failure| patient.failure(failure))?;
        Ok(self.clone().follow_task(id, server))
    }

    fn follow_task(self, id: String, server: ServerKey) -> EngineStream<TaskEvent> {
        let query = LogQuery {
            follow: true,
            ..LogQuery::default()
        };
        let mut lines = self.logs_of(&id, query);
        async_stream::try_stream! {
            while let Some(line) = lines.next().await {
                yield TaskEvent::Line(line?.text);
            }
            let ended = self.end_of(&id).await?;
            self.end_task(&server).await?;
            yield ended;
        }
        .boxed()
    }

    /// The end of the output is seen a moment before the engine knows of the end of the process.
    pub(super) async fn end_of(&self, id: &str) -> EngineResult<TaskEvent> {
        loop {
            let Some(container) = self.inspect(id).await? else {
                return Err(EngineError::NotFound("the task's container".to_owned()));
            };
            if matches!(container.state.status.as_str(), "exited" | "dead") {
                return Ok(TaskEvent::Ended {
                    exit_code: container.state.exit_code,
                    oom_killed: container.state.oom_killed,
                });
            }
            tokio::time::sleep(ASK_AGAIN).await;
        }
    }

    pub(super) async fn end_task(&self, server: &ServerKey) -> EngineResult<Outcome> {
        let name = self.task_name(server);
        let Some(container) = self.inspect(&name).await? else {
            return Ok(Outcome::Gone);
        };
        let labels = &container.config.labels;
        self.owner()?.demand(&name, labels)?;
        if labels
            .get(label::TASK)
            .is_none_or(|value| value != server.as_str())
        {
            return Err(EngineError::Foreign { name });
        }
        self.remove_found(&container).await
    }

    pub(super) fn task_name(&self, server: &ServerKey) -> String {
        self.instance.name(&format!("{server}-task"))
    }

    /// The engine would start a process again that ends by itself. It does not after any signal that it was asked to send,
    /// so it is asked for one that does nothing, before the line is written.
    pub(super) async fn stop_by_input(
        &self,
        server: &ServerKey,
        line: &str,
        grace: Duration,
    ) -> EngineResult<Outcome> {
        let Some(container) = self.find(server).await? else {
            return Ok(Outcome::Gone);
        };
        if container.state.status == "running" {
            let grace = grace.min(MAX_GRACE);
            if let Err(error) = self.ask_by_input(&container, line, grace).await {
                tracing::warn!(%server, %error, "a server could not be asked to stop by its input");
            }
        }
        self.stop(server, LAST_GRACE.min(grace)).await
    }

    /// Writes the line and waits until the process ended, or the grace is over.
    async fn ask_by_input(
        &self,
        container: &raw::Container,
        line: &str,
        grace: Duration,
    ) -> EngineResult<()> {
        let signal = KillContainerOptionsBuilder::default().signal(NO_SIGNAL).build();
        let told = self.docker.kill_container(&container.id, Some(signal)).await;
        told.map_err(|failure| self.failure(failure))?;
        let options = AttachContainerOptionsBuilder::default()
            .stdin(true)
            .stream(true)
            .build();
        let attached = self.docker.attach_container(&container.id, Some(options)).await;
        let mut input = attached.map_err(|failure| self.failure(failure))?.input;
        let written = async {
            input.write_all(format!("{line}\n").as_bytes()).await?;
            input.flush().await
        };
        let away = |failure: std::io::Error| EngineError::Unavailable(failure.into());
        written.await.map_err(away)?;
        let options = WaitContainerOptionsBuilder::default()
            .condition("not-running")
            .build();
        let patient = self.patient(grace);
        let mut ended = patient.docker.wait_container(&container.id, Some(options));
        match tokio::time::timeout(grace, ended.next()).await {
            // It returned something else than 0, or is gone: over in any case.
            Ok(Some(Err(failure))) if error::status(&failure).is_some_and(|status| status >= 500) => {
                Err(self.failure(failure))
            }
            Ok(_) | Err(_) => Ok(()),
        }
    }
}
