//! Panels that die while they report what fails and tell people of maintenance: nothing is doubled, nothing is lost.

use berth::platform::access::TenantRole;
use berth::platform::clock::{Clock as _, SystemClock};
use berth::platform::db::Scoped as _;
use berth::platform::ids::ServerId;
use berth::testing::{TestApp, noon};

use crate::crash::docker::prepare;
use crate::panel::{Panel, until};

/// Where panels die: after what they report, tell late, or tell of maintenance is written, and before that lasts.
pub(crate) const POINTS: [&str; 3] = ["incidents.reported", "incidents.released", "maintenance.told"];

/// What there is: incidents, those that people were told of, times that they failed, and mails.
#[derive(Debug, PartialEq, Eq)]
struct Count {
    incidents: i64,
    told: i64,
    spans: i64,
    mails: i64,
}

struct Scene {
    app: TestApp,
    panel: Panel,
}

impl Scene {
    /// A tenant with an owner and a server that should run and ended by itself. The server is nobody's to start.
    async fn set() -> Self {
        prepare().await;
        let app = TestApp::start().await;
        app.clock.advance(SystemClock.now() - noon());
        let (tenant, ada) = (app.tenant("acme").await, app.person("ada").await);
        app.member(tenant, ada, TenantRole::Owner).await;
        let server = app.server(tenant, "web").await;
        let mut panel = Panel::of(&app);
        panel.set("BERTH_SMTP_URL", "smtp://127.0.0.1:9".to_owned());
        let scene = Self { app, panel };
        scene.end(server).await;
        scene
    }

    async fn end(&self, server: ServerId) {
        let now = self.app.app.now();
        let mut tx = self.app.app.db.system().await.unwrap();
        sqlx::query!(
            "update server set power = 'running', observed_generation = generation, observed_state = 'exited', \
               observed_exit_code = 1, observed_at = $2 where id = $1",
            server.0,
            now
        )
        .execute(tx.conn())
        .await
        .unwrap();
        tx.commit().await.unwrap();
    }

    async fn count(&self) -> Count {
        let mut tx = self.app.app.db.system().await.unwrap();
        let found = sqlx::query!(
            r#"select (select count(*) from incident) as "incidents!",
                 (select count(*) from incident where told_summary is not null) as "told!",
                 (select count(*) from incident_span) as "spans!",
                 (select count(*) from notification where subject like 'Maintenance%') as "mails!""#
        );
        let found = found.fetch_one(tx.conn()).await.unwrap();
        Count {
            incidents: found.incidents,
            told: found.told,
            spans: found.spans,
            mails: found.mails,
        }
    }

    /// Dies at a point, which leaves what was, and then does it, once.
    async fn survive(&self, point: &str, done: Count) {
        let before = self.count().await;
        assert_ne!(before, done);
        self.panel.start(Some(point)).died(point).await;
        assert_eq!(self.count().await, before, "{point}");
        let panel = self.panel.serve().await;
        until(point, async || self.count().await == done).await;
        panel.kill().await;
        // Another panel finds nothing left to do.
        let panel = self.panel.serve().await;
        panel.stop().await;
        assert_eq!(self.count().await, done, "{point}");
    }
}

#[tokio::test]
async fn a_panel_that_dies_while_it_reports_doubles_and_loses_nothing() {
    let scene = Scene::set().await;
    let count = |told, mails| Count {
        incidents: 1,
        told,
        spans: 1,
        mails,
    };
    // It ended in the course of maintenance, of which nobody was told yet.
    scene
        .app
        .administer(
            "insert into maintenance (id, title, body, first_at, minutes, repeat, zone, lead_hours, planned_until, created_by,
               created_at, updated_at)
             values ('00000000-0000-0000-0000-000000000001', 'New kernel', 'Servers restart.', now(), 60, 'once', 'UTC', 72, now(),
               'test', now(), now());
             insert into maintenance_run (maintenance_id, begins_at, ends_at, closed_at)
             values ('00000000-0000-0000-0000-000000000001', now() - interval '1 hour', now() + interval '1 hour', now())",
        )
        .await;
    scene.survive("incidents.reported", count(0, 0)).await;
    scene
        .app
        .administer("update maintenance_run set ends_at = now() - interval '1 second'")
        .await;
    scene.survive("incidents.released", count(1, 0)).await;
    scene
        .app
        .administer("update maintenance_run set closed_at = null, ends_at = now() + interval '1 hour'")
        .await;
    scene.survive("maintenance.told", count(1, 1)).await;
}
