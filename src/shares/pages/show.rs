//! One share: whether it is in force, its people, how they connect, its end.

use askama::Template;
use axum::extract::State;
use chrono::{DateTime, Utc};

use crate::app::App;
use crate::platform::access::{Permission, TenantScope};
use crate::platform::db::Scoped;
use crate::platform::error::Error;
use crate::platform::events;
use crate::platform::ids::{ServerId, ShareId};
use crate::platform::web::{Ctx, FormState, Page, Path, ago};
use crate::servers;
use crate::servers::model::{PublishedPort, Server};

use super::super::actions;
use super::super::links::model::{Link, ShareLinkKind};
use super::super::model::{Member, Share, ShareAccess, ShareProtocol, Told};
use super::super::record::pages::last_use;
use super::super::store;
use super::{base, crumbs, href, title, words};

/// What somebody types to connect.
#[derive(Debug)]
struct Way {
    id: String,
    label: String,
    text: String,
}

/// How it is, who has it, and how they connect; also what the live stream sends.
#[derive(Debug, Template)]
#[template(path = "shares/panel.html")]
pub(in crate::shares) struct Panel {
    base: String,
    href: String,
    share: Share,
    told: Told,
    ways: Vec<Way>,
    links: Vec<Link>,
    now: DateTime<Utc>,
    may_write: bool,
}

/// Its template escapes what it prints.
impl askama::filters::HtmlSafe for Panel {}

impl Panel {
    pub(super) async fn load(
        app: &App,
        tx: &mut impl Scoped,
        scope: &TenantScope,
        (server, id): (&Server, ShareId),
    ) -> Result<Self, Error> {
        let share = actions::find(tx, server.id, id).await?;
        let (location, ports) = servers::reached_at(tx, server).await?;
        Ok(Self {
            base: base(scope, server.id),
            href: href(scope, server.id, id),
            told: store::told(tx, server.id).await?,
            ways: ways(&share, &location.public_host, &ports),
            links: store::links(tx, id).await?,
            now: app.now(),
            may_write: scope.may(Permission::ShareManage) && server.check_stays().is_ok(),
            share,
        })
    }

    fn words(&self) -> (&'static str, &'static str) {
        words(&self.told)
    }

    fn created_ago(&self) -> String {
        ago(self.share.created_at, self.now)
    }

    fn may(&self, member: &Member) -> &'static str {
        match member.access {
            ShareAccess::Read => "Read only",
            ShareAccess::Write => "Read and write",
        }
    }

    fn until(&self, member: &Member) -> String {
        member.until.map_or_else(
            || "No end".to_owned(),
            |until| until.format("%-d %b %Y %H:%M UTC").to_string(),
        )
    }

    fn kind(&self, link: &Link) -> &'static str {
        match link.kind {
            ShareLinkKind::Download => "Download",
            ShareLinkKind::DropOff => "Send files",
        }
    }

    fn ends(&self, link: &Link) -> String {
        link.expires_at.format("%-d %b %Y %H:%M UTC").to_string()
    }

    /// How often it was used, and when last.
    fn uses(&self, link: &Link) -> String {
        match link.last_used_at {
            None => "Not yet".to_owned(),
            Some(at) if link.uses == 1 => format!("Once, {}", ago(at, self.now)),
            Some(at) => format!("{} times, last {}", link.uses, ago(at, self.now)),
        }
    }

    fn last(&self, member: &Member) -> String {
        last_use(member.last_used_at, self.now)
    }

    fn record(&self) -> String {
        format!("{}/uses?share={}", self.base, self.share.id)
    }

    fn is_over(&self, member: &Member) -> bool {
        member.until.is_some_and(|until| until <= self.now)
    }
}

/// One line or more for each protocol that has a port.
fn ways(share: &Share, host: &str, ports: &[PublishedPort]) -> Vec<Way> {
    let mut ways = Vec::new();
    for protocol in &share.protocols {
        let Some(port) = ports.iter().find(|port| port.name == protocol.word()) else {
            continue;
        };
        for (label, text) in lines(*protocol, &share.name, host, port) {
            ways.push(Way {
                id: format!("way-{}", ways.len()),
                label: format!("{}, {label}", title(*protocol)),
                text,
            });
        }
    }
    ways
}

fn lines(
    protocol: ShareProtocol,
    share: &str,
    host: &str,
    port: &PublishedPort,
) -> Vec<(&'static str, String)> {
    let (at, number) = (port.authority(host), port.host_port);
    match protocol {
        ShareProtocol::Smb => {
            let mut lines = vec![(
                "in the file manager of macOS and Linux",
                format!("smb://{at}/{share}"),
            )];
            // Names of Windows have no place for the colons of an IPv6 address.
            if !host.contains(':') {
                let line = format!("net use * \\\\{host}\\{share} /tcpport:{number} /user:LOGIN");
                lines.push(("on Windows 11 (24H2 or newer)", line));
            }
            lines
        }
        ShareProtocol::Webdav => vec![(
            "any program that speaks it",
            format!("https://{at}/shares/{share}/"),
        )],
        ShareProtocol::Sftp => vec![("in a terminal", format!("sftp -P {number} LOGIN@{host}"))],
    }
}

/// A password that was just made, and for whom.
pub(in crate::shares) struct Issued {
    pub(super) login: String,
    pub(super) password: String,
}

/// What the page shows besides what the database holds.
#[derive(Default)]
pub(in crate::shares) struct Extra {
    pub(in crate::shares) form: FormState,
    pub(in crate::shares) issued: Option<Issued>,
    /// A sentence about what was just done.
    pub(in crate::shares) done: String,
    /// The form for a link.
    pub(in crate::shares) link_form: FormState,
    /// The address of a link that was just made.
    pub(in crate::shares) url: String,
}

#[derive(Template)]
#[template(path = "shares/show.html")]
pub(in crate::shares) struct Show {
    ctx: Ctx,
    name: String,
    server: String,
    href: String,
    panel: Panel,
    form: FormState,
    issued: Option<Issued>,
    done: String,
    link_form: FormState,
    url: String,
    live: String,
}

pub(in crate::shares) async fn page(
    app: &App,
    scope: &TenantScope,
    ctx: Ctx,
    ((id, share), extra): ((ServerId, ShareId), Extra),
) -> Result<Page<Show>, Error> {
    let mut tx = scope.begin().await?;
    let newest = events::newest(&mut tx).await?;
    let server = servers::find(&mut tx, id).await?;
    server.check_stays()?;
    let panel = Panel::load(app, &mut tx, scope, (&server, share)).await?;
    Ok(Page(Show {
        ctx: crumbs(ctx, scope, &server, None),
        name: panel.share.name.clone(),
        server: server.name,
        href: panel.href.clone(),
        live: format!("{}/live?after={newest}", panel.href),
        panel,
        form: extra.form,
        issued: extra.issued,
        done: extra.done,
        link_form: extra.link_form,
        url: extra.url,
    }))
}

/// Shows one.
pub(super) async fn show(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
    Path((_, id, share)): Path<(String, ServerId, ShareId)>,
) -> Result<Page<Show>, Error> {
    page(&app, &scope, ctx, ((id, share), Extra::default())).await
}
