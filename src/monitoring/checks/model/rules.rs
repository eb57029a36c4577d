//! What can be typed into a check: names, paths, digits and amounts, each judged by itself.

use crate::platform::error::FieldErrors;
use crate::servers::model::PublishedPort;

use super::CheckKind;

impl CheckKind {
    /// Notes what is wrong with it, for a server with these ports. What may be empty and is becomes nothing.
    pub(super) fn check(&mut self, ports: &[PublishedPort], errors: &mut FieldErrors) {
        if let Some(port) = self.port() {
            let wants_udp = matches!(self, Self::Udp { .. } | Self::Source { .. });
            if !ports
                .iter()
                .any(|known| known.name == port && known.is_udp == wants_udp)
            {
                let protocol = if wants_udp { "UDP" } else { "TCP" };
                errors.add("port", format!("Choose one of the server's {protocol} ports."));
            }
        }
        match self {
            Self::Http { .. } => self.check_http(errors),
            Self::Udp { send, expect, .. } => {
                if send.is_empty() || bytes(send).is_none() {
                    errors.add("send", HEX);
                }
                if bytes(expect).is_none() {
                    errors.add("expect", HEX);
                }
            }
            Self::Dns { name, expect, .. } => {
                if !is_name(name) {
                    errors.add("host", "Use a name such as www.example.com.");
                }
                if expect.chars().count() > 253 {
                    errors.add("expect", "Use at most 253 characters.");
                }
            }
            Self::Disk { percent } => check_share(*percent, 1, errors),
            Self::Cpu { percent, minutes } | Self::Memory { percent, minutes } => {
                check_share(*percent, *minutes, errors);
            }
            _ => {}
        }
    }

    fn check_http(&mut self, errors: &mut FieldErrors) {
        let Self::Http {
            host,
            path,
            first,
            last,
            text,
            days,
            ..
        } = self
        else {
            return;
        };
        *host = host.take().filter(|host| !host.is_empty());
        *text = text.take().filter(|text| !text.is_empty());
        if host.as_deref().is_some_and(|host| !is_name(host)) {
            errors.add("host", "Use a host name such as www.example.com.");
        }
        if !is_path(path) {
            errors.add(
                "path",
                "Use a path that begins with a slash, of at most 500 characters.",
            );
        }
        if !(100..=599).contains(&*first) || !(100..=599).contains(&*last) || first > last {
            errors.add("first", "Use statuses from 100 to 599, the lower one first.");
        }
        if text.as_deref().is_some_and(|text| text.chars().count() > 200) {
            errors.add("text", "Use at most 200 characters.");
        }
        if days.is_some_and(|days| !(1..=90).contains(&days)) {
            errors.add("days", "Use 1 to 90 days.");
        }
    }
}

const HEX: &str = "Use pairs of hexadecimal digits, at most 512.";

fn check_share(percent: u8, minutes: u8, errors: &mut FieldErrors) {
    if !(1..=100).contains(&percent) {
        errors.add("percent", "Use 1 to 100 percent.");
    }
    if !(1..=60).contains(&minutes) {
        errors.add("minutes", "Use 1 to 60 minutes.");
    }
}

/// A host name (RFC 1123, 2.1), with the underscores that names of records have.
fn is_name(name: &str) -> bool {
    let good = |label: &str| {
        let fits = (1..=63).contains(&label.len()) && !label.starts_with('-') && !label.ends_with('-');
        fits && label
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
    };
    name.len() <= 253 && name.contains('.') && name.split('.').all(good)
}

/// What stands in a request's first line, so that nothing else can be put there.
fn is_path(path: &str) -> bool {
    let good = |c: char| {
        c.is_ascii_graphic() && !matches!(c, '#' | '"' | '<' | '>' | '\\' | '^' | '`' | '{' | '|' | '}')
    };
    path.starts_with('/') && path.len() <= 500 && path.chars().all(good)
}

/// What pairs of hexadecimal digits stand for.
pub(super) fn bytes(hex: &str) -> Option<Vec<u8>> {
    if hex.len() > 1024 || !hex.len().is_multiple_of(2) || !hex.bytes().all(|digit| digit.is_ascii_hexdigit())
    {
        return None;
    }
    (0..hex.len() / 2)
        .map(|place| u8::from_str_radix(&hex[2 * place..2 * place + 2], 16).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_paths_and_digits_are_what_they_say() {
        assert!(is_name("www.example.com") && is_name("_berth.example.com"));
        for bad in [
            "",
            "localhost",
            "10.0.0.1:80",
            "a..b",
            "-a.b",
            "a b.c",
            "user@host.example",
        ] {
            assert!(!is_name(bad), "{bad}");
        }
        assert!(is_path("/a?b=c%20d") && is_path("/"));
        for bad in ["", "a", "/a b", "/a\r\nHost: x", "//\u{e4}", "/#x"] {
            assert!(!is_path(bad), "{bad}");
        }
        assert_eq!(bytes("fF00"), Some(vec![255, 0]));
        assert_eq!(
            (bytes("f"), bytes("zz"), bytes("")),
            (None, None, Some(Vec::new()))
        );
    }
}
