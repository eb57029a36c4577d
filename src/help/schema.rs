//! JSON schemas as the API's description writes them, in words and fields that people read.

use serde_json::{Map, Value};

use super::prose::Prose;

const SCHEMAS: &str = "#/components/schemas/";

/// A type in words, with the name of the object that it links to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Kind {
    /// What stands before the name.
    pub(super) before: String,
    /// An object that is described on the page.
    pub(super) object: Option<String>,
    /// What stands after the name.
    pub(super) after: String,
}

impl Kind {
    fn plain(words: impl Into<String>) -> Self {
        Self {
            before: words.into(),
            ..Self::default()
        }
    }

    fn prefixed(mut self, words: &str) -> Self {
        self.before.insert_str(0, words);
        self
    }

    fn or_null(mut self) -> Self {
        self.after.push_str(" or null");
        self
    }
}

/// A parameter, or a field of a body.
#[derive(Debug, Clone)]
pub(super) struct Field {
    /// Its name.
    pub(super) name: String,
    /// Where it stands: `path`, `query`, `header`; empty in a body.
    pub(super) place: String,
    /// What it holds.
    pub(super) kind: Kind,
    /// Whether it must be there (in an answer: whether it always is).
    pub(super) required: bool,
    /// What it means.
    pub(super) about: Prose,
    /// Its limits, in words.
    pub(super) rules: Prose,
}

/// The named schemas of the description.
#[derive(Debug, Clone, Copy)]
pub(super) struct Schemas<'a>(pub(super) &'a Map<String, Value>);

pub(super) fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

/// The name that a schema refers to.
pub(super) fn name_of(schema: &Value) -> Option<&str> {
    schema["$ref"].as_str()?.strip_prefix(SCHEMAS)
}

impl<'a> Schemas<'a> {
    fn named(self, name: &str) -> &'a Value {
        self.0.get(name).unwrap_or(&Value::Null)
    }

    /// The schema itself, where `schema` only names it.
    pub(super) fn resolve(self, schema: &'a Value) -> &'a Value {
        name_of(schema).map_or(schema, |name| self.named(name))
    }

    /// Whether the page describes it: an object that is neither a page of a list nor a map.
    pub(super) fn is_described(self, name: &str) -> bool {
        !name.starts_with("ListOut_") && !self.fields(self.named(name)).is_empty()
    }

    /// A schema's type in words.
    pub(super) fn kind(self, schema: &'a Value) -> Kind {
        if let Some(name) = name_of(schema) {
            return self.kind_of_named(name);
        }
        if let Some(choices) = schema["oneOf"].as_array() {
            let real: Vec<_> = choices.iter().filter(|one| one["type"] != "null").collect();
            let kind = real.first().map_or_else(Kind::default, |one| self.kind(one));
            return if real.len() < choices.len() {
                kind.or_null()
            } else {
                kind
            };
        }
        if let Some(words) = schema["enum"].as_array() {
            let words: Vec<_> = words.iter().filter_map(Value::as_str).collect();
            return Kind::plain(format!("one of {}", words.join(", ")));
        }
        match &schema["type"] {
            Value::Array(types) => {
                let real = types.iter().filter_map(Value::as_str).find(|one| *one != "null");
                let kind = self.kind_of_type(schema, real.unwrap_or_default());
                if types.iter().any(|one| one == "null") {
                    kind.or_null()
                } else {
                    kind
                }
            }
            one => self.kind_of_type(schema, one.as_str().unwrap_or_default()),
        }
    }

    fn kind_of_named(self, name: &str) -> Kind {
        if let Some(item) = name.strip_prefix("ListOut_") {
            let kind = Kind {
                object: Some(item.to_owned()),
                ..Kind::default()
            };
            return kind.prefixed("page of ");
        }
        let schema = self.named(name);
        if self.is_described(name) {
            return Kind {
                object: Some(name.to_owned()),
                ..Kind::default()
            };
        }
        match schema["examples"][0].as_str().and_then(|id| id.split_once('_')) {
            Some((prefix, _)) => Kind::plain(format!("id {prefix}_…")),
            None => self.kind(schema),
        }
    }

    fn kind_of_type(self, schema: &'a Value, name: &str) -> Kind {
        match (name, text(schema, "format")) {
            ("array", _) => self.kind(&schema["items"]).prefixed("array of "),
            ("object", _) if schema["additionalProperties"].is_object() => self
                .kind(&schema["additionalProperties"])
                .prefixed("object whose values are "),
            ("string", "date-time") => Kind::plain("time"),
            ("string", "date") => Kind::plain("day"),
            ("", _) => Kind::plain("any value"),
            (name, _) => Kind::plain(name),
        }
    }

    /// The fields of an object, those that must be there first.
    pub(super) fn fields(self, schema: &'a Value) -> Vec<Field> {
        let schema = self.resolve(schema);
        let mut fields: Vec<Field> = match schema["allOf"].as_array() {
            Some(parts) => parts.iter().flat_map(|part| self.fields(part)).collect(),
            None => self.own_fields(schema),
        };
        fields.sort_by_key(|field| !field.required);
        fields
    }

    fn own_fields(self, schema: &'a Value) -> Vec<Field> {
        let required = |name: &str| {
            let names = schema["required"].as_array();
            names.is_some_and(|names| names.iter().any(|one| one == name))
        };
        let properties = schema["properties"].as_object().into_iter().flatten();
        properties
            .map(|(name, property)| self.field(name, "", required(name), property))
            .collect()
    }

    /// A field or parameter of this type.
    pub(super) fn field(self, name: &str, place: &str, required: bool, schema: &'a Value) -> Field {
        let inner = || schema["oneOf"][0]["description"].as_str();
        let about = schema["description"].as_str().or_else(inner);
        Field {
            name: name.to_owned(),
            place: place.to_owned(),
            kind: self.kind(schema),
            required,
            about: Prose::new(about.unwrap_or_default()),
            rules: Prose::new(&rules(schema)),
        }
    }

    /// A value that fits, for an example.
    pub(super) fn example(self, schema: &'a Value) -> Value {
        let schema = self.resolve(schema);
        if !schema["example"].is_null() {
            return schema["example"].clone();
        }
        for (key, at) in [("examples", 0), ("enum", 0)] {
            if !schema[key][at].is_null() {
                return schema[key][at].clone();
            }
        }
        if let Some(one) = schema["oneOf"].get(0) {
            return self.example(one);
        }
        match (schema["type"].as_str(), text(schema, "format")) {
            (Some("integer" | "number"), _) => schema.get("minimum").cloned().unwrap_or(Value::from(1)),
            (Some("boolean"), _) => Value::Bool(true),
            (Some("array"), _) => Value::Array(vec![self.example(&schema["items"])]),
            (Some("string"), "date-time") => Value::from("2026-01-31T12:00:00Z"),
            (Some("string"), _) => Value::from("text"),
            _ => self.example_object(schema),
        }
    }

    /// The fields that must be there; of an object where none must, the first.
    fn example_object(self, schema: &'a Value) -> Value {
        let parts = schema["allOf"]
            .as_array()
            .map_or(std::slice::from_ref(schema), Vec::as_slice);
        let mut object = Map::new();
        for part in parts {
            let part = self.resolve(part);
            let properties: Vec<_> = part["properties"].as_object().into_iter().flatten().collect();
            let must = |name: &str| {
                part["required"]
                    .as_array()
                    .is_some_and(|all| all.iter().any(|one| one == name))
            };
            let some = properties.iter().any(|(name, _)| must(name));
            for (at, (name, property)) in properties.into_iter().enumerate() {
                if must(name) || (!some && at == 0) {
                    object.insert(name.clone(), self.example(property));
                }
            }
        }
        Value::Object(object)
    }
}

/// What a value must keep to, in words.
fn rules(schema: &Value) -> String {
    let number = |key: &str| schema.get(key).map(ToString::to_string);
    let range = |least: Option<String>, most: Option<String>, unit: &str| match (least, most) {
        (Some(least), Some(most)) => Some(format!("{least} to {most}{unit}")),
        (Some(least), None) => Some(format!("at least {least}{unit}")),
        (None, Some(most)) => Some(format!("at most {most}{unit}")),
        (None, None) => None,
    };
    let rules = [
        range(number("minLength"), number("maxLength"), " characters"),
        range(number("minimum"), number("maximum"), ""),
        schema["pattern"]
            .as_str()
            .map(|pattern| format!("matches `{pattern}`")),
        schema
            .get("default")
            .filter(|default| !default.is_null() && **default != Value::Object(Map::new()))
            .map(|default| format!("`{default}` if left out")),
    ];
    rules.into_iter().flatten().collect::<Vec<_>>().join("; ")
}
