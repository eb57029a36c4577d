//! A signed-in browser, and what it tells of itself.

use chrono::{DateTime, Utc};

use crate::platform::ids::SessionId;

/// Longer claims are cut: nobody reads them.
const MAX_USER_AGENT: usize = 400;

/// Who asks to sign in: all that is known before that.
#[derive(Debug, Clone, Default)]
pub struct Client {
    /// Where the request came from.
    pub ip: String,
    /// What the browser calls itself, cut to a sensible length.
    pub user_agent: String,
    /// Which request it is.
    pub request_id: String,
}

impl Client {
    /// A client as its request shows it.
    pub fn new(ip: &str, user_agent: &str, request_id: &str) -> Self {
        let printable = |c: &char| !c.is_control();
        Self {
            ip: ip.to_owned(),
            user_agent: user_agent
                .chars()
                .filter(printable)
                .take(MAX_USER_AGENT)
                .collect(),
            request_id: request_id.to_owned(),
        }
    }
}

/// A session as it is listed.
#[derive(Debug, Clone)]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// When its person signed in.
    pub created_at: DateTime<Utc>,
    /// Its last request, to the minute.
    pub last_seen_at: DateTime<Utc>,
    /// When it ends in any case.
    pub expires_at: DateTime<Utc>,
    /// Where its person signed in from.
    pub ip: String,
    /// What the browser calls itself.
    pub user_agent: String,
}

/// A browser and system in words, from what the browser calls itself.
pub fn device(user_agent: &str) -> String {
    let find = |known: &[(&str, &'static str)]| {
        known
            .iter()
            .find(|(mark, _)| user_agent.contains(mark))
            .map(|(_, name)| *name)
    };
    // The order matters: nearly everybody claims to be Safari, and Edge and Opera claim to be Chrome.
    let browser = find(&[
        ("Firefox/", "Firefox"),
        ("Edg/", "Edge"),
        ("OPR/", "Opera"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
        ("curl/", "curl"),
    ]);
    let system = find(&[
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Mac OS X", "macOS"),
        ("CrOS", "ChromeOS"),
        ("Linux", "Linux"),
    ]);
    match (browser, system) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) => "Unknown device".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_usual_browsers() {
        let chrome = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36";
        assert_eq!(device(chrome), "Chrome on Linux");
        assert_eq!(device(&format!("{chrome} Edg/142.0.0.0")), "Edge on Linux");
        let safari = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Safari/604.1";
        assert_eq!(device(safari), "Safari on iPhone");
        assert_eq!(device("curl/8.5.0"), "curl");
        assert_eq!(device(""), "Unknown device");
    }

    #[test]
    fn a_client_may_not_fill_the_table() {
        let client = Client::new("192.0.2.1", &format!("a\nb{}", "x".repeat(5000)), "r");
        assert_eq!(client.user_agent.chars().count(), 400);
        assert!(client.user_agent.starts_with("abx"));
    }
}
