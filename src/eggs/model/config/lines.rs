//! Files of lines: `key=value`, and any text whose lines are known by how they begin.

use super::Filled;

/// Sets keys where they stand, and adds those that are missing.
pub(super) fn properties(present: &str, edits: &[Filled]) -> String {
    let mut lines: Vec<String> = present.lines().map(str::to_owned).collect();
    for edit in edits {
        let mut found = false;
        for line in &mut lines {
            if let Some((start, value)) = assignment(line, &edit.key) {
                found = true;
                if edit.fits(value.trim()) {
                    *line = format!("{start}{}", edit.text());
                }
            }
        }
        if !found && edit.only.is_none() {
            lines.push(format!("{}={}", edit.key, edit.text()));
        }
    }
    joined(&lines)
}

/// The part of a line up to the value of `key`, and the value.
pub(super) fn assignment<'a>(line: &'a str, key: &str) -> Option<(&'a str, &'a str)> {
    if line.trim_start().starts_with(['#', '!', ';']) {
        return None;
    }
    let at = line.find(['=', ':'])?;
    if line[..at].trim() != key {
        return None;
    }
    let value = line[at + 1..].trim_start();
    Some((&line[..line.len() - value.len()], value))
}

/// Replaces whole lines by how they begin.
pub(super) fn starts(present: &str, edits: &[Filled]) -> String {
    let line = |line: &str| {
        let edit = edits
            .iter()
            .find(|edit| line.starts_with(&edit.key) && edit.fits(&line[edit.key.len()..]));
        edit.map_or_else(|| line.to_owned(), Filled::text)
    };
    joined(&present.lines().map(line).collect::<Vec<_>>())
}

pub(super) fn joined(lines: &[String]) -> String {
    let mut text = lines.join("\n");
    if !text.is_empty() {
        text.push('\n');
    }
    text
}
