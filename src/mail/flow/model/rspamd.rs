//! The line that rspamd 3 writes of each message (`rspamd_task_write_log`).

use crate::drivers::mail::QueueId;

use super::reader::{Noted, address, kept};
use super::step::Step;

/// Reasons that are kept.
const MOST_SYMBOLS: usize = 12;

/// What a line says of a mail.
pub(super) fn read(line: &str) -> Option<Noted> {
    let (_, text) = line.split_once("rspamd_task_write_log: ")?;
    // The id of a message is its sender's words and stands first, so what follows is looked for from the end of it.
    let (message_id, rest) = text.strip_prefix("id: <")?.split_once(">, qid: <")?;
    let (queue_id, rest) = rest.split_once(">, ")?;
    let verdict = verdict(rest)?;
    Some(Noted {
        queue_id: Some(QueueId::parse(queue_id)?.as_str().to_owned()),
        message_id: Some(kept(message_id)).filter(|id| !id.is_empty() && id != "undef"),
        sender: sender(rest),
        step: Some(verdict),
        ..Noted::default()
    })
}

fn sender(text: &str) -> Option<String> {
    let head = text.split(", (").next()?;
    let (_, rest) = head.split_once("from: <")?;
    address(rest.split('>').next()?)
}

/// `(default: F (no action): [2.10/15.00] [A(1.00){…;},B(0.10)[x]]), len: …`.
fn verdict(text: &str) -> Option<Step> {
    let (_, rest) = text.split_once("(default: ")?;
    let (_, rest) = rest.split_once(" (")?;
    let (action, rest) = rest.split_once("): [")?;
    let (scores, rest) = rest.split_once(']')?;
    let (score, limit) = scores.split_once('/')?;
    let (score, limit): (f64, f64) = (score.trim().parse().ok()?, limit.trim().parse().ok()?);
    if !score.is_finite() {
        return None;
    }
    // Where no score is too much, there is no limit to tell.
    let limit = if limit.is_finite() { limit } else { 0.0 };
    Some(Step::Judged {
        score,
        limit,
        action: kept(action),
        symbols: rest
            .trim_start()
            .strip_prefix('[')
            .map(symbols)
            .unwrap_or_default(),
    })
}

/// Names of what weighed, the heaviest first: `NAME(1.50){details;},OTHER(-0.20)[…]`.
fn symbols(text: &str) -> Vec<String> {
    let mut found: Vec<(String, f64)> = Vec::new();
    let is_name = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    let mut rest = text;
    while let Some(open) = rest.find('(') {
        let name = rest[..open]
            .rsplit(|c: char| !is_name(c))
            .next()
            .unwrap_or_default();
        let after = &rest[open + 1..];
        let weight = after
            .split_once(')')
            .and_then(|(weight, _)| weight.parse::<f64>().ok());
        if let Some(weight) = weight.filter(|weight| weight.is_finite() && *weight != 0.0 && !name.is_empty())
        {
            found.push((kept(name), weight));
        }
        rest = after;
    }
    found.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()));
    found.truncate(MOST_SYMBOLS);
    found.into_iter().map(|(name, _)| name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = "2026-11-30 10:12:03 #31(rspamd_proxy) <3fa1b2>; proxy; rspamd_task_write_log: id: <a.1@x.example>, \
        qid: <4SfKbW2kQmz9vQx>, ip: 192.0.2.7, from: <Bob@x.example>, (default: F (no action): [2.10/15.00] \
        [R_SPF_SOFTFAIL(0.10){~all;},MANY_INVISIBLE_PARTS(2.00){11;},R_DKIM_ALLOW(-0.20){x.example:s=s1;},MIME_TRACE(0.00){0:+;}]), \
        len: 2841, time: 180.2ms, dns req: 31, digest: <abcd>, rcpts: <ann@a.example>, mime_rcpts: <ann@a.example,>";

    #[test]
    fn a_verdict_is_read_with_its_reasons() {
        let noted = read(LINE).unwrap();
        assert_eq!(noted.queue_id.as_deref(), Some("4SfKbW2kQmz9vQx"));
        assert_eq!(noted.sender.as_deref(), Some("bob@x.example"));
        let Some(Step::Judged {
            score,
            limit,
            action,
            symbols,
        }) = noted.step
        else {
            panic!("no verdict")
        };
        assert!((score - 2.1).abs() < 1e-9 && (limit - 15.0).abs() < 1e-9);
        assert_eq!(action, "no action");
        assert_eq!(
            symbols,
            ["MANY_INVISIBLE_PARTS", "R_DKIM_ALLOW", "R_SPF_SOFTFAIL"]
        );
    }

    #[test]
    fn one_of_a_mail_without_a_place_in_the_queue_is_passed_over() {
        assert_eq!(read(&LINE.replace("4SfKbW2kQmz9vQx", "undef..")), None);
        assert_eq!(read("rspamd_task_write_log: id: <"), None);
        let Some(Step::Judged { limit, .. }) = read(&LINE.replace("/15.00", "/nan")).unwrap().step else {
            panic!("no verdict")
        };
        assert!(limit.abs() < 1e-9);
        let spam = LINE.replace("F (no action): [2.10", "T (quarantine): [22.40");
        assert!(
            matches!(read(&spam).unwrap().step, Some(Step::Judged { action, .. }) if action == "quarantine")
        );
    }
}
