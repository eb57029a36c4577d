//! Files over a network: a shell account, and one folder in three ways.

use std::path::{Path, PathBuf};

use serde_json::json;
use tokio::process::Command;

use super::{HOST, Scene, Server, curl, outcome, says, told};

/// A folder of the test's own.
pub(super) fn scratch(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// Options that keep the machine's own settings out.
pub(super) const SSH: [&str; 8] = [
    "-F",
    "none",
    "-o",
    "StrictHostKeyChecking=no",
    "-o",
    "UserKnownHostsFile=/dev/null",
    "-o",
    "LogLevel=ERROR",
];

fn ssh(server: &Server<'_>, key: &Path, line: &str) -> Command {
    let mut ssh = Command::new("ssh");
    ssh.args(SSH)
        .args(["-o", "BatchMode=yes", "-o", "IdentitiesOnly=yes", "-i"])
        .arg(key)
        .args([
            "-p",
            &server.port("ssh").to_string(),
            &format!("debian@{HOST}"),
            line,
        ]);
    ssh
}

#[tokio::test]
async fn debian_keeps_its_home() {
    let folder = scratch("ssh");
    let key = folder.join("key");
    let mut make = Command::new("ssh-keygen");
    make.args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(&key);
    let (well, said) = told(&mut make, "y\n").await;
    assert!(well, "{said}");
    let public = std::fs::read_to_string(folder.join("key.pub")).unwrap();
    let scene = Scene::begin(&["debian-ssh"]).await;
    let server = scene
        .order("debian-ssh", "box", json!({ "SSH_KEY": public }))
        .await;
    let (well, said) = outcome(&mut ssh(&server, &key, "echo a line > kept && id -un")).await;
    assert!(well && said.contains("debian"), "{said}");
    server.restart().await;
    says("a line", async || {
        outcome(&mut ssh(&server, &key, "cat kept")).await
    })
    .await;
    std::fs::remove_dir_all(folder).unwrap();
}

const BEN: (&str, &str) = ("ben", "a word of ben's");

fn smb(server: &Server<'_>, password: &str, commands: &str) -> Command {
    let mut smb = Command::new("smbclient");
    smb.env("PASSWD", password)
        .args(["--port", &server.port("smb").to_string(), "--user", BEN.0])
        .args([&format!("//{HOST}/files"), "--command", commands]);
    smb
}

fn sftp(server: &Server<'_>) -> Command {
    let mut sftp = Command::new("sshpass");
    sftp.env("SSHPASS", BEN.1)
        .args(["-e", "sftp"])
        .args(SSH)
        .args([
            "-o",
            "PubkeyAuthentication=no",
            "-P",
            &server.port("sftp").to_string(),
        ])
        .arg(format!("{}@{HOST}", BEN.0));
    sftp
}

fn webdav(server: &Server<'_>, user: &str, arguments: &[&str], path: &str) -> Command {
    let mut curl = curl(&["--fail", "--user", user]);
    curl.args(arguments)
        .arg(format!("https://{HOST}:{}{path}", server.port("webdav")));
    curl
}

#[tokio::test]
async fn a_share_is_one_folder_in_three_ways() {
    let scene = Scene::begin(&["file-share"]).await;
    let answers = json!({ "MORE_USERS": format!("{}:{}\ncat:a word of cat's", BEN.0, BEN.1) });
    let server = scene.order("file-share", "files", answers).await;
    let folder = scratch("share");
    let file = folder.join("line.txt");
    std::fs::write(&file, "a line\n").unwrap();
    let put = format!("put {} line.txt", file.display());
    let (well, said) = outcome(&mut smb(&server, BEN.1, &put)).await;
    assert!(well, "SMB writes: {said}");
    let (well, said) = outcome(&mut smb(&server, "not the word", "ls")).await;
    assert!(!well && said.contains("LOGON_FAILURE"), "{said}");

    let first = format!("files:{}", server.secret("SHARE_PASSWORD").await);
    let (well, said) = outcome(&mut webdav(&server, &first, &[], "/line.txt")).await;
    assert!(
        well && said.contains("a line"),
        "WebDAV reads what SMB wrote: {said}"
    );
    let (well, said) = outcome(&mut webdav(&server, &first, &["--request", "MKCOL"], "/more/")).await;
    assert!(well, "WebDAV makes folders: {said}");
    let (well, _) = outcome(&mut webdav(&server, "files:not the word", &[], "/line.txt")).await;
    assert!(!well, "WebDAV wants the password");

    let batch = format!(
        "put {0} /more/again.txt\nget /line.txt {0}.back\nls /more\n",
        file.display()
    );
    let (_, said) = told(&mut sftp(&server), &batch).await;
    assert!(said.contains("/more/again.txt"), "SFTP reads and writes: {said}");
    let back = std::fs::read_to_string(folder.join("line.txt.back")).unwrap();
    assert_eq!(back, "a line\n");

    let out = format!(
        "symlink /etc/passwd way\nget /../../../etc/passwd {}/x\n",
        folder.display()
    );
    let (_, said) = told(&mut sftp(&server), &out).await;
    assert!(
        !folder.join("x").exists(),
        "SFTP does not leave the folder: {said}"
    );
    assert!(said.contains("Operation unsupported"), "{said}");

    server.restart().await;
    says("again.txt", async || {
        outcome(&mut smb(&server, BEN.1, "cd more; ls")).await
    })
    .await;
    std::fs::remove_dir_all(folder).unwrap();
}
