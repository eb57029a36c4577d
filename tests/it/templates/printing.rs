//! Printing by IPP, with CUPS's own client.

use std::path::{Path, PathBuf};

use serde_json::json;
use tokio::process::Command;

use super::{HOST, Scene, Server, catalogue, curl, outcome, says};
use crate::panel::until;

/// The least that prints, in ipptool's words.
const PRINT: &str = r#"{
 NAME "Print"
 OPERATION Print-Job
 GROUP operation-attributes-tag
 ATTR charset attributes-charset utf-8
 ATTR language attributes-natural-language en
 ATTR uri printer-uri $uri
 ATTR name requesting-user-name $user
 ATTR name job-name "Two pages"
 ATTR mimeMediaType document-format text/plain
 FILE $filename
 STATUS successful-ok
}
"#;

/// A folder with two pages of text and the test that prints them.
fn desk(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("print.test"), PRINT).unwrap();
    std::fs::write(folder.join("pages.txt"), "the first page\n\x0cthe second page\n").unwrap();
    folder
}

fn print(server: &Server<'_>, folder: &Path, queue: &str, password: &str) -> Command {
    let mut tool = Command::new("ipptool");
    tool.args(["-t", "-d", "user=print", "-f"])
        .arg(folder.join("pages.txt"))
        .arg(format!(
            "ipps://print:{password}@{HOST}:{}/printers/{queue}",
            server.port("ipp")
        ))
        .arg(folder.join("print.test"));
    tool
}

fn kept(server: &Server<'_>, password: &str, path: &str) -> Command {
    let user = format!("print:{password}");
    let url = format!("https://{HOST}:{}{path}", server.port("files"));
    curl(&["--fail", "--user", &user, &url])
}

#[tokio::test]
async fn a_print_becomes_a_file_and_is_counted() {
    let scene = Scene::begin(&["print-server"]).await;
    // Nothing listens there: a printer that is away holds up nobody else.
    let answers = json!({ "PRINTERS": "hall=ipp://127.0.0.1:9/ipp/print" });
    let server = scene.order("print-server", "printers", answers).await;
    let folder = desk("print");
    let password = server.secret("PRINT_PASSWORD").await;
    let (well, said) = outcome(&mut print(&server, &folder, "pdf", &password)).await;
    assert!(well, "{said}");
    let (well, said) = outcome(&mut print(&server, &folder, "pdf", "not-the-password")).await;
    assert!(!well && said.contains("not-authenticated"), "{said}");
    let counted = says("printer=pdf user=print job=1 total=2", async || {
        outcome(&mut kept(&server, &password, "/pages.log")).await
    })
    .await;
    assert!(!counted.contains("job=2"), "{counted}");
    server.restart().await;
    let list = says("-1-print-Two_pages.pdf", async || {
        outcome(&mut kept(&server, &password, "/pdf/")).await
    })
    .await;
    let name = list
        .split('"')
        .find(|part| part.ends_with("-1-print-Two_pages.pdf"));
    let (_, file) = outcome(&mut kept(&server, &password, &format!("/pdf/{}", name.unwrap()))).await;
    assert!(file.starts_with("%PDF-"), "it is a PDF");
    std::fs::remove_dir_all(folder).unwrap();
}

/// A catalogue of the print server and a network printer that is there for tests only.
fn with_a_printer() -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("printers-{}", std::process::id()));
    let tests = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/printers"));
    for from in [catalogue().join("print-server"), tests.join("network-printer")] {
        let to = folder.join(from.file_name().unwrap());
        std::fs::create_dir_all(&to).unwrap();
        for entry in std::fs::read_dir(&from).unwrap() {
            let entry = entry.unwrap();
            std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
    folder
}

#[tokio::test]
async fn a_print_reaches_a_network_printer_and_is_counted() {
    let folder = with_a_printer();
    let scene = Scene::of(&folder, &["print-server", "network-printer"]).await;
    let printer = scene.order("network-printer", "hall", json!({})).await;
    // It stands in the customer's own network and nowhere else, and it is a queue of another CUPS, to which CUPS by itself
    // lets nobody print on.
    let host = printer.host_name().await;
    let answers = json!({ "PRINTERS": format!("hall=ipp://{host}:8631/printers/hall") });
    let server = scene.order("print-server", "printers", answers).await;
    let (desk, password) = (desk("hall"), server.secret("PRINT_PASSWORD").await);
    // Its queue takes jobs once the printer has said what it can do.
    until("the queue of the printer takes the job", async || {
        outcome(&mut print(&server, &desk, "hall", &password)).await.0
    })
    .await;
    let (well, said) = outcome(&mut print(&server, &desk, "hall", "not-the-password")).await;
    assert!(!well && said.contains("not-authenticated"), "{said}");
    until("the printer has printed it", async || {
        let first = printer
            .inside("head -c 5 /srv/tray/job-1 2>/dev/null || true")
            .await;
        first == "%PDF-"
    })
    .await;
    let counted = says("printer=hall user=print job=1 total=2", async || {
        outcome(&mut kept(&server, &password, "/pages.log")).await
    })
    .await;
    assert!(!counted.contains("printer=pdf"), "{counted}");
    for folder in [folder, desk] {
        std::fs::remove_dir_all(folder).unwrap();
    }
}
