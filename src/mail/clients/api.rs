//! What a mail program has to know of a mailbox, for programs that set others up.

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::platform::access::TenantScope;
use crate::platform::error::Error;
use crate::platform::ids::MailboxId;
use crate::platform::web::{Json, Path};

use super::model::{Encryption, Server, servers};
use super::store;

/// A service that mail programs connect to.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MailServerOut)]
pub(super) struct ServerOut {
    /// `imap`, `pop3` or `smtp`.
    #[schema(example = "imap")]
    protocol: &'static str,
    #[schema(example = "mail.example.com")]
    host: String,
    #[schema(example = 993)]
    port: u16,
    encryption: Encryption,
}

/// What a mail program has to know.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MailSetUp)]
pub(super) struct SetUpOut {
    /// What to sign in with, besides the password.
    #[schema(example = "ada@example.com")]
    user_name: String,
    /// The services, for each protocol the one to prefer first.
    servers: Vec<ServerOut>,
}

/// Show how a mail program is set up
#[utoipa::path(get, path = "/api/v1/mail/mailboxes/{mailbox}/set-up", tag = "mail", params(("mailbox" = MailboxId, Path)),
    responses((status = 200, description = "What the program has to know", body = SetUpOut)))]
pub(super) async fn show(
    State(app): State<App>,
    scope: TenantScope,
    Path(mailbox): Path<MailboxId>,
) -> Result<Json<SetUpOut>, Error> {
    let owner = store::owner(&mut scope.begin().await?, mailbox).await?;
    let out = |server: Server| ServerOut {
        protocol: server.protocol,
        host: app.config.mail_host().to_owned(),
        port: server.port,
        encryption: server.encryption,
    };
    Ok(Json(SetUpOut {
        user_name: owner.address,
        servers: servers(app.config.mail_client_ports).map(out).into(),
    }))
}
