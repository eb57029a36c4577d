//! Tickets: the queue over a million of them against a thousand, and what is found by its words among a hundred thousand.

use std::time::Instant;

use berth::platform::access::{Permission, Side, StaffRole};
use berth::platform::clock::{Clock as _, SystemClock};
use berth::testing::{TestApp, noon};

use crate::create::median;
use crate::lists::{self, Rate};
use crate::panel::Panel;
use crate::sql;
use crate::table::Row;

const FEW: u32 = 1_000;
const MANY: u32 = 1_000_000;
const SEARCHED: u32 = 100_000;
/// Searches that are timed.
const SEARCHES: usize = 500;
/// Words that the posts are made of; the first ones are in nearly all, the last ones in a few.
const WORDS: usize = 20_000;
const TURNS: usize = 5;

const QUEUED: &str = "the queue of open tickets over 1,000,000 instead of 1,000";
const QUEUE: &str = "/api/v1/staff/tickets";
const ALL: &str = "/api/v1/staff/tickets?state=all";

pub(crate) async fn measure() -> Vec<Row> {
    let few = Bench::with(FEW).await.queue().await;
    let many = Bench::with(MANY).await.queue().await;
    let (slowest, middle) = Bench::with(SEARCHED).await.search().await;
    vec![
        lists::more_rows(QUEUED, many.0, few.0),
        lists::more_rows(
            "the list of all tickets, 1,000,000 instead of 1,000",
            many.1,
            few.1,
        ),
        Row::figure("search among 100,000 tickets, p99", slowest, "ms", 100.0),
        Row::told("the same, median", middle, "ms"),
    ]
}

struct Bench {
    /// Its database goes with it.
    _app: TestApp,
    panel: Panel,
    token: String,
}

impl Bench {
    async fn with(tickets: u32) -> Self {
        let app = TestApp::start().await;
        app.clock.advance(SystemClock.now() - noon());
        for tenant in ["harbour", "acme", "depot"] {
            app.tenant(tenant).await;
        }
        let user = app.staff("ann", StaffRole::Engineer).await;
        let all = Permission::ALL.iter().copied();
        let scopes: Vec<Permission> = all.filter(|one| one.side() == Side::Staff).collect();
        let token = app.program(user, None, &scopes).await.bearer().to_owned();
        eprintln!("  {tickets} tickets");
        sql::run(&app, &rows(tickets));
        if tickets == SEARCHED {
            sql::run(&app, &posts());
        }
        let mut panel = Panel::of(&app, "tickets");
        panel.set("BERTH_NO_WORKER", "true");
        Self {
            _app: app,
            panel,
            token,
        }
    }

    /// Requests a second for the open ones and for all, the medians of some turns.
    async fn queue(&self) -> (Rate, Rate) {
        let (running, _) = self.panel.serve().await;
        let header = format!("authorization: Bearer {}", self.token);
        let (mut open, mut all) = (Vec::new(), Vec::new());
        for _ in 0..TURNS {
            open.push(lists::rate(&self.panel, QUEUE, &header).await);
            all.push(lists::rate(&self.panel, ALL, &header).await);
        }
        running.kill().await;
        let middle = |rates: Vec<Rate>| rates.into_iter().collect::<Result<Vec<f64>, u16>>().map(median);
        (middle(open), middle(all))
    }

    /// The time that one search of a hundred exceeds, and the median, in milliseconds: words that are everywhere, rare ones, and two at once.
    async fn search(&self) -> (f64, f64) {
        let (running, _) = self.panel.serve().await;
        let http = reqwest::Client::new();
        let mut times = Vec::new();
        for n in 0..SEARCHES {
            // From the most frequent word to the rarest, evenly by rank on a logarithmic scale.
            let part = f64::from(u32::try_from(n).unwrap()) / f64::from(u32::try_from(SEARCHES).unwrap());
            let word = word_at(part);
            let q = if n % 3 == 0 {
                format!("{word}+{}", word_at(part / 2.0))
            } else {
                word
            };
            let state = if n % 2 == 0 { "open" } else { "all" };
            let url = self.panel.url(&format!("{QUEUE}?q={q}&state={state}"));
            let begun = Instant::now();
            let answer = http.get(url).bearer_auth(&self.token).send().await.unwrap();
            assert_eq!(answer.status().as_u16(), 200, "{q}");
            answer.bytes().await.unwrap();
            times.push(begun.elapsed().as_secs_f64() * 1000.0);
        }
        running.kill().await;
        times.sort_unstable_by(f64::total_cmp);
        (times[SEARCHES * 99 / 100], times[SEARCHES / 2])
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a rank below the number of words"
)]
fn word_at(part: f64) -> String {
    let rank = (WORDS as f64).powf(part) as usize;
    format!("w{rank:05}")
}

/// Tickets of three tenants, a second apart; every fifth is open.
fn rows(tickets: u32) -> String {
    format!(
        "insert into ticket (id, tenant_id, subject, severity, state, source, opened_at, changed_at, closed_at, due_at, due_what) \
         select gen_random_uuid(), t.ids[1 + n % 3], 'Ticket w' || lpad((n % {WORDS})::text, 5, '0'), 'p' || 1 + n % 4, \
           case when n % 5 = 0 then 'in_progress' else 'closed' end, 'customer', now() - n * interval '1 second', \
           now() - n * interval '1 second', case when n % 5 = 0 then null else now() end, \
           case when n % 5 = 0 then now() + n * interval '1 minute' end, case when n % 5 = 0 then 'an answer' end \
         from generate_series(1, {tickets}) n, (select array_agg(id) as ids from tenant) t; analyze ticket;"
    )
}

/// A post of sixty words in each, as words are: few of them make up most of a text.
fn posts() -> String {
    format!(
        "drop index ticket_post_words; \
         insert into ticket_post (id, ticket_id, tenant_id, kind, is_public, body, side, author_name, created_at) \
         select gen_random_uuid(), t.id, t.tenant_id, 'reply', true, said.body, 'customer', 'Ann', t.opened_at \
         from ticket t, lateral (select string_agg('w' || lpad(floor({WORDS}::float ^ random())::int::text, 5, '0'), ' ') as body \
           from generate_series(1, 60) where t.number > 0) said; \
         create index ticket_post_words on ticket_post using gin (words) with (fastupdate = off); analyze ticket_post;"
    )
}
