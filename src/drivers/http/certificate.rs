//! What a certificate (RFC 5280) says of itself: for which names, until when, and whether it was signed by its own key. Read from
//! its DER (X.690) by hand, because three fields are no reason for a library of ASN.1. Pure; nothing in a certificate is an error.

use chrono::{DateTime, NaiveDateTime, Utc};

/// What is looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// The names of hosts that it is for, lower case; `*.` stands for one label.
    pub names: Vec<String>,
    /// When it ends.
    pub until: DateTime<Utc>,
    /// Whether issuer and subject are one.
    pub is_self_signed: bool,
}

const SEQUENCE: u8 = 0x30;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const OBJECT_ID: u8 = 0x06;
const OCTET_STRING: u8 = 0x04;
/// `[0]` and `[3]` of a `TBSCertificate`.
const VERSION: u8 = 0xa0;
const EXTENSIONS: u8 = 0xa3;
/// `[2]` of a `GeneralName`: a `dNSName`.
const DNS_NAME: u8 = 0x82;
/// 2.5.29.17, `subjectAltName`.
const ALTERNATIVE_NAMES: [u8; 3] = [0x55, 0x1d, 0x11];

/// A value with its tag, its content, and what follows it.
struct Value<'a> {
    tag: u8,
    content: &'a [u8],
    rest: &'a [u8],
}

impl<'a> Value<'a> {
    fn read(input: &'a [u8]) -> Option<Self> {
        let (&[tag, length], rest) = input.split_first_chunk::<2>()?;
        let (length, rest) = if length < 0x80 {
            (usize::from(length), rest)
        } else {
            let count = usize::from(length & 0x7f);
            if count == 0 || count > 4 {
                return None;
            }
            let (bytes, rest) = rest.split_at_checked(count)?;
            (
                bytes.iter().fold(0, |all, byte| all << 8 | usize::from(*byte)),
                rest,
            )
        };
        let (content, rest) = rest.split_at_checked(length)?;
        Some(Self { tag, content, rest })
    }

    fn of(input: &'a [u8], tag: u8) -> Option<Self> {
        Self::read(input).filter(|value| value.tag == tag)
    }
}

impl Certificate {
    /// Reads a certificate.
    pub fn read(der: &[u8]) -> Option<Self> {
        let whole = Value::of(der, SEQUENCE)?;
        let signed = Value::of(whole.content, SEQUENCE)?;
        let version = Value::of(signed.content, VERSION);
        let serial = Value::read(version.map_or(signed.content, |version| version.rest))?;
        let algorithm = Value::of(serial.rest, SEQUENCE)?;
        let issuer = Value::of(algorithm.rest, SEQUENCE)?;
        let validity = Value::of(issuer.rest, SEQUENCE)?;
        let subject = Value::of(validity.rest, SEQUENCE)?;
        let key = Value::of(subject.rest, SEQUENCE)?;
        let from = Value::read(validity.content)?;
        Some(Self {
            names: extensions(key.rest).and_then(names).unwrap_or_default(),
            until: time(&Value::read(from.rest)?)?,
            is_self_signed: issuer.content == subject.content,
        })
    }

    /// Whether it is for a host (RFC 9525, 6.3).
    pub fn is_for(&self, host: &str) -> bool {
        let above = host.split_once('.').map(|(_, above)| above);
        self.names
            .iter()
            .any(|name| name == host || name.strip_prefix("*.").is_some_and(|name| Some(name) == above))
    }
}

fn time(value: &Value<'_>) -> Option<DateTime<Utc>> {
    let text = std::str::from_utf8(value.content).ok()?;
    let text = match value.tag {
        // Years from 50 on are of the last century (RFC 5280, 4.1.2.5.1).
        UTC_TIME if text.as_bytes().first()? >= &b'5' => format!("19{text}"),
        UTC_TIME => format!("20{text}"),
        GENERALIZED_TIME => text.to_owned(),
        _ => return None,
    };
    let at = NaiveDateTime::parse_from_str(&text, "%Y%m%d%H%M%SZ").ok()?;
    Some(at.and_utc())
}

/// The extensions, behind the key and two fields that nobody uses.
fn extensions(mut rest: &[u8]) -> Option<&[u8]> {
    loop {
        let value = Value::read(rest)?;
        if value.tag == EXTENSIONS {
            return Some(Value::of(value.content, SEQUENCE)?.content);
        }
        rest = value.rest;
    }
}

fn names(mut extensions: &[u8]) -> Option<Vec<String>> {
    loop {
        let extension = Value::of(extensions, SEQUENCE)?;
        let id = Value::of(extension.content, OBJECT_ID)?;
        if id.content == ALTERNATIVE_NAMES {
            // Between them may stand whether it is critical.
            let mut value = Value::read(id.rest)?;
            if value.tag != OCTET_STRING {
                value = Value::of(value.rest, OCTET_STRING)?;
            }
            return Some(dns_names(Value::of(value.content, SEQUENCE)?.content));
        }
        extensions = extension.rest;
    }
}

fn dns_names(mut names: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    while let Some(name) = Value::read(names) {
        let text = std::str::from_utf8(name.content).ok();
        found.extend(text.filter(|_| name.tag == DNS_NAME).map(str::to_ascii_lowercase));
        names = name.rest;
    }
    found
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use proptest::prelude::*;

    use super::*;

    /// `openssl req -x509 … -addext subjectAltName=DNS:mail.example.test,DNS:*.mail.example.test`.
    const SAMPLE: &str = "MIIBwjCCAWigAwIBAgIUGoB1QqGqi482expvjKv4RGdLrp4wCgYIKoZIzj0EAwIwHDEaMBgGA1UEAwwRbWFpbC5leGFtcGxlLnRlc3QwHhcNMjYxMTMwMDQxNTAzWhcNMjcwMjI4MDQxNTAzWjAcMRowGAYDVQQDDBFtYWlsLmV4YW1wbGUudGVzdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABEX5fQUktFv/SEus2Vu/5cs7r7yZ2G63buAoFW29X3poKY+x/G2JYnFXaE/4Plbhy2K8ah9ApohTaDUJCJy2RIWjgYcwgYQwHQYDVR0OBBYEFJrK8FqQKYf1/+ClvD9Bpq6yvVDKMB8GA1UdIwQYMBaAFJrK8FqQKYf1/+ClvD9Bpq6yvVDKMA8GA1UdEwEB/wQFMAMBAf8wMQYDVR0RBCowKIIRbWFpbC5leGFtcGxlLnRlc3SCEyoubWFpbC5leGFtcGxlLnRlc3QwCgYIKoZIzj0EAwIDSAAwRQIhAPxowxU6NRtcWEVZ4RULD8juIwtVhnXAboalsZMy8lj5AiAxeXsEGdaHzN5zVGxttGbGOTgNh+ljo0lRzkXUwtT99g==";

    fn sample() -> Vec<u8> {
        STANDARD.decode(SAMPLE).unwrap()
    }

    #[test]
    fn a_certificate_is_read() {
        let read = Certificate::read(&sample()).unwrap();
        assert_eq!(read.names, ["mail.example.test", "*.mail.example.test"]);
        assert_eq!(read.until.to_rfc3339(), "2027-02-28T04:15:03+00:00");
        assert!(read.is_self_signed);
        for (host, is_for) in [
            ("mail.example.test", true),
            ("a.mail.example.test", true),
            ("a.b.mail.example.test", false),
            ("example.test", false),
        ] {
            assert_eq!(read.is_for(host), is_for, "{host}");
        }
    }

    #[test]
    fn one_that_is_cut_off_is_none() {
        let sample = sample();
        for length in 0..sample.len() {
            assert_eq!(Certificate::read(&sample[..length]), None, "{length}");
        }
    }

    proptest! {
        #[test]
        fn no_byte_of_it_breaks_us(place in 0..400_usize, byte in 0..=255_u8) {
            let mut bytes = sample();
            bytes[place] = byte;
            let _ = Certificate::read(&bytes);
        }
    }
}
