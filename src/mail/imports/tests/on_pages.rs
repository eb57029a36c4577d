//! The pages, as people see them.

use scraper::{Html, Selector};

use super::*;

fn texts(answer: &Answer, selector: &str) -> Vec<String> {
    let page = Html::parse_document(&answer.body);
    let selector = Selector::parse(selector).unwrap();
    let found = page.select(&selector);
    found
        .map(|element| {
            let words: Vec<&str> = element.text().flat_map(str::split_whitespace).collect();
            words.join(" ")
        })
        .collect()
}

const PAGE: &str = "/t/acme/mail/imports";

impl Scene {
    async fn bring(&self, content: &str) -> Answer {
        let body = format!(
            "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"staff.csv\"\r\n\r\n{content}\r\n--x--\r\n"
        );
        let headers = [
            ("content-type", "multipart/form-data; boundary=x"),
            ("sec-fetch-site", "same-origin"),
        ];
        self.browser
            .send(Method::POST, PAGE, &headers, Body::from(body))
            .await
    }
}

#[tokio::test]
async fn a_file_is_uploaded_looked_at_and_imported() {
    let it = Scene::new().await;
    let empty = it.browser.get(PAGE).await.expect(200);
    assert_eq!(texts(&empty, ".empty h2"), ["No imports yet"]);
    let form = it.browser.get(&format!("{PAGE}/new")).await.expect(200);
    assert!(texts(&form, "#import-head")[0].starts_with("address,name,password"));
    let read = it
        .bring("address,quota_mib\nbob@x.example,1\nann@x.example,\n<b>,2\n")
        .await
        .expect(303);
    let page = it.browser.get(read.location()).await.expect(200);
    assert_eq!(texts(&page, "h1"), ["staff.csv"]);
    let lines = texts(&page, "#bad-lines tbody tr");
    assert!(
        lines[0].starts_with("3 ann@x.example ann@x.example is taken"),
        "{lines:?}"
    );
    assert!(lines[1].starts_with("4 <b> "), "{lines:?}");
    assert!(texts(&page, "#import-panel button").contains(&"Import 1 mailbox and 0 aliases".to_owned()));

    let start = format!("{}/start", read.location());
    it.browser.post(&start, &[]).await.expect(303);
    let page = it.browser.get(read.location()).await.expect(200);
    assert_eq!(texts(&page, "#import-panel .meter-text"), ["0 of 1"]);
    it.work().await;
    let page = it.browser.get(read.location()).await.expect(200);
    assert_eq!(texts(&page, "#import-panel .status"), ["Done"]);
    let csv = it
        .browser
        .get(&format!("{}/lines.csv", read.location()))
        .await
        .expect(200);
    assert!(
        csv.body.contains("2,mailbox,bob@x.example,done,")
            && csv
                .body
                .contains("3,mailbox,ann@x.example,bad,ann@x.example is taken")
    );
    let again = it.browser.post(&start, &[]).await.expect(303);
    let page = it.browser.get(again.location()).await.expect(200);
    assert!(page.body.contains("started or cancelled already"));
}

#[tokio::test]
async fn a_form_without_a_list_is_told_so() {
    let it = Scene::new().await;
    let nothing = it.bring("").await.expect(422);
    assert!(texts(&nothing, "#f-file-error")[0].contains("Choose a file first"));
    let picture = it.bring("\u{1}PNG").await.expect(422);
    assert!(texts(&picture, "#f-file-error")[0].contains("There is no column"));
    let cancelled = it.bring(LIST).await.expect(303);
    it.browser
        .post(&format!("{}/cancel", cancelled.location()), &[])
        .await
        .expect(303);
    let list = it.browser.get(PAGE).await.expect(200);
    assert_eq!(texts(&list, "tbody .status"), ["Cancelled"]);
}

#[tokio::test]
async fn a_page_tells_how_far_it_is_while_one_looks() {
    let it = Scene::new().await;
    let read = it.bring(LIST).await.expect(303);
    let id = read.location().rsplit('/').next().unwrap().to_owned();
    let mut live = it
        .browser
        .listen(&format!("{}/live?after=0", read.location()))
        .await;
    it.act(&format!("{ALL}/{id}"), "start").await.expect(200);
    it.work().await;
    let mut tx = it.test.app.db.system().await.unwrap();
    let event = sqlx::query!(
        "select id, tenant_id, target_id from outbox where topic = 'mail' order by id desc limit 1"
    )
    .fetch_one(tx.conn())
    .await
    .unwrap();
    it.test.app.hub.hand_out(crate::platform::events::Event {
        id: event.id,
        tenant_id: event.tenant_id,
        topic: crate::mail::TOPIC.to_owned(),
        target_id: event.target_id,
    });
    live.hears("Done").await;
}
