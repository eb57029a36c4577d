//! Files with `[sections]` of `key=value`.

use super::Filled;
use super::lines::{assignment, joined};

/// Sets `section.key`; a key without a section stands above the first one.
pub(super) fn edit(present: &str, edits: &[Filled]) -> String {
    let mut lines: Vec<String> = present.lines().map(str::to_owned).collect();
    for edit in edits {
        let (section, key) = place(&edit.key);
        set(&mut lines, section, key, edit);
    }
    joined(&lines)
}

/// `Net.Port`, or `[with.dots].Port`.
fn place(path: &str) -> (&str, &str) {
    if let Some((section, key)) = path.strip_prefix('[').and_then(|rest| rest.split_once("].")) {
        return (section, key);
    }
    path.split_once('.').unwrap_or(("", path))
}

fn set(lines: &mut Vec<String>, section: &str, key: &str, edit: &Filled) {
    let start = if section.is_empty() {
        Some(0)
    } else {
        lines
            .iter()
            .position(|line| header(line) == Some(section))
            .map(|at| at + 1)
    };
    let Some(start) = start else {
        if edit.only.is_none() {
            lines.extend([format!("[{section}]"), format!("{key}={}", edit.text())]);
        }
        return;
    };
    let next = lines[start..].iter().position(|line| header(line).is_some());
    let end = next.map_or(lines.len(), |length| start + length);
    let mut found = false;
    for line in &mut lines[start..end] {
        if let Some((before, value)) = assignment(line, key) {
            found = true;
            if edit.fits(value.trim()) {
                *line = format!("{before}{}", edit.text());
            }
        }
    }
    if !found && edit.only.is_none() {
        // Below the last line of the section that says something.
        let blank = lines[start..end]
            .iter()
            .rev()
            .take_while(|line| line.trim().is_empty())
            .count();
        lines.insert(end - blank, format!("{key}={}", edit.text()));
    }
}

fn header(line: &str) -> Option<&str> {
    line.trim().strip_prefix('[')?.strip_suffix(']').map(str::trim)
}
