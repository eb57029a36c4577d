//! Whether the mail server that the settings name takes mail, and the mail service of this installation works.

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

const SERVICE: &str = "mail service";

/// What each program of the mail service says, if there is one.
pub(in crate::commands::doctor) async fn mail_service(config: &Config) -> Option<Finding> {
    let fix = "start its container, look at its log, and check BERTH_MAIL_CONTAINER and BERTH_DOCKER_HOST; mail that it holds is safe";
    let service = match start::mail(config) {
        Ok(service) => service?,
        Err(error) => return Some(Finding::broken(SERVICE, format!("{error:#}"), fix)),
    };
    let health = match service.health().await {
        Ok(health) => health,
        Err(error) => return Some(Finding::broken(SERVICE, error.to_string(), fix)),
    };
    let down = health.iter().filter(|one| !one.is_up);
    let down: Vec<String> = down.map(|one| format!("{}: {}", one.program, one.says)).collect();
    Some(if down.is_empty() {
        Finding::good(
            SERVICE,
            "all its programs work; Mail, Diagnosis looks at ports, names and lists",
        )
    } else {
        Finding::broken(
            SERVICE,
            down.join("; "),
            "look at its container's log, and start it again",
        )
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
    #[tokio::test]
    async fn a_mail_service_that_is_away_is_told_and_none_is_no_fault() {
        let mut config = config();
        assert!(mail_service(&config).await.is_none());
        config.mail_container = Some("berth-mail".to_owned());
        config.docker_host = "unix:///nowhere/docker.sock".to_owned();
        let finding = mail_service(&config).await.unwrap();
        assert_eq!(finding.verdict, Verdict::Broken, "{finding:?}");
    }
}
