//! Mails from submission to IMAP: the mail service as it is shipped, which asks PostgreSQL at each step, against the same image whose
//! look-ups are of flat files made of the same rows (`mail_flat/`).

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use berth::platform::clock::{Clock as _, SystemClock};
use berth::testing::{TestApp, noon};
use serde_json::{Value, json};

use crate::create::median;
use crate::customer::Customer;
use crate::panel::Panel;
use crate::sql;
use crate::table::Row;

const MAILS: u32 = 1_000;
/// Before the clock runs: every program is up then, and has its connections.
const FIRST_MAILS: u32 = 80;
const CONNECTIONS: u32 = 8;
const TURNS: usize = 3;
const READY: Duration = Duration::from_mins(1);
const LOOK_AGAIN: Duration = Duration::from_millis(200);
const PASSWORD: &str = "correct horse battery staple";
const SUBMISSION: &str = "587";
const IMAPS: &str = "993";
/// What the flat stack has instead, and the program that sends and reads.
const FILES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/panel/mail_flat");

/// A proven domain, and a plan with room for all that comes.
const ROOM: &str = "insert into plan_mail (plan_id, max_domains, max_mailboxes, max_mail_mib, hourly_limit, updated_at) \
    select plan_id, 10, 1000, 102400, 10000000, now() from tenant; \
    update mail_domain set verified_at = now();";

/// The flat files, each beside the question that has its lines: what the maps of the same names answer (mail/postfix/sql/), users as
/// passwd-file(5) of Dovecot has them, and what rspamd's keys are asked for.
const FLAT: [(&str, &str); 11] = [
    ("maps/domains", "select name || ' ' || name from mail_api.domains"),
    (
        "maps/mailboxes",
        "select address || ' ' || address from mail_api.mailboxes",
    ),
    (
        "maps/recipients",
        "select address || ' ' || string_agg(target, ',') from mail_api.recipients group by address",
    ),
    ("maps/domain_alias", "select where false"),
    (
        "maps/senders",
        "select m.address || ' ' || string_agg(s.login, ',') from mail_api.mailboxes m \
         cross join lateral mail_api.senders(m.address) as s (login) group by m.address",
    ),
    // No flat file knows whether there is room for a mail, so Dovecot is asked each time.
    (
        "maps/receive",
        "select address || ' DUNNO' from mail_api.recipients group by address",
    ),
    ("maps/send", "select address || ' DUNNO' from mail_api.mailboxes"),
    (
        "maps/forged",
        "select address || ' 553 5.7.1 Sign in to send as this address' from mail_api.mailboxes",
    ),
    (
        "users",
        "select m.address || ':' || p.password || ':900:900::' || m.home || '::userdb_quota_rule=' || m.quota_rule \
         from mail_api.mailboxes m join mail_api.passwords p using (address)",
    ),
    ("sieve/default.sieve", "select mail_api.default_script()"),
    (
        "keys.json",
        "select json_build_object(\
           'senders', (select json_object_agg(m.address, (select json_agg(s) from mail_api.senders(m.address) as s)) \
             from mail_api.mailboxes m), \
           'keys', (select json_object_agg(domain, json_build_array(selector, private_key)) from mail_api.keys))",
    ),
];

/// A mail service in its container; gone when dropped.
struct Service {
    name: String,
}

pub(crate) async fn measure() -> Vec<Row> {
    let app = TestApp::start().await;
    app.clock.advance(SystemClock.now() - noon());
    set_up(&app).await;
    script(&["build"], &[]);
    let ours = Service::start(&app, "maps");
    let flat = Service::start(&app, "flat");
    flat.flatten(&app);
    for service in [&ours, &flat] {
        service.turn("first", FIRST_MAILS);
    }
    let (mut rates, mut floors, mut lost) = (Vec::new(), Vec::new(), 0);
    for turn in 0..TURNS {
        for (service, rates) in [(&ours, &mut rates), (&flat, &mut floors)] {
            eprintln!("  {MAILS} mails by {}", service.name);
            let (rate, missing) = service.turn(&turn.to_string(), MAILS);
            rates.push(rate);
            lost += missing;
        }
    }
    vec![
        Row::at_least(
            "1,000 mails from submission to IMAP, 8 connections, against flat files",
            (median(rates), median(floors)),
            "/s",
            0.9,
        ),
        Row::exactly("the same: mails lost of 6,000", lost, "mails", 0),
    ]
}

/// A domain and its mailboxes, made by a panel. It is away afterwards: mail needs none.
async fn set_up(app: &TestApp) {
    let mut panel = Panel::of(app, "deliveries");
    panel.set("BERTH_NO_WORKER", "true");
    let (running, _) = panel.serve().await;
    let customer = Customer::of(app, "harbour", &panel).await;
    let domain = json!({ "name": "harbour.test" });
    customer.post(&panel.url("/api/v1/mail/domains"), &domain).await;
    sql::run(app, ROOM);
    for (sender, recipient) in pairs() {
        for address in [sender, recipient] {
            let new = json!({ "address": address, "password": PASSWORD });
            customer.post(&panel.url("/api/v1/mail/mailboxes"), &new).await;
        }
    }
    running.kill().await;
}

/// Who writes to whom, a connection each.
fn pairs() -> Vec<(String, String)> {
    let pair = |n| (format!("from{n}@harbour.test"), format!("to{n}@harbour.test"));
    (0..CONNECTIONS).map(pair).collect()
}

impl Service {
    fn start(app: &TestApp, kind: &str) -> Self {
        let service = Self {
            name: format!("bench-mail-{kind}-{}", std::process::id()),
        };
        let options: sqlx::postgres::PgConnectOptions = app.admin_url().parse().unwrap();
        let folder = options.get_socket().expect("the cluster's socket").clone();
        let settings = [
            ("BERTH_MAIL_HOST", "mail.bench.test".to_owned()),
            ("BERTH_MAIL_DATABASE_HOST", folder.display().to_string()),
            (
                "BERTH_MAIL_DATABASE_NAME",
                options.get_database().unwrap().to_owned(),
            ),
            ("BERTH_MAIL_PORTS", "random".to_owned()),
        ];
        script(&["start", &service.name], &settings);
        service
    }

    /// Starts it once more with flat files instead of PostgreSQL.
    fn flatten(&self, app: &TestApp) {
        let folder = Folder::new();
        for file in ["apply.py", "database.py", "dovecot.conf"] {
            folder.write(
                file,
                &std::fs::read_to_string(Path::new(FILES).join(file)).unwrap(),
            );
        }
        for (name, question) in FLAT {
            folder.write(name, &sql::ask(app, question));
        }
        let to = format!("{}:/flat", self.name);
        docker(&["cp", folder.0.to_str().unwrap(), &to]);
        docker(&["exec", &self.name, "python3", "/flat/apply.py"]);
        docker(&["stop", &self.name]);
        docker(&["start", &self.name]);
        let begun = Instant::now();
        while !succeeds(&["exec", &self.name, "berth-mail", "healthy"]) {
            assert!(begun.elapsed() < READY, "{} does not start", self.name);
            std::thread::sleep(LOOK_AGAIN);
        }
    }

    fn port(&self, inside: &str) -> u16 {
        let told = docker(&["port", &self.name, inside]);
        let first = told.lines().next().and_then(|line| line.rsplit_once(':'));
        first.and_then(|(_, port)| port.parse().ok()).expect(&told)
    }

    /// Sends mails, and waits for them: how many a second, and how many never came.
    fn turn(&self, turn: &str, mails: u32) -> (f64, u64) {
        let asked = json!({
            "submission": self.port(SUBMISSION),
            "imaps": self.port(IMAPS),
            "password": PASSWORD,
            "pairs": pairs(),
            "messages": mails,
            "turn": turn,
        });
        let mut client = Command::new("python3")
            .arg(Path::new(FILES).join("client.py"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("python3");
        let mut input = client.stdin.take().unwrap();
        input.write_all(asked.to_string().as_bytes()).unwrap();
        drop(input);
        let output = client.wait_with_output().unwrap();
        assert!(output.status.success(), "the mail client failed at {}", self.name);
        let told: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(told["refused"], json!([]), "{}", self.name);
        assert_eq!(told["sent"], json!(mails));
        let rate = f64::from(mails) / told["seconds"].as_f64().unwrap();
        (rate, told["lost"].as_u64().unwrap())
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let mut docker = Command::new("docker");
        drop(docker.args(["rm", "--force", "--volumes", &self.name]).output());
        let mut docker = Command::new("docker");
        drop(docker.args(["volume", "rm", "--force", &self.name]).output());
    }
}

/// Flat files on their way into a container; gone when dropped, since one has a key.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let folder = std::env::temp_dir().join(format!("berth-bench-flat-{}", std::process::id()));
        for part in ["maps", "sieve"] {
            std::fs::create_dir_all(folder.join(part)).unwrap();
        }
        Self(folder)
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.0.join(name), text).unwrap();
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

fn script(words: &[&str], settings: &[(&str, String)]) {
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/mail.sh");
    let mut command = Command::new(program);
    command.args(words);
    for (name, value) in settings {
        command.env(name, value);
    }
    done(&mut command);
}

fn docker(words: &[&str]) -> String {
    done(Command::new("docker").args(words))
}

fn succeeds(words: &[&str]) -> bool {
    let output = Command::new("docker").args(words).output();
    output.is_ok_and(|output| output.status.success())
}

/// What a program prints, which must not fail.
fn done(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{command:?}: {said}");
    String::from_utf8(output.stdout).unwrap()
}
