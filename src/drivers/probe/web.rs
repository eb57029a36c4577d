//! Pages. Redirects are answers and not followed: where they lead is nothing that the panel was told to speak to.

use std::net::SocketAddr;
use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::drivers::http::{self, Answer, HttpError, Request};

use super::{Found, HttpAsk, Verdict};

/// So much of a page is looked through.
const LOOKED_AT: usize = 256 * 1024;

pub(super) async fn look(
    ask: &HttpAsk,
    address: SocketAddr,
    (timeout, now): (Duration, DateTime<Utc>),
) -> Found {
    let scheme = if ask.tls { "https" } else { "http" };
    let authority = match &ask.host {
        Some(host) => host.clone(),
        None => address.to_string(),
    };
    let url = format!("{scheme}://{authority}{}", ask.path);
    let request = Request {
        method: "GET",
        url: &url,
        headers: &[("Accept", "*/*")],
        body: b"",
        limit: if ask.text.is_some() { LOOKED_AT } else { 1 },
        timeout,
        // Many servers show certificates of their own; when they end is asked for by itself.
        verify: false,
    };
    match http::send_to(&request, address).await {
        Ok(answer) => judge(ask, &answer, now),
        Err(HttpError::Connect(error)) => Found::new(Verdict::Bad, format!("Nobody answers there: {error}.")),
        Err(error) => {
            let says = error.to_string();
            let mut letters = says.chars();
            let first = letters.next().map(|first| first.to_ascii_uppercase());
            Found::new(
                Verdict::Bad,
                format!(
                    "{}{}.",
                    first.map(String::from).unwrap_or_default(),
                    letters.as_str()
                ),
            )
        }
    }
}

/// What an answer is worth.
fn judge(ask: &HttpAsk, answer: &Answer, now: DateTime<Utc>) -> Found {
    let (first, last) = ask.statuses;
    if !(first..=last).contains(&answer.status) {
        let says = format!("It answered {}, and {first} to {last} is good.", answer.status);
        return Found::new(Verdict::Bad, says);
    }
    if let Some(text) = &ask.text
        && !String::from_utf8_lossy(&answer.body).contains(text)
    {
        let says = format!("It answered {}, without the text “{text}”.", answer.status);
        return Found::new(Verdict::Bad, says);
    }
    match (answer.certificate_until, ask.days) {
        (Some(until), Some(days)) => {
            let left = (until - now).num_days();
            if until <= now {
                let says = format!("Its certificate ended on {}.", until.format("%-d %b %Y"));
                Found::new(Verdict::Certificate, says)
            } else if left < i64::from(days) {
                let says = format!("Its certificate ends in {left} days, and {days} are asked for.");
                Found::new(Verdict::Certificate, says)
            } else {
                let says = format!(
                    "It answered {}. Its certificate is good for {left} days.",
                    answer.status
                );
                Found::new(Verdict::Good, says)
            }
        }
        (None, Some(_)) if ask.tls => Found::new(Verdict::Certificate, "Its certificate can't be read."),
        _ => Found::new(Verdict::Good, format!("It answered {}.", answer.status)),
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    #[test]
    fn an_answer_is_judged_by_status_text_and_certificate() {
        let now: DateTime<Utc> = "2026-03-10T12:00:00Z".parse().unwrap();
        let ask = HttpAsk {
            tls: true,
            host: None,
            path: "/".to_owned(),
            statuses: (200, 399),
            text: Some("hello".to_owned()),
            days: Some(14),
        };
        let judged = |status, body: &str, days| {
            let answer = Answer {
                status,
                headers: Vec::new(),
                body: body.as_bytes().to_vec(),
                certificate_until: Some(now + TimeDelta::days(days)),
                took: Duration::ZERO,
            };
            judge(&ask, &answer, now).verdict
        };
        assert_eq!(judged(200, "well, hello", 30), Verdict::Good);
        assert_eq!(judged(500, "well, hello", 30), Verdict::Bad);
        assert_eq!(judged(200, "goodbye", 30), Verdict::Bad);
        assert_eq!(judged(200, "hello", 13), Verdict::Certificate);
        assert_eq!(judged(200, "hello", -1), Verdict::Certificate);
        assert_eq!(judged(302, "hello", 14), Verdict::Good);
    }
}
