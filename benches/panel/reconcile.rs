//! The reconciler with ten thousand servers that run on the engine in memory.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use berth::drivers::engine::fake::Call;
use berth::drivers::engine::{
    ContainerSpec, Engine as _, Env, NetworkKey, NetworkSpec, ServerKey, TenantKey,
};
use berth::platform::ids::{ServerId, TenantId};
use berth::testing::TestApp;
use uuid::Uuid;

use crate::panel::{catalogue, until};
use crate::sql;
use crate::table::Row;

const SERVERS: u128 = 10_000;
const CHANGED: u64 = 10;
const IMAGE: &str = "berth/tiny:bench";
/// Several ticks.
const WATCHED: Duration = Duration::from_secs(5);
/// The calls that change something.
const CHANGES: [Call; 5] = [Call::Ensure, Call::Start, Call::Stop, Call::Kill, Call::Remove];

pub(crate) async fn measure() -> Vec<Row> {
    let app = TestApp::with(|config| catalogue().clone_into(&mut config.catalogue_dir)).await;
    let tenant = app.tenant("harbour").await;
    app.server(tenant, "first").await;
    sql::run(&app, "delete from server; update location set slug = 'local';");
    let hashes = run_on_engine(&app, tenant).await;
    sql::run(&app, &rows(&tenant.0.to_string(), &hashes));
    let (changes, looked) = begin(&app).await;
    let what = format!("panel start with {SERVERS} running servers (in memory)");
    let mut rows = vec![
        Row::exactly(&format!("{what}: servers touched"), changes, "servers", 0),
        Row::figure(
            &format!("{what}: everything compared"),
            looked.as_secs_f64(),
            "s",
            2.0,
        ),
    ];
    let before = app.engine.total_calls();
    tokio::time::sleep(WATCHED).await;
    let idle = app.engine.total_calls() - before;
    rows.push(Row::exactly(
        "reconcile ticks, 10,000 servers, nothing changed",
        idle,
        "engine calls",
        0,
    ));
    let stops = app.engine.calls(Call::Stop);
    sql::run(&app, &change());
    until("ten are stopped", async || {
        app.engine.calls(Call::Stop) - stops >= CHANGED
    })
    .await;
    tokio::time::sleep(WATCHED).await;
    let worked = app.engine.calls(Call::Stop) - stops;
    rows.push(Row::exactly(
        "the same, 10 changed: servers worked on",
        worked,
        "servers",
        CHANGED,
    ));
    app.app.tasks.finish(Duration::from_secs(10)).await;
    rows
}

/// Starts the reconciler; tells how many calls changed something, and how long the first look at everything took.
async fn begin(app: &TestApp) -> (u64, Duration) {
    let changes = || CHANGES.iter().map(|call| app.engine.calls(*call)).sum::<u64>();
    let (before, begun) = (changes(), Instant::now());
    berth::servers::begin(&app.app).await.unwrap();
    // The last call of it.
    until("everything was compared", async || {
        app.engine.calls(Call::ListVolumes) > 0
    })
    .await;
    let looked = begun.elapsed();
    tokio::time::sleep(WATCHED).await;
    (changes() - before, looked)
}

fn id(number: u128) -> Uuid {
    Uuid::from_u128(number + 1)
}

/// Starts ten thousand containers in memory; the hashes that they were made from.
async fn run_on_engine(app: &TestApp, tenant: TenantId) -> Vec<String> {
    let network = NetworkKey::new(tenant.to_string()).unwrap();
    let tenant = TenantKey::new(tenant.to_string()).unwrap();
    let spec = NetworkSpec {
        key: network.clone(),
        tenant: tenant.clone(),
        internal: false,
        subnet: None,
    };
    app.engine.ensure_network(&spec).await.unwrap();
    app.engine.add_image(IMAGE);
    let mut hashes = Vec::new();
    for number in 0..SERVERS {
        let spec = container(
            ServerKey::new(ServerId(id(number)).to_string()).unwrap(),
            tenant.clone(),
            network.clone(),
        );
        let made = app.engine.ensure(&spec).await.unwrap();
        app.engine.start(&spec.server).await.unwrap();
        hashes.push(made.spec_hash.unwrap());
    }
    hashes
}

fn container(server: ServerKey, tenant: TenantKey, network: NetworkKey) -> ContainerSpec {
    ContainerSpec {
        server,
        tenant,
        display_name: "bench".to_owned(),
        image: IMAGE.to_owned(),
        command: None,
        env: Env::from(Vec::new()),
        labels: BTreeMap::new(),
        network,
        hostname: None,
        aliases: Vec::new(),
        ports: Vec::new(),
        volumes: Vec::new(),
        cpu_millis: 250,
        memory_bytes: 256 * 1024 * 1024,
        pids_limit: 16,
        cap_add: Vec::new(),
        read_only_root: true,
        tmpfs: Vec::new(),
        user: None,
        health: None,
        stop_signal: None,
        stop_grace: Duration::from_secs(1),
        open_stdin: false,
    }
}

/// The same servers as rows that are as wanted.
fn rows(tenant: &str, hashes: &[String]) -> String {
    let values: Vec<String> = hashes
        .iter()
        .zip(0..)
        .map(|(hash, number)| format!("('{}'::uuid, '{hash}', {number})", id(number)))
        .collect();
    format!(
        "insert into server (id, tenant_id, location_id, name, host_name, template, image, size_id, cpu_millis, \
         memory_mib, disk_mib, power, observed_generation, observed_state, observed_spec, created_by, created_at, updated_at) \
         select v.id, '{tenant}', l.id, 'server-' || v.n, 'server-' || v.n, 'tiny', '{IMAGE}', s.id, s.cpu_millis, \
         s.memory_mib, s.disk_mib, 'running', 1, 'running', v.hash, 'bench', now(), now() \
         from (values {}) v (id, hash, n), location l, size s where s.id = 'small-box'; analyze server;",
        values.join(", ")
    )
}

/// Ten wishes.
fn change() -> String {
    format!(
        "update server set power = 'stopped', generation = generation + 1, next_attempt_at = '2026-01-01T00:00:00Z' \
         where id in (select id from server order by id limit {CHANGED});"
    )
}
