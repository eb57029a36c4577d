//! Editing a server's own files before it starts: text in, text out. Pure.
//!
//! The files belong to the customer, so each of them may be hostile: every parser is bounded, and a file that can't be
//! read is left as it is, with a word why.

mod ini;
mod lines;
mod tree;
mod xml;

use serde_json::Value;

use super::files::{Edit, FileEdit, Parser};
use super::placeholder::Values;

/// The largest file that is edited, in bytes.
pub const MAX_FILE: usize = 2 * 1024 * 1024;

/// An edit with its value filled in.
#[derive(Debug, Clone)]
pub(super) struct Filled {
    pub(super) key: String,
    pub(super) only: Option<Only>,
    pub(super) value: Value,
}

/// The present value that an edit is only for.
#[derive(Debug, Clone)]
pub(super) enum Only {
    /// This very text.
    Is(String),
    /// What this finds something in.
    Matches(regex::Regex),
}

impl Only {
    pub(super) fn fits(&self, present: &str) -> bool {
        match self {
            Self::Is(text) => text == present,
            Self::Matches(pattern) => pattern.is_match(present),
        }
    }
}

impl Filled {
    fn new(edit: &Edit, values: &Values) -> Option<Self> {
        let only = match edit.only.as_deref() {
            None => None,
            Some(only) => Some(match only.strip_prefix("regex:") {
                Some(pattern) => Only::Matches(super::rules::compile(pattern).ok()?),
                None => Only::Is(only.to_owned()),
            }),
        };
        let value = match &edit.value {
            Value::String(text) => Value::String(values.fill(text)),
            other => other.clone(),
        };
        Some(Self {
            key: values.fill(&edit.key),
            only,
            value,
        })
    }

    /// The value as text of a line.
    pub(super) fn text(&self) -> String {
        let text = match &self.value {
            Value::String(text) => text.clone(),
            Value::Null => String::new(),
            other => other.to_string(),
        };
        // A value is one value: what a customer answers must not add lines to a file.
        text.replace(['\n', '\r', '\0'], " ")
    }

    pub(super) fn fits(&self, present: &str) -> bool {
        self.only.as_ref().is_none_or(|only| only.fits(present))
    }
}

impl FileEdit {
    /// The file after the edits; `present` is empty where there is none yet.
    pub fn apply(&self, present: &str, values: &Values) -> Result<String, String> {
        let edits: Vec<Filled> = self
            .edits
            .iter()
            .filter_map(|edit| Filled::new(edit, values))
            .collect();
        match self.parser {
            Parser::Properties => Ok(lines::properties(present, &edits)),
            Parser::Lines => Ok(lines::starts(present, &edits)),
            Parser::Ini => Ok(ini::edit(present, &edits)),
            Parser::Json => tree::json(present, &edits),
            Parser::Yaml => tree::yaml(present, &edits),
            Parser::Xml => xml::edit(present, &edits),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn edited(parser: Parser, present: &str, edits: &[(&str, Option<&str>, Value)]) -> String {
        let edits = edits.iter().map(|(key, only, value)| Edit {
            key: (*key).to_owned(),
            only: only.map(str::to_owned),
            value: value.clone(),
        });
        let file = FileEdit {
            path: "x".to_owned(),
            parser,
            edits: edits.collect(),
        };
        let values = Values {
            env: [("SERVER_PORT".to_owned(), "20001".to_owned())].into(),
        };
        file.apply(present, &values).unwrap()
    }

    const PORT: &str = "{{server.build.default.port}}";

    #[test]
    fn properties_keep_their_order_and_comments() {
        let out = edited(
            Parser::Properties,
            "#Minecraft\nserver-port=25565\nmotd = A server\n",
            &[
                ("server-port", None, json!(PORT)),
                ("new-key", None, json!(true)),
                ("motd", Some("other"), json!("x")),
            ],
        );
        assert_eq!(
            out,
            "#Minecraft\nserver-port=20001\nmotd = A server\nnew-key=true\n"
        );
        assert_eq!(
            edited(Parser::Properties, "", &[("a", None, json!("x\ny=z"))]),
            "a=x y=z\n"
        );
    }

    #[test]
    fn lines_that_begin_so_are_replaced() {
        let out = edited(
            Parser::Lines,
            "ServerPort 1\nother\nServerPort 2\n",
            &[("ServerPort", None, json!(format!("ServerPort {PORT}")))],
        );
        assert_eq!(out, "ServerPort 20001\nother\nServerPort 20001\n");
        assert_eq!(edited(Parser::Lines, "", &[("a", None, json!("a 1"))]), "");
    }

    #[test]
    fn ini_knows_sections() {
        let out = edited(
            Parser::Ini,
            "top=1\n[Net]\n; a comment\nPort = 1\n[Other]\nPort=2\n",
            &[
                ("Net.Port", None, json!(PORT)),
                ("Net.Name", None, json!("x")),
                ("top", None, json!(2)),
                ("New.a", None, json!(1)),
            ],
        );
        assert_eq!(
            out,
            "top=2\n[Net]\n; a comment\nPort = 20001\nName=x\n[Other]\nPort=2\n[New]\na=1\n"
        );
        let dotted = edited(
            Parser::Ini,
            "[/Script/a.b]\nPort=1\n",
            &[("[/Script/a.b].Port", None, json!(3))],
        );
        assert_eq!(dotted, "[/Script/a.b]\nPort=3\n");
    }

    #[test]
    fn trees_know_places_and_wildcards() {
        let json = edited(
            Parser::Json,
            r#"{"a": {"port": 1}, "list": [{"host": "0.0.0.0:1"}, {"host": "x"}]}"#,
            &[
                ("a.port", None, json!(PORT)),
                ("a.on", None, json!(true)),
                ("list[0].host", None, json!(format!("0.0.0.0:{PORT}"))),
                ("list.*.name", None, json!("n")),
                ("b.c", None, json!("deep")),
            ],
        );
        let expected = json!({"a": {"port": 20001, "on": true}, "b": {"c": "deep"},
            "list": [{"host": "0.0.0.0:20001", "name": "n"}, {"host": "x", "name": "n"}]});
        assert_eq!(serde_json::from_str::<Value>(&json).unwrap(), expected);
        let yaml = edited(
            Parser::Yaml,
            "# gone\nservers:\n  lobby:\n    address: 127.0.0.1:1\n  far:\n    address: example.org\n",
            &[
                (
                    "servers.*.address",
                    Some(r"regex:^127\.0\.0\.1"),
                    json!("lobby:1"),
                ),
                ("port", None, json!(PORT)),
            ],
        );
        let read: Value = serde_saphyr::from_str(&yaml).unwrap();
        assert_eq!(
            read,
            json!({"servers": {"lobby": {"address": "lobby:1"}, "far": {"address": "example.org"}}, "port": 20001})
        );
    }

    #[test]
    fn xml_knows_elements_and_attributes() {
        let out = edited(
            Parser::Xml,
            "<?xml version=\"1.0\"?><Config><Port>1</Port><Name kind=\"a\">b</Name></Config>",
            &[
                ("Config.Port", None, json!(PORT)),
                ("Config.Name", None, json!("[kind='z']")),
                ("Config.New", None, json!("<&")),
            ],
        );
        assert!(out.contains("<Port>20001</Port>"), "{out}");
        assert!(out.contains("<Name kind=\"z\">b</Name>"), "{out}");
        assert!(out.contains("<New>&lt;&amp;</New>"), "{out}");
    }

    #[test]
    fn what_can_not_be_read_is_told() {
        let values = Values::default();
        for (parser, present) in [
            (Parser::Json, "{"),
            (Parser::Json, "[1]"),
            (Parser::Yaml, "a: [1"),
            (Parser::Xml, "<a><b></a>"),
        ] {
            let edits = vec![Edit {
                key: "a".to_owned(),
                only: None,
                value: json!(1),
            }];
            let file = FileEdit {
                path: "x".to_owned(),
                parser,
                edits,
            };
            assert!(file.apply(present, &values).is_err(), "{present}");
        }
        let deep = "<a>".repeat(50_000);
        let file = FileEdit {
            path: "x".to_owned(),
            parser: Parser::Xml,
            edits: Vec::new(),
        };
        assert!(file.apply(&deep, &values).is_err());
    }
}
