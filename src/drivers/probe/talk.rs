//! Servers that greet: mail (RFC 5321, 4.2 and 4.1.1.1) and mailboxes (RFC 9051, 7.1).

use std::net::SocketAddr;

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;

use crate::drivers::http::start_tls;

use super::Looked;
use super::network::refused;

/// More than any greeting.
const MOST: u64 = 16 * 1024;
const CUT_OFF: &str = "It ended the connection.";

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

async fn open(address: SocketAddr, tls: bool) -> Result<Box<dyn Stream>, String> {
    let stream = TcpStream::connect(address)
        .await
        .map_err(|error| refused(&error))?;
    if !tls {
        return Ok(Box::new(stream));
    }
    let (stream, _) = start_tls(stream, &address.ip().to_string(), false)
        .await
        .map_err(|error| format!("TLS: {error}."))?;
    Ok(Box::new(stream))
}

/// One line, without its end.
async fn line(from: &mut (impl AsyncBufReadExt + Unpin)) -> Result<String, String> {
    let mut line = Vec::new();
    let read = from.read_until(b'\n', &mut line).await;
    match read {
        Ok(0) => Err(CUT_OFF.to_owned()),
        Ok(_) => Ok(String::from_utf8_lossy(&line)
            .trim_end()
            .chars()
            .take(200)
            .collect()),
        Err(error) => Err(format!("It can't be read: {error}.")),
    }
}

/// The last line of an answer, if it begins with `code`. All but the last have a dash after it.
async fn answer(from: &mut (impl AsyncBufReadExt + Unpin), code: &str) -> Looked {
    loop {
        let line = line(from).await?;
        if !line.starts_with(code) {
            return Err(format!("It said “{line}”."));
        }
        if line.as_bytes().get(3) != Some(&b'-') {
            return Ok(line);
        }
    }
}

pub(super) async fn smtp(address: SocketAddr, tls: bool) -> Looked {
    let (read, mut write) = tokio::io::split(open(address, tls).await?);
    let mut read = BufReader::new(read.take(MOST));
    let greeting = answer(&mut read, "220").await?;
    let said = write.write_all(b"EHLO probe.invalid\r\n").await;
    said.map_err(|_| CUT_OFF.to_owned())?;
    answer(&mut read, "250").await?;
    // In good order; whether it hears that does not matter.
    let _ = write.write_all(b"QUIT\r\n").await;
    Ok(format!("It greets: “{greeting}”."))
}

pub(super) async fn imap(address: SocketAddr, tls: bool) -> Looked {
    let (read, mut write) = tokio::io::split(open(address, tls).await?);
    let greeting = line(&mut BufReader::new(read.take(MOST))).await?;
    if !greeting.starts_with("* OK") && !greeting.starts_with("* PREAUTH") {
        return Err(format!("It said “{greeting}”."));
    }
    let _ = write.write_all(b"a LOGOUT\r\n").await;
    Ok(format!("It greets: “{greeting}”."))
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    async fn said(says: &'static [&'static [u8]], smtp_asked: bool) -> Looked {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            for part in says {
                stream.write_all(part).await.unwrap();
                let mut heard = [0; 64];
                let _ = stream.read(&mut heard).await;
            }
        };
        let looked = async {
            if smtp_asked {
                smtp(address, false).await
            } else {
                imap(address, false).await
            }
        };
        tokio::join!(looked, server).0
    }

    #[tokio::test]
    async fn greetings_are_understood() {
        let good = said(
            &[
                b"220-hello\r\n220 mail.example ready\r\n",
                b"250-mail\r\n250 SIZE\r\n",
            ],
            true,
        )
        .await;
        assert_eq!(good.unwrap(), "It greets: “220 mail.example ready”.");
        let busy = said(&[b"421 too busy\r\n"], true).await;
        assert_eq!(busy.unwrap_err(), "It said “421 too busy”.");
        assert!(
            said(&[b"* OK [CAPABILITY IMAP4rev2] ready\r\n"], false)
                .await
                .is_ok()
        );
        assert_eq!(
            said(&[b"* BYE\r\n"], false).await.unwrap_err(),
            "It said “* BYE”."
        );
    }
}
