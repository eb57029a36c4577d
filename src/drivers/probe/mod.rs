//! Looks from outside whether something answers, as a customer would. A probe goes where it is sent and tells in a sentence what
//! it found; whether that is good enough, whoever asked decides.
//!
//! The address is the caller's: of a location, or of a container. Nothing that a tenant types is resolved and spoken to; the name in
//! an HTTP probe is for `Host` and TLS only, and the name in a DNS probe is a question to the panel's own name servers.

#[cfg(feature = "testing")]
pub mod fake;
mod game;
mod icmp;
mod names;
mod network;
mod talk;
mod web;

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};

pub use network::Network;

/// What is asked in a probe, and what would be a good answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ask {
    /// A page.
    Http(HttpAsk),
    /// A connection is taken.
    Tcp,
    /// A datagram is answered by one that holds these bytes; by any, where there are none.
    Udp {
        /// What is sent.
        send: Vec<u8>,
        /// What the answer has to hold.
        expect: Vec<u8>,
    },
    /// A game answers Valve's `A2S_INFO`.
    Source,
    /// A Minecraft (Java) server tells its status.
    Minecraft,
    /// A name has records in DNS.
    Dns {
        /// The name.
        name: String,
        /// Of which type.
        record: Record,
        /// What one of them has to be or, of a text, to hold; any will do if nothing.
        expect: String,
    },
    /// A mail server greets, and answers `EHLO`.
    Smtp {
        /// TLS from the first byte.
        tls: bool,
    },
    /// A mailbox server greets.
    Imap {
        /// TLS from the first byte.
        tls: bool,
    },
    /// An echo.
    Ping,
}

/// A page that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpAsk {
    /// TLS from the first byte.
    pub tls: bool,
    /// The name in `Host` and for TLS; the address if none.
    pub host: Option<String>,
    /// The path with its query.
    pub path: String,
    /// The first and the last status that is good.
    pub statuses: (u16, u16),
    /// What the first 256 KiB of the body have to hold.
    pub text: Option<String>,
    /// For so many days the certificate has to be good.
    pub days: Option<u16>,
}

/// Types of records in DNS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Record {
    /// Addresses, of IPv4 and of IPv6.
    Address,
    /// Another name.
    Cname,
    /// Mail exchangers.
    Mx,
    /// Texts.
    Txt,
}

/// One look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probe {
    /// The address: the one that the location's ports are bound to, or a container's.
    pub at: IpAddr,
    /// The port; 0 where there is none.
    pub port: u16,
    /// What is asked.
    pub ask: Ask,
    /// For all of it.
    pub timeout: Duration,
    /// Now, for what certificates say.
    pub now: DateTime<Utc>,
}

/// What a look came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// As it should be.
    Good,
    /// Not so.
    Bad,
    /// It answers, but its certificate has ended or ends too soon.
    Certificate,
    /// It can't be told from here.
    Unknown,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// In a word.
    pub verdict: Verdict,
    /// In a sentence.
    pub says: String,
    /// How long it took.
    pub took: Duration,
}

impl Found {
    /// Found at once: for what needs no look.
    pub fn new(verdict: Verdict, says: impl Into<String>) -> Self {
        Self {
            verdict,
            says: says.into(),
            took: Duration::ZERO,
        }
    }
}

/// Looks.
#[async_trait]
pub trait Prober: fmt::Debug + Send + Sync {
    /// Looks once. There is always an answer, within the probe's time.
    async fn probe(&self, probe: &Probe) -> Found;
}

/// Good with a sentence, or bad with one.
type Looked = Result<String, String>;
