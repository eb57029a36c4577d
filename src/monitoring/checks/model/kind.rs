//! What can be looked at. No kind takes an address: a port is named as the server's template names it, and where that is reached the
//! panel knows itself.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::drivers::probe::{Ask, HttpAsk, Record};
use crate::monitoring::Signature;

use super::rules::bytes;

/// The type of a record in DNS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = CheckedRecord)]
pub enum DnsRecord {
    /// Addresses, of IPv4 and of IPv6.
    Address,
    /// Another name.
    Cname,
    /// Mail exchangers.
    Mx,
    /// Texts.
    Txt,
}

impl DnsRecord {
    /// All of them, with what forms call them.
    pub const ALL: [(Self, &'static str, &'static str); 4] = [
        (Self::Address, "address", "Address (A, AAAA)"),
        (Self::Cname, "cname", "Other name (CNAME)"),
        (Self::Mx, "mx", "Mail exchanger (MX)"),
        (Self::Txt, "txt", "Text (TXT)"),
    ];

    fn asked(self) -> Record {
        match self {
            Self::Address => Record::Address,
            Self::Cname => Record::Cname,
            Self::Mx => Record::Mx,
            Self::Txt => Record::Txt,
        }
    }
}

/// What is looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum CheckKind {
    /// A page answers, at one of the server's published ports. Redirects are answers.
    Http {
        /// The port's name in the template.
        #[schema(example = "http")]
        port: String,
        /// TLS from the first byte.
        #[serde(default)]
        tls: bool,
        /// The name in the `Host` header and for TLS; the server's address if none.
        #[serde(default)]
        #[schema(max_length = 253, example = "www.example.com")]
        host: Option<String>,
        /// The path with its query.
        #[schema(max_length = 500, example = "/")]
        path: String,
        /// The first status that is good.
        #[schema(minimum = 100, maximum = 599, example = 200)]
        first: u16,
        /// The last status that is good.
        #[schema(minimum = 100, maximum = 599, example = 399)]
        last: u16,
        /// What the first 256 KiB of the page have to hold.
        #[serde(default)]
        #[schema(max_length = 200)]
        text: Option<String>,
        /// For so many days the certificate has to be good.
        #[serde(default)]
        #[schema(minimum = 1, maximum = 90)]
        days: Option<u16>,
    },
    /// A published port takes connections.
    Tcp {
        /// The port's name in the template.
        port: String,
    },
    /// A published port answers a datagram.
    Udp {
        /// The port's name in the template.
        port: String,
        /// What is sent, in hexadecimal digits.
        #[schema(max_length = 1024, example = "ffffffff54")]
        send: String,
        /// What the answer has to hold, in hexadecimal digits; any answer will do if nothing.
        #[serde(default)]
        #[schema(max_length = 1024)]
        expect: String,
    },
    /// A game answers Valve's `A2S_INFO` at a published port: Source, and many others.
    Source {
        /// The port's name in the template.
        port: String,
    },
    /// A Minecraft (Java) server tells its status at a published port.
    Minecraft {
        /// The port's name in the template.
        port: String,
    },
    /// A name has a record in DNS, as the panel's name servers tell it.
    Dns {
        /// The name.
        #[schema(max_length = 253, example = "www.example.com")]
        name: String,
        /// The record's type.
        record: DnsRecord,
        /// What one of the records has to be or, of a text, to hold; any will do if nothing.
        #[serde(default)]
        #[schema(max_length = 253)]
        expect: String,
    },
    /// A mail server greets and answers `EHLO` at a published port.
    Smtp {
        /// The port's name in the template.
        port: String,
        /// TLS from the first byte.
        #[serde(default)]
        tls: bool,
    },
    /// A mailbox server greets at a published port.
    Imap {
        /// The port's name in the template.
        port: String,
        /// TLS from the first byte.
        #[serde(default)]
        tls: bool,
    },
    /// The server's container answers an echo.
    Ping,
    /// The server's volumes hold less than so much of its disk.
    Disk {
        /// The share of the disk, in percent.
        #[schema(minimum = 1, maximum = 100, example = 90)]
        percent: u8,
    },
    /// The server did not use more than so much of its processors for so long.
    Cpu {
        /// The share, in percent.
        #[schema(minimum = 1, maximum = 100, example = 95)]
        percent: u8,
        /// For how many minutes.
        #[schema(minimum = 1, maximum = 60, example = 30)]
        minutes: u8,
    },
    /// The server did not use more than so much of its memory for so long.
    Memory {
        /// The share, in percent.
        #[schema(minimum = 1, maximum = 100, example = 95)]
        percent: u8,
        /// For how many minutes.
        #[schema(minimum = 1, maximum = 60, example = 15)]
        minutes: u8,
    },
}

impl CheckKind {
    /// Words and names of all kinds, in the order of the form.
    pub const ALL: [(&'static str, &'static str); 12] = [
        ("http", "Web page (HTTP)"),
        ("tcp", "Port (TCP)"),
        ("udp", "Datagram (UDP)"),
        ("source", "Game (Valve query)"),
        ("minecraft", "Minecraft (Java)"),
        ("dns", "DNS"),
        ("smtp", "Mail server (SMTP)"),
        ("imap", "Mailbox server (IMAP)"),
        ("ping", "Echo (ping)"),
        ("disk", "Disk"),
        ("cpu", "Processor"),
        ("memory", "Memory"),
    ];

    /// As database and API write it.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Http { .. } => "http",
            Self::Tcp { .. } => "tcp",
            Self::Udp { .. } => "udp",
            Self::Source { .. } => "source",
            Self::Minecraft { .. } => "minecraft",
            Self::Dns { .. } => "dns",
            Self::Smtp { .. } => "smtp",
            Self::Imap { .. } => "imap",
            Self::Ping => "ping",
            Self::Disk { .. } => "disk",
            Self::Cpu { .. } => "cpu",
            Self::Memory { .. } => "memory",
        }
    }

    /// As pages write it.
    pub fn label(&self) -> &'static str {
        let word = self.word();
        Self::ALL
            .iter()
            .find(|(known, _)| *known == word)
            .map_or("", |(_, label)| label)
    }

    /// The port that it looks at.
    pub fn port(&self) -> Option<&str> {
        match self {
            Self::Http { port, .. }
            | Self::Tcp { port }
            | Self::Udp { port, .. }
            | Self::Source { port }
            | Self::Minecraft { port }
            | Self::Smtp { port, .. }
            | Self::Imap { port, .. } => Some(port),
            Self::Dns { .. } | Self::Ping | Self::Disk { .. } | Self::Cpu { .. } | Self::Memory { .. } => {
                None
            }
        }
    }

    /// What is looked at, for people.
    pub fn target(&self) -> String {
        match self {
            Self::Http { port, host, path, .. } => {
                format!("{} at port {port}", host.clone().unwrap_or_default() + path)
            }
            Self::Dns { name, .. } => name.clone(),
            Self::Disk { percent } => format!("less than {percent} %"),
            Self::Cpu { percent, minutes } | Self::Memory { percent, minutes } => {
                format!("not {percent} % for {minutes} min")
            }
            other => other
                .port()
                .map_or_else(String::new, |port| format!("port {port}")),
        }
    }

    /// How its failure is called.
    pub fn signature(&self, is_certificate: bool) -> Signature {
        match self {
            Self::Http { .. } if is_certificate => Signature::Certificate,
            Self::Http { .. } => Signature::Http,
            Self::Tcp { .. } | Self::Minecraft { .. } => Signature::Tcp,
            Self::Udp { .. } | Self::Source { .. } => Signature::Udp,
            Self::Dns { .. } => Signature::Dns,
            Self::Smtp { .. } | Self::Imap { .. } => Signature::Mail,
            Self::Ping => Signature::Ping,
            Self::Disk { .. } => Signature::DiskFull,
            Self::Cpu { .. } => Signature::Cpu,
            Self::Memory { .. } => Signature::Memory,
        }
    }

    /// What is asked of the network; nothing where the answer is in the panel's own tables. `authority` is the server's address as
    /// customers know it.
    pub fn ask(&self, authority: &str) -> Option<Ask> {
        Some(match self {
            Self::Http {
                tls,
                host,
                path,
                first,
                last,
                text,
                days,
                ..
            } => Ask::Http(HttpAsk {
                tls: *tls,
                host: Some(host.clone().unwrap_or_else(|| authority.to_owned())),
                path: path.clone(),
                statuses: (*first, *last),
                text: text.clone(),
                days: *days,
            }),
            Self::Tcp { .. } => Ask::Tcp,
            Self::Udp { send, expect, .. } => Ask::Udp {
                send: bytes(send)?,
                expect: bytes(expect)?,
            },
            Self::Source { .. } => Ask::Source,
            Self::Minecraft { .. } => Ask::Minecraft,
            Self::Dns { name, record, expect } => Ask::Dns {
                name: name.clone(),
                record: record.asked(),
                expect: expect.clone(),
            },
            Self::Smtp { tls, .. } => Ask::Smtp { tls: *tls },
            Self::Imap { tls, .. } => Ask::Imap { tls: *tls },
            Self::Ping => Ask::Ping,
            Self::Disk { .. } | Self::Cpu { .. } | Self::Memory { .. } => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_kept_as_json_and_named() {
        let kept = serde_json::json!({ "kind": "tcp", "port": "ssh" });
        let kind: CheckKind = serde_json::from_value(kept.clone()).unwrap();
        assert_eq!((kind.word(), kind.label()), ("tcp", "Port (TCP)"));
        assert_eq!(serde_json::to_value(&kind).unwrap(), kept);
        let ping: CheckKind = serde_json::from_value(serde_json::json!({ "kind": "ping" })).unwrap();
        assert_eq!(ping, CheckKind::Ping);
    }
}
