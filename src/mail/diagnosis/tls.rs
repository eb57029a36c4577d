//! Asks a server for its certificate. Whatever it shows is taken: what is wrong with it is told, and nothing is sent to it.

use tokio::net::TcpStream;

use crate::drivers::http::{Certificate, start_tls};

/// The certificate that a port shows which speaks TLS from its first byte.
pub(super) async fn certificate(host: &str, port: u16) -> Result<Certificate, String> {
    let socket = TcpStream::connect((host, port))
        .await
        .map_err(|error| error.to_string())?;
    let (_, shown) = start_tls(socket, host, false).await?;
    shown.ok_or_else(|| "it showed no certificate that can be read".to_owned())
}
