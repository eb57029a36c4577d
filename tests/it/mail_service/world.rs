//! A whole installation with mail: a panel in a process of its own, its database, the mail service in a container that reads it, and two
//! tenants with a domain each that count as proven.

use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU16, Ordering};

use berth::platform::access::{StaffRole, TenantRole};
use berth::platform::clock::{Clock as _, SystemClock};
use berth::testing::{TestApp, noon};
use serde_json::{Value, json};
use tokio::process::Command;

use super::client::MailClient;
use crate::engine_contract::backup::bridge_address;
use crate::faults::tenants_permissions;
use crate::mail_dns::NameServer;
use crate::panel::{Panel, Running, until};

/// The password of every mailbox.
pub(crate) const PASSWORD: &str = "correct horse battery staple";

/// Sends a signal to all processes of a name; the image has no `pkill`.
const SIGNAL: &str = "import os, signal, sys
for one in filter(str.isdigit, os.listdir('/proc')):
    try:
        if open(f'/proc/{one}/comm').read().strip() == sys.argv[2]:
            os.kill(int(one), signal.Signals[sys.argv[1]])
    except OSError:
        pass";

/// The ports of a container, as the engine gave them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ports {
    pub(crate) smtp: u16,
    pub(crate) submission: u16,
    pub(crate) imaps: u16,
}

/// The container of the mail service; gone when dropped.
pub(crate) struct Service {
    pub(crate) name: String,
    pub(crate) ports: Ports,
}

impl Service {
    /// Its name server is `dns`.
    async fn start(app: &TestApp, name: String, dns: SocketAddr) -> Self {
        script(&["build"], &[]).await;
        let url = app.admin_url();
        let (folder, database) = socket_of(&url);
        let settings = [
            ("BERTH_MAIL_HOST", "mail.test".to_owned()),
            ("BERTH_MAIL_DATABASE_HOST", folder.display().to_string()),
            ("BERTH_MAIL_DATABASE_NAME", database),
            ("BERTH_MAIL_PORTS", "random".to_owned()),
            ("BERTH_MAIL_DNS", dns.to_string()),
        ];
        script(&["start", &name], &settings).await;
        let ports = Ports {
            smtp: port(&name, 25).await,
            submission: port(&name, 587).await,
            imaps: port(&name, 993).await,
        };
        let service = Self { name, ports };
        until("the mail service works", async || service.is_healthy().await).await;
        service
    }

    /// Whether all of its programs work, and the database answers to them.
    pub(crate) async fn is_healthy(&self) -> bool {
        let told = self.run(&["berth-mail", "health"]).await;
        let all: Value = serde_json::from_str(&told).unwrap_or_default();
        let all = all.as_array().cloned().unwrap_or_default();
        !all.is_empty() && all.iter().all(|one| one["is_up"] == true)
    }

    /// Kills all processes of a program.
    pub(crate) async fn kill(&self, program: &str) {
        self.signal("SIGKILL", program).await;
    }

    /// Sends a signal to all processes of a program.
    pub(crate) async fn signal(&self, signal: &str, program: &str) {
        self.run(&["python3", "-c", SIGNAL, signal, program]).await;
    }

    /// The mails that wait, as Postfix tells them.
    pub(crate) async fn queue(&self) -> Vec<Value> {
        let asked = ["exec", &self.name, "berth-mail", "queue"];
        let output = Command::new("docker").args(asked).output().await.unwrap();
        assert!(output.status.success(), "{output:?}");
        let told = String::from_utf8(output.stdout).unwrap();
        told.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    /// Runs a program in the container, and gives what it printed.
    pub(crate) async fn run(&self, words: &[&str]) -> String {
        let output = Command::new("docker")
            .args(["exec", &self.name])
            .args(words)
            .output();
        String::from_utf8_lossy(&output.await.unwrap().stdout).into_owned()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let stopped = std::process::Command::new("docker")
            .args(["rm", "--force", "--volumes", &self.name])
            .output();
        drop(stopped);
        let volume = std::process::Command::new("docker")
            .args(["volume", "rm", "--force", &self.name])
            .output();
        drop(volume);
    }
}

async fn script(words: &[&str], settings: &[(&str, String)]) {
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/mail.sh");
    let mut command = Command::new(program);
    command.args(words);
    for (name, value) in settings {
        command.env(name, value);
    }
    let output = command.output().await.unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "scripts/mail.sh {words:?}: {said}");
}

async fn port(name: &str, inside: u16) -> u16 {
    let output = Command::new("docker")
        .args(["port", name, &inside.to_string()])
        .output();
    let told = String::from_utf8(output.await.unwrap().stdout).unwrap();
    let first = told.lines().next().and_then(|line| line.rsplit_once(':'));
    first.and_then(|(_, port)| port.parse().ok()).expect(&told)
}

/// A free port at this machine's address in the network of containers, which they reach.
fn seen_by_containers() -> SocketAddr {
    let gateway: IpAddr = bridge_address().parse().unwrap();
    UdpSocket::bind((gateway, 0)).unwrap().local_addr().unwrap()
}

/// The folder of the socket and the database's name in an address of the test cluster.
fn socket_of(url: &str) -> (PathBuf, String) {
    let options: sqlx::postgres::PgConnectOptions = url.parse().unwrap();
    let folder = options.get_socket().expect("the cluster's socket").clone();
    (folder, options.get_database().unwrap().to_owned())
}

/// Tokens of the owners of `acme` and `other`, and of a staff owner, who are made.
async fn tokens(app: &TestApp) -> [String; 3] {
    let mut tokens = Vec::new();
    for (slug, person) in [("acme", "ann"), ("other", "eve")] {
        let tenant = app.tenant(slug).await;
        let user = app.person(person).await;
        app.member(tenant, user, TenantRole::Owner).await;
        let program = app.program(user, Some(tenant), &tenants_permissions()).await;
        tokens.push(program.bearer().to_owned());
    }
    let root = app.staff("root", StaffRole::Owner).await;
    let rights: Vec<_> = berth::platform::access::Permission::ALL
        .iter()
        .copied()
        .filter(|one| one.side() == berth::platform::access::Side::Staff)
        .collect();
    tokens.push(app.program(root, None, &rights).await.bearer().to_owned());
    tokens.try_into().unwrap()
}

/// All of it. What is dropped first goes first.
pub(crate) struct World {
    pub(crate) service: Service,
    pub(crate) clients: MailClient,
    pub(crate) panel: Panel,
    running: Option<Running>,
    _names: NameServer,
    base: String,
    http: reqwest::Client,
    /// The tokens of the owners of `acme` and `other`, and of a staff owner.
    acme: String,
    other: String,
    staff: String,
    pub(crate) app: TestApp,
}

impl World {
    /// Where DNS knows nothing.
    pub(crate) async fn start() -> Self {
        Self::where_dns_has(&[]).await
    }

    /// Where DNS has these records, lines of the zone of the root, and nothing else.
    pub(crate) async fn where_dns_has(records: &[String]) -> Self {
        static NEXT: AtomicU16 = AtomicU16::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("it-{}-mail-{number}", std::process::id());
        let (folder, dns) = (std::env::temp_dir().join(&name), seen_by_containers());
        let names = NameServer::start(&folder, dns, ".", records).await;
        let app = TestApp::start().await;
        app.clock.advance(SystemClock.now() - noon());
        let [acme, other, staff] = tokens(&app).await;
        let service = Service::start(&app, name, dns).await;
        let mut panel = Panel::of(&app);
        panel.set("BERTH_MAIL_CONTAINER", service.name.clone());
        panel.set("BERTH_MAIL_HOST", "mail.test".to_owned());
        let running = panel.serve().await;
        let world = Self {
            service,
            clients: MailClient::start(),
            running: Some(running),
            _names: names,
            base: format!("http://{}", panel.address),
            panel,
            http: reqwest::Client::new(),
            acme,
            other,
            staff,
            app,
        };
        world.furnish().await;
        world
    }

    /// A domain of each tenant, proven, and mailboxes in them.
    async fn furnish(&self) {
        for (token, name) in [
            (self.acme.clone(), "acme.test"),
            (self.other.clone(), "other.test"),
        ] {
            self.call(
                &token,
                "POST",
                "/api/v1/mail/domains",
                json!({ "name": name }),
                201,
            )
            .await;
        }
        self.app
            .administer("update mail_domain set verified_at = now()")
            .await;
        self.mailbox("ann@acme.test", json!({})).await;
        self.mailbox("bob@acme.test", json!({})).await;
        self.mailbox("eve@other.test", json!({})).await;
    }

    /// Kills the panel. From then on there is none.
    pub(crate) async fn without_panel(&mut self) {
        if let Some(running) = self.running.take() {
            running.kill().await;
        }
        let answer = self.http.get(format!("{}/readyz", self.base)).send().await;
        assert!(answer.is_err(), "a panel runs still: {answer:?}");
    }

    /// Starts the panel again.
    pub(crate) async fn with_panel(&mut self) {
        self.running = Some(self.panel.serve().await);
    }

    fn token(&self, address: &str) -> String {
        if address.ends_with("@other.test") {
            self.other.clone()
        } else {
            self.acme.clone()
        }
    }

    /// One call of the API as somebody, which must answer so.
    pub(crate) async fn call(
        &self,
        token: &str,
        method: &str,
        path: &str,
        body: Value,
        status: u16,
    ) -> Value {
        let request = self
            .http
            .request(method.parse().unwrap(), format!("{}{path}", self.base))
            .bearer_auth(token);
        let request = if body.is_null() {
            request
        } else {
            request.json(&body)
        };
        let answer = request.send().await.unwrap();
        let got = answer.status().as_u16();
        let text = answer.text().await.unwrap();
        assert_eq!(got, status, "{method} {path} {body}: {text}");
        serde_json::from_str(&text).unwrap_or_default()
    }

    /// One call as the owner of `acme`.
    pub(crate) async fn own(&self, method: &str, path: &str, body: Value, status: u16) -> Value {
        self.call(&self.acme.clone(), method, path, body, status).await
    }

    /// One call as an owner of the staff.
    pub(crate) async fn as_staff(&self, method: &str, path: &str, body: Value, status: u16) -> Value {
        self.call(&self.staff, method, path, body, status).await
    }

    /// Makes a mailbox with [`PASSWORD`], by whoever has its domain. Gives its id.
    pub(crate) async fn mailbox(&self, address: &str, more: Value) -> String {
        let mut new = json!({ "address": address, "password": PASSWORD });
        for (name, value) in more.as_object().unwrap() {
            new[name] = value.clone();
        }
        let token = self.token(address);
        let made = self
            .call(&token, "POST", "/api/v1/mail/mailboxes", new, 201)
            .await;
        made["id"]
            .as_str()
            .or_else(|| made["mailbox"]["id"].as_str())
            .unwrap_or_else(|| panic!("{made}"))
            .to_owned()
    }

    /// The id of a mailbox.
    pub(crate) async fn id_of(&self, address: &str) -> String {
        let token = self.token(address);
        let path = format!("/api/v1/mail/mailboxes?q={address}");
        let found = self.call(&token, "GET", &path, Value::Null, 200).await;
        let all = found["items"].as_array();
        all.unwrap_or_else(|| panic!("{found}"))[0]["id"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    /// A tenant, as staff see it.
    pub(crate) async fn tenant(&self, slug: &str) -> Value {
        let path = format!("/api/v1/staff/tenants?q={slug}");
        let found = self.call(&self.staff, "GET", &path, Value::Null, 200).await;
        let all = found["items"].as_array();
        all.unwrap_or_else(|| panic!("{found}"))[0].clone()
    }

    /// Changes what a tenant's plan allows of mail.
    pub(crate) async fn allow(&self, slug: &str, change: Value) {
        let tenant = self.tenant(slug).await;
        let plan = tenant["plan"]["id"].as_str().unwrap();
        let path = format!("/api/v1/staff/plans/{plan}/mail");
        let mut allowed = self.call(&self.staff, "GET", &path, Value::Null, 200).await;
        for (name, value) in change.as_object().unwrap() {
            allowed[name] = value.clone();
        }
        self.call(&self.staff, "PUT", &path, allowed, 200).await;
    }

    /// Suspends a tenant, or resumes it.
    pub(crate) async fn set_suspended(&self, slug: &str, is_suspended: bool) {
        let tenant = self.tenant(slug).await;
        let path = format!("/api/v1/staff/tenants/{}", tenant["id"].as_str().unwrap());
        let (verb, body) = if is_suspended {
            ("suspend", json!({ "reason": "The invoice of May is open." }))
        } else {
            ("resume", Value::Null)
        };
        self.call(&self.staff, "POST", &format!("{path}/{verb}"), body, 200)
            .await;
    }

    /// Opens a session of submission for a mailbox, signed in.
    pub(crate) async fn submit_as(&mut self, session: &str, address: &str) {
        let port = self.service.ports.submission;
        self.clients
            .ask("smtp_open", json!([session, port, "starttls"]))
            .await;
        let said = self
            .clients
            .ask("smtp_login", json!([session, address, PASSWORD]))
            .await;
        assert_eq!(said["code"], 235, "{address}: {said}");
    }

    /// Sends a mail in a session, and gives where it ended and how.
    pub(crate) async fn send(&mut self, session: &str, (from, to): (&str, &[&str]), subject: &str) -> Value {
        self.send_text(session, (from, to), (subject, "It is there."))
            .await
    }

    /// The same with a text.
    pub(crate) async fn send_text(
        &mut self,
        session: &str,
        (from, to): (&str, &[&str]),
        (subject, text): (&str, &str),
    ) -> Value {
        let now = SystemClock.now().to_rfc2822();
        let heads = format!(
            "From: {from}\r\nTo: {}\r\nSubject: {subject}\r\nDate: {now}\r\nMessage-ID: <m{}@client.test>\r\n",
            to.join(", "),
            SystemClock.now().timestamp_micros()
        );
        let mail = format!("{heads}\r\n{text}\r\n");
        self.clients
            .ask("smtp_send", json!([session, from, to, mail]))
            .await
    }

    /// The mails of a folder as soon as there are so many.
    pub(crate) async fn read(&mut self, address: &str, folder: &str, count: usize) -> Vec<String> {
        self.read_with(address, PASSWORD, (folder, count)).await
    }

    /// The same with another password.
    pub(crate) async fn read_with(
        &mut self,
        address: &str,
        password: &str,
        (folder, count): (&str, usize),
    ) -> Vec<String> {
        let port = self.service.ports.imaps;
        let opened = self
            .clients
            .ask("imap_open", json!(["reader", port, address, password]))
            .await;
        assert_eq!(opened["ok"], true, "{address}: {opened}");
        let found = self
            .clients
            .ask("imap_wait", json!(["reader", folder, count]))
            .await;
        self.clients.ask("close", json!(["reader"])).await;
        let mails: Vec<String> = serde_json::from_value(found["mails"].clone()).unwrap();
        assert!(
            mails.len() >= count,
            "{address}: {} of {count} in {folder}",
            mails.len()
        );
        mails
    }
}
