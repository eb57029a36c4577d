//! What a webhook is, what it is told, how that is signed, and what becomes of a try. Pure.

use std::net::IpAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, TimeDelta, Utc};
use hyper::Uri;
use ipnet::IpNet;
use ring::hmac;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::drivers::http::is_public;
use crate::platform::error::FieldErrors;
use crate::platform::ids::{TenantId, WebhookDeliveryId, WebhookId};
use crate::platform::reconcile::patience;

/// What can be told: the event, and what it means.
pub const EVENTS: [(&str, &str); 12] = [
    ("ticket.opened", "A ticket was opened"),
    ("ticket.replied", "Somebody answered in a ticket"),
    ("ticket.state_changed", "A ticket's state changed"),
    ("ticket.resolved", "A ticket was resolved"),
    ("incident.opened", "Something does not work"),
    ("incident.recovered", "It works again"),
    ("maintenance.announced", "Maintenance was announced"),
    ("maintenance.reminded", "Maintenance begins within an hour"),
    ("maintenance.ended", "Maintenance is over, or was called off"),
    ("sla.warned", "Something that was promised is due soon"),
    ("sla.breached", "Something that was promised is late"),
    ("on_call.paged", "Somebody on call was paged"),
];
/// What the provider alone is told: who of the staff is paged.
const INTERNAL: [&str; 1] = ["on_call.paged"];
/// What is told to see whether it arrives. Nobody chooses it.
pub const TEST: &str = "webhook.test";

/// How many a tenant, or the provider, has at most.
pub const MOST: i64 = 20;
/// How long a message is tried.
pub const TRIED_FOR: TimeDelta = TimeDelta::hours(24);
/// After so long in which nothing arrives an address is told nothing any more.
pub const DISABLED_AFTER: TimeDelta = TimeDelta::days(5);
/// How long an old secret still signs.
pub const OVERLAP: TimeDelta = TimeDelta::hours(24);
/// For so long an address that fails is left alone at most.
const LONGEST_HOLD: TimeDelta = TimeDelta::minutes(5);
const MAX_URL: usize = 2000;
const MAX_DESCRIPTION: usize = 200;
/// What secrets begin with, for scanners.
const PREFIX: &str = "whsec_";

/// The events that somebody can choose.
pub fn choices(is_provider: bool) -> impl Iterator<Item = (&'static str, &'static str)> {
    EVENTS
        .into_iter()
        .filter(move |(name, _)| is_provider || !INTERNAL.contains(name))
}

/// An address that is told what happens.
#[derive(Debug, Clone)]
pub struct Webhook {
    /// Its id.
    pub id: WebhookId,
    /// Whose; the provider's if nobody's.
    pub tenant: Option<TenantId>,
    /// That tenant's name.
    pub tenant_name: Option<String>,
    /// The address.
    pub url: String,
    /// What it is for.
    pub description: String,
    /// What it is told.
    pub events: Vec<String>,
    /// Whether somebody paused it.
    pub is_paused: bool,
    /// Since when nothing arrives.
    pub failing_since: Option<DateTime<Utc>>,
    /// When it was disabled because nothing arrived.
    pub disabled_at: Option<DateTime<Utc>>,
    /// Counts changes by people.
    pub version: i64,
    /// Who made it.
    pub created_by: String,
    /// When.
    pub created_at: DateTime<Utc>,
}

/// How it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = WebhookState)]
pub enum How {
    /// What happens is told.
    Works,
    /// What was told last did not arrive; it is tried again.
    Failing,
    /// Somebody paused it.
    Paused,
    /// Nothing arrived for days.
    Disabled,
}

impl Webhook {
    /// How it is.
    pub fn how(&self) -> How {
        match self {
            Self {
                disabled_at: Some(_), ..
            } => How::Disabled,
            Self { is_paused: true, .. } => How::Paused,
            Self {
                failing_since: Some(_),
                ..
            } => How::Failing,
            _ => How::Works,
        }
    }

    /// For people.
    pub fn word(&self) -> &'static str {
        match self.how() {
            How::Works => "Active",
            How::Failing => "Failing",
            How::Paused => "Paused",
            How::Disabled => "Disabled",
        }
    }

    /// Which look a page gives it.
    pub fn tone(&self) -> &'static str {
        match self.how() {
            How::Works => "good",
            How::Failing => "warn",
            How::Paused => "idle",
            How::Disabled => "bad",
        }
    }
}

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = WebhookDeliveryState)]
pub enum State {
    /// On its way, or to be tried again.
    Waiting,
    /// It was taken.
    Delivered,
    /// It is not tried again by itself.
    Failed,
}

impl State {
    /// As the database writes it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
        }
    }

    /// The state of a word; one that nobody knows has failed.
    pub fn read(word: &str) -> Self {
        match word {
            "waiting" => Self::Waiting,
            "delivered" => Self::Delivered,
            _ => Self::Failed,
        }
    }

    /// For people.
    pub fn label(self) -> &'static str {
        match self {
            Self::Waiting => "Waiting",
            Self::Delivered => "Delivered",
            Self::Failed => "Failed",
        }
    }

    /// Which look a page gives it.
    pub fn tone(self) -> &'static str {
        match self {
            Self::Waiting => "busy",
            Self::Delivered => "good",
            Self::Failed => "bad",
        }
    }
}

/// A message to a webhook.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// Its id, which is the message's.
    pub id: WebhookDeliveryId,
    /// To which.
    pub webhook: WebhookId,
    /// What it tells of.
    pub event: String,
    /// The message.
    pub body: String,
    /// What became of it.
    pub state: State,
    /// How often it was tried.
    pub attempts: i32,
    /// What was answered at the last try.
    pub status: Option<i32>,
    /// How long that took.
    pub took_ms: Option<i32>,
    /// The beginning of the answer.
    pub answer: Option<String>,
    /// Why it was not taken at the last try.
    pub error: Option<String>,
    /// When that was.
    pub tried_at: Option<DateTime<Utc>>,
    /// When it was written.
    pub created_at: DateTime<Utc>,
}

/// The message about an event (Standard Webhooks, "Payload structure").
pub fn message(event: &str, at: DateTime<Utc>, data: &Value) -> String {
    json!({ "type": event, "timestamp": at, "data": data }).to_string()
}

/// A secret as people copy it.
pub fn secret_text(key: &[u8]) -> String {
    format!("{PREFIX}{}", STANDARD.encode(key))
}

/// The header that proves a message (Standard Webhooks, "Signature scheme"): a signature by each secret that is valid.
pub fn signatures<K: AsRef<[u8]>>(keys: &[K], id: &str, seconds: i64, body: &str) -> String {
    let signed = format!("{id}.{seconds}.{body}");
    let sign = |key: &K| {
        let key = hmac::Key::new(hmac::HMAC_SHA256, key.as_ref());
        format!("v1,{}", STANDARD.encode(hmac::sign(&key, signed.as_bytes())))
    };
    keys.iter().map(sign).collect::<Vec<_>>().join(" ")
}

fn is_allowed(ip: IpAddr, allow: &[IpNet]) -> bool {
    allow.iter().any(|network| network.contains(&ip))
}

/// Whether an address may be spoken to: of the public internet, by TLS, or one that the operator allowed.
pub fn may_speak(url: &str, ip: IpAddr, allow: &[IpNet]) -> bool {
    is_allowed(ip, allow) || (url.starts_with("https://") && is_public(ip))
}

/// An address as it was typed. Without TLS only what the operator allowed.
fn address(text: &str, allow: &[IpNet]) -> Result<String, String> {
    let text = text.trim();
    let wrong = || "Use an address such as https://hooks.example.com/berth.".to_owned();
    let uri: Uri = text.parse().map_err(|_| wrong())?;
    let authority = uri
        .authority()
        .filter(|_| text.len() <= MAX_URL)
        .ok_or_else(wrong)?;
    if authority.as_str().contains('@') {
        return Err("Leave user and password out: messages are signed.".to_owned());
    }
    let ip = authority.host().trim_matches(['[', ']']).parse::<IpAddr>().ok();
    let is_tls = text.starts_with("https://");
    match ip {
        None if is_tls => Ok(text.to_owned()),
        Some(ip) if (is_tls || text.starts_with("http://")) && may_speak(text, ip, allow) => {
            Ok(text.to_owned())
        }
        Some(_) if is_tls => Err("Use an address of the public internet.".to_owned()),
        _ => Err("Use an address that begins with https://.".to_owned()),
    }
}

/// A webhook as programs say it. What is left out stays as it is; a new one needs an address and events.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct WebhookIn {
    /// The address: `https://`, of the public internet.
    #[schema(example = "https://hooks.example.com/berth", max_length = 2000)]
    pub url: Option<String>,
    /// What it is for.
    #[schema(max_length = 200)]
    pub description: Option<String>,
    /// What it is told.
    #[schema(min_items = 1)]
    pub events: Option<Vec<String>>,
    /// Whether it is told nothing for now.
    pub paused: Option<bool>,
}

/// A webhook as somebody wants it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WebhookText {
    /// The address.
    pub url: String,
    /// What it is for.
    pub description: String,
    /// What it is told.
    pub events: Vec<String>,
    /// Whether it is told nothing for now.
    pub is_paused: bool,
}

impl From<&Webhook> for WebhookText {
    fn from(webhook: &Webhook) -> Self {
        Self {
            url: webhook.url.clone(),
            description: webhook.description.clone(),
            events: webhook.events.clone(),
            is_paused: webhook.is_paused,
        }
    }
}

impl WebhookText {
    /// With what somebody says.
    #[must_use]
    pub fn with(self, said: WebhookIn) -> Self {
        Self {
            url: said.url.unwrap_or(self.url),
            description: said.description.unwrap_or(self.description),
            events: said.events.unwrap_or(self.events),
            is_paused: said.paused.unwrap_or(self.is_paused),
        }
    }

    /// The same, clean, if all of it can be.
    pub fn parse(&self, is_provider: bool, allow: &[IpNet]) -> Result<Self, FieldErrors> {
        let mut errors = FieldErrors::default();
        let url = errors.check("url", address(&self.url, allow));
        let description = self.description.trim();
        if description.chars().count() > MAX_DESCRIPTION || description.chars().any(char::is_control) {
            errors.add(
                "description",
                format!("Use one line of at most {MAX_DESCRIPTION} characters."),
            );
        }
        let known: Vec<_> = choices(is_provider).map(|(name, _)| name).collect();
        if self.events.is_empty() || !self.events.iter().all(|event| known.contains(&event.as_str())) {
            errors.add("events", format!("Choose from {}.", known.join(", ")));
        }
        errors.into_result()?;
        // In one order and each once, whatever was said.
        let events = known
            .into_iter()
            .filter(|name| self.events.iter().any(|event| event == name));
        Ok(Self {
            url: url.unwrap_or_default(),
            description: description.to_owned(),
            events: events.map(str::to_owned).collect(),
            is_paused: self.is_paused,
        })
    }
}

/// What a try came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tried {
    /// What was answered.
    pub status: Option<u16>,
    /// How long it took.
    pub took_ms: i32,
    /// The beginning of the answer.
    pub answer: String,
    /// Why the message was not taken; nothing if it was.
    pub error: Option<String>,
}

impl Tried {
    /// An answer.
    pub fn answered(status: u16, took_ms: i32, body: &[u8]) -> Self {
        let error = match status {
            200..=299 => None,
            300..=399 => Some(format!("It answered {status}: redirects are not followed.")),
            410 => Some("It answered 410: it is gone for good.".to_owned()),
            _ => Some(format!("It answered {status}.")),
        };
        Self {
            status: Some(status),
            took_ms,
            // PostgreSQL keeps no NUL in text.
            answer: String::from_utf8_lossy(body).replace('\0', "\u{fffd}"),
            error,
        }
    }

    /// What the message is after it, which has been tried since `due`.
    pub fn state(&self, due: DateTime<Utc>, now: DateTime<Utc>) -> State {
        match self.error {
            None => State::Delivered,
            Some(_) if now - due < TRIED_FOR && !self.is_gone() => State::Waiting,
            Some(_) => State::Failed,
        }
    }

    /// Whether whoever answered wants nothing more (Standard Webhooks, "Responses").
    pub fn is_gone(&self) -> bool {
        self.status == Some(410)
    }
}

/// Until when an address is left alone after so many failures in a row.
pub fn hold(failures: i32, now: DateTime<Utc>) -> DateTime<Utc> {
    now + patience(failures, LONGEST_HOLD)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_signed_as_standard_webhooks_says() {
        // The vectors of the reference libraries of Standard Webhooks: secret, id, time, body, signature.
        for (secret, id, seconds, body, signature) in [
            (
                "C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
                "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk",
                1_649_367_553,
                r#"{"email":"test@example.com","username":"test_user"}"#,
                "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=",
            ),
            (
                "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
                "msg_p5jXN8AQM9LWM0D4loKWxJek",
                1_614_265_330,
                r#"{"test": 2432232314}"#,
                "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
            ),
        ] {
            let key = STANDARD.decode(secret).unwrap();
            assert_eq!(secret_text(&key), format!("whsec_{secret}"));
            assert_eq!(
                signatures(std::slice::from_ref(&key), id, seconds, body),
                signature
            );
            let both = signatures(&[b"another".to_vec(), key], id, seconds, body);
            assert_eq!(both.split(' ').nth(1), Some(signature));
        }
    }

    #[test]
    fn addresses_are_public_and_by_tls_unless_they_are_allowed() {
        let allow = ["10.1.0.0/16".parse().unwrap()];
        for good in [
            "https://hooks.example.com/x?y=1",
            " https://8.8.8.8/ ",
            "http://10.1.2.3:8080/",
            "https://10.1.2.3/",
        ] {
            assert!(address(good, &allow).is_ok(), "{good}");
        }
        for bad in [
            "",
            "hooks.example.com",
            "http://hooks.example.com/",
            "ftp://hooks.example.com/",
            "https://user:pass@hooks.example.com/",
            "https://127.0.0.1/",
            "https://[::1]/",
            "https://169.254.169.254/latest",
            "https://10.2.0.1/",
            "http://8.8.8.8/",
            "https://[::ffff:192.168.0.1]/",
        ] {
            assert!(address(bad, &allow).is_err(), "{bad}");
        }
        assert!(!may_speak(
            "http://hooks.example.com",
            "8.8.8.8".parse().unwrap(),
            &allow
        ));
    }

    #[test]
    fn tenants_choose_what_is_theirs() {
        let text = |events: &[&str]| WebhookText {
            url: "https://hooks.example.com/".to_owned(),
            events: events.iter().map(|event| (*event).to_owned()).collect(),
            ..WebhookText::default()
        };
        let chosen = text(&["incident.opened", "ticket.opened", "incident.opened"])
            .parse(false, &[])
            .unwrap();
        assert_eq!(chosen.events, ["ticket.opened", "incident.opened"]);
        assert!(text(&["sla.breached"]).parse(false, &[]).is_ok());
        for bad in [&["on_call.paged"][..], &["webhook.test"], &[]] {
            assert!(text(bad).parse(false, &[]).is_err(), "{bad:?}");
        }
        assert!(text(&["on_call.paged"]).parse(true, &[]).is_ok());
    }

    #[test]
    fn a_message_is_tried_for_a_day() {
        let due = DateTime::UNIX_EPOCH;
        let after =
            |status, hours| Tried::answered(status, 1, b"a\0b").state(due, due + TimeDelta::hours(hours));
        assert_eq!(after(204, 0), State::Delivered);
        assert_eq!(after(302, 1), State::Waiting);
        assert_eq!(after(500, 23), State::Waiting);
        assert_eq!(after(500, 24), State::Failed);
        assert_eq!(after(410, 0), State::Failed);
        assert_eq!(hold(0, due), due + TimeDelta::seconds(1));
        assert_eq!(hold(30, due), due + LONGEST_HOLD);
        for state in [State::Waiting, State::Delivered, State::Failed] {
            assert_eq!(State::read(state.word()), state);
        }
    }
}
