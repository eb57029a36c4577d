//! Reading the file: JSON as all panels write it, or YAML as newer ones do, with the loose types that both have.

use std::fmt;

use serde::de::{IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use super::Refusal;

/// The largest egg, in bytes. The largest public ones are a tenth of it.
pub const MAX_EGG: usize = 512 * 1024;

/// Reads the text of an egg.
pub(super) fn read(text: &str) -> Result<Map<String, Value>, Refusal> {
    if text.len() > MAX_EGG {
        return Err(Refusal::new(format!(
            "The file is larger than {} KiB; no egg is.",
            MAX_EGG / 1024
        )));
    }
    let text = text.trim_start_matches('\u{FEFF}').trim();
    if text.is_empty() {
        return Err(Refusal::new("The file is empty."));
    }
    let value = if text.starts_with(['{', '[']) {
        serde_json::from_str(text).map_err(|error| not_json(&error))?
    } else {
        yaml(text)?
    };
    match value {
        Value::Object(map) => Ok(map),
        _ => Err(Refusal::new(
            "The file holds no egg: it is not an object with fields.",
        )),
    }
}

fn not_json(error: &serde_json::Error) -> Refusal {
    if error.to_string().contains("recursion limit") {
        return Refusal::new("The file is nested too deeply to be an egg.");
    }
    let (line, column) = (error.line(), error.column());
    let what = if error.is_eof() {
        "ends too early"
    } else {
        "is damaged"
    };
    Refusal::new(format!(
        "The file {what}: it is not valid JSON at line {line}, column {column}."
    ))
}

/// The parser has a budget, so that a few lines of aliases do not become gigabytes.
fn yaml(text: &str) -> Result<Value, Refusal> {
    serde_saphyr::from_str(text)
        .map_err(|_| Refusal::new("The file is neither JSON nor YAML, so it is no egg."))
}

/// The keys of the objects whose order means something: the first image and the first command are the usual ones.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Order {
    pub(super) docker_images: Keys,
    pub(super) startup_commands: Keys,
}

/// The keys of an object as they are written; none of what is no object.
#[derive(Debug, Default)]
pub(super) struct Keys(Vec<String>);

impl Keys {
    /// The values of a map in the order of its file.
    pub(super) fn sort<'a>(&self, map: &'a Map<String, Value>) -> Vec<(&'a String, &'a Value)> {
        let place = |key: &String| self.0.iter().position(|known| known == key);
        let mut all: Vec<_> = map.iter().collect();
        all.sort_by_key(|(key, _)| place(key).unwrap_or(usize::MAX));
        all
    }
}

impl<'de> Deserialize<'de> for Keys {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(KeysVisitor)
    }
}

struct KeysVisitor;

impl<'de> Visitor<'de> for KeysVisitor {
    type Value = Keys;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Keys, A::Error> {
        let mut keys = Vec::new();
        while let Some((key, IgnoredAny)) = map.next_entry::<String, IgnoredAny>()? {
            keys.push(key);
        }
        Ok(Keys(keys))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Keys, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Keys::default())
    }

    fn visit_unit<E>(self) -> Result<Keys, E> {
        Ok(Keys::default())
    }

    fn visit_none<E>(self) -> Result<Keys, E> {
        Ok(Keys::default())
    }

    fn visit_str<E>(self, _: &str) -> Result<Keys, E> {
        Ok(Keys::default())
    }

    fn visit_bool<E>(self, _: bool) -> Result<Keys, E> {
        Ok(Keys::default())
    }

    fn visit_i64<E>(self, _: i64) -> Result<Keys, E> {
        Ok(Keys::default())
    }

    fn visit_u64<E>(self, _: u64) -> Result<Keys, E> {
        Ok(Keys::default())
    }

    fn visit_f64<E>(self, _: f64) -> Result<Keys, E> {
        Ok(Keys::default())
    }
}

/// The order in the text of an egg that was read; none where it can't be told.
pub(super) fn order(text: &str) -> Order {
    let text = text.trim_start_matches('\u{FEFF}').trim();
    let read = serde_json::from_str(text).ok();
    read.or_else(|| serde_saphyr::from_str(text).ok())
        .unwrap_or_default()
}

/// What was written where text is expected. Null and what is no single value is empty.
pub(super) fn text(value: Option<&Value>) -> String {
    match value {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => number.to_string(),
        Some(Value::Bool(yes)) => yes.to_string(),
        _ => String::new(),
    }
}

/// A yes or no, as a boolean, a number or a word.
pub(super) fn flag(value: Option<&Value>, otherwise: bool) -> bool {
    match text(value).trim().to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "on" => true,
        "false" | "0" | "no" | "off" => false,
        _ => otherwise,
    }
}

/// Text from people or for them: no control characters but line feeds, and not more than so many characters.
pub(super) fn clean(text: &str, most: usize) -> String {
    let plain = text.replace("\r\n", "\n").replace('\r', "\n");
    let plain: String = plain
        .chars()
        .filter(|c| !c.is_control() || matches!(c, '\n' | '\t'))
        .take(most)
        .collect();
    plain.trim().to_owned()
}

/// What should be an object but is often written as a string that holds one. Null, an empty string and an empty list are
/// none; what can't be read is an error.
pub(super) fn object(value: Option<&Value>) -> Result<Map<String, Value>, ()> {
    match value {
        None | Some(Value::Null) => Ok(Map::new()),
        Some(Value::Object(map)) => Ok(map.clone()),
        Some(Value::Array(list)) if list.is_empty() => Ok(Map::new()),
        Some(Value::String(text)) => match text.trim() {
            "" | "[]" | "null" => Ok(Map::new()),
            text => match serde_json::from_str(text) {
                Ok(Value::Object(map)) => Ok(map),
                _ => Err(()),
            },
        },
        Some(_) => Err(()),
    }
}

/// The texts of a list, of a map's values, of a list that is written as JSON, or of a single text.
pub(super) fn texts(value: Option<&Value>) -> Vec<String> {
    let all: Vec<String> = match value {
        Some(Value::Array(list)) => list.iter().map(|one| text(Some(one))).collect(),
        Some(Value::Object(map)) => map.values().map(|one| text(Some(one))).collect(),
        Some(Value::String(one)) if one.trim_start().starts_with('[') => {
            return serde_json::from_str::<Value>(one).map_or_else(|_| Vec::new(), |list| texts(Some(&list)));
        }
        one => vec![text(one)],
    };
    all.into_iter().filter(|one| !one.trim().is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn json_and_yaml_are_read_and_nothing_else() {
        assert_eq!(read("\u{FEFF} {\"name\": 1}").unwrap()["name"], 1);
        assert_eq!(read("name: Box\nvariables: []\n").unwrap()["name"], "Box");
        for bad in ["", "  ", "{", "[1]", "just words", "{\"a\": 1} trailing", "\u{0}"] {
            assert!(read(bad).is_err(), "{bad:?}");
        }
        let deep = format!("{}1{}", "{\"a\":".repeat(5_000), "}".repeat(5_000));
        assert!(read(&deep).unwrap_err().0.contains("too deeply"));
        assert!(read(&"x".repeat(MAX_EGG + 1)).unwrap_err().0.contains("larger"));
    }

    #[test]
    fn the_order_of_a_file_is_known() {
        for text in [
            "{\"docker_images\": {\"b\": 1, \"a\": 2}}",
            "docker_images:\n  b: 1\n  a: 2\n",
        ] {
            let (map, order) = (read(text).unwrap(), order(text));
            let images = map["docker_images"].as_object().unwrap();
            let keys: Vec<_> = order
                .docker_images
                .sort(images)
                .into_iter()
                .map(|(key, _)| key)
                .collect();
            assert_eq!(keys, ["b", "a"], "{text}");
        }
        for text in [
            "{\"docker_images\": null}",
            "{\"docker_images\": [1]}",
            "{\"docker_images\": \"x\"}",
            "{",
        ] {
            assert!(order(text).docker_images.0.is_empty());
        }
    }

    #[test]
    fn aliases_do_not_grow_without_end() {
        use std::fmt::Write as _;
        let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..12 {
            let before = format!("*a{}", level - 1);
            let ten = vec![before; 10].join(", ");
            writeln!(bomb, "a{level}: &a{level} [{ten}]").unwrap();
        }
        assert!(read(&bomb).is_err());
    }

    #[test]
    fn loose_types_are_understood() {
        assert_eq!(text(Some(&json!(25565))), "25565");
        assert_eq!(text(Some(&json!(null))), "");
        assert!(flag(Some(&json!(1)), false) && flag(Some(&json!("true")), false) && flag(None, true));
        assert_eq!(object(Some(&json!("{\"a\": {}}"))).unwrap().len(), 1);
        assert_eq!(object(Some(&json!("  "))).unwrap().len(), 0);
        assert!(object(Some(&json!("{"))).is_err());
        assert_eq!(texts(Some(&json!("[\"a\", \"b\"]"))), ["a", "b"]);
        assert_eq!(texts(Some(&json!({"x": "a", "y": null}))), ["a"]);
    }
}
