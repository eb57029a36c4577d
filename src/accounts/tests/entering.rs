//! Signing in and out, and being kept out.

use chrono::TimeDelta;

use super::*;

#[tokio::test]
async fn the_right_password_lets_in_and_goes_where_one_wanted() {
    let app = TestApp::start().await;
    person(&app, "ada").await;
    let browser = app.anonymous();
    let answer = browser.get("/account/tokens").await.expect(303);
    assert_eq!(answer.location(), "/sign-in?next=%2Faccount%2Ftokens");
    let fields = [
        ("email", " Ada@Example.com "),
        ("password", GOOD),
        ("next", "/account/tokens"),
    ];
    let answer = browser.post("/sign-in", &fields).await.expect(303);
    assert_eq!(answer.location(), "/account/tokens");
    let cookie = answer.headers.get_all("set-cookie").iter().find_map(|value| {
        let text = value.to_str().unwrap();
        text.starts_with("__Host-berth=").then(|| text.to_owned())
    });
    let cookie = cookie.unwrap();
    for attribute in ["HttpOnly", "Secure", "SameSite=Lax", "Path=/"] {
        assert!(cookie.contains(attribute), "{cookie}");
    }
    browser.get("/account/tokens").await.expect(200);
    assert_eq!(
        browser.get("/sign-in?next=/account").await.expect(303).location(),
        "/account"
    );
}

#[tokio::test]
async fn next_never_leaves_this_site() {
    let app = TestApp::start().await;
    person(&app, "ada").await;
    for bad in ["https://evil.example", "//evil.example", "/\\evil.example"] {
        let fields = [("email", "ada@example.com"), ("password", GOOD), ("next", bad)];
        assert_eq!(
            app.anonymous()
                .post("/sign-in", &fields)
                .await
                .expect(303)
                .location(),
            "/",
            "{bad}"
        );
    }
}

#[tokio::test]
async fn wrong_unknown_disabled_and_passwordless_look_the_same() {
    let app = TestApp::start().await;
    let disabled = person(&app, "gone").await;
    person(&app, "ada").await;
    app.person("nopass").await;
    let mut tx = app.system().begin().await.unwrap();
    sqlx::query!(
        "update user_account set disabled_at = created_at where id = $1",
        disabled.0
    )
    .execute(crate::platform::db::Scoped::conn(&mut tx))
    .await
    .unwrap();
    tx.commit().await.unwrap();
    let mut seen = Vec::new();
    for (name, password) in [
        ("ada", OTHER),
        ("nobody", OTHER),
        ("gone", GOOD),
        ("nopass", ""),
        ("nopass", GOOD),
    ] {
        let browser = app.anonymous();
        let answer = sign_in(&browser, name, password).await.expect(422);
        assert!(session(&browser).is_none());
        let page = answer.body.replace(&format!("{name}@example.com"), "");
        // What differs in every answer: its id and its nonce.
        let plain = scraper::Html::parse_document(&page);
        let main = scraper::Selector::parse("main").unwrap();
        seen.push(plain.select(&main).next().unwrap().text().collect::<String>());
    }
    assert!(
        seen[0].contains("The e-mail address or the password is wrong."),
        "{}",
        seen[0]
    );
    assert!(seen.iter().all(|text| *text == seen[0]), "{seen:?}");
    assert!(!audited(&app).await.iter().any(|action| action == "session.start"));
}

#[tokio::test]
async fn five_failures_lock_the_account_and_time_opens_it() {
    let app = TestApp::start().await;
    person(&app, "ada").await;
    for _ in 0..5 {
        sign_in(&app.anonymous(), "ada", OTHER).await.expect(422);
    }
    let answer = sign_in(&app.anonymous(), "ada", GOOD).await.expect(429);
    assert!(answer.body.contains("Try again in 1 minute."), "{}", answer.body);
    app.clock.advance(TimeDelta::seconds(61));
    sign_in(&app.anonymous(), "ada", OTHER).await.expect(422);
    let answer = sign_in(&app.anonymous(), "ada", GOOD).await.expect(429);
    assert!(answer.body.contains("Try again in 2 minutes."), "{}", answer.body);
    app.clock.advance(TimeDelta::seconds(121));
    sign_in(&app.anonymous(), "ada", GOOD).await.expect(303);
    // Success forgets: five are free again.
    for _ in 0..4 {
        sign_in(&app.anonymous(), "ada", OTHER).await.expect(422);
    }
    sign_in(&app.anonymous(), "ada", GOOD).await.expect(303);
    let locks = audited(&app)
        .await
        .into_iter()
        .filter(|action| action == "account.lock")
        .count();
    assert_eq!(locks, 2);
}

#[tokio::test]
async fn unknown_accounts_are_locked_like_known_ones() {
    let app = TestApp::start().await;
    for _ in 0..5 {
        sign_in(&app.anonymous(), "nobody", OTHER).await.expect(422);
    }
    sign_in(&app.anonymous(), "nobody", OTHER).await.expect(429);
    sign_in(&app.anonymous(), "NOBODY", OTHER).await.expect(429);
    sign_in(&app.anonymous(), "somebody-else", OTHER)
        .await
        .expect(422);
}

#[tokio::test]
async fn many_at_once_get_no_more_guesses() {
    let app = TestApp::start().await;
    person(&app, "ada").await;
    let browsers: Vec<_> = (0..16).map(|_| app.anonymous()).collect();
    let attempts = browsers.iter().map(|browser| sign_in(browser, "ada", OTHER));
    let answers = futures_util::future::join_all(attempts).await;
    let tried = answers.iter().filter(|answer| answer.status == 422).count();
    let refused = answers.iter().filter(|answer| answer.status == 429).count();
    assert_eq!((tried, refused), (5, 11));
}

#[tokio::test]
async fn one_address_cannot_try_everybody() {
    let app = TestApp::start().await;
    person(&app, "ada").await;
    for at in 0..49 {
        sign_in(&app.anonymous(), &format!("guess{at}"), OTHER)
            .await
            .expect(422);
    }
    // A right one in between is not counted, and does not start the count anew.
    sign_in(&app.anonymous(), "ada", GOOD).await.expect(303);
    sign_in(&app.anonymous(), "guess49", OTHER).await.expect(422);
    sign_in(&app.anonymous(), "guess50", OTHER).await.expect(429);
    sign_in(&app.anonymous(), "ada", GOOD).await.expect(429);
}

#[tokio::test]
async fn a_new_session_ends_the_browsers_old_one() {
    let app = TestApp::start().await;
    person(&app, "ada").await;
    let browser = app.anonymous();
    sign_in(&browser, "ada", GOOD).await.expect(303);
    let planted = session(&browser).unwrap();
    sign_in(&browser, "ada", GOOD).await.expect(303);
    assert_ne!(session(&browser).unwrap(), planted);
    assert!(is_in(&browser).await);
    assert!(!is_in(&app.anonymous().with_cookie(SESSION_COOKIE, &planted)).await);
}

#[tokio::test]
async fn signing_out_ends_the_session_on_our_side() {
    let app = TestApp::start().await;
    person(&app, "ada").await;
    let browser = app.anonymous();
    sign_in(&browser, "ada", GOOD).await.expect(303);
    let kept = session(&browser).unwrap();
    assert_eq!(
        browser.post("/sign-out", &[]).await.expect(303).location(),
        "/sign-in"
    );
    assert!(session(&browser).is_none());
    assert!(!is_in(&app.anonymous().with_cookie(SESSION_COOKIE, &kept)).await);
    // Once more, without a session, is no error.
    browser.post("/sign-out", &[]).await.expect(303);
    assert_eq!(
        audited(&app)
            .await
            .iter()
            .filter(|action| *action == "session.end")
            .count(),
        1
    );
}

#[tokio::test]
async fn audit_holds_neither_passwords_nor_what_may_be_one() {
    let app = TestApp::start().await;
    app.anonymous()
        .post(
            "/sign-in",
            &[("email", "my secret passphrase"), ("password", OTHER)],
        )
        .await
        .expect(422);
    let mut tx = app.system().begin().await.unwrap();
    let rows = sqlx::query_scalar!(r#"select row_to_json(a)::text as "row!" from audit_event a"#);
    let rows = rows
        .fetch_all(crate::platform::db::Scoped::conn(&mut tx))
        .await
        .unwrap()
        .join("\n");
    assert!(rows.contains("session.refuse"), "{rows}");
    assert!(!rows.contains("secret") && !rows.contains(OTHER), "{rows}");
}

#[tokio::test]
async fn the_page_says_when_browsers_would_drop_the_cookie() {
    let words = "Browsers keep you signed in over HTTPS only";
    let app = TestApp::start().await;
    assert!(
        !app.anonymous()
            .get("/sign-in")
            .await
            .expect(200)
            .body
            .contains(words)
    );
    let app = TestApp::with(|config| config.public_url = "http://panel.example".to_owned()).await;
    assert!(
        app.anonymous()
            .get("/sign-in")
            .await
            .expect(200)
            .body
            .contains(words)
    );
}

#[tokio::test]
async fn sign_ins_are_counted_by_their_outcome() {
    let recorder = metrics_exporter_prometheus::PrometheusBuilder::new().build_recorder();
    let _guard = ::metrics::set_default_local_recorder(&recorder);
    let app = TestApp::start().await;
    for _ in 0..2 {
        sign_in(&app.anonymous(), "nobody", OTHER).await.expect(422);
    }
    let told = recorder.handle().render();
    assert!(
        told.contains(r#"berth_sign_ins_total{outcome="wrong"} 2"#),
        "{told}"
    );
}
