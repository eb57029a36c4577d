//! What `berth-mail` says, in our words. Pure; what is not understood is left out or told as it is.

use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::{MailHealth, MailServiceError, Queue, QueueId, Queued, Waiting};

/// A line of `postqueue -j`.
#[derive(Deserialize)]
struct QueueLine {
    queue_name: String,
    queue_id: String,
    arrival_time: i64,
    message_size: i64,
    #[serde(default)]
    sender: String,
    #[serde(default)]
    recipients: Vec<RecipientPart>,
}

#[derive(Deserialize)]
struct RecipientPart {
    address: String,
    delay_reason: Option<String>,
}

#[derive(Deserialize)]
struct HealthPart {
    program: String,
    is_up: bool,
    #[serde(default)]
    says: String,
}

/// How Postfix writes the empty sender of a bounce.
const NOBODY: &str = "MAILER-DAEMON";

/// The mail that waits. A line that is cut off, as the last one of too many, is left out.
pub(super) fn queue(output: &str) -> Vec<Queued> {
    output.lines().filter_map(queued).collect()
}

fn queued(line: &str) -> Option<Queued> {
    let line: QueueLine = serde_json::from_str(line).ok()?;
    Some(Queued {
        id: QueueId::parse(&line.queue_id)?,
        queue: match line.queue_name.as_str() {
            "hold" => Queue::Held,
            "deferred" => Queue::Deferred,
            _ => Queue::Active,
        },
        sender: if line.sender == NOBODY {
            String::new()
        } else {
            line.sender
        },
        recipients: line
            .recipients
            .into_iter()
            .map(|one| Waiting {
                address: one.address,
                reason: one.delay_reason,
            })
            .collect(),
        arrived: DateTime::<Utc>::from_timestamp(line.arrival_time, 0)?,
        bytes: line.message_size,
    })
}

/// What the programs say of themselves.
pub(super) fn health(output: &str) -> Result<Vec<MailHealth>, MailServiceError> {
    let parts: Vec<HealthPart> = serde_json::from_str(output.trim())
        .map_err(|_| MailServiceError::Away("what it says of its programs can't be read".to_owned()))?;
    let part = |one: HealthPart| MailHealth {
        program: one.program,
        is_up: one.is_up,
        says: one.says,
    };
    Ok(parts.into_iter().map(part).collect())
}

/// What a command's end means.
pub(super) fn ended(code: i64, stderr: &str) -> Result<(), MailServiceError> {
    let words = stderr.lines().map(str::trim).rfind(|line| !line.is_empty());
    let words = words.unwrap_or("it did not say why");
    match code {
        0 => Ok(()),
        1 => Err(MailServiceError::Refused(words.to_owned())),
        3 => Err(MailServiceError::Gone),
        _ => Err(MailServiceError::Away(format!(
            "berth-mail ended with {code}: {words}"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LINES: &str = concat!(
        r#"{"queue_name": "deferred", "queue_id": "4SfKbW2kQmz9vQx", "arrival_time": 1732960800, "message_size": 2841, "#,
        r#""forced_expire": false, "sender": "ann@a.example", "recipients": [{"address": "bob@b.example", "#,
        r#""delay_reason": "connect to mx.b.example[192.0.2.9]:25: Connection timed out"}]}"#,
        "\n",
        r#"{"queue_name": "hold", "queue_id": "4SfKc11NvTz9vR0", "arrival_time": 1732960900, "message_size": 12, "#,
        r#""sender": "MAILER-DAEMON", "recipients": [{"address": "ann@a.example"}]}"#,
        "\n",
        r#"{"queue_name": "active", "queue_id": "../../etc", "arrival_time": 1, "message_size": 1, "sender": "x"}"#,
        "\n",
        r#"{"queue_name": "active", "queue_id": "4SfK"#,
    );

    #[test]
    fn the_queue_is_read_and_what_is_no_mail_is_left_out() {
        let found = queue(LINES);
        assert_eq!(found.len(), 2);
        assert_eq!((found[0].queue, found[0].bytes), (Queue::Deferred, 2841));
        let reason = found[0].recipients[0].reason.as_deref().unwrap();
        assert!(reason.ends_with("timed out"));
        assert_eq!((found[1].queue, found[1].sender.as_str()), (Queue::Held, ""));
        assert_eq!(found[1].recipients[0].reason, None);
    }

    #[test]
    fn health_and_ends_are_read() {
        let found = health(
            "[{\"program\":\"postfix\",\"is_up\":true,\"says\":\"\"},{\"program\":\"keys\",\"is_up\":false}]\n",
        );
        assert_eq!(found.unwrap().iter().filter(|one| one.is_up).count(), 1);
        assert!(health("oops").is_err());
        assert_eq!(ended(0, "noise"), Ok(()));
        assert_eq!(ended(3, ""), Err(MailServiceError::Gone));
        assert_eq!(
            ended(1, "a\nno such user\n\n"),
            Err(MailServiceError::Refused("no such user".to_owned()))
        );
        assert!(matches!(ended(127, "not found"), Err(MailServiceError::Away(_))));
    }

    proptest! {
        #[test]
        fn nothing_that_it_says_breaks_us(text in "(?s).{0,300}") {
            let _ = (queue(&text), health(&text));
        }
    }
}
