//! Adding files: each in one transaction with its event and its audit.

use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::app::App;
use crate::audit::Change;
use crate::platform::access::Who;
use crate::platform::db::Scoped;
use crate::platform::error::Error;
use crate::platform::ids::{AttachmentId, TicketId, TicketPostId};
use crate::tickets;
use crate::tickets::extras::{ExtrasSide, tell, tell_staff};
use crate::tickets::model::{Author, NewPost, PostKind, Ticket};

use super::form::Upload;
use super::model::{Attachment, Kind, MAX_PER_POST, MAX_PER_TICKET, room_for};
use super::store;

/// Keeps a file of a ticket, with a post or by itself, in the caller's transaction.
///
/// # Errors
/// [`Error::Invalid`] with words for people where the file is none that tickets take; [`Error::LimitReached`].
#[expect(
    clippy::too_many_arguments,
    reason = "all of it is what a file of a ticket is"
)]
pub async fn keep(
    app: &App,
    tx: &mut impl Scoped,
    ticket: TicketId,
    post: Option<TicketPostId>,
    name: &str,
    bytes: &[u8],
    public: bool,
    by: &Who,
) -> Result<AttachmentId, Error> {
    // Posts go to the one that goes on with it.
    let ticket = tickets::lock_last(tx, ticket).await?;
    let place = (post, public);
    Ok(add(app, tx, by, &ticket, place, (name, bytes)).await?.id)
}

/// The same for a ticket at hand.
async fn add(
    app: &App,
    tx: &mut impl Scoped,
    by: &Who,
    ticket: &Ticket,
    (post, is_public): (Option<TicketPostId>, bool),
    (name, bytes): (&str, &[u8]),
) -> Result<Attachment, Error> {
    let kind = Kind::judge(name, bytes)?;
    let used = store::lock_used(tx, ticket.tenant, is_public).await?;
    room_for(used, bytes.len())?;
    let now = app.now();
    let new = Attachment {
        id: AttachmentId::new(&*app.ids, now),
        ticket: ticket.id,
        post,
        is_public,
        name: kind.name(name),
        kind,
        size: i64::try_from(bytes.len()).unwrap_or(i64::MAX),
        sha256: Sha256::digest(bytes).to_vec(),
        created_by: by.label.clone(),
        created_at: now,
    };
    store::insert(tx, &new, by.user, bytes).await?;
    Ok(new)
}

fn too_many() -> Error {
    let message = format!("A ticket has at most {MAX_PER_TICKET} files. Open another one.");
    Error::conflict("too-many-attachments", message)
}

/// Tells of a file whoever may see it.
async fn told(
    app: &App,
    tx: &mut impl Scoped,
    by: &Who,
    ticket: &Ticket,
    new: &Attachment,
) -> Result<(), Error> {
    let change = Change::to("ticket.attach", json!({ "file": new.name, "bytes": new.size }));
    if new.is_public {
        tell(app, tx, by, ticket, &change).await
    } else {
        tell_staff(app, tx, by, ticket, &change).await
    }
}

/// Where somebody adds a file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    /// The ticket.
    pub(super) ticket: TicketId,
    /// A post of theirs.
    pub(super) post: Option<TicketPostId>,
    /// Whether it is for staff only; what customers add never is.
    pub(super) is_internal: bool,
}

/// Adds a file that somebody sends. What goes with a post is as public as that.
pub(super) async fn send<S: ExtrasSide>(
    app: &App,
    side: &S,
    place: Place,
    (name, bytes): (&str, &[u8]),
) -> Result<Attachment, Error> {
    let mut tx = side.open().await?;
    let ticket = tickets::lock_last(&mut tx, place.ticket).await?;
    if store::count(&mut tx, ticket.id).await? >= MAX_PER_TICKET {
        return Err(too_many());
    }
    let mut is_public = !(S::IS_STAFF && place.is_internal);
    if let Some(post) = place.post {
        let (files, of_post) = store::own_post(&mut tx, (ticket.id, post), side.asker().user).await?;
        if usize::try_from(files).unwrap_or(usize::MAX) >= MAX_PER_POST {
            let message = format!("A post has at most {MAX_PER_POST} files. Write another one.");
            return Err(Error::conflict("too-many-attachments", message));
        }
        is_public = of_post;
    }
    let new = add(
        app,
        &mut tx,
        side.asker(),
        &ticket,
        (place.post, is_public),
        (name, bytes),
    )
    .await?;
    told(app, &mut tx, side.asker(), &ticket, &new).await?;
    S::close(tx).await?;
    Ok(new)
}

/// Keeps the files that came with a post, in the caller's transaction: all of them, or none.
pub async fn attach(
    app: &App,
    tx: &mut impl Scoped,
    by: &Who,
    (ticket, post, is_public): (TicketId, TicketPostId, bool),
    files: &[Upload],
) -> Result<(), Error> {
    if files.is_empty() {
        return Ok(());
    }
    // The post may have gone to the one that goes on with it.
    let ticket = tickets::lock_last(tx, ticket).await?;
    let more = i64::try_from(files.len()).unwrap_or(i64::MAX);
    if store::count(tx, ticket.id).await?.saturating_add(more) > MAX_PER_TICKET {
        return Err(too_many());
    }
    for file in files {
        let place = (Some(post), is_public);
        let new = add(app, tx, by, &ticket, place, (&file.name, &file.bytes)).await?;
        told(app, tx, by, &ticket, &new).await?;
    }
    Ok(())
}

/// The same for a ticket that was just opened: they came with what was said first.
pub async fn attach_to_first(
    app: &App,
    tx: &mut impl Scoped,
    by: &Who,
    ticket: TicketId,
    files: &[Upload],
) -> Result<(), Error> {
    if files.is_empty() {
        return Ok(());
    }
    let posts = tickets::posts_of(tx, ticket, None, 1).await?;
    let first = posts.first().ok_or(Error::NotFound)?;
    attach(app, tx, by, (ticket, first.id, first.public), files).await
}

/// Writes a post for files, with words or without.
pub(super) async fn post<S: ExtrasSide>(
    app: &App,
    side: &S,
    (ticket, is_internal): (TicketId, bool),
    text: &str,
    files: &[Upload],
) -> Result<usize, Error> {
    let Some(user) = side.asker().user else {
        return Err(Error::Forbidden);
    };
    if files.is_empty() {
        return Err(Error::invalid("file", "Choose files first."));
    }
    let names: Vec<String> = files.iter().map(|file| format!("`{}`", file.name)).collect();
    let public = !(S::IS_STAFF && is_internal);
    let new = NewPost {
        kind: if public { PostKind::Reply } else { PostKind::Note },
        public,
        body: match text.trim() {
            "" => format!("Attached: {}", names.join(", ")),
            _ => text.to_owned(),
        },
        by: Author::User(user),
    };
    let mut tx = side.open().await?;
    let post = tickets::add_post(app, &mut tx, side.asker(), ticket, new).await?;
    attach(app, &mut tx, side.asker(), (ticket, post, public), files).await?;
    S::close(tx).await?;
    Ok(files.len())
}
