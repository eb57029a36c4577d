//! Lists: the API's and the page's against PostgreSQL alone with the same statement, and a million rows against ten
//! thousand.

use std::process::Command;

use berth::platform::access::{Permission, Side, TenantRole};
use berth::platform::clock::{Clock as _, SystemClock};
use berth::testing::{Client, TestApp, noon};
use serde_json::Value;

use crate::create::median;
use crate::panel::{Panel, catalogue};
use crate::sql::{self, CLIENTS, SECONDS};
use crate::table::Row;

const FEW: u32 = 10_000;
const MANY: u32 = 1_000_000;
const API: &str = "/api/v1/servers";
const PAGE: &str = "/t/harbour/servers";

/// Requests a second, or the status that came instead of 200.
pub(crate) type Rate = Result<f64, u16>;

/// What one size of installation does.
struct Rates {
    floor: f64,
    api: Rate,
    page: Rate,
}

pub(crate) async fn measure() -> Vec<Row> {
    let few = rates(FEW).await;
    let many = rates(MANY).await;
    vec![
        against_floor(
            &format!("GET {API}, 50 of 10,000, 8 callers"),
            few.api,
            few.floor,
            0.2,
        ),
        against_floor("the same as a page", few.page, few.floor, 0.2),
        more_rows("the API with 1,000,000 rows instead of 10,000", many.api, few.api),
        more_rows(
            "the page with 1,000,000 rows instead of 10,000",
            many.page,
            few.page,
        ),
    ]
}

fn against_floor(what: &str, rate: Rate, floor: f64, bar: f64) -> Row {
    match rate {
        Ok(rate) => Row::at_least(what, (rate, floor), "/s", bar),
        Err(status) => Row::missing(what, &format!("answers {status}")),
    }
}

/// Time for a request, so that more is worse.
pub(crate) fn more_rows(what: &str, many: Rate, few: Rate) -> Row {
    let callers: f64 = CLIENTS.parse().unwrap();
    let millis = |rate: f64| callers * 1000.0 / rate;
    match (many, few) {
        (Ok(many), Ok(few)) => Row::at_most(what, (millis(many), millis(few)), "ms", 1.2),
        (Err(status), _) | (_, Err(status)) => Row::missing(what, &format!("answers {status}")),
    }
}

/// A machine that others use, too, is not always as fast: the floor and the panel take turns.
const TURNS: usize = 5;

/// More than the list has optional conditions.
const FILTERS: usize = 9;

async fn rates(servers: u32) -> Rates {
    let app = TestApp::with(|config| catalogue().clone_into(&mut config.catalogue_dir)).await;
    app.clock.advance(SystemClock.now() - noon());
    let tenant = app.tenant("harbour").await;
    let user = app.person("ann").await;
    app.member(tenant, user, TenantRole::Owner).await;
    let all = Permission::ALL.iter().copied();
    let scopes: Vec<Permission> = all
        .filter(|permission| permission.side() == Side::Tenant)
        .collect();
    let (program, browser) = (
        app.program(user, Some(tenant), &scopes).await,
        app.browser(user).await,
    );
    // The first one makes the location.
    app.server(tenant, "server-0").await;
    eprintln!("  {servers} rows");
    sql::run(&app, &rows(&tenant.0.to_string(), servers));
    let mut panel = Panel::of(&app, "lists");
    panel.set("BERTH_NO_WORKER", "true");
    let statement = statement(&panel, &program, &tenant.0.to_string()).await;
    let (running, _) = panel.serve().await;
    let token = format!("authorization: Bearer {}", program.bearer());
    let cookie = browser.cookie(berth::platform::web::SESSION_COOKIE).unwrap();
    let cookie = format!("cookie: {}={cookie}", berth::platform::web::SESSION_COOKIE);
    let mut turns = Vec::new();
    for _ in 0..TURNS {
        turns.push(Rates {
            floor: sql::rate(&app, (&tenant.0.to_string(), &user.0.to_string()), &statement),
            api: rate(&panel, API, &token).await,
            page: rate(&panel, PAGE, &cookie).await,
        });
    }
    running.kill().await;
    middle(&turns)
}

/// The medians; an answer that was none stands for all.
fn middle(turns: &[Rates]) -> Rates {
    let all = |of: fn(&Rates) -> Rate| {
        let rates: Result<Vec<f64>, u16> = turns.iter().map(of).collect();
        rates.map(median)
    };
    Rates {
        floor: median(turns.iter().map(|turn| turn.floor).collect()),
        api: all(|turn| turn.api),
        page: all(|turn| turn.page),
    }
}

/// Stopped servers, so that nobody wants to bring them to anything.
fn rows(tenant: &str, servers: u32) -> String {
    format!(
        "insert into server (id, tenant_id, location_id, name, host_name, template, image, size_id, cpu_millis, \
         memory_mib, disk_mib, power, observed_generation, observed_state, created_by, created_at, updated_at) \
         select gen_random_uuid(), '{tenant}', l.id, 'server-' || n, 'server-' || n, 'tiny', 'berth/tiny:none', s.id, \
         s.cpu_millis, s.memory_mib, s.disk_mib, 'stopped', 1, 'exited', 'bench', now() - n * interval '1 second', now() \
         from generate_series(1, {servers} - 1) n, location l, size s where s.id = 'small-box'; analyze server;"
    )
}

/// The statement that the list really runs, as sqlx logs it, with the values of its first page.
async fn statement(panel: &Panel, program: &Client, tenant: &str) -> String {
    let (running, log) = panel.serve_telling_statements().await;
    let http = reqwest::Client::new();
    let answer = http
        .get(panel.url(API))
        .bearer_auth(program.bearer())
        .send()
        .await
        .unwrap();
    assert!(answer.status().is_success(), "{API} answers {}", answer.status());
    running.kill().await;
    let log = std::fs::read_to_string(log).unwrap();
    let told = log
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let mut statements = told.filter_map(|line| Some(line["db.statement"].as_str()?.trim().to_owned()));
    let statement = statements
        .find(|text| text.contains("from server s"))
        .expect("the list's statement");
    let values = [
        format!("'{tenant}'::uuid"),
        "null".to_owned(),
        "null".to_owned(),
        "51".to_owned(),
        "'9999-12-31T23:59:59Z'".to_owned(),
        "'ffffffff-ffff-ffff-ffff-ffffffffffff'".to_owned(),
    ];
    // Conditions that nobody gave come after them. From the end, since $1 is the beginning of $10, too.
    let filled = (0..FILTERS + values.len()).rev().fold(statement, |text, index| {
        let value = values.get(index).map_or("null", String::as_str);
        text.replace(&format!("${}", index + 1), value)
    });
    assert!(!filled.contains('$'), "another parameter: {filled}");
    format!("{};", filled.replace('\n', " "))
}

/// Requests a second, by eight callers that keep their connections.
pub(crate) async fn rate(panel: &Panel, path: &str, header: &str) -> Rate {
    let (name, value) = header.split_once(": ").unwrap();
    let http = reqwest::Client::new();
    let answer = http
        .get(panel.url(path))
        .header(name, value)
        .send()
        .await
        .unwrap();
    if !answer.status().is_success() {
        return Err(answer.status().as_u16());
    }
    let output = Command::new("wrk")
        .args(["-t", "2", "-c", CLIENTS, "-d", SECONDS, "-H", header])
        .arg(panel.url(path))
        .output()
        .expect("wrk");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(!text.contains("Non-2xx"), "{path}: {text}");
    let line = text.lines().find(|line| line.starts_with("Requests/sec:"));
    let figure = line.and_then(|line| line.split_whitespace().nth(1));
    Ok(figure.unwrap_or_else(|| panic!("{text}")).parse().unwrap())
}
