//! Printing by IPP, with CUPS's own client.

use std::path::PathBuf;

use serde_json::json;
use tokio::process::Command;

use super::{HOST, Scene, Server, curl, outcome, says};

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

fn print(server: &Server<'_>, folder: &std::path::Path, password: &str) -> Command {
    let mut tool = Command::new("ipptool");
    tool.args(["-t", "-d", "user=print", "-f"])
        .arg(folder.join("pages.txt"))
        .arg(format!(
            "ipps://print:{password}@{HOST}:{}/printers/pdf",
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
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("print-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("print.test"), PRINT).unwrap();
    std::fs::write(folder.join("pages.txt"), "the first page\n\x0cthe second page\n").unwrap();
    let password = server.secret("PRINT_PASSWORD").await;
    let (well, said) = outcome(&mut print(&server, &folder, &password)).await;
    assert!(well, "{said}");
    let (well, said) = outcome(&mut print(&server, &folder, "not-the-password")).await;
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
