//! Mailboxes: how many a second the API makes, what a look-up of an address costs the mail service among a million of them, and a list
//! of a domain's among a million against ten thousand; and what mail itself costs by rows (`deliveries.rs`).

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use berth::platform::clock::{Clock as _, SystemClock};
use berth::testing::{TestApp, noon};
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::customer::Customer;
use crate::deliveries;
use crate::lists;
use crate::panel::Panel;
use crate::sql;
use crate::table::Row;

const FEW: u32 = 1_000;
const TEN_THOUSAND: u32 = 10_000;
const MANY: u32 = 1_000_000;
const CALLERS: usize = 8;
const LASTS: Duration = Duration::from_secs(5);
/// What the issue asks for, for callers that bring hashes.
const WANTED: f64 = 700.0;
/// Of some password, by Dovecot's `doveadm pw -s ARGON2ID`.
const HASH: &str = "{ARGON2ID}$argon2id$v=19$m=65536,t=3,p=1$c29tZXNhbHRzb21lc2FsdA$RdescudvJCsgt3ub+b+dWRWJTmaaJObG3F5T8mNOZm0";

struct Bench {
    app: TestApp,
    panel: Panel,
    customer: Customer,
    http: reqwest::Client,
    made: AtomicU32,
}

pub(crate) async fn measure() -> Vec<Row> {
    let app = TestApp::start().await;
    app.clock.advance(SystemClock.now() - noon());
    let mut panel = Panel::of(&app, "mail");
    panel.set("BERTH_NO_WORKER", "true");
    let (running, _) = panel.serve().await;
    let customer = Customer::of(&app, "harbour", &panel).await;
    sql::run(&app, DOMAIN);
    let bench = Bench {
        app,
        panel,
        customer,
        http: reqwest::Client::new(),
        made: AtomicU32::new(0),
    };
    let given = bench.creations(&json!({ "password_hash": HASH })).await;
    let hashed = bench
        .creations(&json!({ "password": "correct horse battery staple" }))
        .await;
    let mut rows = vec![
        Row::at_least(
            "create mailboxes by the API, hashes given, 8 callers, against what was asked for",
            (given, WANTED),
            "/s",
            1.0,
        ),
        Row::told("the same with passwords that are hashed", hashed, "/s"),
    ];
    rows.extend(bench.lookups().await);
    running.kill().await;
    drop(bench);
    rows.extend(deliveries::measure().await);
    rows
}

/// A proven domain of the only tenant, and a plan with room for all that comes.
const DOMAIN: &str = "insert into plan_mail (plan_id, max_domains, max_mailboxes, max_mail_mib, updated_at) \
    select plan_id, 10, 10000000, 1073741824, now() from tenant; \
    insert into mail_domain (id, tenant_id, name, proof, verified_at, created_by, created_at, updated_at) \
    select gen_random_uuid(), id, 'harbour.test', 'bench', now(), 'bench', now(), now() from tenant;";

/// Rows of mailboxes from one number to another.
fn rows(from: u32, to: u32) -> String {
    format!(
        "set session_replication_role = replica; \
         insert into mailbox (id, tenant_id, domain_id, local_part, address, password_hash, created_by, created_at, updated_at) \
         select gen_random_uuid(), tenant_id, id, 'p' || n, 'p' || n || '@harbour.test', '{HASH}', 'bench', \
           now() - n * interval '1 second', now() from generate_series({from}, {to}) n, mail_domain; \
         insert into mail_address (address, tenant_id, domain_id, kind, subject) \
         select address, tenant_id, domain_id, 'mailbox', id from mailbox where local_part like 'p%' \
           on conflict do nothing; \
         vacuum (analyze) mailbox; vacuum (analyze) mail_address;"
    )
}

impl Bench {
    /// How many mailboxes eight callers make in a second.
    async fn creations(&self, more: &Value) -> f64 {
        let (begun, before) = (Instant::now(), self.made.load(Ordering::Relaxed));
        join_all((0..CALLERS).map(|_| self.create_until(begun + LASTS, more))).await;
        let made = self.made.load(Ordering::Relaxed) - before;
        f64::from(made) / begun.elapsed().as_secs_f64()
    }

    async fn create_until(&self, end: Instant, more: &Value) {
        while Instant::now() < end {
            let number = self.made.fetch_add(1, Ordering::Relaxed);
            let mut new = more.clone();
            new["address"] = json!(format!("new{number}@harbour.test"));
            let request = self.http.post(self.panel.url("/api/v1/mail/mailboxes"));
            let answer = request
                .bearer_auth(&self.customer.token)
                .json(&new)
                .send()
                .await
                .unwrap();
            assert_eq!(answer.status().as_u16(), 201, "{}", answer.text().await.unwrap());
        }
    }

    async fn lookups(&self) -> Vec<Row> {
        let mut rates = Vec::new();
        let mut lists = Vec::new();
        let mut there = 0;
        for count in [FEW, TEN_THOUSAND, MANY] {
            eprintln!("  {count} mailboxes");
            sql::run(&self.app, &rows(there + 1, count));
            there = count;
            let mut turns = [(); 3].map(|()| sql::rate_of_reader(&self.app, &look_up(count)));
            turns.sort_by(f64::total_cmp);
            rates.push(turns[1]);
            let token = format!("authorization: Bearer {}", self.customer.token);
            lists.push(lists::rate(&self.panel, &self.list(), &token).await);
        }
        vec![
            Row::at_most(
                "an address looked up among 1,000,000 mailboxes instead of 1,000",
                (millis(rates[2]), millis(rates[0])),
                "ms",
                1.2,
            ),
            lists::more_rows(
                "the list of a domain's 1,000,000 mailboxes instead of 10,000",
                lists[2],
                lists[1],
            ),
        ]
    }

    fn list(&self) -> String {
        let domain = sql::ask(&self.app, "select id from mail_domain");
        let id: berth::platform::ids::MailDomainId =
            berth::platform::ids::MailDomainId(domain.trim().parse().unwrap());
        format!("/api/v1/mail/mailboxes?domain={id}")
    }
}

/// What Postfix asks of each recipient, of one by chance.
fn look_up(count: u32) -> String {
    format!("\\set n random(1, {count})\nselect mail_api.recipients('p' || :n || '@harbour.test');")
}

/// Time for a look-up, so that more is worse.
fn millis(rate: f64) -> f64 {
    let clients: f64 = sql::CLIENTS.parse().unwrap();
    clients * 1000.0 / rate
}
