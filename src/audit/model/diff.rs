//! What changed, line by line.

use serde_json::Value;

/// One thing that is different.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    /// Where: keys joined by dots.
    pub(crate) path: String,
    /// What it was; empty if it was not there.
    pub(crate) before: String,
    /// What it became; empty if it went.
    pub(crate) after: String,
}

/// The differences between two states, in the order of their keys. What is the same in both is left out.
pub(crate) fn diff(before: Option<&Value>, after: Option<&Value>) -> Vec<Line> {
    let mut lines = Vec::new();
    compare(String::new(), before, after, &mut lines);
    lines
}

fn compare(path: String, before: Option<&Value>, after: Option<&Value>, lines: &mut Vec<Line>) {
    if before == after {
        return;
    }
    let (old, new) = (
        before.and_then(Value::as_object),
        after.and_then(Value::as_object),
    );
    let is_leaf = |value: Option<&Value>| value.is_some_and(|value| !value.is_object() && !value.is_null());
    if (old.is_none() && new.is_none()) || is_leaf(before) || is_leaf(after) {
        lines.push(Line {
            path,
            before: words(before),
            after: words(after),
        });
        return;
    }
    let keys = old.into_iter().chain(new).flat_map(serde_json::Map::keys);
    let keys: std::collections::BTreeSet<&String> = keys.collect();
    for key in keys {
        let below = if path.is_empty() {
            key.clone()
        } else {
            format!("{path}.{key}")
        };
        let get = |map: Option<&'_ serde_json::Map<String, Value>>| map.and_then(|map| map.get(key)).cloned();
        compare(below, get(old).as_ref(), get(new).as_ref(), lines);
    }
}

fn words(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn told(before: &Value, after: &Value) -> Vec<(String, String, String)> {
        let lines = diff(Some(before), Some(after));
        lines
            .into_iter()
            .map(|line| (line.path, line.before, line.after))
            .collect()
    }

    fn line(path: &str, before: &str, after: &str) -> (String, String, String) {
        (path.to_owned(), before.to_owned(), after.to_owned())
    }

    #[test]
    fn tells_only_what_differs() {
        let before = json!({ "name": "web", "size": { "cpu": 1, "ram": 2 }, "tags": ["a"], "gone": true });
        let after = json!({ "name": "web", "size": { "cpu": 4, "ram": 2 }, "tags": ["a", "b"], "new": "x" });
        let expected = [
            line("gone", "true", ""),
            line("new", "", "x"),
            line("size.cpu", "1", "4"),
            line("tags", "[\"a\"]", "[\"a\",\"b\"]"),
        ];
        assert_eq!(told(&before, &after), expected);
    }

    #[test]
    fn one_side_alone_is_told_whole() {
        let made = json!({ "role": "viewer", "limits": { "servers": 3 } });
        let lines = diff(None, Some(&made));
        assert_eq!(
            lines.iter().map(|line| line.path.as_str()).collect::<Vec<_>>(),
            ["limits.servers", "role"]
        );
        assert!(diff(None, None).is_empty());
        assert_eq!(
            told(&json!({ "role": "owner" }), &json!({ "role": null })),
            [line("role", "owner", "")]
        );
        assert_eq!(
            told(&json!({ "a": { "b": 1 } }), &json!({ "a": 2 })),
            [line("a", "{\"b\":1}", "2")]
        );
    }
}
