//! The whole database as one file, made and read by PostgreSQL's own programs.
//!
//! A dump is consistent while the panel runs. Reading one is a single transaction into an empty database: it is all there
//! afterwards, or nothing is. Passwords never stand among a program's arguments, which everybody on the machine can read.

use std::fs::File;
use std::path::PathBuf;
use std::process::Stdio;

use sqlx::{Connection as _, PgConnection};
use tokio::process::Command;

use crate::platform::secret::Secret;

use super::embedded::newest_binaries;

/// Why a database could not be dumped or read.
#[derive(Debug, thiserror::Error)]
pub enum DumpError {
    /// It did not answer, or refused a statement.
    #[error("the database refused")]
    Database(#[from] sqlx::Error),
    /// A program can't be started.
    #[error("{program} can't be started: install Debian's package postgresql-client")]
    Start {
        /// Which.
        program: &'static str,
        /// The system's word.
        source: std::io::Error,
    },
    /// A program failed.
    #[error("{program} failed: {said}")]
    Program {
        /// Which.
        program: &'static str,
        /// The end of what it said.
        said: String,
    },
}

/// What a database holds, as far as a dump has to tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contents {
    /// The newest migration that has run.
    pub schema: i64,
    /// Which installation it is, if a panel has ever run on it.
    pub installation: Option<String>,
}

/// What is in the database; nothing if it has no tables of ours.
pub async fn contents(admin_url: &str) -> Result<Option<Contents>, DumpError> {
    let mut conn = PgConnection::connect(admin_url).await?;
    let is_ours =
        sqlx::query_scalar!(r#"select to_regclass('public.instance_setting') is not null as "ours!""#);
    if !is_ours.fetch_one(&mut conn).await? {
        return Ok(None);
    }
    let found = sqlx::query!(
        r#"select coalesce(schema_version(), 0) as "schema!",
             (select value from instance_setting where key = 'installation') as installation"#
    );
    let found = found.fetch_one(&mut conn).await?;
    conn.close().await?;
    Ok(Some(Contents {
        schema: found.schema,
        installation: found.installation,
    }))
}

/// Writes the database into `file`.
pub async fn dump(admin_url: &str, file: File) -> Result<(), DumpError> {
    let mut command = program("pg_dump", admin_url);
    command.arg("--format=custom").stdin(Stdio::null()).stdout(file);
    outcome("pg_dump", command).await
}

/// Reads a dump into a database without tables of ours, whose cluster has our roles.
pub async fn read_dump(admin_url: &str, file: File) -> Result<(), DumpError> {
    let mut command = program("pg_restore", admin_url);
    command.args(["--single-transaction", "--exit-on-error"]);
    command.stdin(file).stdout(Stdio::null());
    outcome("pg_restore", command).await
}

/// The newest of the machine's, which reads and writes what older servers have.
fn program(name: &'static str, admin_url: &str) -> Command {
    let path = newest_binaries(name).map_or_else(|_| PathBuf::from(name), |folder| folder.join(name));
    let (address, password) = without_password(admin_url);
    let mut command = Command::new(path);
    let address = for_libpq(&address);
    command.arg(format!("--dbname={address}")).kill_on_drop(true);
    if let Some(password) = password {
        command.env("PGPASSWORD", password.expose());
    }
    command
}

/// So much of what a program says is told.
const SAID: usize = 600;

async fn outcome(program: &'static str, mut command: Command) -> Result<(), DumpError> {
    let child = command.stderr(Stdio::piped()).spawn();
    let child = child.map_err(|source| DumpError::Start { program, source })?;
    let output = child.wait_with_output().await;
    let output = output.map_err(|source| DumpError::Start { program, source })?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let start = said.floor_char_boundary(said.len().saturating_sub(SAID));
    let said = said[start..].trim().to_owned();
    Err(DumpError::Program { program, said })
}

/// Without what only sqlx knows, which PostgreSQL's programs refuse.
fn for_libpq(address: &str) -> String {
    let Some((base, query)) = address.split_once('?') else {
        return address.to_owned();
    };
    let known: Vec<&str> = query
        .split('&')
        .filter(|pair| !pair.starts_with("statement-cache-capacity="))
        .collect();
    format!("{base}?{}", known.join("&"))
}

/// An address in two parts: what may be seen, and its password.
pub fn without_password(url: &str) -> (String, Option<Secret>) {
    let parts = || {
        let (scheme, rest) = url.split_once("://")?;
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (user, host) = rest[..end].rsplit_once('@')?;
        let (name, password) = user.split_once(':')?;
        let password = percent_encoding::percent_decode_str(password)
            .decode_utf8()
            .ok()?;
        Some((
            format!("{scheme}://{name}@{host}{}", &rest[end..]),
            Secret::new(password.into_owned()),
        ))
    };
    match parts() {
        Some((address, password)) => (address, Some(password)),
        None => (url.to_owned(), None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_postgresql_knows_is_handed_on() {
        let sqlx = "postgres://a@b/c?statement-cache-capacity=100&host=%2Frun&sslmode=prefer";
        assert_eq!(for_libpq(sqlx), "postgres://a@b/c?host=%2Frun&sslmode=prefer");
        assert_eq!(for_libpq("postgres://a@b/c"), "postgres://a@b/c");
    }

    #[test]
    fn a_password_leaves_its_address() {
        let part = |url: &str| {
            let (address, password) = without_password(url);
            (address, password.map(|password| password.expose().clone()))
        };
        let taken = |address: &str, password: &str| (address.to_owned(), Some(password.to_owned()));
        assert_eq!(
            part("postgres://root:s%40cret@db:5432/berth?sslmode=require"),
            taken("postgres://root@db:5432/berth?sslmode=require", "s@cret")
        );
        assert_eq!(
            part("postgres://root:a@b@/x?host=%2Frun"),
            taken("postgres://root@/x?host=%2Frun", "a@b")
        );
        for plain in ["postgres://root@db/berth", "postgres:///berth?host=/run/a:b@c"] {
            assert_eq!(part(plain), (plain.to_owned(), None));
        }
    }
}
