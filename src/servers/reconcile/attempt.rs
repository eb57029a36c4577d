//! One attempt to bring one server to its goal.

use std::time::Duration;

use crate::drivers::engine::{ContainerSpec, Observed};
use crate::platform::error::Error;
use crate::platform::{events, fault, operations};
use crate::volumes::{self, Mount};

use super::super::actions::TOPIC;
use super::super::model::{
    Attempt, Desired, Goal, Installation, Observation, Present, Server, Step, Wiring, judge, plan_from,
};
use super::super::store::{self, Claimed, Finish};
use super::eggs::State;
use super::in_work::Working;
use super::made::{Made, is_outdated};
use super::origin::Origin;
use super::spec::{self, Parts, SpecError, server_key};
use super::steps::Effects;
use super::trouble::Trouble;
use super::{LEASE, Servers, attached, crash, update, wiring};

/// How often a long step holds on to its lease: well within it.
const RENEW: Duration = Duration::from_secs(5);

/// How far the steps of a plan came.
enum Flow {
    /// To their end.
    Done,
    /// A new wish came in between.
    Overtaken,
    /// Another process has the server now; nothing may be written any more.
    Lost,
    /// One failed.
    Failed(Trouble),
}

/// One server under our lease.
pub(super) struct Work<'a> {
    pub(super) servers: &'a Servers,
    claimed: &'a Claimed,
    working: Working,
    /// What only a server of an imported template has.
    egg: State,
    /// Where it comes from, if that is not settled.
    origin: Origin,
    /// The tenant's volumes that are attached to it, or were.
    mounts: Vec<Mount>,
}

/// Observes, plans, applies, judges and writes back. Says whether the server is now as wanted.
pub(super) async fn attempt(servers: &Servers, claimed: &Claimed) -> Result<bool, Error> {
    let work = Work {
        servers,
        claimed,
        working: servers.in_work.enter(claimed.server.id),
        egg: State::load(servers, &claimed.server).await?,
        origin: Origin::load(servers, &claimed.server).await?,
        mounts: volumes::mounts(&mut servers.app.db.system().await?, claimed.server.id).await?,
    };
    work.run().await
}

impl Work<'_> {
    pub(super) fn server(&self) -> &Server {
        &self.claimed.server
    }

    async fn run(&self) -> Result<bool, Error> {
        fault::point("servers.claimed");
        if self.server().is_expired(self.servers.app.now()) {
            return self.expire().await;
        }
        let (before, wiring) = match self.look().await {
            Ok(before) => before,
            Err(trouble) => return self.conclude(None, self.went_wrong(&trouble), None, false).await,
        };
        let effects = Effects {
            app: &self.servers.app,
            claimed: self.claimed,
            guard: &self.servers.guard,
            spec: self.spec().await?,
            installs: self.egg.installation() != Installation::Done,
            mounts: &self.mounts,
            copies: &self.servers.copies,
        };
        let made = effects.spec.as_ref().ok().and_then(|spec| Made::of(spec).ok());
        let steps = self.steps(&before, made.as_ref(), wiring);
        let is_held = !steps.is_empty() && self.server().is_held(self.servers.app.now());
        let death = self.server().death(&before).map(Attempt::Failed);
        let attempt = death.or_else(|| self.origin.ends(self.server()));
        if let Some(attempt) = attempt.or(is_held.then_some(Attempt::Held)) {
            return self.conclude(Some(&before), attempt, made.as_ref(), false).await;
        }
        let attempt = match self.apply(&effects, &steps).await? {
            Flow::Lost => return Ok(false),
            Flow::Done if steps.last() == Some(&Step::Forget) => return Ok(true),
            Flow::Done => Attempt::Done,
            Flow::Overtaken => Attempt::Overtaken,
            Flow::Failed(trouble) => self.went_wrong(&trouble),
        };
        let after = if steps.is_empty() {
            Some(before)
        } else {
            self.observe().await.ok().map(|(after, _)| after)
        };
        let was_started = steps.contains(&Step::Start);
        self.conclude(after.as_ref(), attempt, made.as_ref(), was_started)
            .await
    }

    /// Our lease.
    pub(super) fn lease(&self) -> uuid::Uuid {
        self.claimed.lease
    }

    async fn observe(&self) -> Result<(Observation, Observed), Trouble> {
        let key = server_key(self.server())?;
        let observed = self.servers.app.engine.observe(&key).await?;
        let mut seen = Observation::from(&observed);
        self.egg.listen(self.servers, self.server(), &mut seen);
        Ok((seen, observed))
    }

    /// What is there, and how its networks compare with what is wanted.
    async fn look(&self) -> Result<(Observation, Wiring), Trouble> {
        let (seen, there) = self.observe().await?;
        let wiring = wiring::look(&self.servers.app, self.server(), &there).await?;
        Ok((seen, wiring))
    }

    fn steps(&self, before: &Observation, made: Option<&Made>, wiring: Wiring) -> Vec<Step> {
        let server = self.server();
        let desired = Desired {
            goal: server.goal(),
            spec: made.map(|made| &*made.stamp),
            older: made.map(|made| &*made.hash),
            is_fresh: server.is_pending(),
            restart: server.must_restart(),
            install: self.egg.installation(),
            repair: server.notes.error.is_some(),
            discard: self.mounts.iter().any(|mount| !mount.is_wanted),
        };
        let present = Present {
            seen: before.seen,
            spec: before.spec.as_deref(),
            wiring,
        };
        plan_from(self.origin.before(), &desired, &present)
    }

    /// The container that should be, or why that can't be said. Only a server that should run needs one.
    async fn spec(&self) -> Result<Result<ContainerSpec, String>, Error> {
        let (app, server) = (&self.servers.app, self.server());
        if server.goal() != Goal::Run {
            return Ok(Err("it should not run".to_owned()));
        }
        let mut tx = app.db.system().await?;
        let Some(offer) = crate::eggs::warm(app, &mut tx, &server.template).await? else {
            return Ok(Err(SpecError::TemplateGone(server.template.clone()).to_string()));
        };
        let parts = Parts {
            server,
            offer: &offer,
            location: &store::find_location(&mut tx, server.location).await?,
            ports: &store::ports(&mut tx, server.id).await?,
            variables: &store::variables(&mut tx, server.id).await?,
            mounts: &self.mounts,
        };
        Ok(spec::container(&parts, &app.keyring).map_err(|error| {
            tracing::warn!(server = %server.id, error = &error as &dyn std::error::Error, "no specification");
            error.to_string()
        }))
    }

    fn went_wrong(&self, trouble: &Trouble) -> Attempt {
        if !matches!(trouble, Trouble::Waits | Trouble::Overtaken) {
            let error = trouble as &dyn std::error::Error;
            tracing::warn!(server = %self.server().id, error, "an attempt failed");
        }
        match trouble {
            _ if trouble.is_engine_away() => {
                self.servers.health.suspect();
                Attempt::EngineAway
            }
            Trouble::Cleared(what) => Attempt::Cleared(what.clone()),
            Trouble::Waits => Attempt::Waits,
            Trouble::Overtaken => Attempt::Overtaken,
            Trouble::Uncopied(_) => Attempt::Over(trouble.to_string()),
            _ => Attempt::Failed(trouble.words()),
        }
    }

    async fn apply(&self, effects: &Effects<'_>, steps: &[Step]) -> Result<Flow, Error> {
        for step in steps {
            match self.begin(*step).await? {
                Flow::Done => {}
                other => return Ok(other),
            }
            match self.guard(*step, Box::pin(effects.apply(*step))).await {
                Flow::Done => fault::point(&format!("servers.after_{}", step.word())),
                other => return Ok(other),
            }
        }
        Ok(Flow::Done)
    }

    /// Notes what is about to be done, holds on to the lease, and ends the step before in the same transaction.
    async fn begin(&self, step: Step) -> Result<Flow, Error> {
        let (app, server) = (&self.servers.app, self.server());
        let now = app.now();
        let mut tx = app.db.system().await?;
        let lease = self.claimed.lease;
        match store::set_step(&mut tx, server.id, lease, step, now + LEASE).await? {
            None => return Ok(Flow::Lost),
            Some(generation) if generation != server.generation => return Ok(Flow::Overtaken),
            Some(_) => {}
        }
        if server.is_pending() {
            operations::start(&mut tx, server.id.0, server.generation, now).await?;
            operations::end_step(&mut tx, server.id.0, Ok(()), now).await?;
            if let Some(label) = update::step_label(server, step) {
                operations::begin_step(&mut tx, server.id.0, &label, now).await?;
            }
        }
        events::emit(&mut tx, Some(server.tenant), TOPIC, Some(server.id.0)).await?;
        tx.commit().await?;
        Ok(Flow::Done)
    }

    /// Waits for an effect, holding on to the lease, and turns away from it if it can be cut off and a new wish came.
    async fn guard(&self, step: Step, mut effect: impl Future<Output = Result<(), Trouble>> + Unpin) -> Flow {
        if step.is_bookkeeping() {
            // Its transaction holds the very row that a renewal would wait for.
            return effect.await.map_or_else(Flow::Failed, |()| Flow::Done);
        }
        loop {
            tokio::select! {
                done = &mut effect => return done.map_or_else(Flow::Failed, |()| Flow::Done),
                () = self.working.changed.notified() => {}
                () = tokio::time::sleep(RENEW) => {}
            }
            let mut renewal = std::pin::pin!(self.renew());
            let renewed = tokio::select! {
                // The renewal may wait for a row that the effect holds: both have to go on.
                done = &mut effect => {
                    // Cut off, it would leave a statement under way on its connection.
                    drop(renewal.await);
                    return done.map_or_else(Flow::Failed, |()| Flow::Done);
                }
                renewed = &mut renewal => renewed,
            };
            match renewed {
                Ok(None) => return Flow::Lost,
                Ok(Some(generation)) if generation != self.server().generation && step.is_interruptible() => {
                    return Flow::Overtaken;
                }
                // Without the database nobody can take the server over either.
                Ok(Some(_)) | Err(_) => {}
            }
        }
    }

    async fn renew(&self) -> Result<Option<i64>, Error> {
        let app = &self.servers.app;
        let mut tx = app.db.system().await?;
        let (id, lease) = (self.server().id, self.claimed.lease);
        let generation = store::renew(&mut tx, id, lease, app.now() + LEASE).await?;
        tx.commit().await?;
        Ok(generation)
    }

    /// Judges the attempt and writes everything that follows from it in one transaction. `was_started` says that it may
    /// have started the server.
    pub(super) async fn conclude(
        &self,
        seen: Option<&Observation>,
        attempt: Attempt,
        made: Option<&Made>,
        was_started: bool,
    ) -> Result<bool, Error> {
        fault::point("servers.unwritten");
        let (app, server) = (&self.servers.app, self.server());
        let now = app.now();
        let verdict = judge(server, seen, attempt, now);
        let finish = Finish {
            observed: seen,
            reached: verdict.reached.then_some(server.generation),
            restart_seq: server.restart_seq,
            error: verdict.error.as_deref(),
            failures: verdict.failures,
            retry_at: verdict.retry_at,
            next_attempt_at: verdict.next_attempt_at,
            is_outdated: is_outdated(server, seen, made),
            now,
        };
        let mut tx = app.db.system().await?;
        let crashed = self.find_crashes(&mut tx, (seen, was_started), &verdict).await?;
        let ours = (server.id, self.claimed.lease, server.generation);
        if !store::finish(&mut tx, ours, &finish).await? {
            return Ok(false);
        }
        attached::settle(&mut tx, (server, &self.mounts), (seen, made)).await?;
        self.origin.wake_copy(&mut tx, server, seen, now).await?;
        let verdict = self.settle_update(&mut tx, verdict).await?;
        let was_stopped = match &crashed {
            Some(crashed) => self.count_crashes(&mut tx, crashed).await?,
            None => false,
        };
        if !was_stopped {
            self.report(&mut tx, &verdict).await?;
        }
        let told = crashed.map(|crashed| crash::entries(&crashed, was_stopped));
        self.tell(&mut tx, seen, &verdict, told.unwrap_or_default())
            .await?;
        tx.commit().await?;
        update::written(&verdict);
        if was_stopped {
            fault::point("servers.crashed_too_often");
            app.poke_servers.poke();
        }
        Ok(verdict.reached && !was_stopped)
    }
}
