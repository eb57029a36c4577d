//! The files that an egg's author keeps people from: patterns as in `.gitignore`, which files are held against.

use ignore::gitignore::GitignoreBuilder;
use serde_json::{Map, Value};

use super::document::{clean, texts};
use super::report::Report;

const MAX_DENIED: usize = 200;
const MAX_PATTERN: usize = 1_000;

/// Reads `file_denylist`. What is no pattern is told and left out: it would lock nothing.
pub fn read(egg: &Map<String, Value>, report: &mut Report) -> Vec<String> {
    let mut denied = texts(egg.get("file_denylist"));
    if denied.len() > MAX_DENIED {
        let words = format!("Only its first {MAX_DENIED} patterns are taken over.");
        report.lost("file_denylist", words);
        denied.truncate(MAX_DENIED);
    }
    denied.retain(|pattern| {
        let is_good = is_pattern(pattern);
        if !is_good {
            let words = format!("{} is no pattern, so it locks nothing.", clean(pattern, 60));
            report.lost("file_denylist", words);
        }
        is_good
    });
    denied
}

fn is_pattern(text: &str) -> bool {
    let mut builder = GitignoreBuilder::new("");
    text.len() <= MAX_PATTERN && builder.add_line(None, text).is_ok() && builder.build().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_list(list: &Value) -> (Vec<String>, usize) {
        let mut egg = Map::new();
        egg.insert("file_denylist".to_owned(), list.clone());
        let mut report = Report::default();
        let denied = read(&egg, &mut report);
        (denied, report.notes().len())
    }

    #[test]
    fn what_is_no_pattern_is_told_and_left_out() {
        let (denied, notes) = read_list(&serde_json::json!(["a.cfg", "*.pem", "a[z-a]", "x".repeat(1001)]));
        assert_eq!(denied, ["a.cfg", "*.pem"]);
        assert!(notes > 0);
        assert_eq!(read_list(&serde_json::json!(["a.cfg"])).1, 0);
    }
}
