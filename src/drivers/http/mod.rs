//! A small HTTP/1.1 client: one request, one answer, no redirects, an end in time, and an address that is looked at after the
//! name was resolved and before anything is sent. What connects is that very address, so that a name that leads elsewhere a
//! moment later changes nothing.

mod certificate;
mod public;
mod tls;

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::Builder;
use hyper::header::{HOST, USER_AGENT};
use hyper::{Response, Uri};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

use super::dns::{Dns, DnsError};

pub use certificate::Certificate;
pub use public::is_public;
pub use tls::start_tls;

/// Heads of answers that are longer are no answers.
const LONGEST_HEAD: usize = 64 * 1024;
const AGENT: &str = "Berth";

/// What is asked.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// `GET`, `POST`, …
    pub method: &'a str,
    /// The whole address, `http://` or `https://`.
    pub url: &'a str,
    /// Headers besides `Host` and `User-Agent`, which may stand here too.
    pub headers: &'a [(&'a str, &'a str)],
    /// What is sent with it.
    pub body: &'a [u8],
    /// So many bytes of the answer are kept; the rest is not read.
    pub limit: usize,
    /// For all of it.
    pub timeout: Duration,
    /// Whether somebody has to vouch for the server's certificate.
    pub verify: bool,
}

/// What was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers, names in lower case. What is no text is left out.
    pub headers: Vec<(String, String)>,
    /// The beginning of the body.
    pub body: Vec<u8>,
    /// When the certificate ends that was shown, if there was one.
    pub certificate_until: Option<DateTime<Utc>>,
    /// How long it took.
    pub took: Duration,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HttpError {
    /// The address can't be used.
    #[error("the address can't be used: {0}")]
    BadUrl(String),
    /// The host has no address.
    #[error("{0}")]
    Name(String),
    /// The host's address is none that may be spoken to.
    #[error("the address {0} may not be used")]
    NotAllowed(IpAddr),
    /// Nobody takes connections there.
    #[error("no connection: {0}")]
    Connect(String),
    /// TLS could not be begun.
    #[error("TLS: {0}")]
    Tls(String),
    /// What was answered is no HTTP.
    #[error("no answer of HTTP: {0}")]
    Answer(String),
    /// It took too long.
    #[error("no answer within {} s", .0.as_secs())]
    Slow(Duration),
}

impl From<DnsError> for HttpError {
    fn from(error: DnsError) -> Self {
        Self::Name(error.to_string())
    }
}

/// Where an address leads.
struct Target<'a> {
    uri: Uri,
    host: String,
    port: u16,
    is_tls: bool,
    request: &'a Request<'a>,
}

impl<'a> Target<'a> {
    fn of(request: &'a Request<'a>) -> Result<Self, HttpError> {
        let bad = |why: &str| HttpError::BadUrl(why.to_owned());
        let uri: Uri = request.url.parse().map_err(|_| bad("it can't be read"))?;
        let is_tls = match uri.scheme_str() {
            Some("http") => false,
            Some("https") => true,
            _ => return Err(bad("use http or https")),
        };
        let authority = uri.authority().ok_or_else(|| bad("it has no host"))?;
        if authority.as_str().contains('@') {
            return Err(bad("it has a user or password"));
        }
        let host = authority.host().trim_matches(['[', ']']).to_owned();
        let port = authority.port_u16().unwrap_or(if is_tls { 443 } else { 80 });
        Ok(Self {
            uri,
            host,
            port,
            is_tls,
            request,
        })
    }

    async fn resolve(&self, dns: &dyn Dns) -> Result<Vec<IpAddr>, HttpError> {
        if let Ok(address) = self.host.parse() {
            return Ok(vec![address]);
        }
        let found = dns.addresses(&self.host).await?;
        if found.is_empty() {
            return Err(HttpError::Name(format!("{} has no address", self.host)));
        }
        Ok(found)
    }

    async fn exchange(&self, address: SocketAddr) -> Result<Answer, HttpError> {
        let stream = TcpStream::connect(address)
            .await
            .map_err(|error| HttpError::Connect(error.to_string()))?;
        if !self.is_tls {
            return self.speak(stream).await;
        }
        let (stream, shown) = start_tls(stream, &self.host, self.request.verify)
            .await
            .map_err(HttpError::Tls)?;
        let mut answer = self.speak(stream).await?;
        answer.certificate_until = shown.map(|shown| shown.until);
        Ok(answer)
    }

    fn head(&self) -> Result<hyper::Request<Full<Bytes>>, HttpError> {
        let mut head = hyper::Request::builder()
            .method(self.request.method)
            .uri(self.uri.path_and_query().map_or("/", |path| path.as_str()));
        let has = |name: &str| {
            let mut names = self.request.headers.iter().map(|(known, _)| known);
            names.any(|known| known.eq_ignore_ascii_case(name))
        };
        if !has("host") {
            head = head.header(
                HOST,
                self.uri.authority().map_or("", |authority| authority.as_str()),
            );
        }
        if !has("user-agent") {
            head = head.header(USER_AGENT, AGENT);
        }
        for (name, value) in self.request.headers {
            head = head.header(*name, *value);
        }
        let body = Full::new(Bytes::copy_from_slice(self.request.body));
        head.body(body)
            .map_err(|error| HttpError::BadUrl(error.to_string()))
    }

    async fn speak<S>(&self, stream: S) -> Result<Answer, HttpError>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let strange = |error: hyper::Error| HttpError::Answer(error.to_string());
        let head = self.head()?;
        let (mut sender, connection) = Builder::new()
            .max_buf_size(LONGEST_HEAD)
            .handshake(TokioIo::new(stream))
            .await
            .map_err(strange)?;
        let exchange = async {
            let response = sender.send_request(head).await?;
            read(response, self.request.limit).await
        };
        let mut exchange = std::pin::pin!(exchange);
        let answer = tokio::select! {
            biased;
            answer = exchange.as_mut() => answer,
            _ = connection => exchange.await,
        };
        answer.map_err(strange)
    }
}

/// The head and the beginning of the body.
async fn read(response: Response<Incoming>, limit: usize) -> Result<Answer, hyper::Error> {
    let (head, mut body) = response.into_parts();
    let mut kept = Vec::new();
    while kept.len() < limit
        && let Some(frame) = body.frame().await
    {
        if let Ok(data) = frame?.into_data() {
            kept.extend_from_slice(&data[..data.len().min(limit - kept.len())]);
        }
    }
    let headers = head.headers.iter().filter_map(|(name, value)| {
        let value = value.to_str().ok()?;
        Some((name.as_str().to_owned(), value.to_owned()))
    });
    Ok(Answer {
        status: head.status.as_u16(),
        headers: headers.collect(),
        body: kept,
        certificate_until: None,
        took: Duration::ZERO,
    })
}

async fn timed(
    timeout: Duration,
    work: impl Future<Output = Result<Answer, HttpError>>,
) -> Result<Answer, HttpError> {
    let begun = Instant::now();
    let mut answer = tokio::time::timeout(timeout, work)
        .await
        .map_err(|_| HttpError::Slow(timeout))??;
    answer.took = begun.elapsed();
    Ok(answer)
}

/// Asks whoever the address names, if all addresses of its host may be spoken to.
pub async fn send(
    request: &Request<'_>,
    dns: &dyn Dns,
    allow: &(dyn Fn(IpAddr) -> bool + Sync),
) -> Result<Answer, HttpError> {
    let target = Target::of(request)?;
    let work = async {
        let found = target.resolve(dns).await?;
        // One bad address among good ones is meant to be met by chance.
        if let Some(bad) = found.iter().find(|address| !allow(**address)) {
            return Err(HttpError::NotAllowed(*bad));
        }
        let mut outcome = Err(HttpError::Name("no address".to_owned()));
        for address in found {
            outcome = target.exchange(SocketAddr::new(address, target.port)).await;
            if !matches!(outcome, Err(HttpError::Connect(_))) {
                break;
            }
        }
        outcome
    };
    timed(request.timeout, work).await
}

/// Asks at an address that is known, whatever the host's name would lead to: the name is for `Host` and TLS only.
pub async fn send_to(request: &Request<'_>, address: SocketAddr) -> Result<Answer, HttpError> {
    let target = Target::of(request)?;
    timed(request.timeout, target.exchange(address)).await
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;

    /// A server that says this once, and what it was told.
    async fn serve(says: &'static [u8]) -> (SocketAddr, tokio::task::JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        #[expect(clippy::disallowed_methods, reason = "it ends with its one connection")]
        let told = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut told = vec![0; 4096];
            let length = stream.read(&mut told).await.unwrap();
            stream.write_all(says).await.unwrap();
            String::from_utf8_lossy(&told[..length]).into_owned()
        });
        (address, told)
    }

    fn get(url: &str) -> Request<'_> {
        Request {
            method: "GET",
            url,
            headers: &[("X-Mark", "1")],
            body: b"",
            limit: 5,
            timeout: Duration::from_secs(5),
            verify: true,
        }
    }

    #[tokio::test]
    async fn it_asks_and_keeps_the_beginning() {
        let (address, told) =
            serve(b"HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 9\r\n\r\nhello you").await;
        let answer = send_to(&get("http://site.example/a?b=c"), address).await.unwrap();
        assert_eq!(
            (answer.status, answer.body.as_slice()),
            (302, b"hello".as_slice())
        );
        assert!(answer.headers.contains(&("location".to_owned(), "/x".to_owned())));
        let told = told.await.unwrap();
        assert!(told.starts_with("GET /a?b=c HTTP/1.1\r\n"), "{told}");
        assert!(
            told.contains("host: site.example\r\n") && told.contains("x-mark: 1\r\n"),
            "{told}"
        );
    }

    #[tokio::test]
    async fn what_is_no_http_is_told() {
        let (address, _told) = serve(b"220 ready\r\n").await;
        let answer = send_to(&get("http://site.example/"), address).await;
        assert!(matches!(answer, Err(HttpError::Answer(_))), "{answer:?}");
    }

    #[cfg(feature = "testing")]
    #[tokio::test]
    async fn only_allowed_addresses_are_spoken_to() {
        use crate::drivers::dns::fake::FakeDns;
        let dns = FakeDns::default();
        dns.set_addresses(
            "in.example",
            &["192.0.2.1".parse().unwrap(), "127.0.0.1".parse().unwrap()],
        );
        for url in [
            "http://in.example/",
            "http://127.0.0.1/",
            "http://[::1]/",
            "http://[::ffff:10.0.0.1]/",
        ] {
            let answer = send(&get(url), &dns, &|ip| {
                ip != IpAddr::from([192, 0, 2, 1]) && is_public(ip)
            })
            .await;
            assert!(
                matches!(answer, Err(HttpError::NotAllowed(_))),
                "{url}: {answer:?}"
            );
        }
        for url in ["ftp://x/", "/x", "http://a:b@x/", "http://"] {
            let answer = send(&get(url), &dns, &is_public).await;
            assert!(matches!(answer, Err(HttpError::BadUrl(_))), "{url}: {answer:?}");
        }
        let nowhere = send(&get("http://nowhere.example/"), &dns, &is_public).await;
        assert!(matches!(nowhere, Err(HttpError::Name(_))), "{nowhere:?}");
    }
}
