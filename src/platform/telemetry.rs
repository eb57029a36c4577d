//! Logs: one line per request, text for people or JSON for machines, to standard error.
//!
//! Never logged: passwords, tokens, cookies, bodies, secrets of servers. So some crates say no more than `QUIET` allows,
//! whatever the settings ask for.

use std::io::IsTerminal as _;

use tracing::{Level, Metadata, Subscriber};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt as _;

/// How a log line looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// For a person at a terminal.
    Text,
    /// One JSON object a line.
    Json,
}

/// They write down what they send, such as a container's environment with its secrets.
const QUIET: &[(&str, Level)] = &[
    ("bollard", Level::INFO),
    ("hyper", Level::INFO),
    ("h2", Level::INFO),
];

fn is_harmless(metadata: &Metadata<'_>) -> bool {
    let of_crate = |name: &str| metadata.target().split("::").next() == Some(name);
    QUIET
        .iter()
        .all(|(name, most)| !of_crate(name) || metadata.level() <= most)
}

fn subscriber(filter: EnvFilter) -> impl Subscriber + Send + Sync + for<'a> LookupSpan<'a> {
    tracing_subscriber::registry()
        .with(filter)
        .with(filter_fn(is_harmless))
}

/// Starts logging. `filter` is a `tracing` directive such as `info,berth=debug`; what can't be read is left out.
pub fn start(format: LogFormat, filter: &str) {
    let filter = EnvFilter::builder().parse_lossy(filter);
    let registry = subscriber(filter);
    // Colours are for people who watch, not for files.
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    // A second start in one process, as in tests, keeps the first.
    let _ = match format {
        LogFormat::Text => registry.with(lines.with_target(false)).try_init(),
        LogFormat::Json => registry.with(lines.json().flatten_event(true)).try_init(),
    };
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>);

    impl Write for Log {
        fn write(&mut self, text: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(text)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn requests_to_the_engine_are_never_logged() {
        let log = Log::default();
        let writer = log.clone();
        let filter = EnvFilter::builder().parse_lossy("trace,bollard::docker=trace");
        let lines = tracing_subscriber::fmt::layer().with_writer(move || writer.clone());
        let subscriber = subscriber(filter).with(lines);
        tracing::subscriber::with_default(subscriber, || {
            tracing::debug!(target: "bollard::docker", "PASSWORD=hunter2");
            tracing::trace!(target: "hyper::proto", "PASSWORD=hunter2");
            tracing::info!(target: "bollard::docker", "connected");
            tracing::trace!(target: "berth", "ours");
        });
        let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
        assert!(!text.contains("hunter2"), "{text}");
        assert!(text.contains("connected") && text.contains("ours"), "{text}");
    }
}
