//! Answers in the form that `static/js/palette.js` reads.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;

use crate::mail;
use crate::platform::access::{Permission, StaffScope, TenantScope};
use crate::platform::db::{Scoped, TenantTx};
use crate::platform::error::Error;
use crate::platform::ids::{
    MailAliasId, MailDomainId, MailboxId, ServerId, ShareId, StackId, TenantId, TicketId, TicketPostId,
    VolumeId,
};
use crate::platform::web::{Json, ListQuery, Query};
use crate::tickets;
use crate::tickets::model::Sought;

use super::store::{self, Found, FoundShare, FoundTicket};

#[derive(Serialize)]
pub(super) struct Items {
    items: Vec<Item>,
}

#[derive(Serialize)]
struct Item {
    label: String,
    href: String,
    hint: String,
    group: &'static str,
    icon: &'static str,
}

impl Item {
    fn server(found: Found, area: &str) -> Self {
        Self {
            href: format!("{area}/servers/{}", ServerId(found.id)),
            label: found.name,
            hint: found.hint,
            group: "Servers",
            icon: "server",
        }
    }

    fn stack(found: Found, href: String) -> Self {
        Self {
            href,
            label: found.name,
            hint: found.hint,
            group: "Stacks",
            icon: "layers",
        }
    }

    fn stack_of(found: Found, area: &str) -> Self {
        let href = format!("{area}/stacks/{}", StackId(found.id));
        Self::stack(found, href)
    }

    fn volume(found: Found, area: &str) -> Self {
        Self {
            href: format!("{area}/volumes/{}", VolumeId(found.id)),
            label: found.name,
            hint: found.hint,
            group: "Volumes",
            icon: "database",
        }
    }

    fn share(found: FoundShare, area: &str) -> Self {
        let (server, share) = (ServerId(found.server), ShareId(found.id));
        Self {
            href: format!("{area}/servers/{server}/shares/{share}"),
            label: found.name,
            hint: found.server_name,
            group: "Shares",
            icon: "folder",
        }
    }

    /// `place` is the post that has the words, if one has.
    fn ticket(found: &FoundTicket, area: &str, place: Option<TicketPostId>) -> Self {
        Self {
            href: format!("{area}/tickets/{}{}", found.id, tickets::place_in(place)),
            label: format!("#{} {}", found.number, found.subject),
            hint: tickets::State::read(&found.state).label().to_owned(),
            group: "Tickets",
            icon: "ticket",
        }
    }

    /// A thing of mail with its page, in a group of its kind.
    fn of_mail(found: Found, group: &'static str, href: String) -> Self {
        Self {
            href,
            label: found.name,
            hint: found.hint,
            group,
            icon: "mail",
        }
    }

    /// One of mail's lists: the rail has their first only.
    fn mail_page((title, href): (&'static str, String)) -> Self {
        Self {
            href,
            label: title.to_owned(),
            hint: "Mail".to_owned(),
            group: "Pages",
            icon: "mail",
        }
    }

    /// Staff have them as a list only.
    fn stack_for_staff(found: Found) -> Self {
        let name = utf8_percent_encode(&found.name, NON_ALPHANUMERIC);
        let href = format!("/staff/stacks?q={name}");
        Self::stack(found, href)
    }

    fn tenant(found: Found) -> Self {
        Self {
            href: format!("/staff/tenants/{}", TenantId(found.id)),
            label: found.name,
            hint: found.hint,
            group: "Tenants",
            icon: "building-2",
        }
    }
}

pub(super) async fn tenant(scope: TenantScope, Query(query): Query<ListQuery>) -> Result<Json<Items>, Error> {
    let Some(pattern) = query.pattern()? else {
        return Ok(Json(Items { items: Vec::new() }));
    };
    let mut tx = scope.begin().await?;
    let servers = store::servers_of(&mut tx, scope.tenant(), &pattern).await?;
    let stacks = store::stacks_of(&mut tx, scope.tenant(), &pattern).await?;
    let volumes = if scope.may(Permission::VolumeRead) {
        store::volumes_of(&mut tx, scope.tenant(), &pattern).await?
    } else {
        Vec::new()
    };
    let shares = if scope.may(Permission::ShareRead) {
        store::shares_of(&mut tx, scope.tenant(), &pattern).await?
    } else {
        Vec::new()
    };
    let mail = if scope.may(Permission::MailRead) {
        of_mail(&mut tx, &scope, (&pattern, query.text())).await?
    } else {
        Vec::new()
    };
    let area = format!("/t/{}", scope.member.slug);
    let tickets = match Sought::parse(query.text())? {
        Some(sought) if scope.may(Permission::TicketRead) => {
            store::tickets_of(&mut tx, scope.tenant(), &sought).await?
        }
        _ => Vec::new(),
    };
    let tickets = of_tickets(&mut tx, query.text(), &area, &tickets).await?;
    let servers = servers.into_iter().map(|found| Item::server(found, &area));
    let stacks = stacks.into_iter().map(|found| Item::stack_of(found, &area));
    let volumes = volumes.into_iter().map(|found| Item::volume(found, &area));
    let shares = shares.into_iter().map(|found| Item::share(found, &area));
    let things = servers.chain(stacks).chain(volumes).chain(shares);
    Ok(Json(Items {
        items: things.chain(mail).chain(tickets).collect(),
    }))
}

/// Tickets that were found, each with the place that has the words.
async fn of_tickets(
    tx: &mut impl Scoped,
    text: &str,
    area: &str,
    found: &[FoundTicket],
) -> Result<Vec<Item>, Error> {
    let ids: Vec<TicketId> = found.iter().map(|one| one.id).collect();
    let places = tickets::places(tx, text, &ids).await?;
    let item = |one: &FoundTicket| Item::ticket(one, area, places.get(&one.id).copied());
    Ok(found.iter().map(item).collect())
}

/// Domains, mailboxes and aliases that match the pattern, and the lists that are called like the text.
async fn of_mail(
    tx: &mut TenantTx,
    scope: &TenantScope,
    (pattern, text): (&str, &str),
) -> Result<Vec<Item>, Error> {
    let area = format!("/t/{}", scope.member.slug);
    let domains = store::mail_domains_of(tx, scope.tenant(), pattern).await?;
    let mailboxes = store::mailboxes_of(tx, scope.tenant(), pattern).await?;
    let aliases = store::aliases_of(tx, scope.tenant(), pattern).await?;
    let domains = domains.into_iter().map(|found| {
        let href = format!("{area}/mail/domains/{}", MailDomainId(found.id));
        Item::of_mail(found, "Mail domains", href)
    });
    let mailboxes = mailboxes.into_iter().map(|found| {
        let href = format!("{area}/mail/mailboxes/{}", MailboxId(found.id));
        Item::of_mail(found, "Mailboxes", href)
    });
    let aliases = aliases.into_iter().map(|found| {
        let href = format!("{area}/mail/aliases/{}", MailAliasId(found.id));
        Item::of_mail(found, "Aliases", href)
    });
    let lists = mail::lists(scope, text).into_iter().map(Item::mail_page);
    Ok(domains.chain(mailboxes).chain(aliases).chain(lists).collect())
}

pub(super) async fn staff(scope: StaffScope, Query(query): Query<ListQuery>) -> Result<Json<Items>, Error> {
    let Some(pattern) = query.pattern()? else {
        return Ok(Json(Items { items: Vec::new() }));
    };
    let mut tx = scope.begin().await?;
    let tenants = store::tenants(&mut tx, &pattern).await?;
    let servers = store::servers(&mut tx, &pattern).await?;
    let stacks = store::stacks(&mut tx, &pattern).await?;
    let tickets = match Sought::parse(query.text())? {
        Some(sought) if scope.may(Permission::StaffTicketRead) => store::tickets(&mut tx, &sought).await?,
        _ => Vec::new(),
    };
    let tickets = of_tickets(&mut tx, query.text(), "/staff", &tickets).await?;
    let tenants = tenants.into_iter().map(Item::tenant);
    let servers = servers.into_iter().map(|found| Item::server(found, "/staff"));
    let stacks = stacks.into_iter().map(Item::stack_for_staff);
    Ok(Json(Items {
        items: tenants.chain(servers).chain(stacks).chain(tickets).collect(),
    }))
}
