//! The network guard's container. What it is and why: [`super::super::GuardSpec`].

use std::time::Duration;

use bollard::{models::ContainerCreateBody, query_parameters::CreateContainerOptionsBuilder};
use futures_util::TryStreamExt;

use super::super::{
    EngineError, EngineResult, GUARD_VERSION, GuardSpec, GuardState, Health, Outcome, spec::label,
};
use super::{
    connection::Connection,
    containers::{ATTEMPTS, LOOK_AGAIN, health, is_current},
    error, raw,
};

/// Its key among the names of the instance; no server's begins so.
pub(super) const KEY: &str = "guard";
/// How long its rules may take to stand after its start.
const SETTLES: u64 = 10;
/// For the question itself.
const PATIENCE: Duration = Duration::from_secs(SETTLES + 10);
/// How long it may take to end.
const GRACE: Duration = Duration::from_secs(5);

impl Connection {
    pub(super) async fn ensure_guard(&self, spec: &GuardSpec) -> EngineResult<()> {
        spec.validate()?;
        let body = spec.to_container(&self.instance, &self.unnamed_bridges().await?);
        for _ in 0..ATTEMPTS {
            let found = self.find_guard().await?;
            if let Some(guard) = found.as_ref().filter(|guard| may_stay(guard, &body)) {
                return self.rouse(guard).await;
            }
            // The old one goes only when nothing is missing for the new one. Its rules stay.
            self.build_guard(spec).await?;
            if let Some(old) = found {
                self.discard(&old, GRACE).await?;
            }
            self.create_guard(body.clone()).await?;
        }
        Err(EngineError::Failed {
            status: 409,
            message: "somebody else keeps making the network guard anew".to_owned(),
            source: None,
        })
    }

    pub(super) async fn observe_guard(&self) -> EngineResult<GuardState> {
        match self.find_guard().await? {
            None => Ok(GuardState::Absent),
            Some(guard) if is_healthy(&guard) => Ok(GuardState::Holds),
            Some(guard) => self.ask(&guard, 0).await,
        }
    }

    pub(super) async fn remove_guard(&self) -> EngineResult<Outcome> {
        let Some(mut guard) = self.find_guard().await? else {
            return Ok(Outcome::Gone);
        };
        if guard.state.status != "running" {
            // Only while it runs can it take its rules away.
            self.wake(&guard).await?;
            "running".clone_into(&mut guard.state.status);
        }
        let argv = ["guard", "release"].map(str::to_owned).into();
        let released = self.exec_in(&guard.id, argv, PATIENCE).await?;
        if released.is_none_or(|output| output.exit_code != 0) {
            return Err(EngineError::Unguarded(
                "it does not take its rules away".to_owned(),
            ));
        }
        self.discard(&guard, GRACE).await?;
        Ok(Outcome::Done)
    }

    /// The guard's container if there is one, or an error if its name belongs to somebody else.
    async fn find_guard(&self) -> EngineResult<Option<raw::Container>> {
        let name = self.instance.name(KEY);
        let found = self.inspect(&name).await?;
        let is_ours = |guard: &raw::Container| {
            let labels = &guard.config.labels;
            raw::is_ours(labels, &self.instance) && labels.contains_key(label::GUARD)
        };
        match found {
            Some(guard) if !is_ours(&guard) => Err(EngineError::Foreign { name }),
            found => Ok(found),
        }
    }

    /// Sees that it runs and that its rules hold.
    async fn rouse(&self, guard: &raw::Container) -> EngineResult<()> {
        if is_healthy(guard) {
            return Ok(());
        }
        self.wake(guard).await?;
        match self.ask(guard, SETTLES).await? {
            GuardState::Holds => Ok(()),
            GuardState::Fails(reason) => Err(EngineError::Unguarded(reason)),
            GuardState::Absent => Err(EngineError::Unguarded("it is gone".to_owned())),
        }
    }

    async fn wake(&self, guard: &raw::Container) -> EngineResult<()> {
        let patient = self.patient(Duration::ZERO);
        let answer = match guard.state.status.as_str() {
            "running" | "restarting" => return Ok(()),
            "paused" => patient.docker.unpause_container(&guard.id).await,
            _ => patient.docker.start_container(&guard.id, None).await,
        };
        answer.map_err(|failure| patient.failure(failure))
    }

    /// Asks it whether its rules hold, or will within so many seconds.
    async fn ask(&self, guard: &raw::Container, seconds: u64) -> EngineResult<GuardState> {
        let argv = vec!["guard".to_owned(), "check".to_owned(), seconds.to_string()];
        let state = match self.exec_in(&guard.id, argv, PATIENCE).await? {
            Some(output) if output.exit_code == 0 => GuardState::Holds,
            Some(output) => GuardState::Fails(String::from_utf8_lossy(&output.stdout).trim().to_owned()),
            None => GuardState::Fails("it does not run".to_owned()),
        };
        Ok(state)
    }

    async fn build_guard(&self, spec: &GuardSpec) -> EngineResult<()> {
        if self.image_exists(&spec.image_tag()).await? {
            return Ok(());
        }
        let build = self.build_image(spec.build_request()?).await?;
        build.try_for_each(|_| async { Ok(()) }).await
    }

    async fn create_guard(&self, body: ContainerCreateBody) -> EngineResult<()> {
        let name = self.instance.name(KEY);
        let options = CreateContainerOptionsBuilder::default().name(&name).build();
        let patient = self.patient(Duration::ZERO);
        match patient.docker.create_container(Some(options), body).await {
            Ok(_) => Ok(()),
            // Another panel was first: a later look finds its.
            Err(failure) if error::status(&failure) == Some(409) => {
                tokio::time::sleep(LOOK_AGAIN).await;
                Ok(())
            }
            Err(failure) => Err(patient.failure(failure)),
        }
    }
}

/// The engine asks it all the time and keeps the answer.
fn is_healthy(guard: &raw::Container) -> bool {
    guard.state.status == "running" && health(&guard.state.health.status) == Health::Healthy
}

/// Whether it is as it should be, or newer than we know.
fn may_stay(guard: &raw::Container, body: &ContainerCreateBody) -> bool {
    let labels = &guard.config.labels;
    let version = labels
        .get(label::GUARD)
        .and_then(|version| version.parse::<u32>().ok());
    let hash = body.labels.as_ref().and_then(|labels| labels.get(label::SPEC));
    version > Some(GUARD_VERSION) || hash.is_some_and(|hash| is_current(guard, hash))
}
