//! Several mails that wait decided about at once, from the queue's page. Deleting asks first.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};

use crate::app::App;
use crate::drivers::mail::{QueueAct, QueueId};
use crate::platform::access::StaffScope;
use crate::platform::error::Error;
use crate::platform::web::{Ctx, FormData, Page, SeeOther};

use super::super::service::away;
use super::actions::{self, Done, Which};
use super::api::{MOST_IDS, which};
use super::pages::HOME;

#[derive(Template)]
#[template(path = "mail/queue_confirm.html")]
struct ConfirmPage {
    ctx: Ctx,
    what: String,
    ids: Vec<String>,
    domain: String,
}

fn read_act(word: &str) -> Option<QueueAct> {
    match word {
        "retry" => Some(QueueAct::Retry),
        "hold" => Some(QueueAct::Hold),
        "release" => Some(QueueAct::Release),
        "delete" => Some(QueueAct::Delete),
        _ => None,
    }
}

fn counted(count: usize) -> String {
    if count == 1 {
        "1 mail".to_owned()
    } else {
        format!("{count} mails")
    }
}

fn says(act: QueueAct, done: Done) -> String {
    let count = counted(done.mails);
    let text = match act {
        QueueAct::Retry => format!("Trying again: {count}."),
        QueueAct::Hold => format!("Held: {count}."),
        QueueAct::Release => format!("Released: {count}."),
        QueueAct::Delete => format!("Deleted: {count}."),
    };
    let gone = match done.gone {
        0 => String::new(),
        gone => format!(" {gone} had left the queue."),
    };
    let left = match done.left {
        0 => String::new(),
        left => format!(" {left} are left: do it again for them."),
    };
    text + &gone + &left
}

/// Decides about those that were selected, or about a domain's. Deleting asks first.
pub(super) async fn act(
    State(app): State<App>,
    scope: StaffScope,
    ctx: Ctx,
    form: FormData,
) -> Result<Response, Error> {
    let Some(act) = read_act(form.get("act")) else {
        return Ok(SeeOther::to(HOME)
            .bad("Choose what is to be done.")
            .into_response());
    };
    let domain = Some(form.get("domain")).filter(|domain| !domain.is_empty());
    let which = match which(form.all("id").take(MOST_IDS), domain) {
        Ok(which) => which,
        Err(error) => return Ok(SeeOther::to(HOME).refused_or_invalid(error)?.into_response()),
    };
    if act == QueueAct::Delete && !form.checked("confirmed") {
        return confirm(&app, ctx, &which).await;
    }
    match actions::act_on_many(&app, &scope, &which, act).await {
        Ok(done) => Ok(SeeOther::to(HOME).good(says(act, done)).into_response()),
        Err(error) => Ok(SeeOther::to(HOME).bad(away(error)?).into_response()),
    }
}

async fn confirm(app: &App, ctx: Ctx, which: &Which) -> Result<Response, Error> {
    let (ids, left) = match actions::meant(app, which).await {
        Ok(meant) => meant,
        Err(error) => return Ok(SeeOther::to(HOME).bad(away(error)?).into_response()),
    };
    let count = counted(ids.len() + left);
    let (what, ids, domain) = match which {
        Which::Ids(ids) => (
            count,
            ids.iter().map(|id: &QueueId| id.as_str().to_owned()).collect(),
            String::new(),
        ),
        Which::Domain(domain) => (format!("{count} to {domain}"), Vec::new(), domain.clone()),
    };
    Ok(Page(ConfirmPage {
        ctx: ctx.with_crumbs([("Mail", "/staff/mail"), ("Queue", HOME)]),
        what,
        ids,
        domain,
    })
    .into_response())
}
