//! `{{…}}` in eggs: the words that other panels put in, and what stands for them here.

use std::collections::BTreeMap;

/// Longer than any name in public eggs.
const LONGEST: usize = 100;

/// What stands for placeholders when a server starts.
#[derive(Debug, Clone, Default)]
pub struct Values {
    /// The server's environment.
    pub env: BTreeMap<String, String>,
}

/// What a placeholder asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Asked {
    /// A variable of the environment.
    Env(String),
    /// The host's side of the containers' network, which servers here never reach.
    Host,
    /// Something else.
    Unknown,
}

/// Reads what stands between the braces.
pub(super) fn asked(name: &str) -> Asked {
    let name = name.trim();
    let known = match name {
        "server.build.default.port" | "server.allocations.default.port" => "SERVER_PORT",
        "server.build.default.ip" | "server.allocations.default.ip" => "SERVER_IP",
        "server.build.memory" | "server.build.memory_limit" => "SERVER_MEMORY",
        "server.uuid" => "P_SERVER_UUID",
        "config.docker.interface" | "config.docker.network.interface" => return Asked::Host,
        _ => {
            let prefixes = ["server.build.env.", "server.environment.", "server.env.", "env."];
            let key = prefixes
                .iter()
                .find_map(|prefix| name.strip_prefix(prefix))
                .unwrap_or(name);
            return if is_key(key) {
                Asked::Env(key.to_owned())
            } else {
                Asked::Unknown
            };
        }
    };
    Asked::Env(known.to_owned())
}

/// The name of an environment variable.
pub(super) fn is_key(text: &str) -> bool {
    let starts = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    starts && text.len() <= 64 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// Puts what `value` gives in the place of each placeholder; where it gives nothing, the placeholder stays.
pub(super) fn replace(text: &str, mut value: impl FnMut(&str) -> Option<String>) -> String {
    let (mut out, mut rest) = (String::new(), text);
    while let Some(start) = rest.find("{{") {
        let Some(length) = rest[start + 2..].find("}}") else {
            break;
        };
        let name = &rest[start + 2..start + 2 + length];
        let end = start + length + 4;
        match value(name).filter(|_| length <= LONGEST) {
            Some(value) => {
                out.push_str(&rest[..start]);
                out.push_str(&value);
            }
            None => out.push_str(&rest[..end]),
        }
        rest = &rest[end..];
    }
    out.push_str(rest);
    out
}

/// The names in a text.
pub(super) fn names(text: &str) -> Vec<String> {
    let mut names = Vec::new();
    replace(text, |name| {
        names.push(name.trim().to_owned());
        None
    });
    names
}

impl Values {
    /// The text with the placeholders filled in. What is not known stays as it is; a variable without a value is empty.
    pub fn fill(&self, text: &str) -> String {
        replace(text, |name| match asked(name) {
            Asked::Env(key) => Some(self.env.get(&key).cloned().unwrap_or_default()),
            Asked::Host | Asked::Unknown => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_other_panels_are_known() {
        let env = [
            ("SERVER_PORT", "20001"),
            ("MOTD", "{{SERVER_PORT}}"),
            ("SERVER_MEMORY", "512"),
        ];
        let env = env.map(|(key, value)| (key.to_owned(), value.to_owned()));
        let values = Values { env: env.into() };
        for (text, filled) in [
            ("{{server.build.default.port}}", "20001"),
            ("{{ server.allocations.default.port }}:x", "20001:x"),
            ("{{server.build.env.MOTD}}", "{{SERVER_PORT}}"),
            ("{{env.MOTD}}{{server.environment.MISSING}}", "{{SERVER_PORT}}"),
            ("{{config.docker.interface}}", "{{config.docker.interface}}"),
            ("-Xmx{{SERVER_MEMORY}}M {{", "-Xmx512M {{"),
            ("{{a b}}", "{{a b}}"),
        ] {
            assert_eq!(values.fill(text), filled, "{text}");
        }
    }
}
