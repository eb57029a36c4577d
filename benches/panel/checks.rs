//! Ten thousand checks every thirty seconds, with a prober that answers at once: what is left is the panel's own work. It runs in
//! this process, whose processor time is the panel's.

use std::time::{Duration, Instant};

use berth::monitoring::checks::{begin, late_by};
use berth::platform::ids::CheckId;
use berth::testing::TestApp;
use chrono::{DateTime, TimeDelta};

use crate::panel::processor_time;
use crate::sql;
use crate::table::Row;

const INTERVAL: Duration = Duration::from_secs(30);
/// All are due at the beginning; by then each is on its grid.
const WARM_UP: Duration = Duration::from_secs(45);
/// The time stands still in tests unless somebody moves it.
const TICK: Duration = Duration::from_millis(20);
/// What each look costs is known when all were looked at twice.
const ROUNDS: u32 = 2;

pub(crate) async fn measure() -> Vec<Row> {
    let app = TestApp::start().await;
    let tenant = app.tenant("harbour").await;
    app.server(tenant, "first").await;
    app.prober.forget();
    sql::run(&app, ROWS);
    let (clock, stop) = (std::sync::Arc::clone(&app.clock), app.app.tasks.clone());
    app.app.tasks.spawn(async move {
        let mut last = Instant::now();
        while tokio::time::timeout(TICK, stop.stopping()).await.is_err() {
            let now = Instant::now();
            clock.advance(TimeDelta::from_std(now - last).unwrap());
            last = now;
        }
    });
    begin(&app.app);
    tokio::time::sleep(WARM_UP).await;
    let (begun, used, count) = (Instant::now(), processor_time("self"), app.prober.count());
    let mut drift = TimeDelta::zero();
    for _ in 0..ROUNDS {
        tokio::time::sleep(INTERVAL).await;
        drift = drift.max(largest_drift(&app));
    }
    let share =
        processor_time("self").saturating_sub(used).as_secs_f64() / begun.elapsed().as_secs_f64() * 100.0;
    let looks = u32::try_from(app.prober.count() - count).unwrap();
    app.app.tasks.finish(Duration::from_secs(10)).await;
    vec![
        Row::figure(
            "10,000 checks every 30 s, prober in memory: of one core",
            share,
            "%",
            15.0,
        ),
        Row::figure("the same: largest drift", drift.as_seconds_f64(), "s", 1.0),
        Row::told(
            "the same: looks in a minute, of 20,000",
            f64::from(looks),
            "looks",
        ),
    ]
}

/// How long after its point of the grid the latest of the last looks was.
fn largest_drift(app: &TestApp) -> TimeDelta {
    let seen = sql::ask(
        app,
        "select id, (extract(epoch from last_at) * 1000)::bigint from monitor_check",
    );
    let late = seen.lines().map(|line| {
        let (id, at) = line.split_once('|').unwrap();
        let at = DateTime::from_timestamp_millis(at.parse().unwrap()).unwrap();
        late_by(CheckId(id.parse().unwrap()), INTERVAL, at)
    });
    late.max().unwrap()
}

/// A thousand servers that run, each with ten checks of its one port.
const ROWS: &str = "
  update server set power = 'running', observed_state = 'running', has_checks = true;
  insert into server (id, tenant_id, location_id, name, host_name, template, image, size_id, cpu_millis, memory_mib, disk_mib, power,
    observed_generation, observed_state, has_checks, created_by, created_at, updated_at)
  select gen_random_uuid(), s.tenant_id, s.location_id, 'server-' || n, 'server-' || n, s.template, s.image, s.size_id, s.cpu_millis,
    s.memory_mib, s.disk_mib, s.power, s.observed_generation, s.observed_state, true, 'bench', s.created_at, s.updated_at
  from server s, generate_series(1, 999) n;
  insert into server_port (server_id, tenant_id, location_id, name, container_port, protocol, host_port)
  select id, tenant_id, location_id, 'http', 80, 'tcp', 20000 + row_number() over () from server;
  insert into monitor_check (id, tenant_id, server_id, name, spec, interval_seconds, failures, of_last, needs_engine, created_by,
    created_at, updated_at, state_at, next_at)
  select gen_random_uuid(), tenant_id, id, 'check-' || n, '{\"kind\": \"tcp\", \"port\": \"http\"}'::jsonb, 30, 3, 3, true, 'bench',
    created_at, created_at, created_at, created_at
  from server, generate_series(1, 10) n;
  analyze server; analyze monitor_check; analyze server_port;";
