//! Mails that nobody wrote: answers of machines, lists, what bounced and what we sent ourselves. To answer them would be a loop
//! (RFC 3834, 2), and to open tickets for them noise.

use super::{Desk, Headers};

/// Why nobody wrote a mail, if nobody did.
pub(super) fn automatic(
    headers: &Headers,
    sender: Option<&str>,
    message_id: &str,
    desk: &Desk,
) -> Option<&'static str> {
    let has = |name: &str| headers.first(name).is_some();
    let says = |name: &str, words: &[&str]| {
        let value = headers.first(name).unwrap_or_default().to_lowercase();
        let word = value.split([';', ' ']).next().unwrap_or_default();
        words.contains(&word)
    };
    let sender = sender.unwrap_or_default();
    let (local, _) = sender.split_once('@').unwrap_or_default();
    if has(super::OURS) || message_id.starts_with("oum_") || desk.is_own(sender) {
        Some("our own mail")
    } else if has("Auto-Submitted") && !says("Auto-Submitted", &["no"]) {
        Some("an automatic answer")
    } else if headers.first("Return-Path") == Some("<>")
        || matches!(local, "mailer-daemon" | "postmaster")
        || says("Content-Type", &["multipart/report"])
    {
        Some("a report of a mail server")
    } else if has("X-Auto-Response-Suppress") || has("X-Autoreply") || has("X-Autorespond") {
        Some("sent by a machine")
    } else if says("Precedence", &["bulk", "junk", "list"]) {
        Some("sent to many")
    } else if ["List-Id", "List-Unsubscribe", "List-Post"].into_iter().any(has) {
        Some("from a list")
    } else {
        None
    }
}
