//! What people write into the form, or programs send: one parser for both, which tells every mistake by its field.

use std::time::Duration;

use crate::platform::error::FieldErrors;
use crate::platform::ids::CheckId;
use crate::servers::model::{PublishedPort, ServerName};

use super::CheckKind;

/// How often a check is looked at, and when it fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// Seconds from one look to the next.
    pub interval_seconds: u32,
    /// So many looks have to fail …
    pub failures: u8,
    /// … of the last so many.
    pub of_last: u8,
}

impl Rule {
    /// From one look to the next.
    pub fn interval(self) -> Duration {
        Duration::from_secs(u64::from(self.interval_seconds))
    }
}

/// When a failure is not told, because something else is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dependence {
    /// While the engine does not answer, or says that the server is unhealthy.
    pub engine: bool,
    /// While this check of the same tenant fails.
    pub check: Option<CheckId>,
}

/// A check as it was asked for.
#[derive(Debug, Clone)]
pub struct CheckInput {
    /// The name.
    pub name: String,
    /// What is looked at.
    pub kind: CheckKind,
    /// How often, and when it fails.
    pub rule: Rule,
    /// When its failure is not told.
    pub dependence: Dependence,
}

/// A check that can be.
#[derive(Debug, Clone)]
pub struct NewCheck {
    /// Its name.
    pub name: String,
    /// What is looked at.
    pub kind: CheckKind,
    /// How often, and when it fails.
    pub rule: Rule,
    /// When its failure is not told.
    pub dependence: Dependence,
}

impl CheckInput {
    /// Takes it for a server with these ports, or says what is wrong with each field.
    pub fn parse(mut self, ports: &[PublishedPort]) -> Result<NewCheck, FieldErrors> {
        let mut errors = FieldErrors::default();
        let name = errors.check("name", ServerName::parse(&self.name));
        self.kind.check(ports, &mut errors);
        let rule = self.rule;
        if !(30..=3600).contains(&rule.interval_seconds) {
            errors.add("interval_seconds", "Use 30 to 3600 seconds.");
        }
        if !(1..=10).contains(&rule.of_last) || !(1..=rule.of_last).contains(&rule.failures) {
            errors.add(
                "failures",
                "Use 1 to 10 looks, and at most as many failures as looks.",
            );
        }
        errors.into_result()?;
        Ok(NewCheck {
            name: name.map(|name| name.as_str().to_owned()).unwrap_or_default(),
            kind: self.kind,
            rule,
            dependence: self.dependence,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn port(name: &str, is_udp: bool) -> PublishedPort {
        PublishedPort {
            name: name.to_owned(),
            container_port: 80,
            is_udp,
            scheme: None,
            host_port: 20_000,
        }
    }

    fn fields(
        name: &str,
        kind: CheckKind,
        (interval_seconds, failures, of_last): (u32, u8, u8),
    ) -> Vec<String> {
        let input = CheckInput {
            name: name.to_owned(),
            kind,
            rule: Rule {
                interval_seconds,
                failures,
                of_last,
            },
            dependence: Dependence {
                engine: true,
                check: None,
            },
        };
        let parsed = input.parse(&[port("http", false), port("game", true)]);
        let errors = parsed.err().unwrap_or_default();
        errors.0.into_iter().map(|error| error.field).collect()
    }

    #[test]
    fn mistakes_are_told_by_field() {
        let tcp = |name: &str| CheckKind::Tcp {
            port: name.to_owned(),
        };
        assert!(fields("Web", tcp("http"), (60, 2, 3)).is_empty());
        assert_eq!(
            fields("", tcp("game"), (29, 4, 3)),
            ["name", "port", "interval_seconds", "failures"]
        );
        assert_eq!(
            fields("x", tcp("http"), (3601, 0, 11)),
            ["interval_seconds", "failures"]
        );
        let page = CheckKind::Http {
            port: "http".to_owned(),
            tls: false,
            host: Some("127.0.0.1:80/x".to_owned()),
            path: "http://elsewhere/".to_owned(),
            first: 400,
            last: 200,
            text: Some(String::new()),
            days: Some(0),
        };
        assert_eq!(fields("x", page, (60, 1, 1)), ["host", "path", "first", "days"]);
        let game = CheckKind::Udp {
            port: "game".to_owned(),
            send: String::new(),
            expect: "0".to_owned(),
        };
        assert_eq!(fields("x", game, (60, 1, 1)), ["send", "expect"]);
        let cpu = CheckKind::Cpu {
            percent: 0,
            minutes: 61,
        };
        assert_eq!(fields("x", cpu, (60, 1, 1)), ["percent", "minutes"]);
    }
}
