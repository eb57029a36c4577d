//! The checks that a server is given of its template: its published ports, its pages, and what it uses.

use crate::servers::model::PublishedPort;

use super::{CheckKind, Dependence, NewCheck, Rule};

/// Somebody looks every minute, and is believed the third time.
const OUTSIDE: Rule = Rule {
    interval_seconds: 60,
    failures: 3,
    of_last: 3,
};
/// What has lasted for minutes need not be seen twice.
const INSIDE: Rule = Rule {
    interval_seconds: 300,
    failures: 1,
    of_last: 1,
};

/// The checks of a server with these ports.
pub fn defaults(ports: &[PublishedPort]) -> Vec<NewCheck> {
    let made = |name: String, kind, rule| NewCheck {
        name,
        kind,
        rule,
        dependence: Dependence {
            engine: true,
            check: None,
        },
    };
    let of_port = |port: &PublishedPort| {
        let name = port.name.clone();
        if !port.is_web() {
            return made(format!("Port {name}"), CheckKind::Tcp { port: name }, OUTSIDE);
        }
        let tls = port.scheme.as_deref() == Some("https");
        let page = CheckKind::Http {
            port: name.clone(),
            tls,
            host: None,
            path: "/".to_owned(),
            // One that asks for a password, or is still empty, answers.
            first: 200,
            last: 499,
            text: None,
            days: tls.then_some(14),
        };
        made(format!("Page at {name}"), page, OUTSIDE)
    };
    let inside = [
        ("Disk", CheckKind::Disk { percent: 90 }),
        (
            "Processor",
            CheckKind::Cpu {
                percent: 95,
                minutes: 30,
            },
        ),
        (
            "Memory",
            CheckKind::Memory {
                percent: 95,
                minutes: 15,
            },
        ),
    ];
    let inside = inside
        .into_iter()
        .map(|(name, kind)| made(name.to_owned(), kind, INSIDE));
    let outside = ports.iter().filter(|port| !port.is_udp).map(of_port);
    outside.chain(inside).collect()
}

#[cfg(test)]
mod tests {
    use super::super::CheckInput;
    use super::*;

    #[test]
    fn all_of_them_could_be_typed() {
        let port = |name: &str, scheme: Option<&str>, is_udp| PublishedPort {
            name: name.to_owned(),
            container_port: 80,
            is_udp,
            scheme: scheme.map(str::to_owned),
            host_port: 20_000,
        };
        let ports = [
            port("http", Some("http"), false),
            port("https", Some("https"), false),
            port("ssh", Some("ssh"), false),
            port("voice", None, true),
        ];
        let made = defaults(&ports);
        let names: Vec<_> = made.iter().map(|check| check.name.as_str()).collect();
        assert_eq!(
            names,
            [
                "Page at http",
                "Page at https",
                "Port ssh",
                "Disk",
                "Processor",
                "Memory"
            ]
        );
        for check in made {
            let typed = CheckInput {
                name: check.name,
                kind: check.kind.clone(),
                rule: check.rule,
                dependence: check.dependence,
            };
            assert_eq!(typed.parse(&ports).unwrap().kind, check.kind);
        }
    }
}
