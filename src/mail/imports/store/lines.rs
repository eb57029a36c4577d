//! The lines of imports. What a mailbox is to be opened with is read by the system only, and wiped with the line's end.

use uuid::Uuid;

use crate::platform::db::{Scoped, SystemTx};
use crate::platform::error::Error;
use crate::platform::ids::{MailImportId, TenantId};

use super::super::model::{Line, LineKind, LineState, Shown};

/// So many lines travel at once.
const CHUNK: usize = 2000;

/// The columns of lines that are written.
#[derive(Default)]
struct Columns {
    numbers: Vec<i32>,
    kinds: Vec<String>,
    addresses: Vec<String>,
    names: Vec<String>,
    hashes: Vec<Option<String>>,
    sealed: Vec<Option<Vec<u8>>>,
    quotas: Vec<Option<i64>>,
    /// Between spaces: rows of an array have one length in SQL.
    targets: Vec<String>,
    keeps: Vec<bool>,
    enabled: Vec<bool>,
    descriptions: Vec<String>,
    reasons: Vec<Option<String>>,
}

impl Columns {
    fn push(&mut self, line: &Line, sealed: Option<Vec<u8>>) {
        let entry = line.entry.as_ref().ok();
        let kind = entry.map_or(LineKind::Mailbox, |entry| entry.kind);
        self.numbers.push(line.number);
        self.kinds.push(kind.word().to_owned());
        self.addresses.push(line.address.clone());
        self.names
            .push(entry.map(|entry| entry.name.clone()).unwrap_or_default());
        self.hashes
            .push(entry.and_then(|entry| entry.password_hash.clone()));
        self.sealed.push(sealed);
        self.quotas.push(entry.and_then(|entry| entry.quota_mib));
        self.targets
            .push(entry.map(|entry| entry.targets.join(" ")).unwrap_or_default());
        self.keeps.push(entry.is_none_or(|entry| entry.keeps_copy));
        self.enabled.push(entry.is_none_or(|entry| entry.is_enabled));
        self.descriptions
            .push(entry.map(|entry| entry.description.clone()).unwrap_or_default());
        self.reasons.push(line.entry.as_ref().err().cloned());
    }
}

/// Writes the lines of a file. `seal` hides the password of one.
pub async fn insert(
    tx: &mut impl Scoped,
    (tenant, import): (TenantId, MailImportId),
    lines: &[Line],
    seal: impl Fn(&Line) -> Result<Option<Vec<u8>>, Error> + Send,
) -> Result<(), Error> {
    for chunk in lines.chunks(CHUNK) {
        let mut columns = Columns::default();
        for line in chunk {
            columns.push(line, seal(line)?);
        }
        write(tx, (tenant, import), &columns).await?;
    }
    Ok(())
}

async fn write(
    tx: &mut impl Scoped,
    (tenant, import): (TenantId, MailImportId),
    columns: &Columns,
) -> Result<(), Error> {
    sqlx::query!(
        "insert into mail_import_line (import_id, tenant_id, line, kind, address, name, password_hash, sealed, quota_mib, targets, \
           keeps_copy, is_enabled, description, state, reason) \
         select $1, $2, l.line, l.kind, l.address, l.name, l.hash, l.sealed, l.quota, \
           coalesce(string_to_array(nullif(l.targets, ''), ' '), '{}'), l.keeps, l.enabled, l.description, \
           case when l.reason is null then 'waiting' else 'bad' end, l.reason \
         from unnest($3::int[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bytea[], $9::bigint[], $10::text[], \
           $11::bool[], $12::bool[], $13::text[], $14::text[]) \
           as l (line, kind, address, name, hash, sealed, quota, targets, keeps, enabled, description, reason)",
        import.0,
        tenant.0,
        &columns.numbers,
        &columns.kinds,
        &columns.addresses,
        &columns.names,
        &columns.hashes as &[Option<String>],
        &columns.sealed as &[Option<Vec<u8>>],
        &columns.quotas as &[Option<i64>],
        &columns.targets,
        &columns.keeps,
        &columns.enabled,
        &columns.descriptions,
        &columns.reasons as &[Option<String>]
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// A page of an import's lines in the order of the file: those in some states, after a line.
pub async fn lines(
    tx: &mut impl Scoped,
    import: MailImportId,
    states: &[LineState],
    after: i32,
    limit: i64,
) -> Result<Vec<Shown>, Error> {
    let states: Vec<String> = states.iter().map(|state| state.word().to_owned()).collect();
    let rows = sqlx::query!(
        "select line, kind, address, state, reason from mail_import_line \
         where import_id = $1 and state = any($2) and line > $3 order by line limit $4",
        import.0,
        &states,
        after,
        limit
    );
    let rows = rows.fetch_all(tx.conn()).await?.into_iter();
    Ok(rows
        .map(|row| Shown {
            number: row.line,
            kind: LineKind::read(&row.kind),
            address: row.address,
            state: LineState::read(&row.state).unwrap_or(LineState::Bad),
            reason: row.reason,
        })
        .collect())
}

/// A line that waits, with what it makes.
#[derive(Debug)]
pub struct Row {
    /// Where it stands in the file.
    pub line: i32,
    /// The word for what it makes.
    pub kind: String,
    /// Its address.
    pub address: String,
    /// The person's name.
    pub name: String,
    /// A hash that was given.
    pub password_hash: Option<String>,
    /// A password that was given.
    pub sealed: Option<Vec<u8>>,
    /// What it may hold.
    pub quota_mib: Option<i64>,
    /// Where its mail goes.
    pub targets: Vec<String>,
    /// Whether it keeps it as well.
    pub keeps_copy: bool,
    /// Whether it is turned on.
    pub is_enabled: bool,
    /// What it is for.
    pub description: String,
}

/// The next lines that wait.
pub async fn waiting(tx: &mut SystemTx, import: Uuid, limit: i64) -> Result<Vec<Row>, Error> {
    let rows = sqlx::query_as!(
        Row,
        "select line, kind, address, name, password_hash, sealed, quota_mib, targets, keeps_copy, is_enabled, description \
         from mail_import_line where import_id = $1 and state = 'waiting' order by line limit $2",
        import,
        limit
    );
    Ok(rows.fetch_all(tx.conn()).await?)
}

/// Notes what became of a line, and wipes what it hid.
pub async fn settle(
    tx: &mut SystemTx,
    (import, line): (MailImportId, i32),
    failed: Option<&str>,
) -> Result<(), Error> {
    sqlx::query!(
        "update mail_import_line set state = case when $3::text is null then 'done' else 'failed' end, reason = $3, sealed = null, \
         password_hash = null where import_id = $1 and line = $2",
        import.0,
        line,
        failed
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Leaves the lines out that still wait, and wipes what they hid.
pub async fn skip(tx: &mut impl Scoped, import: MailImportId) -> Result<(), Error> {
    sqlx::query!(
        "update mail_import_line set state = 'skipped', sealed = null, password_hash = null \
         where import_id = $1 and state = 'waiting'",
        import.0
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
