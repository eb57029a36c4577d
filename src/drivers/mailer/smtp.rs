//! A mail server by SMTP (RFC 5321) with STARTTLS or TLS, spoken to anew for each mail: these are few.

use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use axum::http::Uri;
use lettre::address::AddressError;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message};
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Tokio1Executor};

use super::{Mail, MailError, Mailer};

/// How long the server may take for each of its answers. RFC 5321, 4.5.3.2, gives it minutes; but then it is ill, and is asked
/// again later.
const PATIENCE: Duration = Duration::from_secs(30);

/// Why a server can't be used as it was written.
#[derive(Debug, thiserror::Error)]
#[error("use smtp://user:password@host:587 or smtps://user:password@host: {0}")]
pub struct SmtpSettingError(String);

/// A mail server.
#[derive(Debug)]
pub struct Smtp {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    address: String,
}

/// The sender that a text names: `panel@example.com`, or `Our panel <panel@example.com>`.
pub fn sender(text: &str) -> Result<String, String> {
    let parsed: Result<Mailbox, _> = text.trim().parse();
    let parsed = parsed.map_err(|error| format!("{error}: use an address, or Name <address>"))?;
    Ok(parsed.to_string())
}

impl Smtp {
    /// The server at an address. Over the network it must offer encryption, unless `?tls=opportunistic` says otherwise; what is
    /// said to this machine itself may be plain, and so may what `?tls=none` sends through a network of one's own.
    pub fn new(url: &str, from: &str) -> Result<Self, SmtpSettingError> {
        let wrong = |error: &dyn std::fmt::Display| SmtpSettingError(error.to_string());
        let uri: Uri = url.parse().map_err(|error| wrong(&error))?;
        let host = uri.host().ok_or_else(|| wrong(&"no host"))?;
        let is_encrypted = match uri.scheme_str() {
            Some("smtp") => false,
            Some("smtps") => true,
            _ => return Err(wrong(&"no such way")),
        };
        let plain = url.strip_suffix("?tls=none").filter(|_| !is_encrypted);
        let says_tls = uri.query().is_some_and(|query| query.contains("tls="));
        let url = if let Some(plain) = plain {
            plain.to_owned()
        } else if is_encrypted || says_tls || is_here(host) {
            url.to_owned()
        } else {
            let mark = if uri.query().is_some() { '&' } else { '?' };
            format!("{url}{mark}tls=required")
        };
        let transport =
            AsyncSmtpTransport::<Tokio1Executor>::from_url(&url).map_err(|error| wrong(&error))?;
        Ok(Self {
            transport: transport.timeout(Some(PATIENCE)).build(),
            from: from.parse().map_err(|error| wrong(&error))?,
            address: match uri.port_u16() {
                Some(port) => format!("{host}:{port}"),
                None => host.to_owned(),
            },
        })
    }

    fn message(&self, mail: &Mail) -> Result<Message, MailError> {
        let refused = |error: &dyn std::fmt::Display| MailError::Refused(error.to_string());
        let to: Mailbox = mail.to.parse().map_err(|error| refused(&error))?;
        let id = format!("<{}@{}>", mail.id, self.from.email.domain());
        // So that nobody's machine answers: RFC 3834, 5.
        let automatic = HeaderName::new_from_ascii_str("Auto-Submitted");
        let mut message = Message::builder()
            .from(self.from.clone())
            .to(to)
            .subject(mail.subject.clone())
            .message_id(Some(id))
            .date(SystemTime::from(mail.at))
            .raw_header(HeaderValue::new(automatic, "auto-generated".to_owned()));
        if let Some(address) = &mail.extra.reply_to {
            message = message.reply_to(address.parse().map_err(|error: AddressError| refused(&error))?);
        }
        if let Some(last) = mail.extra.references.last() {
            let all: Vec<String> = mail.extra.references.iter().map(|id| format!("<{id}>")).collect();
            message = message.in_reply_to(format!("<{last}>")).references(all.join(" "));
        }
        for (name, value) in &mail.extra.headers {
            let name = HeaderName::new_from_ascii_str(name);
            message = message.raw_header(HeaderValue::new(name, value.clone()));
        }
        message
            .header(ContentType::TEXT_PLAIN)
            .body(mail.text.clone())
            .map_err(|error| refused(&error))
    }
}

fn is_here(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// In one line, with what caused it.
fn said(error: &lettre::transport::smtp::Error) -> MailError {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        let inner_text = inner.to_string();
        if !text.contains(&inner_text) {
            text = format!("{text}: {inner_text}");
        }
        cause = inner.source();
    }
    if error.is_permanent() {
        MailError::Refused(text)
    } else {
        MailError::NotNow(text)
    }
}

#[async_trait]
impl Mailer for Smtp {
    async fn send(&self, mail: &Mail) -> Result<(), MailError> {
        let message = self.message(mail)?;
        self.transport
            .send(message)
            .await
            .map(drop)
            .map_err(|error| said(&error))
    }

    async fn check(&self) -> Result<(), MailError> {
        match self.transport.test_connection().await {
            Ok(true) => Ok(()),
            Ok(false) => Err(MailError::NotNow("it does not answer".to_owned())),
            Err(error) => Err(said(&error)),
        }
    }

    fn address(&self) -> String {
        self.address.clone()
    }

    fn sender(&self) -> String {
        self.from.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::super::Extra;
    use super::*;

    #[test]
    fn servers_are_written_as_addresses() {
        for (url, address) in [
            ("smtp://127.0.0.1:2525", "127.0.0.1:2525"),
            ("smtp://[::1]:25", "[::1]:25"),
            ("smtp://u:p@mail.example.com", "mail.example.com"),
            ("smtps://u:p@mail.example.com:465", "mail.example.com:465"),
            ("smtp://mail.example.com?tls=opportunistic", "mail.example.com"),
            ("smtp://mail:25?tls=none", "mail:25"),
        ] {
            let smtp = Smtp::new(url, "Berth <berth@example.com>").unwrap();
            assert_eq!(smtp.address(), address);
            assert!(!format!("{}{}", smtp.address(), smtp.sender()).contains("u:p"));
        }
        for wrong in [
            "",
            "mail.example.com",
            "http://mail.example.com",
            "smtp://",
            "smtp://a b",
        ] {
            assert!(Smtp::new(wrong, "berth@example.com").is_err(), "{wrong}");
        }
        assert!(Smtp::new("smtp://127.0.0.1", "nobody").is_err());
    }

    #[test]
    fn a_mail_says_who_sent_it_that_a_machine_did_and_has_one_id() {
        let smtp = Smtp::new("smtp://127.0.0.1", "Our panel <panel@example.com>").unwrap();
        let mail = Mail {
            id: "ntf_1".to_owned(),
            to: "ada@example.com".to_owned(),
            subject: "Größe\r\nBcc: eve@example.com".to_owned(),
            text: "Straße".to_owned(),
            at: "2026-03-10T12:00:00Z".parse().unwrap(),
            extra: Extra {
                reply_to: Some("support+abc@example.com".to_owned()),
                references: vec!["a@x.example".to_owned(), "b@x.example".to_owned()],
                headers: vec![("X-Auto-Response-Suppress", "All".to_owned())],
            },
        };
        let text = String::from_utf8(smtp.message(&mail).unwrap().formatted()).unwrap();
        for line in [
            "Reply-To: support+abc@example.com",
            "In-Reply-To: <b@x.example>",
            "References: <a@x.example> <b@x.example>",
            "X-Auto-Response-Suppress: All",
            "Our panel\" <panel@example.com>",
            "To: ada@example.com",
            "Message-ID: <ntf_1@example.com>",
            "Auto-Submitted: auto-generated",
            "Date: Tue, 10 Mar 2026 12:00:00 +0000",
        ] {
            assert!(text.contains(line), "{line} is not in {text}");
        }
        assert!(!text.contains("\nBcc:"), "a subject is one line: {text}");
        let nobody = Mail {
            to: "nobody".to_owned(),
            ..mail
        };
        assert!(matches!(smtp.message(&nobody), Err(MailError::Refused(_))));
    }
}
