//! The evidence of a breakdown as two texts: all of it for staff, and what the customer reads. Pure.

use chrono::{DateTime, Utc};

use crate::monitoring::{Incident, Signature};
use crate::servers::model::ending;

use super::{moment, sentence, told};

/// So much of a log stands in a post, in characters.
const MOST_OF_LOG: usize = 40_000;
/// So many lines the customer's post has.
const FOR_CUSTOMERS: usize = 20;

/// How a process ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ending {
    /// What it returned.
    pub exit_code: Option<i64>,
    /// Whether the kernel ended it for want of memory.
    pub out_of_memory: bool,
}

/// What was found.
#[derive(Debug)]
pub struct Pack<'a> {
    /// The incident.
    pub incident: &'a Incident,
    /// When it began to fail, or did again.
    pub since: DateTime<Utc>,
    /// What failed: a server's name, or that there are several.
    pub what: String,
    /// How its process ended.
    pub ending: Ending,
    /// The newest lines of the log, clean and masked; or why there are none.
    pub log: Result<Vec<String>, String>,
    /// The metrics in words.
    pub metrics: String,
    /// What was changed about the server in the last day, newest first.
    pub changes: Vec<(DateTime<Utc>, String)>,
    /// Other incidents of it, newest first.
    pub related: Vec<(DateTime<Utc>, String)>,
    /// The titles of the runbooks that fit.
    pub runbooks: Vec<String>,
}

impl Pack<'_> {
    /// Whether there is a process that ended.
    fn has_ended(&self) -> bool {
        use Signature as S;
        let by_end = matches!(
            self.incident.signature,
            S::ExitOom | S::ExitCode | S::CrashLoop | S::Stopped
        );
        by_end || self.ending.out_of_memory
    }

    /// Why it failed, for whoever does not know numbers.
    fn reason(&self) -> String {
        if self.ending.out_of_memory {
            return "It needed more memory than its size has, so it was ended.".to_owned();
        }
        match self.ending.exit_code.filter(|_| self.has_ended()) {
            Some(0) => "It ended by itself without an error.".to_owned(),
            Some(126 | 127) => "Its program could not be started.".to_owned(),
            Some(137 | 143) => "It was ended from outside.".to_owned(),
            Some(code @ 129..=192) => format!("It was ended by signal {}.", code - 128),
            Some(code) => format!("It ended with an error of its own (exit code {code})."),
            None => sentence(told(self.incident)),
        }
    }

    /// All of it, for staff.
    pub fn internal(&self) -> String {
        let head = format!(
            "## Evidence: {}\n\n{}\n\n- Since: {}\n",
            escaped(&self.what),
            sentence(&self.incident.summary),
            moment(self.since)
        );
        let ended = if self.has_ended() {
            let flag = if self.ending.out_of_memory {
                "set"
            } else {
                "not set"
            };
            let ended = ending(self.ending.exit_code, self.ending.out_of_memory);
            format!("- Ended with: {ended} (out-of-memory flag {flag})\n")
        } else {
            String::new()
        };
        let log = match &self.log {
            Ok(lines) if lines.is_empty() => "\n### Log\n\nIt printed nothing.\n".to_owned(),
            Ok(lines) => format!("\n### The last lines of its log\n\n{}", fenced(lines)),
            Err(why) => format!("\n### Log\n\n{}\n", sentence(why)),
        };
        let parts = [
            head,
            ended,
            format!("- Metrics: {}\n", self.metrics),
            section(
                "Runbooks that fit",
                self.runbooks.iter().map(|title| escaped(title)),
            ),
            section("Changes of the last day", self.changes.iter().map(dated)),
            section("Related incidents", self.related.iter().map(dated)),
            log,
        ];
        parts.concat()
    }

    /// What the customer reads: without what others did, and of the log only a little.
    pub fn public(&self, with_log: bool) -> String {
        let head = format!(
            "**{}** does not work as it should since {}.\n\n{}\n",
            escaped(&self.what),
            moment(self.since),
            self.reason()
        );
        let lines = self
            .log
            .as_ref()
            .ok()
            .filter(|lines| with_log && !lines.is_empty());
        let log = lines.map(|lines| {
            format!(
                "\nThe last lines of its log, without what looks like a secret:\n\n{}",
                for_customers(lines)
            )
        });
        head + &log.unwrap_or_default()
    }
}

/// A log that could not be read before: for staff, and for customers what they read of it, if anything.
pub fn late_log(name: &str, lines: &[String], with_log: bool) -> (String, Option<String>) {
    let head = format!("### Log of {}\n\nIt can be read again", escaped(name));
    if lines.is_empty() {
        return (format!("{head}. It printed nothing.\n"), None);
    }
    let all = format!("{head}, as it is by now:\n\n{}", fenced(lines));
    let part = with_log.then(|| {
        format!(
            "The log of **{}** can be read again. Its last lines, without what looks like a secret:\n\n{}",
            escaped(name),
            for_customers(lines)
        )
    });
    (all, part)
}

/// The few lines that customers read.
fn for_customers(lines: &[String]) -> String {
    fenced(&lines[lines.len().saturating_sub(FOR_CUSTOMERS)..])
}

fn dated((at, what): &(DateTime<Utc>, String)) -> String {
    format!("{}: {}", moment(*at), escaped(what))
}

fn section(title: &str, lines: impl Iterator<Item = String>) -> String {
    let lines: Vec<String> = lines.map(|line| format!("- {line}\n")).collect();
    if lines.is_empty() {
        return format!("\n### {title}\n\nNone.\n");
    }
    format!("\n### {title}\n\n{}", lines.concat())
}

/// Lines as a block of code, whatever they hold; the newest, if they are too many.
fn fenced(lines: &[String]) -> String {
    let mut left = MOST_OF_LOG;
    let fitting = lines.iter().rev().take_while(|line| {
        left = left.saturating_sub(line.chars().count() + 1);
        left > 0
    });
    let from = lines.len() - fitting.count();
    let text = lines[from..].join("\n");
    let longest = text
        .split(|letter| letter != '`')
        .map(str::len)
        .max()
        .unwrap_or_default();
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}text\n{text}\n{fence}\n")
}

/// Text that Markdown shows as it is.
pub fn escaped(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for letter in text.chars() {
        if letter.is_control() {
            shown.push(' ');
            continue;
        }
        if "\\`*_{}[]<>#|~!&".contains(letter) {
            shown.push('\\');
        }
        shown.push(letter);
    }
    shown
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::super::seed::incident;
    use super::*;

    fn pack(incident: &Incident, log: Vec<String>) -> Pack<'_> {
        Pack {
            incident,
            since: incident.began_at,
            what: "web_1".to_owned(),
            ending: Ending {
                exit_code: Some(137),
                out_of_memory: true,
            },
            log: Ok(log),
            metrics: "Memory: full.".to_owned(),
            changes: vec![(incident.began_at, "ann Resized the server web_1".to_owned())],
            related: Vec::new(),
            runbooks: vec!["Out of memory".to_owned()],
        }
    }

    #[test]
    fn staff_read_all_and_customers_a_part() {
        let incident = incident(Signature::ExitOom, "It ended");
        let log: Vec<String> = (0..50).map(|n| format!("line {n}")).collect();
        let pack = pack(&incident, log);
        let (all, part) = (pack.internal(), pack.public(true));
        for told in [
            "exit code 137 (signal 9), out of memory (out-of-memory flag set)",
            "ann Resized",
            "line 0\n",
            "Out of memory",
            "### Related incidents\n\nNone.",
        ] {
            assert!(all.contains(told), "{told}: {all}");
        }
        assert!(
            part.contains("**web\\_1** does not work") && part.contains("more memory than its size"),
            "{part}"
        );
        assert!(
            part.contains("line 30\n") && !part.contains("line 29\n"),
            "{part}"
        );
        assert!(!part.contains("ann") && !part.contains("137"), "{part}");
        assert!(!pack.public(false).contains("line 49"));
    }

    #[test]
    fn a_post_is_never_too_long_and_ends_with_the_newest_line() {
        let incident = incident(Signature::ExitCode, "It ended");
        let log: Vec<String> = (0..200).map(|n| format!("{n} {}", "x".repeat(400))).collect();
        let all = pack(&incident, log).internal();
        assert!(all.chars().count() < 65_536);
        assert!(all.contains("\n199 x") && !all.contains("\n0 x"));
    }

    proptest! {
        #[test]
        fn no_line_leaves_its_block(lines in prop::collection::vec("[`~a \\-]{0,12}", 1..6)) {
            let block = fenced(&lines);
            let fence = block.lines().next().unwrap().trim_end_matches("text").to_owned();
            let inside = block.lines().skip(1).take(lines.len());
            prop_assert!(inside.clone().all(|line| !line.contains(&fence)), "{block}");
            prop_assert_eq!(inside.count(), lines.len());
        }
    }
}
