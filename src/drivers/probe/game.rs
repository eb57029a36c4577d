//! Games: Valve's queries (`A2S_INFO` over UDP, with the challenge that servers ask for since 2020) and the status of Minecraft's Java
//! edition (over TCP).

use std::io;
use std::net::SocketAddr;

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpStream, UdpSocket};

use super::Looked;
use super::network::{datagrams, refused};

const SIMPLE: [u8; 4] = [0xff; 4];
const INFO: u8 = 0x49;
const CHALLENGE: u8 = 0x41;
/// A status is some KiB; those with a picture some more.
const LONGEST_STATUS: usize = 256 * 1024;

fn question(challenge: &[u8]) -> Vec<u8> {
    [SIMPLE.as_slice(), b"TSource Engine Query\0", challenge].concat()
}

async fn ask(socket: &UdpSocket, challenge: &[u8]) -> io::Result<Vec<u8>> {
    socket.send(&question(challenge)).await?;
    let mut answer = vec![0; 2048];
    let length = socket.recv(&mut answer).await?;
    answer.truncate(length);
    Ok(answer)
}

/// The text that ends with a zero byte.
fn text(bytes: &[u8]) -> String {
    let text = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
    String::from_utf8_lossy(text).chars().take(80).collect()
}

pub(super) async fn source(address: SocketAddr) -> Looked {
    let asked = async {
        let socket = datagrams(address).await?;
        let answer = ask(&socket, &[]).await?;
        match answer.strip_prefix(&SIMPLE) {
            Some([CHALLENGE, challenge @ ..]) => ask(&socket, challenge).await,
            _ => Ok(answer),
        }
    };
    let answer = asked.await.map_err(|error| refused(&error))?;
    match answer.strip_prefix(&SIMPLE) {
        // A byte of the protocol's version, then the name.
        Some([INFO, _, name @ ..]) => Ok(format!("It answers as “{}”.", text(name))),
        _ => Err("It answered, but not as a game of this kind.".to_owned()),
    }
}

/// A number in seven bits a byte.
fn number(mut value: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let [low, ..] = value.to_le_bytes();
        value >>= 7;
        if value == 0 {
            bytes.push(low & 0x7f);
            return bytes;
        }
        bytes.push(low | 0x80);
    }
}

async fn read_number(stream: &mut TcpStream) -> io::Result<usize> {
    let mut value = 0;
    for place in 0..5 {
        let byte = stream.read_u8().await?;
        value |= usize::from(byte & 0x7f) << (7 * place);
        if byte & 0x80 == 0 {
            return Ok(value);
        }
    }
    Err(io::ErrorKind::InvalidData.into())
}

fn packet(content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).unwrap_or_default();
    [number(length).as_slice(), content].concat()
}

/// Hands over with no version in particular, and asks for the status.
fn status_question(address: SocketAddr) -> Vec<u8> {
    let host = address.ip().to_string();
    let mut hello = vec![0x00];
    hello.extend(number(u32::MAX));
    hello.extend(packet(host.as_bytes()));
    hello.extend(address.port().to_be_bytes());
    hello.push(1);
    [packet(&hello), packet(&[0x00])].concat()
}

async fn status(address: SocketAddr) -> io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(&status_question(address)).await?;
    let length = read_number(&mut stream).await?;
    let kind = read_number(&mut stream).await?;
    let text = read_number(&mut stream).await?;
    if kind != 0 || text > length || text > LONGEST_STATUS {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut status = vec![0; text];
    stream.read_exact(&mut status).await?;
    Ok(status)
}

pub(super) async fn minecraft(address: SocketAddr) -> Looked {
    let status = status(address).await.map_err(|error| match error.kind() {
        io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => {
            "It takes connections, but does not answer as Minecraft.".to_owned()
        }
        _ => refused(&error),
    })?;
    let status: Value =
        serde_json::from_slice(&status).map_err(|_| "Its status can't be read.".to_owned())?;
    let players = |name: &str| status["players"][name].as_u64().unwrap_or_default();
    let version: String = status["version"]["name"]
        .as_str()
        .unwrap_or_default()
        .chars()
        .take(40)
        .collect();
    Ok(format!(
        "Minecraft {version}: {} of {} players.",
        players("online"),
        players("max")
    ))
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    #[test]
    fn numbers_are_in_seven_bits() {
        assert_eq!(number(0), [0]);
        assert_eq!(number(300), [0xac, 0x02]);
        assert_eq!(number(u32::MAX), [0xff, 0xff, 0xff, 0xff, 0x0f]);
    }

    #[tokio::test]
    async fn a_game_that_asks_for_a_challenge_is_answered() {
        let game = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address = game.local_addr().unwrap();
        let server = async {
            let mut asked = [0; 64];
            let (length, from) = game.recv_from(&mut asked).await.unwrap();
            assert_eq!(asked[..length], question(&[]));
            game.send_to(b"\xff\xff\xff\xffA\x01\x02\x03\x04", from)
                .await
                .unwrap();
            let (length, from) = game.recv_from(&mut asked).await.unwrap();
            assert_eq!(asked[..length], question(&[1, 2, 3, 4]));
            game.send_to(b"\xff\xff\xff\xffI\x11Harbour\0map\0", from)
                .await
                .unwrap();
        };
        let (looked, ()) = tokio::join!(source(address), server);
        assert_eq!(looked.unwrap(), "It answers as “Harbour”.");
    }

    #[tokio::test]
    async fn minecraft_tells_its_players() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut asked = vec![0; status_question(address).len()];
            stream.read_exact(&mut asked).await.unwrap();
            let status = br#"{"version":{"name":"1.21"},"players":{"online":3,"max":20}}"#;
            let content = [[0x00].as_slice(), &packet(status)].concat();
            stream.write_all(&packet(&content)).await.unwrap();
        };
        let (looked, ()) = tokio::join!(minecraft(address), server);
        assert_eq!(looked.unwrap(), "Minecraft 1.21: 3 of 20 players.");
    }
}
