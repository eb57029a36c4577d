//! JSON and YAML: places are paths with dots, `[0]` for items of lists, `*` for all. YAML loses its comments.

use serde_json::{Map, Value};

use super::Filled;

/// Longer lists are not made for an edit.
const MAX_INDEX: usize = 1_000;

pub(super) fn json(present: &str, edits: &[Filled]) -> Result<String, String> {
    let text = present.trim_start_matches('\u{FEFF}');
    let mut root = if text.trim().is_empty() {
        Value::Object(Map::new())
    } else {
        serde_json::from_str(text).map_err(|error| format!("it is not valid JSON ({error})"))?
    };
    edit(&mut root, edits)?;
    let mut out = serde_json::to_string_pretty(&root).map_err(|error| error.to_string())?;
    out.push('\n');
    Ok(out)
}

pub(super) fn yaml(present: &str, edits: &[Filled]) -> Result<String, String> {
    let mut root: Value = if present.trim().is_empty() {
        Value::Null
    } else {
        serde_saphyr::from_str(present).map_err(|_| "it is not valid YAML".to_owned())?
    };
    if root.is_null() {
        root = Value::Object(Map::new());
    }
    edit(&mut root, edits)?;
    serde_saphyr::to_string(&root).map_err(|_| "it can't be written as YAML".to_owned())
}

fn edit(root: &mut Value, edits: &[Filled]) -> Result<(), String> {
    if !root.is_object() {
        return Err("it does not hold fields".to_owned());
    }
    for edit in edits {
        let path = steps(&edit.key);
        set(root, &path, edit);
    }
    Ok(())
}

/// `a.b[0].*` as `a`, `b`, `0`, `*`.
fn steps(path: &str) -> Vec<String> {
    let dotted = path.replace('[', ".").replace(']', "");
    dotted
        .split('.')
        .filter(|step| !step.is_empty())
        .map(str::to_owned)
        .collect()
}

fn set(node: &mut Value, path: &[String], edit: &Filled) {
    let Some((step, rest)) = path.split_first() else {
        if edit.fits(&plain(node)) {
            *node = typed(&edit.value);
        }
        return;
    };
    match node {
        Value::Object(map) if step == "*" => map.values_mut().for_each(|one| set(one, rest, edit)),
        Value::Array(list) if step == "*" => list.iter_mut().for_each(|one| set(one, rest, edit)),
        Value::Array(list) => {
            let Ok(index) = step.parse::<usize>() else { return };
            if index >= list.len() && edit.only.is_none() && index < MAX_INDEX {
                list.resize(index + 1, Value::Null);
            }
            if let Some(one) = list.get_mut(index) {
                set(one, rest, edit);
            }
        }
        Value::Object(map) if map.contains_key(step) || edit.only.is_none() => {
            let makes = !rest.is_empty() && !rest.iter().any(|step| step == "*");
            if map.contains_key(step) || rest.is_empty() || makes {
                set(map.entry(step.clone()).or_insert(Value::Null), rest, edit);
            }
        }
        Value::Null if edit.only.is_none() && step != "*" => {
            *node = Value::Object(Map::new());
            set(node, path, edit);
        }
        _ => {}
    }
}

fn plain(node: &Value) -> String {
    match node {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// Numbers in text are numbers in the file, as in other panels.
fn typed(value: &Value) -> Value {
    match value {
        Value::String(text) => match text.parse::<i64>() {
            Ok(number) if number.to_string() == *text => Value::from(number),
            _ => value.clone(),
        },
        other => other.clone(),
    }
}
