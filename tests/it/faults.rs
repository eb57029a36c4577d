//! What the panel rests on goes away and comes back: nothing that was acknowledged is lost, and whoever asks meanwhile is
//! told so.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use berth::platform::access::{Permission, Side, StaffRole, TenantRole};
use berth::platform::clock::{Clock as _, SystemClock};
use berth::platform::db::{self, EmbeddedPostgres, Scoped as _};
use berth::testing::{Answer, Client, TestApp, noon};
use serde_json::{Value, json};
use sqlx::{Connection as _, PgConnection};

use crate::crash::docker::{Count, Remains, catalogue, prepare};
use crate::panel::{Panel, until};

const SOCKET: &str = "/var/run/docker.sock";

pub(crate) fn tenants_permissions() -> Vec<Permission> {
    let all = Permission::ALL.iter().copied();
    all.filter(|permission| permission.side() == Side::Tenant)
        .collect()
}

/// The owner of a tenant with room for `servers` servers: a program and a browser of theirs.
async fn owner(app: &TestApp, servers: i32) -> (Client, Client) {
    let plan = app.plan("Plenty", servers).await;
    let tenant = app.tenant_on("harbour", plan).await;
    let user = app.person("ann").await;
    app.member(tenant, user, TenantRole::Owner).await;
    let program = app.program(user, Some(tenant), &tenants_permissions()).await;
    (program, app.browser(user).await)
}

/// A program of the owner of a tenant with room for `servers` servers.
pub(crate) async fn owners_program(app: &TestApp, servers: i32) -> Client {
    owner(app, servers).await.0
}

pub(crate) fn new_server(name: &str, start: bool) -> Value {
    json!({ "name": name, "template": "tiny", "size": "small-box", "start": start })
}

#[tokio::test]
async fn without_an_engine_the_panel_answers_and_work_waits() {
    prepare().await;
    let app = TestApp::with(|config| config.catalogue_dir = catalogue().to_owned()).await;
    app.clock.advance(SystemClock.now() - noon());
    let (program, browser) = owner(&app, 5).await;
    let staff = app.browser(app.staff("root", StaffRole::Owner).await).await;
    let mut panel = Panel::of(&app);
    let remains = Remains::of(&panel.instance).await;
    let socket = Socket::absent(&panel.instance);
    panel.set("BERTH_DOCKER_HOST", format!("unix://{}", socket.0.display()));
    let running = panel.serve().await;
    let api = Api::new(&panel, program.bearer());
    until("the engine is known to be away", async || {
        let mut tx = app.app.db.system().await.unwrap();
        let away = sqlx::query_scalar!("select 1 from location where engine_error is not null");
        away.fetch_optional(tx.conn()).await.unwrap().is_some()
    })
    .await;
    assert_eq!(api.status("/sign-in").await, 200, "pages answer");
    let (status, asked) = api.post("/api/v1/servers", &new_server("Patient", true)).await;
    assert_eq!(status, 202, "{asked}");
    let path = format!("/api/v1/servers/{}", asked["server"]["id"].as_str().unwrap());
    let server = api.get(&path).await;
    assert_eq!(
        (&server["pending"], &server["engine_state"]),
        (&json!(true), &json!("absent"))
    );
    assert_eq!(remains.count().await, Count::NOTHING);
    let id = asked["server"]["id"].as_str().unwrap();
    api.pages_say(&browser, &staff, id, true).await;
    let logs = api.page(&browser, &format!("/t/harbour/servers/{id}/logs")).await;
    assert!(logs.contains("The container engine does not answer"), "{logs}");

    socket.appear();
    until("the work is done", async || {
        api.get(&path).await["engine_state"] == "running"
    })
    .await;
    api.pages_say(&browser, &staff, id, false).await;
    socket.vanish();
    let (status, answer) = api.post(&format!("{path}/actions/stop"), &json!({})).await;
    assert_eq!(status, 202, "{answer}");
    socket.appear();
    until("the wish is reached", async || {
        api.get(&path).await["engine_state"] == "exited"
    })
    .await;
    assert_eq!(remains.count().await, Count::ONE);
    running.kill().await;
}

/// A way to the engine that can be cut.
struct Socket(PathBuf);

impl Socket {
    fn absent(name: &str) -> Self {
        Self(std::env::temp_dir().join(format!("{name}.sock")))
    }

    fn appear(&self) {
        std::os::unix::fs::symlink(SOCKET, &self.0).unwrap();
    }

    fn vanish(&self) {
        std::fs::remove_file(&self.0).unwrap();
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        drop(std::fs::remove_file(&self.0));
    }
}

/// A program that speaks to a panel over TCP.
pub(crate) struct Api {
    http: reqwest::Client,
    base: String,
    token: String,
}

impl Api {
    pub(crate) fn new(panel: &Panel, token: &str) -> Self {
        Self {
            http: reqwest::Client::new(),
            base: format!("http://{}", panel.address),
            token: token.to_owned(),
        }
    }

    async fn status(&self, path: &str) -> u16 {
        let answer = self.http.get(format!("{}{path}", self.base)).send().await;
        answer.unwrap().status().as_u16()
    }

    /// A page as somebody's browser gets it.
    async fn page(&self, browser: &Client, path: &str) -> String {
        let request = self.http.get(format!("{}{path}", self.base));
        let answer = request.header("cookie", browser.cookies()).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 200, "{path}");
        answer.text().await.unwrap()
    }

    /// Every page about servers works, and says that the engine is away if it is.
    async fn pages_say(&self, owner: &Client, staff: &Client, server: &str, is_away: bool) {
        let own = [
            "/t/harbour".to_owned(),
            "/t/harbour/servers".to_owned(),
            "/t/harbour/servers/new".to_owned(),
            format!("/t/harbour/servers/{server}"),
        ];
        let providers = [
            "/staff".to_owned(),
            "/staff/servers".to_owned(),
            format!("/staff/servers/{server}"),
        ];
        let own = own.iter().map(|path| (owner, path));
        for (browser, path) in own.chain(providers.iter().map(|path| (staff, path))) {
            let page = self.page(browser, path).await;
            let says = page.contains("The container engine has not answered since");
            assert_eq!(says, is_away, "{path}: {page}");
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        let request = self
            .http
            .get(format!("{}{path}", self.base))
            .bearer_auth(&self.token);
        request.send().await.unwrap().json().await.unwrap()
    }

    pub(crate) async fn text(&self, path: &str) -> String {
        let request = self.http.get(format!("{}{path}", self.base));
        let answer = request.bearer_auth(&self.token).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 200, "{path}");
        answer.text().await.unwrap()
    }

    pub(crate) async fn delete(&self, path: &str) -> u16 {
        let request = self.http.delete(format!("{}{path}", self.base));
        let answer = request.bearer_auth(&self.token).send().await;
        answer.unwrap().status().as_u16()
    }

    /// What somebody gets who is nobody here.
    pub(crate) async fn anybody(&self, path: &str) -> (u16, String) {
        let answer = self.http.get(format!("{}{path}", self.base)).send().await;
        let answer = answer.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    /// Sends a file by a form as somebody who is nobody here.
    pub(crate) async fn bring(&self, path: &str, name: &str, content: &str) -> u16 {
        let body = format!(
            "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n{content}\r\n--x--\r\n"
        );
        let request = self.http.post(format!("{}{path}", self.base));
        let request = request
            .header("content-type", "multipart/form-data; boundary=x")
            .header("sec-fetch-site", "same-origin");
        request.body(body).send().await.unwrap().status().as_u16()
    }

    pub(crate) async fn put(&self, path: &str, body: &Value) -> (u16, Value) {
        self.send(self.http.put(format!("{}{path}", self.base)), body)
            .await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        self.send(self.http.post(format!("{}{path}", self.base)), body)
            .await
    }

    async fn send(&self, request: reqwest::RequestBuilder, body: &Value) -> (u16, Value) {
        let request = request.bearer_auth(&self.token);
        let answer = request.json(body).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap_or_default())
    }
}

const CLIENTS: usize = 4;
const RESTARTS: usize = 2;
/// How many must succeed one after another once all is well again.
const CALM: usize = 5;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_acknowledged_write_is_lost_when_postgresql_restarts_under_load() {
    let cluster = Cluster::start("faults").await;
    let app = TestApp::over(&cluster.prepared().await, |config| {
        config.catalogue_dir = catalogue().to_owned();
    });
    let (program, browser) = owner(&app, 1_000_000).await;
    berth::servers::begin(&app.app).await.unwrap();
    let is_over = AtomicBool::new(false);
    let load = futures_util::future::join_all((0..CLIENTS).map(|client| write(&program, client, &is_over)));
    let people =
        futures_util::future::join_all((0..CLIENTS).map(|client| browse(&browser, client, &is_over)));
    let restarts = async {
        for _ in 0..RESTARTS {
            tokio::time::timeout(Duration::from_secs(1), std::future::pending::<()>())
                .await
                .unwrap_err();
            cluster.restart().await;
        }
        is_over.store(true, Ordering::Relaxed);
    };
    let (written, posted, ()) = tokio::join!(load, people, restarts);
    for (kind, written) in [("by the API", &written), ("by forms", &posted)] {
        let number: usize = written.iter().map(Vec::len).sum();
        assert!(number > CLIENTS * CALM, "{kind}: {number}");
    }
    let acknowledged: BTreeSet<String> = written.into_iter().chain(posted).flatten().collect();
    let mut tx = app.system().begin().await.unwrap();
    let there = sqlx::query!(
        "select s.name, (select count(*) from operation o where o.target_id = s.id and o.kind = 'server.create') as \"made!\", \
         (select count(*) from audit_event a where a.target_id = s.id and a.action = 'server.create') as \"told!\" from server s"
    );
    let there = there.fetch_all(tx.conn()).await.unwrap();
    for row in &there {
        assert_eq!((row.made, row.told), (1, 1), "{} is there in part", row.name);
    }
    let names: BTreeSet<String> = there.into_iter().map(|row| row.name).collect();
    let lost: Vec<&String> = acknowledged.difference(&names).collect();
    assert!(lost.is_empty(), "acknowledged and lost: {lost:?}");
    app.app.tasks.finish(Duration::from_secs(10)).await;
}

/// Creates servers until all is over and calm; tells the names of those that were acknowledged.
async fn write(program: &Client, client: usize, is_over: &AtomicBool) -> Vec<String> {
    let (mut acknowledged, mut calm) = (Vec::new(), 0);
    for number in 0.. {
        if calm == CALM {
            break;
        }
        let after = is_over.load(Ordering::Relaxed);
        let name = format!("w-{client}-{number}");
        let is_written = create(program, &name).await;
        assert!(
            is_written || !after,
            "{name}: all is well, and still it is refused"
        );
        calm = if after { calm + 1 } else { 0 };
        if is_written {
            acknowledged.push(name);
        }
        let list = program.get("/api/v1/servers?limit=5").await;
        assert!(matches!(list.status, 200 | 503), "{list:?}");
    }
    acknowledged
}

/// What a browser may be told about a page: here it is, or later.
fn is_page(answer: &Answer) -> bool {
    let is_html = answer.header("content-type").starts_with("text/html");
    matches!(answer.status, 200 | 503) && is_html
}

/// Creates servers by the form and looks at pages until all is over and calm; tells the names of those that were
/// acknowledged.
async fn browse(browser: &Client, client: usize, is_over: &AtomicBool) -> Vec<String> {
    let (mut acknowledged, mut calm) = (Vec::new(), 0);
    for number in 0.. {
        if calm == CALM {
            break;
        }
        let after = is_over.load(Ordering::Relaxed);
        let name = format!("f-{client}-{number}");
        let fields = [
            ("name", name.as_str()),
            ("template", "tiny"),
            ("size", "small-box"),
        ];
        let answer = browser.post("/t/harbour/servers", &fields).await;
        let is_written = answer.status == 303;
        assert!(is_written || is_page(&answer), "{name}: {answer:?}");
        assert!(is_written || !after, "{name}: all is well, and still: {answer:?}");
        calm = if after { calm + 1 } else { 0 };
        if is_written {
            let page = browser.get(answer.location()).await;
            assert!(is_page(&page), "{page:?}");
            assert!(page.status == 503 || page.body.contains(&name), "{page:?}");
            acknowledged.push(name);
        }
        for path in [
            "/t/harbour",
            "/t/harbour/servers",
            "/t/harbour/audit",
            "/account/sessions",
        ] {
            let page = browser.get(path).await;
            assert!(is_page(&page), "{path}: {page:?}");
        }
    }
    acknowledged
}

/// Asks until there is an answer other than "later"; says whether it was acknowledged.
async fn create(program: &Client, name: &str) -> bool {
    let body = new_server(name, false);
    loop {
        let answer = program
            .json_with("POST", "/api/v1/servers", &body, &[("idempotency-key", name)])
            .await;
        match answer.status {
            202 => return true,
            503 => {
                assert_eq!(answer.json()["code"], "unavailable");
                tokio::task::yield_now().await;
            }
            // The answer to the first try was lost with its connection; the write may be there or not.
            409 => return false,
            _ => panic!("{name}: {answer:?}"),
        }
    }
}

/// A PostgreSQL of this test's own.
struct Cluster(PathBuf);

impl Cluster {
    async fn start(test: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("berth-{test}-{}", std::process::id()));
        EmbeddedPostgres::start(&folder, true).await.unwrap();
        Self(folder)
    }

    /// The address of its database, with roles and tables.
    async fn prepared(&self) -> String {
        let cluster = EmbeddedPostgres::start(&self.0, true).await.unwrap();
        let admin = cluster.admin_url("postgres");
        db::prepare(admin.expose(), Some(cluster.panel_password()))
            .await
            .unwrap();
        cluster.panel_url("postgres").expose().clone()
    }

    async fn restart(&self) {
        EmbeddedPostgres::stop(&self.0).await.unwrap();
        EmbeddedPostgres::start(&self.0, true).await.unwrap();
    }
}

#[tokio::test]
async fn the_mail_service_signs_in_by_the_password_that_the_cluster_made() {
    let cluster = Cluster::start("mail-reader").await;
    cluster.prepared().await;
    let file = cluster.0.join("mail.password");
    let mode = std::fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let password = std::fs::read_to_string(&file).unwrap();
    let postgres = EmbeddedPostgres::start(&cluster.0, true).await.unwrap();
    assert_eq!(postgres.mail_password().expose(), &password, "it is made once");
    let socket = cluster.0.join("run").to_string_lossy().replace('/', "%2F");
    let url = format!("postgres://mail_reader:{password}@localhost/postgres?host={socket}");
    PgConnection::connect(&url).await.unwrap_err();
    let admin = postgres.admin_url("postgres");
    db::let_mail_read(admin.expose(), &password).await.unwrap();
    let conn = PgConnection::connect(&url).await.unwrap();
    conn.close().await.unwrap();
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let folder = self.0.clone();
        // The test's runtime cannot be waited for from here.
        let stopper = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(EmbeddedPostgres::stop(&folder)).unwrap();
            std::fs::remove_dir_all(&folder).unwrap();
        });
        drop(stopper.join());
    }
}
