//! The fake's backup helper: it says what a test told it to, and remembers what it was asked for.

use bytes::Bytes;

use super::super::{EngineError, EngineResult, HelperEnd, HelperEvent, HelperSpec};
use super::FakeEngine;
use super::state::State;

impl FakeEngine {
    /// What the helper's next calls of a command answer, and return. `found` is what `open` answers after a backup, and what a backup
    /// ends with.
    pub fn set_helper(&self, command: &str, out: &str, code: i32, said: &str) {
        let answer = (out.to_owned(), code, said.to_owned());
        self.change(|state| state.helper_answers.insert(command.to_owned(), answer));
    }

    /// How only the next call of a command fails, without an answer; without a code it is cut off.
    pub fn fail_helper_once(&self, command: &str, code: Option<i32>, said: &str) {
        let answer = (code, said.to_owned());
        self.change(|state| state.helper_next.insert(command.to_owned(), answer));
    }

    /// What the helper was called with, oldest first.
    pub fn helper_calls(&self) -> Vec<Vec<String>> {
        self.lock().helper_calls.clone()
    }
}

impl State {
    pub(super) fn run_helper(&mut self, spec: &HelperSpec) -> EngineResult<Vec<EngineResult<HelperEvent>>> {
        self.own_name(spec.key.as_str())?;
        for volume in &spec.volumes {
            let name = self.own_name(volume.key.as_str())?;
            match self.volumes.get(&volume.key) {
                None => return Err(EngineError::VolumeMissing { volume: name }),
                Some(known)
                    if known.server == volume.server
                        && (known.server.is_some() || known.tenant == spec.tenant) => {}
                Some(_) => return Err(EngineError::Foreign { name }),
            }
        }
        self.helper_calls.push(spec.argv.clone());
        let command = spec.argv.first().cloned().unwrap_or_default();
        // What was saved is found from then on.
        if let Some((code, said)) = self.helper_next.remove(&command) {
            return Ok(vec![Ok(HelperEvent::Ended(HelperEnd { code, said }))]);
        }
        let mut names = String::new();
        if command == "backup"
            && let Some(found) = self.helper_answers.get("found").cloned()
        {
            names = format!("{}\n", found.0);
            self.helper_answers.insert("open".to_owned(), found);
        }
        let (mut out, code, said) = self.helper_answers.get(&command).cloned().unwrap_or_default();
        out.push_str(&names);
        let ended = HelperEvent::Ended(HelperEnd {
            code: Some(code),
            said,
        });
        Ok([HelperEvent::Out(Bytes::from(out)), ended].map(Ok).into())
    }
}
