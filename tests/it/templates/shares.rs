//! Shares as the file-share server serves them: what each person may and may not, in all three ways, with the clients that people
//! use. Who has what is given to it as the panel gives it.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use berth::platform::clock::{Clock as _, SystemClock};
use chrono::TimeDelta;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::process::{Child, Command};

use super::files::{SSH, scratch};
use super::{HOST, Scene, Server, curl, outcome, told};

/// Somebody with a password.
#[derive(Clone, Copy)]
struct Person {
    name: &'static str,
    password: &'static str,
}

const ANN: Person = Person {
    name: "ann",
    password: "ann's password",
};
const BOB: Person = Person {
    name: "bob",
    password: "bob's password",
};

/// What `openssl passwd -6` and Samba make of the passwords.
fn people() -> Value {
    json!({
        "ann": {
            "crypt": "$6$berthtest$/WDJfgcLNjA1znIrW6UgBzG27h6ssJlfED0Jkmks1PazeZ4iFGhY8/nfo0W.hyAWamna0yAKqO8LEqecYSjov.",
            "nt": "8a6dda073f82b4485a6246f73f6c7b90", "until": null,
        },
        "bob": {
            "crypt": "$6$berthtest$b0Icny7/dZAGtKEYyyenauvJOaw1HAu0TlAvgWlWMSOt1TPLa2AnKjuAb253gmgZajPBS3ZF.Cg.Z5WIdFRTU0",
            "nt": "001c51022b0b27649e832f5e0a998268", "until": null,
        },
    })
}

/// One share of both, and another that is Bob's.
fn shares(bobs: &Value) -> Value {
    let all = json!(["webdav", "sftp", "smb"]);
    json!({ "people": people(), "shares": [
        { "name": "plans", "folder": "work/the plans", "protocols": all, "people": bobs },
        { "name": "other", "folder": "other", "protocols": all, "people": { "bob": "write" } },
    ] })
}

fn both() -> Value {
    shares(&json!({ "ann": "read", "bob": "write" }))
}

async fn give(server: &Server<'_>, state: &Value) {
    let folder = "/srv/share/state/shares";
    let text = state.to_string().replace('\'', "'\\''");
    let line = format!(
        "mkdir -p {folder} && printf %s '{text}' >{folder}/new && mv {folder}/new {folder}/shares.json"
    );
    server.inside(&line).await;
    server.inside("reload").await;
}

/// What WebDAV answers, as a number. While it takes up new rules it lets go of connections, also of new ones: who is cut off asks again.
async fn webdav(server: &Server<'_>, who: Person, arguments: &[&str], path: &str) -> String {
    let mut answer = String::new();
    crate::panel::until("WebDAV answers", async || {
        let mut curl = curl(&["--output", "/dev/null", "--write-out", "%{http_code}"]);
        curl.args([
            "--path-as-is",
            "--user",
            &format!("{}:{}", who.name, who.password),
        ])
        .args(arguments)
        .arg(format!("https://{HOST}:{}{path}", server.port("webdav")));
        answer = outcome(&mut curl).await.1;
        !answer.starts_with("000")
    })
    .await;
    answer
}

async fn to(server: &Server<'_>, method: &str, destination: &str) -> String {
    let header = format!("Destination: {destination}");
    let arguments = ["--request", method, "--header", &header];
    webdav(server, BOB, &arguments, "/shares/plans/line.txt").await
}

fn smb(server: &Server<'_>, who: Person, share: &str) -> Command {
    let mut smb = Command::new("smbclient");
    smb.env("PASSWD", who.password)
        .args(["--port", &server.port("smb").to_string(), "--user", who.name])
        .arg(format!("//{HOST}/{share}"));
    smb
}

async fn by_smb(server: &Server<'_>, who: Person, share: &str, commands: &str) -> (bool, String) {
    outcome(smb(server, who, share).args(["--command", commands])).await
}

fn sftp(server: &Server<'_>, who: Person) -> Command {
    let mut sftp = Command::new("sshpass");
    sftp.env("SSHPASS", who.password)
        .args(["-e", "sftp"])
        .args(SSH)
        .args(["-o", "PubkeyAuthentication=no", "-P"])
        .arg(server.port("sftp").to_string())
        .arg(format!("{}@{HOST}", who.name));
    sftp
}

#[tokio::test]
async fn people_have_their_shares_and_nothing_else() {
    let scene = Scene::begin(&["file-share"]).await;
    let server = scene.order("file-share", "shared", json!({})).await;
    let folder = scratch("shares");
    std::fs::write(folder.join("line.txt"), "a line\n").unwrap();
    give(&server, &both()).await;
    by_webdav(&server, &folder).await;
    destinations(&server).await;
    smb_keeps_to_it(&server, &folder).await;
    sftp_keeps_to_it(&server, &folder).await;
    all_of_it_is_written_down(&server).await;
    who_is_taken_out_is_out(&server).await;
    time_ends_it(&server).await;
    what_cannot_be_read_is_closed(&server).await;
    std::fs::remove_dir_all(folder).unwrap();
}

async fn by_webdav(server: &Server<'_>, folder: &Path) {
    let file = folder.join("line.txt");
    let put = ["--upload-file", file.to_str().unwrap()];
    assert_eq!(webdav(server, BOB, &put, "/shares/plans/line.txt").await, "201");
    assert_eq!(webdav(server, ANN, &[], "/shares/plans/line.txt").await, "200");
    assert_eq!(webdav(server, ANN, &put, "/shares/plans/more.txt").await, "401");
    for method in ["DELETE", "MKCOL", "MOVE", "COPY", "LOCK", "PROPPATCH"] {
        let answer = webdav(server, ANN, &["--request", method], "/shares/plans/line.txt").await;
        assert_eq!(answer, "401", "{method}");
    }
    let strange = [
        "/",
        "/work/",
        "/shares/other/",
        "/shares/plansx/",
        "/shares/plans/../../work/",
        "/shares/plans/%2e%2e/%2e%2e/",
        "/shares/plans/..%2f..%2fwork/",
        "//work/the%20plans/line.txt",
    ];
    for path in strange {
        assert_eq!(webdav(server, ANN, &[], path).await, "401", "{path}");
    }
    let stranger = Person {
        password: "not the word",
        ..ANN
    };
    assert_eq!(webdav(server, stranger, &[], "/shares/plans/").await, "401");
    for path in ["/shares/plans", "/shares/plans/"] {
        let answer = webdav(server, BOB, &["--request", "DELETE"], path).await;
        assert_eq!(answer, "403", "the folder of a share stays");
    }
}

async fn destinations(server: &Server<'_>) {
    let host = format!("https://{HOST}:{}", server.port("webdav"));
    server.inside("mkdir -p /srv/share/files/out").await;
    for good in [
        "/shares/plans/copy.txt",
        "/shares/plans/100%25%20%C3%A4.txt",
        "/shares/plans/.kept",
    ] {
        assert_eq!(
            to(server, "COPY", &format!("{host}{good}")).await,
            "201",
            "{good}"
        );
    }
    let bad = [
        "/out/x",
        "/shares/other/x",
        "/shares/plans/../../out/x",
        "/shares/plans/%2e%2e/%2E%2e/out/x",
        "/shares/plans/.%2e/.%2e/out/x",
        "/shares/plans/..%2f..%2Fout/x",
        "/shares/plans//x",
        "/shares/plans",
        "/shares/plans/",
        "/shares/plansx/x",
        "/shares/plans%2f..%2f..%2fout/x",
        "/shares/plans/..\\..\\out/x",
        "/out/x?/shares/plans/x",
        "/out/x#/shares/plans/x",
        "/./out/x",
    ];
    for path in bad {
        for prefix in [host.as_str(), ""] {
            let answer = to(server, "COPY", &format!("{prefix}{path}")).await;
            assert_eq!(answer, "403", "{prefix}{path}");
            let answer = to(server, "MOVE", &format!("{prefix}{path}")).await;
            assert_eq!(answer, "403", "{prefix}{path}");
        }
    }
    assert_eq!(
        to(server, "COPY", "https://elsewhere/shares/plans/x").await,
        "502"
    );
    let twice = [
        "--request",
        "COPY",
        "--header",
        "Destination: /shares/plans/x",
        "--header",
        "Destination: /out/x",
    ];
    // The two are one name, in a folder that is not there.
    assert_eq!(webdav(server, BOB, &twice, "/shares/plans/line.txt").await, "409");
    assert_eq!(server.inside("ls /srv/share/files/out").await, "");
}

async fn smb_keeps_to_it(server: &Server<'_>, folder: &Path) {
    let file = folder.join("line.txt");
    let put = format!("put {} smb.txt", file.display());
    let (well, said) = by_smb(server, BOB, "plans", &put).await;
    assert!(well, "{said}");
    let (well, said) = by_smb(server, ANN, "plans", "ls smb.txt").await;
    assert!(well && said.contains("smb.txt"), "{said}");
    let get = format!("get smb.txt {}", folder.join("back").display());
    let (well, said) = by_smb(server, ANN, "plans", &get).await;
    assert!(well, "{said}");
    let more = format!("put {} no.txt", file.display());
    for commands in [more.as_str(), "mkdir no", "del smb.txt", "rename smb.txt no"] {
        let (_, said) = by_smb(server, ANN, "plans", commands).await;
        assert!(said.contains("ACCESS_DENIED"), "{commands}: {said}");
    }
    for share in ["files", "other"] {
        let (well, said) = by_smb(server, ANN, share, "ls").await;
        assert!(!well && said.contains("ACCESS_DENIED"), "{share}: {said}");
    }
}

async fn sftp_keeps_to_it(server: &Server<'_>, folder: &Path) {
    let (file, back) = (folder.join("line.txt"), folder.join("sftp-back"));
    let mine = format!(
        "put {0} plans/sftp.txt\nmkdir plans/d\nrename plans/sftp.txt plans/d/s.txt\nls /plans/d\nls /\n",
        file.display()
    );
    let (_, said) = told(&mut sftp(server, BOB), &mine).await;
    assert!(said.contains("plans/d/s.txt") && said.contains("other"), "{said}");
    let (_, said) = told(&mut sftp(server, BOB), "rmdir plans\nrename plans other/x\n").await;
    assert_eq!(said.matches("Permission denied").count(), 2, "{said}");
    let (_, said) = told(
        &mut sftp(server, ANN),
        &format!("get plans/line.txt {}\n", back.display()),
    )
    .await;
    assert_eq!(std::fs::read_to_string(&back).unwrap(), "a line\n", "{said}");
    let refused = format!(
        "put {0} plans/no\nrm plans/line.txt\nmkdir plans/no\nrename plans/line.txt plans/no\nchmod 777 plans/line.txt\n\
         rmdir plans/d\nput {0} /no\nmkdir /no\n",
        file.display()
    );
    let (_, said) = told(&mut sftp(server, ANN), &refused).await;
    assert_eq!(said.matches("Permission denied").count(), 8, "{said}");
    let out = "ls /other\nls /../../etc\nls /plans/../../other\nls /files\n";
    let (_, said) = told(&mut sftp(server, ANN), out).await;
    assert_eq!(said.matches("not found").count(), 4, "{said}");
    let (_, said) = told(&mut sftp(server, ANN), "ls -1 /\n").await;
    assert!(said.contains("plans") && !said.contains("other"), "{said}");
}

/// Who did what by which way, of what happened until here; and nothing of what was refused.
async fn all_of_it_is_written_down(server: &Server<'_>) {
    let record = async || server.inside("cat /srv/share/state/shares/access.log").await;
    let uses = async || -> Vec<String> {
        let record = record().await;
        let lines = record
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap());
        let words = |one: Value| {
            ["login", "share", "by", "what", "path"]
                .map(|field| one[field].as_str().unwrap().to_owned())
                .join(" ")
        };
        lines.map(words).collect()
    };
    let expected = [
        "bob plans webdav write line.txt",
        "ann plans webdav read line.txt",
        "bob plans smb list ",
        "bob plans smb write smb.txt",
        "ann plans smb read smb.txt",
        "bob plans sftp write sftp.txt",
        "bob plans sftp make-folder d",
        "bob plans sftp rename sftp.txt → d/s.txt",
        "bob plans sftp list d",
        "ann plans sftp read line.txt",
    ];
    crate::panel::until("all of it is written down", async || {
        let uses = uses().await;
        expected.iter().all(|one| uses.iter().any(|known| known == one))
    })
    .await;
    let uses = uses().await;
    let changes =
        |one: &&String| one.starts_with("ann ") && !one.contains(" read ") && !one.contains(" list ");
    assert_eq!(uses.iter().find(changes), None, "Ann only read: {uses:#?}");
    let twice = uses.iter().filter(|one| *one == "ann plans webdav read line.txt");
    assert_eq!(twice.count(), 1, "the same again is one use: {uses:#?}");
    assert!(uses.iter().all(|one| !one.starts_with("files ")), "{uses:#?}");
    let names = "mkdir \"plans/a\tb\"\n";
    let (_, said) = told(&mut sftp(server, BOB), names).await;
    assert!(said.contains("Permission denied"), "names are a line: {said}");
}

/// A client that has been asked something and waits for more.
async fn connected(mut command: Command, first: &str) -> Child {
    let pipes = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let mut child = pipes.kill_on_drop(true).spawn().unwrap();
    let stdin = child.stdin.as_mut().unwrap();
    stdin.write_all(first.as_bytes()).await.unwrap();
    child
}

/// What it still says when it is asked once more.
async fn asked_again(mut child: Child, line: &str) -> String {
    let mut stdin = child.stdin.take().unwrap();
    // One that is cut off may have ended already.
    drop(stdin.write_all(line.as_bytes()).await);
    drop(stdin);
    let output = tokio::time::timeout(Duration::from_secs(30), child.wait_with_output()).await;
    String::from_utf8_lossy(&output.unwrap().unwrap().stdout).into_owned()
}

async fn who_is_taken_out_is_out(server: &Server<'_>) {
    server.inside("rm -f /run/share/sessions/*").await;
    let smb_bob = connected(smb(server, BOB, "plans"), "ls line.txt\n").await;
    let smb_ann = connected(smb(server, ANN, "plans"), "ls line.txt\n").await;
    let sftp_bob = connected(sftp(server, BOB), "mkdir plans/here.txt\n").await;
    crate::panel::until("all are connected", async || {
        let notes = server
            .inside("ls /run/share/sessions /srv/share/files/work/*")
            .await;
        [".ann", ".bob", "here.txt"]
            .iter()
            .all(|sign| notes.contains(sign))
    })
    .await;
    give(server, &shares(&json!({ "ann": "read" }))).await;
    let bob = asked_again(smb_bob, "ls line.txt\n").await;
    assert!(bob.matches("blocks of size").count() < 2, "Bob is out: {bob}");
    let bob = asked_again(sftp_bob, "ls plans\n").await;
    assert!(!bob.contains("plans/line.txt"), "Bob is out: {bob}");
    let ann = asked_again(smb_ann, "ls line.txt\n").await;
    assert_eq!(
        ann.matches("blocks of size").count(),
        2,
        "nobody else is disturbed: {ann}"
    );
    assert_eq!(webdav(server, BOB, &[], "/shares/plans/line.txt").await, "401");
    assert_eq!(webdav(server, ANN, &[], "/shares/plans/line.txt").await, "200");
    let (well, _) = by_smb(server, BOB, "plans", "ls").await;
    assert!(!well, "Bob is out of it");
    let (well, said) = by_smb(server, BOB, "other", "ls").await;
    assert!(well, "Bob still has the other: {said}");
}

async fn time_ends_it(server: &Server<'_>) {
    let mut state = both();
    let soon = server.inside("date +%s").await.trim().parse::<i64>().unwrap() + 4;
    state["people"]["bob"]["until"] = soon.into();
    give(server, &state).await;
    assert_eq!(webdav(server, BOB, &[], "/shares/plans/line.txt").await, "200");
    crate::panel::until("Bob's time is over", async || {
        webdav(server, BOB, &[], "/shares/plans/line.txt").await == "401"
    })
    .await;
    let (well, _) = by_smb(server, BOB, "plans", "ls").await;
    assert!(!well, "by SMB too");
}

async fn what_cannot_be_read_is_closed(server: &Server<'_>) {
    let line = "echo '{' >/srv/share/state/shares/shares.json; reload || echo refused";
    let said = server.inside(line).await;
    assert!(said.contains("refused"), "{said}");
    assert_eq!(webdav(server, ANN, &[], "/shares/plans/line.txt").await, "401");
    let owner = format!("files:{}", server.secret("SHARE_PASSWORD").await);
    let mut own = curl(&["--fail", "--user", &owner]);
    own.arg(format!(
        "https://{HOST}:{}/work/the%20plans/line.txt",
        server.port("webdav")
    ));
    let (well, said) = outcome(&mut own).await;
    assert!(well && said.contains("a line"), "the owner goes on: {said}");
    give(server, &both()).await;
    server.restart().await;
    super::says("line.txt", async || by_smb(server, ANN, "plans", "ls").await).await;
}

/// Files come and go by links, and those that came are the share's: its people may change them.
async fn by_link(scene: &Scene, server: &Server<'_>, links: &str, person: Person) {
    let end = SystemClock.now() + TimeDelta::days(1);
    let mut ways = Vec::new();
    for (kind, path) in [("drop-off", "in"), ("download", "in/offer.txt")] {
        let new = json!({ "kind": kind, "path": path, "expires_at": end });
        let (status, link) = scene.api.post(links, &new).await;
        assert_eq!(status, 201, "{link}");
        let url = link["url"].as_str().unwrap();
        ways.push(url[url.find("/s/").unwrap()..].to_owned());
    }
    assert_eq!(scene.api.bring(&ways[0], "offer.txt", "an offer").await, 200);
    let (status, content) = scene.api.anybody(&format!("{}/content", ways[1])).await;
    assert_eq!((status, &*content), (200, "an offer"));
    let commands = "rename in\\offer.txt in\\kept.txt; ls in\\*";
    let (well, said) = by_smb(server, person, "plans", commands).await;
    assert!(well && said.contains("kept.txt"), "{said}");
}

/// Whoever looks at the record sees what just happened, by each way.
async fn the_panel_knows(scene: &Scene, server: &Server<'_>, shares: &str) {
    let record = format!("{}/share-uses", server.path);
    let expected = [
        "cat smb make-folder smb",
        "cat webdav make-folder webdav",
        "cat sftp make-folder sftp",
        "null link write in/offer.txt",
        "null link read in/offer.txt",
        "cat smb rename in/offer.txt → in/kept.txt",
    ];
    crate::panel::until("the record has all of it", async || {
        let uses = scene.api.get(&record).await;
        let words = |one: &Value| {
            let word = |field: &str| one[field].as_str().unwrap_or("null").to_owned();
            ["login", "by", "what", "path"].map(word).join(" ")
        };
        let found: Vec<_> = uses["items"].as_array().unwrap().iter().map(words).collect();
        expected.iter().all(|one| found.iter().any(|known| known == one))
    })
    .await;
    let share = &scene.api.get(shares).await["items"][0];
    assert!(share["people"][0]["last_used_at"].is_string(), "{share}");
}

/// All the way: given by the panel, used by its person with the password that the panel made, taken by the panel.
#[tokio::test]
async fn the_panel_gives_and_takes() {
    let scene = Scene::begin(&["file-share"]).await;
    let server = scene.order("file-share", "given", json!({})).await;
    let path = format!("{}/shares", server.path);
    let new = json!({ "name": "plans", "folder": "work/plans", "protocols": ["webdav", "sftp", "smb"] });
    let (status, share) = scene.api.post(&path, &new).await;
    assert_eq!(status, 201, "{share}");
    let cat = format!("{path}/{}/people/cat", share["id"].as_str().unwrap());
    let (status, given) = scene.api.put(&cat, &json!({ "access": "write" })).await;
    assert_eq!(status, 200, "{given}");
    let password: &'static str = given["password"].as_str().unwrap().to_owned().leak();
    let cat_herself = Person {
        name: "cat",
        password,
    };
    crate::panel::until("it is in force", async || {
        scene.api.get(&path).await["items"][0]["is_in_force"] == true
    })
    .await;
    let (well, said) = by_smb(&server, cat_herself, "plans", "mkdir smb").await;
    assert!(well, "{said}");
    let made = webdav(
        &server,
        cat_herself,
        &["--request", "MKCOL"],
        "/shares/plans/webdav/",
    )
    .await;
    assert_eq!(made, "201");
    let (_, said) = told(&mut sftp(&server, cat_herself), "mkdir plans/sftp\nls plans\n").await;
    for way in ["smb", "webdav", "sftp"] {
        assert!(said.contains(&format!("plans/{way}")), "{way}: {said}");
    }
    let links = format!("{path}/{}/links", share["id"].as_str().unwrap());
    by_link(&scene, &server, &links, cat_herself).await;
    the_panel_knows(&scene, &server, &path).await;
    // What is asked for while it stands still holds when it runs again.
    server.stop().await;
    assert_eq!(scene.api.delete(&cat).await, 204);
    crate::panel::until("its volume knows", async || {
        scene.api.get(&path).await["items"][0]["is_in_force"] == true
    })
    .await;
    let (status, answer) = server.act("start").await;
    assert_eq!(status, 202, "{answer}");
    super::says("LOGON_FAILURE", async || {
        (true, by_smb(&server, cat_herself, "plans", "ls").await.1)
    })
    .await;
}
