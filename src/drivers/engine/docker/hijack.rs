//! Requests whose connection becomes a plain stream of bytes (`Upgrade: tcp`), as terminals need.
//!
//! bollard's own way takes a terminal's output for Docker's frames where it begins with one of the bytes 0 to 2, and then
//! waits for ever for a frame that was none. What a customer's program prints must not decide that, so these requests are
//! made here: one for each connection, by the few rules of HTTP/1.1 that such an answer needs.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::timeout;

use super::super::{EngineError, EngineResult};
use super::Endpoint;
use super::connection::READ_TIMEOUT;

/// The longest head of an answer, and the longest complaint.
const MAX_ANSWER: usize = 16 * 1024;

/// A connection that is nobody's but the terminal's.
pub(super) trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

/// Posts `body` (JSON, or nothing) to `path` and gives the connection that the answer leaves open.
pub(super) async fn post(endpoint: &Endpoint, path: &str, body: &str) -> EngineResult<Box<dyn Duplex>> {
    let exchange = async {
        let mut stream = connect(endpoint).await?;
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: docker\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(head.as_bytes()).await?;
        let head = read_head(&mut stream).await?;
        Ok::<_, io::Error>((stream, head))
    };
    let (mut stream, head) = timeout(READ_TIMEOUT, exchange)
        .await
        .map_err(|_| EngineError::Timeout(READ_TIMEOUT))?
        .map_err(|error| EngineError::Unavailable(error.into()))?;
    match status(&head) {
        // An engine that does not know the upgrade answers 200 and goes on just the same.
        Some(101 | 200) => Ok(stream),
        status => Err(EngineError::Failed {
            status: status.unwrap_or(0),
            message: complaint(&mut stream, &head).await,
            source: None,
        }),
    }
}

async fn connect(endpoint: &Endpoint) -> io::Result<Box<dyn Duplex>> {
    Ok(match endpoint {
        Endpoint::Unix(path) => Box::new(UnixStream::connect(path).await?),
        Endpoint::Tcp(address) => {
            let stream = TcpStream::connect(address).await?;
            // Keys go out one by one.
            stream.set_nodelay(true)?;
            Box::new(stream)
        }
    })
}

/// Reads up to the empty line and not a byte more: the next one is the terminal's.
async fn read_head(stream: &mut Box<dyn Duplex>) -> io::Result<String> {
    let mut head = Vec::with_capacity(512);
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() >= MAX_ANSWER {
            return Err(io::ErrorKind::InvalidData.into());
        }
        head.push(stream.read_u8().await?);
    }
    String::from_utf8(head).map_err(|_| io::ErrorKind::InvalidData.into())
}

fn status(head: &str) -> Option<u16> {
    head.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()
}

/// What the engine says is wrong: the body, of the length that the head tells.
async fn complaint(stream: &mut Box<dyn Duplex>, head: &str) -> String {
    let lines = head.lines().filter_map(|line| line.split_once(':'));
    let length = lines
        .filter(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .find_map(|(_, value)| value.trim().parse::<usize>().ok());
    let mut body = vec![0; length.unwrap_or(0).min(MAX_ANSWER)];
    let read = timeout(READ_TIMEOUT, stream.read_exact(&mut body)).await;
    if matches!(read, Ok(Ok(_))) {
        String::from_utf8_lossy(&body).into_owned()
    } else {
        String::new()
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::UnixListener;

    use super::*;

    /// What an engine that answers so is taken for, and what the connection then holds.
    async fn answered(answer: &'static [u8]) -> EngineResult<Vec<u8>> {
        let folder = std::env::temp_dir().join(format!("berth-hijack-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join(format!("{:p}.sock", answer.as_ptr()));
        drop(std::fs::remove_file(&path));
        let listener = UnixListener::bind(&path).unwrap();
        let engine = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut asked = [0; 64];
            let read = stream.read(&mut asked).await.unwrap();
            assert!(asked[..read].starts_with(b"POST /exec/1/start HTTP/1.1\r\n"));
            stream.write_all(answer).await.unwrap();
        };
        let endpoint = Endpoint::Unix(path.clone());
        let client = async {
            let mut stream = post(&endpoint, "/exec/1/start", "{}").await?;
            let mut rest = Vec::new();
            // The engine hung up with our request half read, which is an error to the reader once all is read.
            drop(stream.read_to_end(&mut rest).await);
            Ok(rest)
        };
        let ((), got) = tokio::join!(engine, client);
        std::fs::remove_file(&path).unwrap();
        got
    }

    #[tokio::test]
    async fn what_follows_the_head_is_the_terminals_whatever_it_begins_with() {
        let rest = answered(b"HTTP/1.1 101 UPGRADED\r\nUpgrade: tcp\r\n\r\n\x01\x01\x02hello").await;
        assert_eq!(rest.unwrap(), b"\x01\x01\x02hello");
    }

    #[tokio::test]
    async fn a_refusal_is_told_in_the_engines_words() {
        let refused = answered(b"HTTP/1.1 409 Conflict\r\ncontent-length: 7\r\n\r\nstopped").await;
        assert!(
            matches!(&refused, Err(EngineError::Failed { status: 409, message, .. }) if message == "stopped"),
            "{refused:?}"
        );
    }

    #[tokio::test]
    async fn an_engine_that_hangs_up_is_away() {
        let gone = answered(b"HTTP/1.1 ").await;
        assert!(matches!(gone, Err(EngineError::Unavailable(_))), "{gone:?}");
    }
}
