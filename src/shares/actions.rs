//! The verbs: each one transaction that writes rows, the wish that the server be told, the event and the audit.

use serde_json::{Value, json};

use crate::app::App;
use crate::audit::{Change, Target};
use crate::platform::access::TenantScope;
use crate::platform::db::{Scoped, TenantTx};
use crate::platform::error::{Error, FieldErrors};
use crate::platform::events;
use crate::platform::ids::{ServerId, ShareId, SharePersonId};
use crate::platform::secret::{Secret, random_text};
use crate::platform::web::{Cursor, ListQuery, Listing};
use crate::servers;
use crate::servers::model::{Refusal, Server};

use super::model::{
    End, Hashes, Listed, MAX_PEOPLE, MAX_SHARES, Member, Share, ShareAccess, ShareProtocol, TEMPLATE, Told,
    check_folder, check_login, check_name, check_password,
};
use super::reseal::context;
use super::{TOPIC, hashing, store};

/// A password that is made: 142 bits.
const MADE: usize = 24;

/// A share that is asked for.
#[derive(Debug)]
pub struct NewShare {
    /// What it is called.
    pub name: String,
    /// Which folder; it is made if it is not there.
    pub folder: String,
    /// How it is reached.
    pub protocols: Vec<ShareProtocol>,
}

/// What somebody in a share is to have; what is absent stays.
#[derive(Debug)]
pub struct Wanted {
    /// What they may do.
    pub access: ShareAccess,
    /// Another password, or the first one.
    pub password: Option<Secret>,
    /// Until when they may come in, everywhere on the server.
    pub until: End,
    /// Whether they are thought to be in the share.
    pub already: Already,
}

/// What somebody who changes people believes of one of them: the share may have changed since they looked.
#[derive(Debug, Clone, Copy)]
pub enum Already {
    /// Nothing: whatever is there becomes what is wanted.
    Either,
    /// That they are not in it.
    No,
    /// That they are.
    Yes,
}

impl Already {
    fn check(self, is_in: bool) -> Result<(), Error> {
        match (self, is_in) {
            (Self::No, true) => Err(Error::invalid(
                "login",
                "This person has the share already. Change what they may do in the list.",
            )),
            (Self::Yes, false) => Err(Error::NotFound),
            _ => Ok(()),
        }
    }
}

/// A page of all shares of a tenant, by name.
pub async fn all(app: &App, scope: &TenantScope, query: &ListQuery) -> Result<Listing<Listed>, Error> {
    if !matches!(query.sort.as_deref(), None | Some("" | "name")) {
        return Err(Error::invalid("sort", "Use name, or nothing."));
    }
    let after = Cursor::decode(query.after.as_deref())?;
    let (pattern, limit) = (query.pattern()?, query.fetch()?);
    let mut tx = scope.begin().await?;
    let wanted = (scope.tenant(), pattern.as_deref());
    let rows = store::all(&mut tx, wanted, app.now(), after, limit).await?;
    Listing::new(rows, query, |share| (share.name.clone(), share.id.0))
}

/// A server's shares, and whether it knows of them.
pub async fn list(scope: &TenantScope, id: ServerId) -> Result<(Vec<Share>, Told), Error> {
    let mut tx = scope.begin().await?;
    let server = servers::find(&mut tx, id).await?;
    let shares = store::list(&mut tx, server.id).await?;
    Ok((shares, store::told(&mut tx, server.id).await?))
}

/// A server that can have shares, locked: whoever else changes them waits.
pub async fn begin(scope: &TenantScope, id: ServerId) -> Result<(TenantTx, Server), Error> {
    let mut tx = scope.begin().await?;
    let server = servers::lock(&mut tx, id).await?;
    if !fits(&server) {
        let message = "Only servers of the template file-share have shares.";
        return Err(Error::conflict("not-a-file-share", message));
    }
    if server.deleting_at.is_some() || server.is_deleted() {
        return Err(Refusal::Deleting.into());
    }
    Ok((tx, server))
}

/// One of a server's shares.
pub async fn find(tx: &mut impl Scoped, server: ServerId, id: ShareId) -> Result<Share, Error> {
    let shares = store::list(tx, server).await?;
    shares
        .into_iter()
        .find(|share| share.id == id)
        .ok_or(Error::NotFound)
}

/// Whether a server's template and its own volume make shares possible.
pub fn fits(server: &Server) -> bool {
    server.template == TEMPLATE && server.home() == server.id
}

/// Makes a share that nobody has yet.
pub async fn create(app: &App, scope: &TenantScope, id: ServerId, new: NewShare) -> Result<Share, Error> {
    let mut errors = FieldErrors::default();
    errors.check("name", check_name(&new.name));
    errors.check("folder", check_folder(&new.folder));
    if new.protocols.is_empty() {
        errors.add("protocols", "Choose at least one.");
    }
    errors.into_result()?;
    let (mut tx, server) = begin(scope, id).await?;
    let used = store::list(&mut tx, id).await?.len();
    let used = i64::try_from(used).unwrap_or(i64::MAX);
    if used >= MAX_SHARES {
        let message =
            format!("This server has {used} shares, as many as it can. Delete one that nobody needs.");
        return Err(Error::conflict("too-many-shares", message));
    }
    let mut protocols = new.protocols;
    protocols.sort_unstable();
    protocols.dedup();
    let share = Share {
        id: ShareId::new(&*app.ids, app.now()),
        name: new.name,
        folder: new.folder,
        protocols,
        created_by: scope.who.label.clone(),
        created_at: app.now(),
        last_used_at: None,
        members: Vec::new(),
    };
    store::insert(&mut tx, (scope.tenant(), id), &share).await?;
    let told = json!({ "server": server.name, "folder": share.folder, "protocols": share.protocols });
    tell(
        app,
        tx,
        scope,
        (&server, &share),
        Change::to("share.create", told),
    )
    .await?;
    Ok(share)
}

/// Removes a share. Its folder and what is in it stays.
pub async fn remove(app: &App, scope: &TenantScope, id: ServerId, share: ShareId) -> Result<(), Error> {
    let (mut tx, server) = begin(scope, id).await?;
    let share = find(&mut tx, id, share).await?;
    store::delete(&mut tx, id, share.id).await?;
    let people: Vec<&str> = share.members.iter().map(|member| member.login.as_str()).collect();
    let change = Change {
        action: "share.delete",
        before: Some(json!({ "server": server.name, "folder": share.folder, "people": people })),
        after: None,
    };
    tell(app, tx, scope, (&server, &share), change).await
}

/// Puts a person into a share, or changes what they have. Says the password if it was made here, this once.
pub async fn put_person(
    app: &App,
    scope: &TenantScope,
    (id, share): (ServerId, ShareId),
    login: &str,
    wanted: Wanted,
) -> Result<(Member, Option<Secret>), Error> {
    check(app, login, &wanted)?;
    let made = Secret::new(random_text(MADE));
    // Hashed before the server's row is locked, because it takes a while.
    let hashes = hashing::hash(wanted.password.as_ref().unwrap_or(&made)).await?;
    let (mut tx, server) = begin(scope, id).await?;
    let share = find(&mut tx, id, share).await?;
    let before = share.members.iter().find(|member| member.login == login);
    wanted.already.check(before.is_some())?;
    let known = store::person(&mut tx, id, login).await?;
    let person = match known {
        Some(person) => {
            if wanted.password.is_some() {
                store::save_sealed(&mut tx, person, &seal(app, person, &hashes)?).await?;
            }
            person
        }
        None => add_person(app, &mut tx, (scope, id), login, &hashes).await?,
    };
    if let End::At(until) = wanted.until {
        store::save_until(&mut tx, person, until).await?;
    }
    store::save_member(&mut tx, (scope.tenant(), id), (share.id, person), wanted.access).await?;
    let after = find(&mut tx, id, share.id).await?;
    let member = after.members.into_iter().find(|member| member.person == person);
    let member = member.ok_or_else(|| Error::internal("a person is not in the share"))?;
    let mut told = described(&member, &server);
    told["has_new_password"] = (known.is_none() || wanted.password.is_some()).into();
    let change = Change {
        action: "share.give",
        before: before.map(|before| described(before, &server)),
        after: Some(told),
    };
    tell(app, tx, scope, (&server, &share), change).await?;
    let is_shown = known.is_none() && wanted.password.is_none();
    Ok((member, is_shown.then_some(made)))
}

fn check(app: &App, login: &str, wanted: &Wanted) -> Result<(), Error> {
    let mut errors = FieldErrors::default();
    errors.check("login", check_login(login));
    if let Some(password) = &wanted.password {
        errors.check("password", check_password(password.expose()));
    }
    if matches!(wanted.until, End::At(Some(until)) if until <= app.now()) {
        errors.add("until", "This moment has passed.");
    }
    Ok(errors.into_result()?)
}

fn seal(app: &App, person: SharePersonId, hashes: &Hashes) -> Result<Vec<u8>, Error> {
    let sealed = app.keyring.seal(&context(person), hashes.join().as_bytes());
    sealed.map_err(Error::internal)
}

async fn add_person(
    app: &App,
    tx: &mut TenantTx,
    (scope, server): (&TenantScope, ServerId),
    login: &str,
    hashes: &Hashes,
) -> Result<SharePersonId, Error> {
    let used = store::count_people(tx, server).await?;
    if used >= MAX_PEOPLE {
        let message = format!(
            "The shares of this server have {used} people, as many as they can. Take somebody out first."
        );
        return Err(Error::conflict("too-many-share-people", message));
    }
    let person = SharePersonId::new(&*app.ids, app.now());
    let sealed = seal(app, person, hashes)?;
    let whose = (scope.tenant(), server);
    store::insert_person(tx, whose, (person, login), &sealed, app.now()).await?;
    Ok(person)
}

fn described(member: &Member, server: &Server) -> Value {
    json!({ "server": server.name, "login": member.login, "access": member.access, "until": member.until })
}

/// Makes a new password for somebody, which is shown this once. It is theirs in all shares of the server.
pub async fn renew_password(
    app: &App,
    scope: &TenantScope,
    (id, share): (ServerId, ShareId),
    login: &str,
) -> Result<Secret, Error> {
    let made = Secret::new(random_text(MADE));
    // Hashed before the server's row is locked, because it takes a while.
    let hashes = hashing::hash(&made).await?;
    let (mut tx, server) = begin(scope, id).await?;
    let share = find(&mut tx, id, share).await?;
    let member = share.members.iter().find(|member| member.login == login);
    let member = member.ok_or(Error::NotFound)?;
    store::save_sealed(&mut tx, member.person, &seal(app, member.person, &hashes)?).await?;
    let change = Change::to("share.password", described(member, &server));
    tell(app, tx, scope, (&server, &share), change).await?;
    Ok(made)
}

/// Takes a person out of a share. Their open sessions end as soon as the server is told.
pub async fn remove_person(
    app: &App,
    scope: &TenantScope,
    (id, share): (ServerId, ShareId),
    login: &str,
) -> Result<(), Error> {
    let (mut tx, server) = begin(scope, id).await?;
    let share = find(&mut tx, id, share).await?;
    let member = share.members.iter().find(|member| member.login == login);
    let member = member.ok_or(Error::NotFound)?;
    store::delete_member(&mut tx, id, (share.id, member.person)).await?;
    let change = Change {
        action: "share.take",
        before: Some(described(member, &server)),
        after: None,
    };
    tell(app, tx, scope, (&server, &share), change).await
}

async fn tell(
    app: &App,
    mut tx: TenantTx,
    scope: &TenantScope,
    (server, share): (&Server, &Share),
    change: Change,
) -> Result<(), Error> {
    let target = Target {
        kind: "share",
        id: Some(share.id.0),
        label: &share.name,
        tenant: Some(scope.tenant()),
    };
    store::wish(&mut tx, (scope.tenant(), server.id), app.now()).await?;
    events::emit(&mut tx, Some(scope.tenant()), TOPIC, Some(server.id.0)).await?;
    app.audit(&mut tx, &scope.who, &target, &change).await?;
    tx.commit().await
}
