//! The ports that mail programs reach the mail service at, as the world sees them: something may stand in between.

use std::str::FromStr;

/// The ports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MailPorts {
    /// IMAP over TLS (RFC 8314).
    pub imaps: u16,
    /// POP3 over TLS (RFC 8314).
    pub pop3s: u16,
    /// SMTP for people, over TLS (RFC 8314).
    pub submissions: u16,
    /// The same with STARTTLS (RFC 6409).
    pub submission: u16,
}

impl Default for MailPorts {
    fn default() -> Self {
        Self {
            imaps: 993,
            pop3s: 995,
            submissions: 465,
            submission: 587,
        }
    }
}

impl FromStr for MailPorts {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let ports: Result<Vec<u16>, _> = text.split(',').map(|port| port.trim().parse()).collect();
        match ports.as_deref() {
            Ok(&[imaps, pop3s, submissions, submission])
                if [imaps, pop3s, submissions, submission]
                    .iter()
                    .all(|port| *port > 0) =>
            {
                Ok(Self {
                    imaps,
                    pop3s,
                    submissions,
                    submission,
                })
            }
            _ => Err("use four ports such as 993,995,465,587".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::MailPorts;

    #[test]
    fn four_ports_are_four_ports() {
        assert_eq!("993, 995,465,587".parse(), Ok(MailPorts::default()));
        for bad in [
            "",
            "993",
            "993,995,465",
            "993,995,465,587,25",
            "993,995,465,0",
            "a,b,c,d",
            "993,995,465,70000",
        ] {
            assert!(bad.parse::<MailPorts>().is_err(), "{bad}");
        }
    }
}
