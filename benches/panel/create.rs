//! Creating servers on the real engine, against the engine alone with the same containers; and a panel that comes back
//! while they run.

use std::time::{Duration, Instant};

use berth::platform::clock::{Clock as _, SystemClock};
use berth::testing::{TestApp, noon};
use bollard::Docker;
use bollard::models::ContainerCreateBody;
use bollard::query_parameters::CreateContainerOptionsBuilder;
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::customer::Customer;
use crate::engine::{docker, label, sweep};
use crate::panel::{Panel, catalogue};
use crate::table::Row;
use crate::usage;

const ROUNDS: usize = 7;
const AT_ONCE: usize = 20;
/// How many of a tenant's servers run beside each other: its network at a location is a /24.
const OF_A_TENANT: usize = 200;
/// On what is made past Berth.
const RAW: &str = "berth-bench.raw";

/// A tenant, a panel for it, and the engine behind that.
pub(crate) struct Bench {
    pub(crate) panel: Panel,
    pub(crate) customer: Customer,
    pub(crate) docker: Docker,
}

pub(crate) async fn measure() -> Vec<Row> {
    let app = TestApp::with(|config| catalogue().clone_into(&mut config.catalogue_dir)).await;
    app.clock.advance(SystemClock.now() - noon());
    let bench = Bench::of(&app, "create").await;
    let (running, _) = bench.panel.serve().await;
    let mut rows = bench.creations().await;
    bench.crowd(&app).await;
    let before = bench.starts().await;
    running.kill().await;
    let (again, ready) = bench.panel.serve().await;
    // The first look at everything follows at once; what it would do is done soon.
    tokio::time::sleep(Duration::from_secs(5)).await;
    let after = bench.starts().await;
    let touched = before.iter().filter(|start| !after.contains(start)).count();
    let count = before.len();
    rows.push(Row::figure(
        &format!("panel restart with {count} running servers: ready"),
        ready.as_secs_f64(),
        "s",
        2.0,
    ));
    rows.push(Row::exactly(
        "the same: servers touched",
        u64::try_from(touched).unwrap(),
        "servers",
        0,
    ));
    rows.extend(usage::measure(&app, &again, bench.starts().await.len()).await);
    again.kill().await;
    rows
}

impl Bench {
    pub(crate) async fn of(app: &TestApp, name: &str) -> Self {
        let docker = Docker::connect_with_unix("/var/run/docker.sock", 120, bollard::API_DEFAULT_VERSION);
        let mut panel = Panel::of(app, name);
        panel.set("BERTH_NETWORK_GUARD", "required");
        let customer = Customer::of(app, "harbour", &panel).await;
        Self {
            panel,
            customer,
            docker: docker.unwrap().negotiate_version().await.unwrap(),
        }
    }

    async fn creations(&self) -> Vec<Row> {
        // Image, network and guard are made once.
        let model = self.customer.create("warm-up").await;
        let model = self
            .docker
            .inspect_container(&format!("{}-{model}", self.panel.instance), None)
            .await;
        let model = raw_body(&serde_json::to_value(model.unwrap()).unwrap());
        let (mut ours, mut raw) = (Vec::new(), Vec::new());
        for round in 0..ROUNDS {
            ours.push(timed(self.customer.create(&format!("alone-{round}"))).await);
            raw.push(timed(self.raw(&model, format!("alone-{round}"))).await);
        }
        let together = timed(self.customer.create_together("together", AT_ONCE)).await;
        let floor = timed(join_all(
            (0..AT_ONCE).map(|n| self.raw(&model, format!("together-{n}"))),
        ))
        .await;
        let what = format!("create {AT_ONCE} servers at once, all running");
        vec![
            Row::at_most(
                "create a server: API call to running",
                (median(ours), median(raw)),
                "ms",
                1.25,
            ),
            Row::at_most(&what, (together, floor), "ms", 1.25),
        ]
    }

    /// As many servers as `BERTH_BENCH_SERVERS` asks for, of several tenants, so that a restart has something to come
    /// back to. A thousand take some minutes and about 10 GiB.
    #[expect(
        clippy::disallowed_methods,
        reason = "how much to measure is no setting of the product"
    )]
    async fn crowd(&self, app: &TestApp) {
        let wanted = std::env::var("BERTH_BENCH_SERVERS").map_or(0, |count| count.parse().unwrap());
        let mut missing = usize::saturating_sub(wanted, self.starts().await.len());
        for number in 0.. {
            if missing == 0 {
                return;
            }
            let customer = Customer::of(app, &format!("crowd-{number}"), &self.panel).await;
            let mut room = OF_A_TENANT;
            while room > 0 && missing > 0 {
                let count = AT_ONCE.min(room).min(missing);
                customer.create_together(&format!("crowd-{room}"), count).await;
                (room, missing) = (room - count, missing - count);
                eprintln!("  {missing} servers to go");
            }
        }
    }

    /// The same container by the engine alone.
    async fn raw(&self, body: &ContainerCreateBody, name: String) {
        let name = format!("{}-raw-{name}", self.panel.instance);
        let options = CreateContainerOptionsBuilder::default().name(&name).build();
        self.docker
            .create_container(Some(options), body.clone())
            .await
            .unwrap();
        self.docker.start_container(&name, None).await.unwrap();
    }

    /// When each server's container was started. The label of the server tells them from the guard, and from the floor's
    /// containers, which have the panel's label by their image.
    async fn starts(&self) -> Vec<String> {
        let ids = docker(&[
            "ps",
            "-q",
            "--filter",
            &format!("label={}", label(&self.panel.instance)),
            "--filter",
            "label=berth.server",
        ]);
        let looks = ids.lines().map(|id| async move {
            let found = self.docker.inspect_container(id, None).await.unwrap();
            format!("{id} {}", found.state.unwrap().started_at.unwrap_or_default())
        });
        join_all(looks).await
    }
}

/// The container as Berth makes it, but for its labels, and with any free port of the host.
fn raw_body(found: &Value) -> ContainerCreateBody {
    let mut body = found["Config"].clone();
    body["HostConfig"] = found["HostConfig"].clone();
    body["Labels"] = json!({ RAW: "true" });
    if let Some(ports) = body["HostConfig"]["PortBindings"].as_object_mut() {
        for binding in ports.values_mut().filter_map(Value::as_array_mut).flatten() {
            binding["HostPort"] = json!("");
        }
    }
    serde_json::from_value(body).unwrap()
}

pub(crate) async fn timed<T>(work: impl Future<Output = T>) -> f64 {
    let begun = Instant::now();
    work.await;
    begun.elapsed().as_secs_f64() * 1000.0
}

pub(crate) fn median(mut all: Vec<f64>) -> f64 {
    all.sort_by(f64::total_cmp);
    all[all.len() / 2]
}

impl Drop for Bench {
    fn drop(&mut self) {
        // Only the guard itself takes its rules away.
        let guard = format!("{}-guard", self.panel.instance);
        docker(&["exec", &guard, "guard", "release"]);
        docker(&["stop", &guard]);
        sweep(&label(&self.panel.instance));
        sweep(RAW);
    }
}
