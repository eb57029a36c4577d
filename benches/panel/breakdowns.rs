//! Breakdowns on the real engine: a container is killed, and the clock runs until staff's API has its ticket with evidence.

use std::time::{Duration, Instant};

use berth::platform::access::{Permission, Side, StaffRole};
use berth::platform::clock::{Clock as _, SystemClock};
use berth::testing::{TestApp, noon};
use serde_json::Value;

use crate::create::{Bench, median};
use crate::panel::{catalogue, until_every};
use crate::table::Row;

const KILLS: usize = 40;
const ASK: Duration = Duration::from_millis(20);
/// What began to fail that long ago is no part of what fails now: three servers of a node within two minutes would be one incident.
const APART: &str = "update incident set failing_since = failing_since - interval '1 hour'";

pub(crate) async fn measure() -> Vec<Row> {
    let app = TestApp::with(|config| catalogue().clone_into(&mut config.catalogue_dir)).await;
    app.clock.advance(SystemClock.now() - noon());
    let mut bench = Bench::of(&app, "breakdowns").await;
    // One whose checks find it well while it runs.
    bench.customer.template = "echo";
    let staff = Staff::of(&app, &bench).await;
    let (running, _) = bench.panel.serve().await;
    // Image, network and guard are made once.
    bench.customer.create("warm-up").await;
    bench.customer.create_together("victim", KILLS).await;
    let servers = bench
        .customer
        .read(&bench.panel.url("/api/v1/servers?limit=200"))
        .await;
    let mut times = Vec::new();
    for server in servers["items"].as_array().unwrap().iter().take(KILLS) {
        let id = server["id"].as_str().unwrap();
        let begun = Instant::now();
        let container = format!("{}-{id}", bench.panel.instance);
        bench.docker.kill_container(&container, None).await.unwrap();
        until_every(ASK, "there is a ticket with evidence", async || {
            staff.sees(id).await
        })
        .await;
        times.push(begun.elapsed().as_secs_f64());
        app.administer(APART).await;
    }
    running.kill().await;
    times.sort_unstable_by(f64::total_cmp);
    vec![
        Row::figure(
            "container killed until its ticket has evidence, median of 40",
            median(times.clone()),
            "s",
            3.0,
        ),
        Row::figure("the same, p99", times[KILLS * 99 / 100], "s", 10.0),
    ]
}

/// One of the staff, who reads tickets by the API.
struct Staff {
    tickets: String,
    token: String,
    http: reqwest::Client,
}

impl Staff {
    async fn of(app: &TestApp, bench: &Bench) -> Self {
        let user = app.staff("ada", StaffRole::Engineer).await;
        let all = Permission::ALL.iter().copied();
        let scopes: Vec<Permission> = all.filter(|one| one.side() == Side::Staff).collect();
        Self {
            tickets: bench.panel.url("/api/v1/staff/tickets"),
            token: app.program(user, None, &scopes).await.bearer().to_owned(),
            http: reqwest::Client::new(),
        }
    }

    async fn read(&self, path: &str) -> Value {
        let request = self.http.get(format!("{}{path}", self.tickets));
        let answer = request.bearer_auth(&self.token).send().await.unwrap();
        assert!(
            answer.status().is_success(),
            "{path}: {}",
            answer.text().await.unwrap()
        );
        answer.json().await.unwrap()
    }

    /// Whether the newest ticket is about a server, and has its evidence.
    async fn sees(&self, server: &str) -> bool {
        let newest = self.read("?state=all&sort=-created&limit=1").await;
        let Some(ticket) = newest["items"][0]["id"].as_str() else {
            return false;
        };
        let ticket = format!("/{ticket}");
        self.read(&ticket).await["about"][0]["id"] == server
            && !self.read(&format!("{ticket}/breakdown")).await["gathered_at"].is_null()
    }
}
