//! A WebSocket's beginning: from our own pages or from a program, never from another site's page.
//!
//! A browser sends its cookies along with any site's WebSocket, and no rule of CORS stops that. It also says whose page
//! it was, which is all that tells the two apart (RFC 6455, 10.2).

use axum::extract::FromRequestParts;
use axum::extract::ws::WebSocketUpgrade;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};

use crate::platform::error::Error;

use super::recheck::Recheck;

/// The longest message, in bytes: more than anybody types, enough for what they paste.
pub const MAX_MESSAGE: usize = 64 * 1024;

/// A request that may become a WebSocket.
pub struct Socket {
    upgrade: Option<WebSocketUpgrade>,
    recheck: Option<Recheck>,
    /// The host of the page that asked; nothing for a program.
    origin: Option<String>,
    host: Option<String>,
}

impl Socket {
    /// Refuses a page that is not ours: neither of the address that it called, nor of `public_url`. A page says where it
    /// is from; only a program may be silent. With what is left the connection can be made, and its access be asked anew.
    pub fn check(self, public_url: &str, is_program: bool) -> Result<(WebSocketUpgrade, Recheck), Error> {
        let own = public_url.split_once("://").map(|(_, host)| host);
        let is_own = match &self.origin {
            Some(origin) => [self.host.as_deref(), own].contains(&Some(origin.as_str())),
            None => is_program,
        };
        if !is_own {
            return Err(Error::CrossOrigin);
        }
        let (Some(upgrade), Some(recheck)) = (self.upgrade, self.recheck) else {
            return Err(Error::BadRequest {
                code: "bad-request",
                message: "Open this address as a WebSocket.".to_owned(),
            });
        };
        let bounded = upgrade.max_message_size(MAX_MESSAGE).max_frame_size(MAX_MESSAGE);
        Ok((bounded, recheck))
    }
}

fn text(headers: &HeaderMap, name: header::HeaderName) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_ascii_lowercase)
}

impl<S: Send + Sync> FromRequestParts<S> for Socket {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let origin = parts.headers.get(header::ORIGIN).map(|origin| {
            let text = origin.to_str().unwrap_or_default().to_ascii_lowercase();
            let host = text.split_once("://").map(|(_, host)| host.to_owned());
            // "null" and whatever else is no page of ours.
            host.unwrap_or_default()
        });
        Ok(Self {
            origin,
            host: text(&parts.headers, header::HOST),
            recheck: parts.extensions.get::<Recheck>().cloned(),
            upgrade: WebSocketUpgrade::from_request_parts(parts, state).await.ok(),
        })
    }
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    /// Whether such a request is let through to being no WebSocket.
    async fn passes(headers: &[(&str, &str)], is_program: bool) -> bool {
        let mut request = Request::builder();
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (mut parts, ()) = request.body(()).unwrap().into_parts();
        let socket = Socket::from_request_parts(&mut parts, &()).await.unwrap();
        match socket.check("https://panel.example.com", is_program) {
            Err(Error::CrossOrigin) => false,
            Err(Error::BadRequest { .. }) => true,
            other => panic!("{:?}", other.err()),
        }
    }

    #[tokio::test]
    async fn only_our_own_pages_and_programs_pass() {
        let here = ("host", "127.0.0.1:8080");
        assert!(passes(&[here, ("origin", "http://127.0.0.1:8080")], false).await);
        assert!(passes(&[here, ("origin", "https://panel.example.com")], false).await);
        for origin in [
            "http://127.0.0.1:8081",
            "https://evil.example",
            "https://panel.example.com.evil.example",
            "https://panel.example.com:8443",
            "null",
            "",
        ] {
            for is_program in [false, true] {
                assert!(!passes(&[here, ("origin", origin)], is_program).await, "{origin}");
            }
        }
        assert!(!passes(&[here], false).await, "browsers say where they are from");
        assert!(passes(&[here], true).await);
    }
}
