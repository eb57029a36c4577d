//! How an egg's server says that it is up, and how it is asked to end.

use regex::Regex;
use serde_json::Value;

use crate::catalogue::StopSignal;

use super::document::{clean, object, text, texts};
use super::report::Report;

const MAX_LINES: usize = 20;
const MAX_LINE: usize = 500;

/// A line by which a server says that it is up.
#[derive(Debug, Clone)]
pub enum Ready {
    /// One that has this in it.
    Contains(String),
    /// One that this pattern finds something in.
    Matches(Regex),
}

impl Ready {
    /// Whether a line says so. Colours of terminals do not count.
    pub fn is_said_by(&self, line: &str) -> bool {
        let plain = without_colours(line);
        match self {
            Self::Contains(text) => plain.contains(text) || line.contains(text),
            Self::Matches(pattern) => pattern.is_match(&plain),
        }
    }
}

/// Removes escape sequences (`ESC [ … letter`).
fn without_colours(line: &str) -> String {
    let (mut plain, mut chars) = (String::with_capacity(line.len()), line.chars().peekable());
    while let Some(c) = chars.next() {
        if c == '\u{1b}' && chars.peek() == Some(&'[') {
            chars.next();
            for inner in chars.by_ref() {
                if ('@'..='~').contains(&inner) {
                    break;
                }
            }
        } else {
            plain.push(c);
        }
    }
    plain
}

/// How a server is asked to end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stop {
    /// By a signal.
    Signal(StopSignal),
    /// By a line on its standard input.
    Input(String),
}

/// Reads `config.startup`.
pub(super) fn ready(value: Option<&Value>, report: &mut Report) -> Vec<Ready> {
    let Ok(startup) = object(value) else {
        report.lost(
            "config.startup",
            "It can't be read, so a server counts as up as soon as it runs.",
        );
        return Vec::new();
    };
    if startup
        .get("userInteraction")
        .is_some_and(|asked| !texts(Some(asked)).is_empty())
    {
        report.lost(
            "config.startup.userInteraction",
            "Questions at the start are not asked.",
        );
    }
    let done = texts(startup.get("done"));
    if done.is_empty() {
        report.info(
            "config.startup.done",
            "No line says that it is up, so a server counts as up as soon as it runs.",
        );
    }
    let lines = done.iter().take(MAX_LINES).filter(|line| line.len() <= MAX_LINE);
    lines.filter_map(|line| one_line(line, report)).collect()
}

fn one_line(line: &str, report: &mut Report) -> Option<Ready> {
    let Some(pattern) = line.strip_prefix("regex:") else {
        return Some(Ready::Contains(line.to_owned()));
    };
    match super::rules::compile(pattern) {
        Ok(pattern) => Some(Ready::Matches(pattern)),
        Err(why) => {
            report.lost(
                "config.startup.done",
                format!("The pattern {pattern} is not looked for: {why}."),
            );
            None
        }
    }
}

/// Reads `config.stop`.
pub(super) fn stop(value: Option<&Value>, report: &mut Report) -> Stop {
    let text = clean(&text(value), MAX_LINE);
    let line = text.lines().next().unwrap_or_default().trim();
    let bare = line.trim_start_matches('^').to_ascii_uppercase();
    let is_signal = line.starts_with('^')
        || bare
            .strip_prefix("SIG")
            .is_some_and(|name| name.bytes().all(|b| b.is_ascii_uppercase()));
    if line.is_empty() {
        report.info("config.stop", "It says no way to stop, so a server gets SIGTERM.");
        return Stop::Signal(StopSignal::Term);
    }
    if !is_signal {
        return Stop::Input(line.to_owned());
    }
    Stop::Signal(match bare.trim_start_matches("SIG") {
        "C" | "INT" => StopSignal::Int,
        "TERM" => StopSignal::Term,
        "QUIT" | "\\" => StopSignal::Quit,
        "KILL" => StopSignal::Kill,
        "ABRT" => StopSignal::Abort,
        other => {
            report.changed(
                "config.stop",
                format!("The signal {other} is not known here; a server gets SIGTERM."),
            );
            StopSignal::Term
        }
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn ways_to_stop() {
        let mut report = Report::default();
        for (written, stop_) in [
            (json!("^C"), Stop::Signal(StopSignal::Int)),
            (json!("^^C"), Stop::Signal(StopSignal::Int)),
            (json!("^SIGTERM"), Stop::Signal(StopSignal::Term)),
            (json!("SIGKILL"), Stop::Signal(StopSignal::Kill)),
            (json!("^sigabrt"), Stop::Signal(StopSignal::Abort)),
            (json!(null), Stop::Signal(StopSignal::Term)),
            (json!("stop"), Stop::Input("stop".to_owned())),
            (json!("signal end"), Stop::Input("signal end".to_owned())),
        ] {
            assert_eq!(stop(Some(&written), &mut report), stop_, "{written}");
        }
    }

    #[test]
    fn lines_that_say_it_is_up() {
        let mut report = Report::default();
        let written = json!(
            "{\"done\": [\")! For help\", \"regex:^Listening on \\\\d+$\", \"regex:(?<=x)y\"], \"userInteraction\": []}"
        );
        let lines = ready(Some(&written), &mut report);
        assert_eq!(lines.len(), 2);
        let is_up = |line: &str| lines.iter().any(|ready| ready.is_said_by(line));
        assert!(is_up("[12:00] Done (3s)! For help, type help"));
        assert!(is_up("\u{1b}[32mListening on 20001\u{1b}[0m"));
        assert!(!is_up("Listening soon"));
        assert_eq!(report.notes().len(), 1);
    }
}
