//! The fake's tasks, registries and standard inputs.

use super::super::{
    BuildEvent, EngineError, EngineResult, Outcome, ServerKey, TaskEvent, TaskSpec, spec::image_tag,
};
use super::FakeEngine;
use super::state::{State, TERMINATED};

impl FakeEngine {
    /// What a server's next tasks write, and return.
    pub fn set_task(&self, server: &ServerKey, lines: &[&str], exit_code: i64) {
        let lines = lines.iter().map(|line| (*line).to_owned()).collect();
        self.change(|state| state.tasks.insert(server.clone(), (lines, exit_code)));
    }

    /// Makes a registry have an image.
    pub fn add_to_registry(&self, tag: &str) {
        self.change(|state| state.registry.insert(tag.to_owned()));
    }

    /// The lines that a server was asked to stop by.
    pub fn typed(&self, server: &ServerKey) -> Vec<String> {
        let state = self.lock();
        let own = state.typed.iter().filter(|(key, _)| key == server);
        own.map(|(_, line)| line.clone()).collect()
    }
}

impl State {
    pub(super) fn run_task(&mut self, task: &TaskSpec) -> EngineResult<Vec<EngineResult<TaskEvent>>> {
        task.container.validate()?;
        self.own_name(task.container.server.as_str())?;
        self.check_parts(&task.container)?;
        let program = self.tasks.get(&task.container.server).cloned();
        let (lines, exit_code) = program.unwrap_or_default();
        let ended = TaskEvent::Ended {
            exit_code,
            oom_killed: false,
        };
        let lines = lines.into_iter().map(TaskEvent::Line);
        Ok(lines.chain([ended]).map(Ok).collect())
    }

    pub(super) fn pull_image(&mut self, tag: &str) -> EngineResult<Vec<EngineResult<BuildEvent>>> {
        image_tag(tag)?;
        if !self.registry.contains(tag) {
            let reason = format!("manifest for {tag} not found: manifest unknown");
            return Ok(vec![Err(EngineError::PullFailed(reason))]);
        }
        self.add_foreign_image(tag);
        let line = BuildEvent::Line(format!("Pulling from {tag}"));
        Ok(vec![
            Ok(line),
            Ok(BuildEvent::Done {
                image_id: tag.to_owned(),
            }),
        ])
    }

    pub(super) fn stop_by_input(&mut self, server: &ServerKey, line: &str) -> EngineResult<Outcome> {
        let outcome = self.stop(server, TERMINATED)?;
        if outcome == Outcome::Done {
            self.typed.push((server.clone(), line.to_owned()));
        }
        Ok(outcome)
    }
}
