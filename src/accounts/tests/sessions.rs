//! Seeing and ending one's sessions.

use super::*;

#[tokio::test]
async fn lists_and_ends_sessions() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    let (here, there, elsewhere) = (
        app.browser(ada).await,
        app.browser(ada).await,
        app.browser(ada).await,
    );
    let page = here.get("/account/sessions").await.expect(200);
    assert_eq!(page.body.matches("This browser").count(), 1);
    let end = |page: &Answer| {
        let html = scraper::Html::parse_document(&page.body);
        let forms = scraper::Selector::parse("form[action$='/end']").unwrap();
        html.select(&forms)
            .map(|form| form.attr("action").unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(end(&page).len(), 2, "not the one that looks");
    here.post(&end(&page)[0], &[]).await.expect(303);
    here.post(&end(&page)[0], &[]).await.expect(404);
    assert_eq!(
        u8::from(is_in(&there).await) + u8::from(is_in(&elsewhere).await),
        1
    );
    here.post("/account/sessions/end-others", &[]).await.expect(303);
    assert!(is_in(&here).await && !is_in(&there).await && !is_in(&elsewhere).await);
    assert_eq!(audited(&app).await, ["session.revoke", "session.revoke_others"]);
}

#[tokio::test]
async fn nobody_ends_somebody_elses() {
    let app = TestApp::start().await;
    let (ada, eve) = (
        app.browser(app.person("ada").await).await,
        app.browser(app.person("eve").await).await,
    );
    let mut tx = app.system().begin().await.unwrap();
    let ids = sqlx::query_scalar!("select id from session");
    let ids = ids
        .fetch_all(crate::platform::db::Scoped::conn(&mut tx))
        .await
        .unwrap();
    let mut ended = 0;
    for id in ids {
        let path = format!("/account/sessions/{}/end", crate::platform::ids::SessionId(id));
        ended += u8::from(eve.post(&path, &[]).await.status == 303);
        if ended > 0 {
            break;
        }
    }
    assert!(is_in(&ada).await);
    eve.post("/account/sessions/ses_nonsense/end", &[]).await;
    assert!(is_in(&ada).await);
}
