//! One mailbox: how it is, what it is allowed, how its person gets in, its end.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use chrono::{DateTime, Utc};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::app::App;
use crate::mail::domains::{self, Place};
use crate::mail::model::other_in_dns;
use crate::mail::nav::{self, Tab};
use crate::platform::access::{Permission, TenantScope};
use crate::platform::error::Error;
use crate::platform::ids::MailboxId;
use crate::platform::secret::Secret;
use crate::platform::web::{Ctx, FormData, FormState, Page, Path, SeeOther, ago, mistakes};

use super::super::actions::{self, Issued, NewPassword};
use super::super::model::{Mailbox, Settings, typed_count, typed_size};
use super::super::store::{self, Roads};
use super::{Head, held, percent};

/// What a page shows besides the mailbox: forms that came back, and what is told once.
#[derive(Default)]
pub(super) struct Extra {
    pub(super) settings: Option<FormState>,
    pub(super) password: FormState,
    pub(super) link: FormState,
    pub(super) issued: Option<Issued>,
    pub(super) done: String,
}

#[derive(Template)]
#[template(path = "mail/mailbox.html")]
pub(super) struct Show {
    ctx: Ctx,
    head: Head,
    mailbox: Mailbox,
    domain: Place,
    domain_href: String,
    /// The aliases that lead to it.
    aliases: String,
    roads: Roads,
    now: DateTime<Utc>,
    form: FormState,
    password_form: FormState,
    link_form: FormState,
    issued: Option<Issued>,
    done: String,
    days: u32,
    may_write: bool,
    sends_mail: bool,
    has_service: bool,
}

impl Show {
    fn words(&self) -> (&'static str, &'static str) {
        self.mailbox.words(self.now)
    }

    /// The version that a save is checked against.
    fn version(&self) -> String {
        self.form.version(self.mailbox.version)
    }

    /// Whether a mailbox that is deleted can be restored.
    fn is_kept(&self) -> bool {
        self.days > 0
    }

    fn sub(&self) -> String {
        if self.mailbox.name.is_empty() {
            "Mailbox".to_owned()
        } else {
            format!("Mailbox of {}", self.mailbox.name)
        }
    }

    /// Where its mail goes as well, or instead.
    fn forwards(&self) -> String {
        let kept = if self.mailbox.keeps_copy {
            "and keeps it"
        } else {
            "and keeps nothing"
        };
        match self.mailbox.forward_to.as_slice() {
            [] => "To nobody".to_owned(),
            [only] => format!("To {only}, {kept}"),
            many => format!("To {} addresses, {kept}", many.len()),
        }
    }

    fn aliases_here(&self) -> String {
        match self.roads.aliases {
            0 => "None leads to it".to_owned(),
            1 => "1 leads to it".to_owned(),
            many => format!("{many} lead to it"),
        }
    }

    fn in_dns(&self) -> Option<&str> {
        other_in_dns(&self.mailbox.address)
    }

    fn has_meter(&self) -> bool {
        percent(&self.mailbox).is_some()
    }

    fn percent(&self) -> u32 {
        percent(&self.mailbox).unwrap_or_default()
    }

    fn held(&self) -> String {
        held(&self.mailbox)
    }

    fn messages(&self) -> String {
        match self.mailbox.used_messages {
            1 => "1 mail".to_owned(),
            many => format!("{many} mails"),
        }
    }

    fn sending(&self) -> String {
        match self.mailbox.hourly_limit {
            None => "No limit of its own".to_owned(),
            Some(0) => "It sends nothing".to_owned(),
            Some(1) => "1 recipient an hour".to_owned(),
            Some(many) => format!("{many} recipients an hour"),
        }
    }

    /// What each kind of sign-in is called, when the last one was, and how long ago; the times are empty if there was none.
    fn sign_ins(&self) -> [(&'static str, String, String); 4] {
        let mailbox = &self.mailbox;
        let kinds = [
            ("Last read by IMAP", mailbox.last_imap_at),
            ("Last fetched by POP3", mailbox.last_pop3_at),
            ("Last sent by SMTP", mailbox.last_smtp_at),
            ("Last changed filters", mailbox.last_sieve_at),
        ];
        kinds.map(|(title, at)| {
            let iso = at.map(|at| at.to_rfc3339()).unwrap_or_default();
            (title, iso, at.map(|at| ago(at, self.now)).unwrap_or_default())
        })
    }

    fn created_ago(&self) -> String {
        ago(self.mailbox.created_at, self.now)
    }

    fn kept_until(&self) -> String {
        let kept = self.mailbox.deleted;
        kept.map(|kept| kept.until.format("%-d %b %Y %H:%M UTC").to_string())
            .unwrap_or_default()
    }

    /// How its person gets in, or why they can't.
    fn entry(&self) -> String {
        let until = self.mailbox.setup_until.filter(|until| *until > self.now);
        let until = until.map(|until| until.format("%-d %b %Y %H:%M UTC").to_string());
        match (self.mailbox.has_password, until) {
            (true, None) => "A password is set".to_owned(),
            (true, Some(until)) => format!("A password is set; a link to choose another works until {until}"),
            (false, Some(until)) => format!("Waiting for its person: the set-up link works until {until}"),
            (false, None) => {
                "No password, and no link that works. Make a new link, or set a password.".to_owned()
            }
        }
    }
}

fn filled(mailbox: &Mailbox) -> FormState {
    let number = |value: Option<String>| value.unwrap_or_default();
    FormState::default()
        .with("name", mailbox.name.as_str())
        .with("quota_mib", number(mailbox.quota_mib.map(|mib| mib.to_string())))
        .with(
            "hourly_limit",
            number(mailbox.hourly_limit.map(|many| many.to_string())),
        )
        .with("max_own_aliases", mailbox.max_own_aliases.to_string())
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

/// The page.
pub(super) async fn page(
    app: &App,
    scope: &TenantScope,
    ctx: Ctx,
    (id, extra): (MailboxId, Extra),
) -> Result<Page<Show>, Error> {
    let mailbox = actions::find(app, scope, id).await?;
    let mut tx = scope.begin().await?;
    let domain = domains::place(&mut tx, mailbox.domain).await?;
    let roads = store::roads(&mut tx, &mailbox).await?;
    drop(tx);
    Ok(Page(Show {
        ctx: nav::crumbs_below(ctx, scope, Tab::Mailboxes),
        head: Head::new(scope, &mailbox, "overview"),
        domain_href: nav::domain(scope, domain.id),
        aliases: format!("{}?q={}", Tab::Aliases.href(scope), encoded(&mailbox.address)),
        roads,
        domain,
        now: app.now(),
        form: extra.settings.unwrap_or_else(|| filled(&mailbox)),
        password_form: extra.password,
        link_form: extra.link,
        issued: extra.issued,
        done: extra.done,
        days: app.config.mailbox_retention_days,
        may_write: scope.may(Permission::MailWrite),
        sends_mail: app.mailer.is_some(),
        has_service: app.mail.is_some(),
        mailbox,
    }))
}

/// Shows it.
pub(super) async fn show(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
    Path((_, id)): Path<(String, MailboxId)>,
) -> Result<Page<Show>, Error> {
    page(&app, &scope, ctx, (id, Extra::default())).await
}

/// Changes its name and its limits.
pub(super) async fn save(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
    Path((_, id)): Path<(String, MailboxId)>,
    data: FormData,
) -> Result<Response, Error> {
    let settings = Settings {
        name: Some(data.get("name").to_owned()),
        quota_mib: typed_size(data.get("quota_mib")),
        hourly_limit: typed_count(data.get("hourly_limit")),
        max_own_aliases: typed_count(data.get("max_own_aliases")),
    };
    let done = actions::change(&app, &scope, id, settings, data.has_seen());
    match data.submit(done).await {
        Ok(_) => Ok(SeeOther::to(nav::mailbox(&scope, id))
            .good("Saved.")
            .into_response()),
        Err(error) => {
            let (errors, status) = mistakes(error)?;
            let extra = Extra {
                settings: Some(FormState::new(data, errors)),
                ..Extra::default()
            };
            Ok(page(&app, &scope, ctx, (id, extra)).await?.status(status))
        }
    }
}

/// Sets a password.
pub(super) async fn password(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
    Path((_, id)): Path<(String, MailboxId)>,
    data: FormData,
) -> Result<Response, Error> {
    let new = NewPassword {
        password: Some(Secret::new(data.get("password").to_owned())),
        password_hash: None,
        ends_app_passwords: data.checked("remove_app_passwords"),
    };
    match data.submit(actions::set_password(&app, &scope, id, new)).await {
        Ok(_) => {
            let to = SeeOther::to(nav::mailbox(&scope, id));
            Ok(to
                .good("The password is set, and open sessions end.")
                .into_response())
        }
        Err(error) => {
            let (errors, status) = mistakes(error)?;
            let extra = Extra {
                password: FormState::new(data, errors),
                ..Extra::default()
            };
            Ok(page(&app, &scope, ctx, (id, extra)).await?.status(status))
        }
    }
}

/// Makes a set-up link and shows it, this once.
pub(super) async fn set_up_link(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
    Path((_, id)): Path<(String, MailboxId)>,
    data: FormData,
) -> Result<Response, Error> {
    let to = Some(data.get("send_link_to"));
    match data.submit(actions::issue_link(&app, &scope, id, to)).await {
        Ok((_, issued)) => {
            let extra = Extra {
                issued: Some(issued),
                ..Extra::default()
            };
            Ok(page(&app, &scope, ctx, (id, extra)).await?.into_response())
        }
        Err(error) => {
            let (errors, status) = mistakes(error)?;
            let extra = Extra {
                link: FormState::new(data, errors),
                ..Extra::default()
            };
            Ok(page(&app, &scope, ctx, (id, extra)).await?.status(status))
        }
    }
}
