//! How a fetch that failed tells why, to programs in a word and to people in a sentence that says what to do.

use crate::drivers::mail::{FetchFailure, FetchReason};

use super::Wish;

/// The word for programs.
pub fn reason(why: FetchReason) -> &'static str {
    match why {
        FetchReason::Password => "password",
        FetchReason::Certificate => "certificate",
        FetchReason::Tls => "tls",
        FetchReason::Unreachable => "unreachable",
        FetchReason::Refused => "refused",
        FetchReason::Protocol => "protocol",
        FetchReason::CutOff => "cut-off",
        FetchReason::Full => "full",
        FetchReason::Gone => "gone",
        FetchReason::Busy => "busy",
        FetchReason::Other => "other",
    }
}

/// The sentence for people.
pub fn sentence(wish: &Wish, failure: &FetchFailure) -> String {
    let (host, port) = (&wish.host, wish.port);
    let said = match failure.says.trim().trim_end_matches('.') {
        "" => String::new(),
        says => format!(" ({says})"),
    };
    match failure.why {
        FetchReason::Password => format!(
            "{host} refused the user name or the password{said}. Check both and ask again; some providers want a \
             password for programs."
        ),
        FetchReason::Certificate => format!(
            "The certificate of {host} is not trusted{said}. Use the name that is in its certificate; or, if the other \
             server's owner confirms the fingerprint, ask again and accept this certificate."
        ),
        FetchReason::Tls => format!(
            "No encrypted connection to {host}:{port} came about{said}. Try the other kind of encryption, or the other \
             port."
        ),
        FetchReason::Unreachable => format!(
            "{host}:{port} can't be reached{said}. Check the name and the port, and that its firewall lets us in."
        ),
        FetchReason::Refused => format!("{host} does not let us in now{said}. Ask again later."),
        FetchReason::Protocol => {
            format!("What answers at {host}:{port} is no IMAP server{said}. Check the name and the port.")
        }
        FetchReason::CutOff => {
            format!("The connection to {host} broke{said}. What came is there; ask again for the rest.")
        }
        FetchReason::Full => {
            let words =
                "The mailbox is full. What fitted is there: give it more room, and ask again for the rest.";
            words.to_owned()
        }
        FetchReason::Gone => "The mailbox is no more.".to_owned(),
        FetchReason::Busy => format!("The mailbox or the other server is busy{said}. Ask again later."),
        FetchReason::Other => {
            format!("Fetching from {host} failed{said}. What came is there; ask again for the rest.")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::fetch::example;
    use super::*;

    #[test]
    fn each_reason_is_a_sentence_that_says_what_to_do() {
        let wish = example().wish;
        for why in [
            FetchReason::Password,
            FetchReason::Certificate,
            FetchReason::Tls,
            FetchReason::Unreachable,
            FetchReason::Refused,
            FetchReason::Protocol,
            FetchReason::CutOff,
            FetchReason::Full,
            FetchReason::Gone,
            FetchReason::Busy,
            FetchReason::Other,
        ] {
            let failure = FetchFailure {
                why,
                says: "as it says.".to_owned(),
                fingerprint: None,
            };
            let told = sentence(&wish, &failure);
            assert!(
                told.ends_with('.') && !told.contains(".)") && !told.contains("  "),
                "{told}"
            );
            assert!(!reason(why).is_empty());
        }
    }
}
