//! `make bench`: what the panel costs, each figure beside its floor in the same run, as ratios. A slow machine makes both
//! slow, so the ratio means the same everywhere. It prints a table and never fails on a time.
//!
//! `cargo bench --features testing --bench panel -- create lists` runs these groups only.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::panic,
    reason = "a measurement that cannot go on says where, and its result is printed"
)]

mod backups;
mod breakdowns;
mod checks;
mod console;
mod create;
mod customer;
mod deliveries;
mod engine;
mod files;
mod lists;
mod mail;
mod panel;
mod pool;
mod reconcile;
mod sql;
mod table;
mod tickets;
mod usage;
mod weight;

use table::Row;

/// One part of the table.
const GROUPS: [&str; 12] = [
    "weight",
    "create",
    "files",
    "console",
    "reconcile",
    "checks",
    "lists",
    "pool",
    "backups",
    "mail",
    "tickets",
    "breakdowns",
];

fn main() {
    let wanted: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with('-'))
        .collect();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    let mut rows = Vec::new();
    for group in GROUPS {
        if wanted.is_empty() || wanted.iter().any(|name| name == group) {
            eprintln!("measuring: {group}");
            let measured = runtime.block_on(measure(group));
            // Told at once too: a later group may fail.
            eprint!("{}", table::draw(&measured));
            rows.extend(measured);
        }
    }
    print!("{}", table::draw(&rows));
}

async fn measure(group: &str) -> Vec<Row> {
    match group {
        "weight" => weight::measure().await,
        "create" => create::measure().await,
        "files" => files::measure().await,
        "reconcile" => reconcile::measure().await,
        "checks" => checks::measure().await,
        "console" => console::measure().await,
        "backups" => backups::measure().await,
        "pool" => pool::measure().await,
        "mail" => mail::measure().await,
        "tickets" => tickets::measure().await,
        "breakdowns" => breakdowns::measure().await,
        _ => lists::measure().await,
    }
}
