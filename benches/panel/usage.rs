//! What it costs the panel to measure the servers that run, and whether it misses any.
//!
//! It needs real containers, so it goes on from the crowd of `create`.

use std::time::{Duration, Instant};

use berth::testing::TestApp;

use crate::panel::Running;
use crate::sql;
use crate::table::Row;

/// Six of the panel's periods of ten seconds.
const WINDOW: Duration = Duration::from_mins(1);
/// The share of one core that a thousand servers may cost: issue 3, item 6.
const BAR: f64 = 5.0;

/// Watches a panel that has nothing else to do. `count` servers run.
pub(crate) async fn measure(app: &TestApp, running: &Running, count: usize) -> Vec<Row> {
    // The first reading after a start makes no rate, and the look at everything after a start is over by then.
    tokio::time::sleep(Duration::from_secs(25)).await;
    let (begun, used) = (Instant::now(), running.processor_time());
    tokio::time::sleep(WINDOW).await;
    let share =
        running.processor_time().saturating_sub(used).as_secs_f64() / begun.elapsed().as_secs_f64() * 100.0;
    // The newest moment may be on its way into the table.
    let seen = sql::ask(
        app,
        "select count(*) from usage_10s group by at order by at desc limit 6 offset 1",
    );
    let complete: Vec<usize> = seen.lines().map(|line| line.parse().unwrap()).collect();
    let missing: usize = complete.iter().map(|seen| count.saturating_sub(*seen)).sum();
    vec![
        Row::figure(
            &format!("measuring {count} running servers every 10 s: of one core"),
            share,
            "%",
            BAR,
        ),
        Row::exactly(
            &format!("the same: missing of {} measurements", complete.len() * count),
            u64::try_from(missing).unwrap(),
            "measurements",
            0,
        ),
    ]
}
