//! Whether the mail server that the settings name takes mail.

use crate::commands::doctor::Finding;
use crate::commands::start;
use crate::config::Config;

const WHAT: &str = "mail server";

/// Connects to it and signs in, if one is set.
pub(in crate::commands::doctor) async fn mail_server(config: &Config) -> Option<Finding> {
    let mailer = match start::mailer(config) {
        Ok(mailer) => mailer?,
        Err(error) => {
            let fix = "write it as smtp://user:password@host:587 or smtps://user:password@host";
            return Some(Finding::broken(WHAT, format!("{error:#}"), fix));
        }
    };
    let address = mailer.address();
    Some(match mailer.check().await {
        Ok(()) => Finding::good(WHAT, format!("{address} lets the panel in")),
        Err(error) => Finding::broken(
            WHAT,
            format!("{address}: {error}"),
            "look at its log; until it answers, mail waits and is tried again for a day and a half",
        ),
    })
}

#[cfg(test)]
mod tests {
    use crate::commands::doctor::Verdict;
    use crate::commands::doctor::testing::config;
    use crate::platform::secret::Secret;

    use super::*;

    #[tokio::test]
    async fn one_that_does_not_answer_is_told_and_none_is_no_fault() {
        let mut config = config();
        assert!(mail_server(&config).await.is_none());
        for url in ["smtp://127.0.0.1:9", "mail.example.com"] {
            config.smtp_url = Some(Secret::new(url.to_owned()));
            let finding = mail_server(&config).await.unwrap();
            assert_eq!(finding.verdict, Verdict::Broken, "{finding:?}");
        }
    }
}
