//! Every metric of the panel: name, labels, meaning. Labels are bounded: routes and kinds, never tenants or servers.

use std::time::Duration;

use metrics::{counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};
use metrics_exporter_prometheus::{BuildError, PrometheusBuilder, PrometheusHandle};

const HTTP: &str = "berth_http_request_seconds";
const ENGINE: &str = "berth_engine_call_seconds";
const RECONCILE: &str = "berth_reconcile_seconds";
const LAG: &str = "berth_reconcile_due";
const SIGN_INS: &str = "berth_sign_ins_total";
const SAMPLED: &str = "berth_usage_sample_seconds";
const SAMPLES: &str = "berth_usage_samples_total";
const MAIL_QUEUE: &str = "berth_mail_queue";
const MAIL_OLDEST: &str = "berth_mail_queue_oldest_seconds";
const CHECKS: &str = "berth_checks_due";
const CHECK_LAG: &str = "berth_check_lag_seconds";
const UP: &str = "berth_dependency_up";

/// Starts collecting. A second start in one process, as in tests, is an error that the caller may ignore.
pub fn start() -> Result<PrometheusHandle, BuildError> {
    let handle = PrometheusBuilder::new().install_recorder()?;
    describe_histogram!(HTTP, "Time to answer, by route, method and status class");
    describe_histogram!(
        ENGINE,
        "Time of a call to the container engine, by call and outcome"
    );
    describe_histogram!(
        RECONCILE,
        "Time to bring one thing to its desired state, by kind and outcome"
    );
    describe_gauge!(LAG, "Things that wait to be reconciled, by kind");
    describe_counter!(SIGN_INS, "Sign-ins, by outcome");
    describe_histogram!(SAMPLED, "Time to measure what all servers use, by outcome");
    describe_counter!(SAMPLES, "Measurements of servers that were written");
    describe_gauge!(MAIL_QUEUE, "Mails in the queue, by whether they move or are held");
    describe_gauge!(
        MAIL_OLDEST,
        "Age of the oldest mail in the queue that is not held"
    );
    describe_gauge!(
        CHECKS,
        "Checks that fell due and were begun in the last quarter of a second"
    );
    describe_gauge!(CHECK_LAG, "How late the latest of them was begun");
    describe_gauge!(UP, "1 while a dependency answers, else 0, by name");
    Ok(handle)
}

/// A request was answered.
pub fn http(route: &str, method: &'static str, status: u16, took: Duration) {
    let class = match status {
        200..300 => "2xx",
        300..400 => "3xx",
        400..500 => "4xx",
        _ => "5xx",
    };
    histogram!(HTTP, "route" => route.to_owned(), "method" => method, "status" => class)
        .record(took.as_secs_f64());
}

/// The engine answered or failed.
pub fn engine(call: &'static str, ok: bool, took: Duration) {
    histogram!(ENGINE, "call" => call, "outcome" => outcome(ok)).record(took.as_secs_f64());
}

/// A thing was reconciled.
pub fn reconciled(kind: &'static str, ok: bool, took: Duration) {
    histogram!(RECONCILE, "kind" => kind, "outcome" => outcome(ok)).record(took.as_secs_f64());
}

/// So many things were due.
pub fn due(kind: &'static str, count: usize) {
    gauge!(LAG, "kind" => kind).set(f64::from(u32::try_from(count).unwrap_or(u32::MAX)));
}

/// All servers were measured, so many; or not.
pub fn sampled(count: Option<usize>, took: Duration) {
    histogram!(SAMPLED, "outcome" => outcome(count.is_some())).record(took.as_secs_f64());
    counter!(SAMPLES).increment(count.and_then(|count| u64::try_from(count).ok()).unwrap_or(0));
}

/// Somebody tried to sign in.
pub fn sign_in(outcome: &'static str) {
    counter!(SIGN_INS, "outcome" => outcome).increment(1);
}

/// So many mails are in the queue, and so many of them are held; the oldest that is not is so old.
pub fn mail_queue(count: usize, held: usize, oldest: Duration) {
    for (state, count) in [("moving", count.saturating_sub(held)), ("held", held)] {
        gauge!(MAIL_QUEUE, "state" => state).set(f64::from(u32::try_from(count).unwrap_or(u32::MAX)));
    }
    gauge!(MAIL_OLDEST).set(oldest.as_secs_f64());
}

/// So many checks were due, and the one that waited the longest waited so long.
pub fn checks(count: usize, lag: Duration) {
    gauge!(CHECKS).set(f64::from(u32::try_from(count).unwrap_or(u32::MAX)));
    gauge!(CHECK_LAG).set(lag.as_secs_f64());
}

/// A dependency answers or not.
pub fn dependency(name: &'static str, up: bool) {
    gauge!(UP, "name" => name).set(if up { 1.0 } else { 0.0 });
}

fn outcome(ok: bool) -> &'static str {
    if ok { "ok" } else { "error" }
}
