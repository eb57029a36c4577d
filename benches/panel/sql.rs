//! PostgreSQL by its own tools: rows by the million, and the floor under every list.

use std::io::Write as _;
use std::process::{Command, Stdio};

use berth::testing::TestApp;

/// Eight callers at a time, as the panel gets them.
pub(crate) const CLIENTS: &str = "8";
pub(crate) const SECONDS: &str = "3";

/// libpq refuses the parameters that only sqlx knows.
fn address(app: &TestApp) -> String {
    let url = app.database_url();
    let (base, query) = url.split_once('?').unwrap_or((&url, ""));
    let known = query.split('&').filter(|pair| pair.starts_with("host="));
    format!("{base}?{}", known.collect::<Vec<_>>().join("&"))
}

/// The administrator's address of the test's database; row-level security is not for him.
#[expect(
    clippy::disallowed_methods,
    reason = "where the test cluster is, is no setting of the product"
)]
fn administrator(app: &TestApp) -> String {
    let admin = std::env::var("BERTH_TEST_DATABASE_URL").expect("run this by `make bench`");
    let ours = address(app);
    let database = ours
        .split('?')
        .next()
        .and_then(|base| base.rsplit('/').next())
        .unwrap();
    admin.replacen("/postgres?", &format!("/{database}?"), 1)
}

/// What a question answers, a line a row.
pub(crate) fn ask(app: &TestApp, question: &str) -> String {
    let output = Command::new("psql")
        .args([
            "-X",
            "-q",
            "-A",
            "-t",
            "-v",
            "ON_ERROR_STOP=1",
            "-d",
            &administrator(app),
            "-c",
            question,
        ])
        .output()
        .expect("psql");
    assert!(output.status.success(), "psql failed");
    String::from_utf8(output.stdout).unwrap()
}

/// Runs statements as the administrator, past row-level security.
pub(crate) fn run(app: &TestApp, statements: &str) {
    let mut psql = Command::new("psql")
        .args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", &administrator(app)])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .expect("psql");
    psql.stdin
        .take()
        .unwrap()
        .write_all(statements.as_bytes())
        .unwrap();
    assert!(psql.wait().unwrap().success(), "psql failed");
}

/// How often a second a statement runs as a tenant's, prepared, for eight callers.
pub(crate) fn rate(app: &TestApp, (tenant, user): (&str, &str), statement: &str) -> f64 {
    let options = format!("-c role=berth_web -c berth.tenant_id={tenant} -c berth.user_id={user}");
    pgbench(&address(app), &options, statement)
}

/// The same as the role that the mail service has.
pub(crate) fn rate_of_reader(app: &TestApp, statement: &str) -> f64 {
    pgbench(&administrator(app), "-c role=mail_reader", statement)
}

fn pgbench(address: &str, options: &str, statement: &str) -> f64 {
    let folder = tempfile("pgbench.sql", statement);
    let output = Command::new("pgbench")
        .args([
            "-n", "-M", "prepared", "-c", CLIENTS, "-j", "2", "-T", SECONDS, "-f",
        ])
        .arg(&folder)
        .arg(address)
        .env("PGOPTIONS", options)
        .output()
        .expect("pgbench");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let line = text.lines().find(|line| line.starts_with("tps = "));
    let line = line.unwrap_or_else(|| panic!("{text}{}", String::from_utf8_lossy(&output.stderr)));
    line.split_whitespace().nth(2).unwrap().parse().unwrap()
}

fn tempfile(name: &str, text: &str) -> std::path::PathBuf {
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, text).unwrap();
    path
}
