//! People, tenants and whatever else a test begins with.

use chrono::TimeDelta;

use crate::accounts::NewToken;
use crate::platform::access::{Permission, StaffRole, TenantRole};
use crate::platform::ids::{
    BackupId, BackupRepositoryId, BreakGlassId, CannedReplyId, CheckId, ChecklistId, LinkId, LocationId,
    MailDomainId, MailKeyId, NetworkId, NotificationId, OperationId, PlanId, SavedViewId, ScheduleId,
    ScheduleRunId, ServerId, SessionId, ShareId, SharePersonId, SnapshotId, StackId, StatusComponentId,
    StatusPageId, StatusPostId, TenantId, TicketId, TimeEntryId, TokenId, UserId, VolumeId,
};
use crate::platform::operations;
use crate::platform::secret::{OneTimeToken, hash_token};
use crate::platform::web::SESSION_COOKIE;
use crate::tickets::{self, Author, NewPost, NewTicket, PostKind, Severity, Source};

use super::{Client, TestApp, store};

impl TestApp {
    /// A schedule of a server, which is paused, and a run that it had.
    pub async fn schedule(&self, tenant: TenantId, server: ServerId) -> (ScheduleId, ScheduleRunId) {
        let now = self.app.now();
        let ids = (
            ScheduleId::new(&*self.app.ids, now),
            ScheduleRunId::new(&*self.app.ids, now),
        );
        let mut tx = self.system().begin().await.unwrap();
        store::schedule(&mut tx, ids, (tenant, server), now)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        ids
    }

    /// A backup of a server, which failed.
    pub async fn backup(&self, tenant: TenantId, server: ServerId) -> BackupId {
        let now = self.app.now();
        let id = BackupId::new(&*self.app.ids, now);
        let repository = BackupRepositoryId::new(&*self.app.ids, now);
        let mut tx = self.system().begin().await.unwrap();
        store::backup(&mut tx, (id, repository), (tenant, server), now)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        id
    }

    /// A backup of a volume, which failed, in the repository that its tenant has from another one.
    pub async fn volume_backup(&self, tenant: TenantId, volume: VolumeId) -> BackupId {
        let now = self.app.now();
        let id = BackupId::new(&*self.app.ids, now);
        let mut tx = self.system().begin().await.unwrap();
        store::volume_backup(&mut tx, id, (tenant, volume), now)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        id
    }

    /// A person without password; `name` is the part of the address before the at sign.
    pub async fn person(&self, name: &str) -> UserId {
        self.insert_person(name, None).await
    }

    /// One of the provider's people.
    pub async fn staff(&self, name: &str, role: StaffRole) -> UserId {
        self.insert_person(name, Some(role)).await
    }

    async fn insert_person(&self, name: &str, role: Option<StaffRole>) -> UserId {
        let id = UserId::new(&*self.app.ids, self.app.now());
        let mut tx = self.system().begin().await.unwrap();
        let email = format!("{name}@example.com");
        store::person(
            &mut tx,
            id,
            (&email, name),
            role.map(StaffRole::name),
            self.app.now(),
        )
        .await
        .unwrap();
        tx.commit().await.unwrap();
        id
    }

    /// A plan with room for `servers` servers and 100 members, and otherwise plenty.
    pub async fn plan(&self, name: &str, servers: i32) -> PlanId {
        let id = PlanId::new(&*self.app.ids, self.app.now());
        let mut tx = self.system().begin().await.unwrap();
        store::plan(&mut tx, id, name, servers, self.app.now())
            .await
            .unwrap();
        tx.commit().await.unwrap();
        id
    }

    /// An active tenant, on a plan of its own for ten servers.
    pub async fn tenant(&self, slug: &str) -> TenantId {
        let plan = self.plan(&format!("Plan of {slug}"), 10).await;
        self.tenant_on(slug, plan).await
    }

    /// An active tenant on a plan.
    pub async fn tenant_on(&self, slug: &str, plan: PlanId) -> TenantId {
        let id = TenantId::new(&*self.app.ids, self.app.now());
        let mut tx = self.system().begin().await.unwrap();
        store::tenant(&mut tx, id, slug, plan, self.app.now())
            .await
            .unwrap();
        tx.commit().await.unwrap();
        id
    }

    /// A membership.
    pub async fn member(&self, tenant: TenantId, user: UserId, role: TenantRole) {
        let mut tx = self.system().begin().await.unwrap();
        store::member(&mut tx, (tenant, user), role.name(), self.app.now())
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }

    /// Suspends a tenant behind the pages.
    pub async fn suspend(&self, tenant: TenantId) {
        let mut tx = self.system().begin().await.unwrap();
        store::suspend(&mut tx, tenant, self.app.now()).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// A person who is signed in with a browser.
    pub async fn browser(&self, user: UserId) -> Client {
        let (id, token) = (
            SessionId::new(&*self.app.ids, self.app.now()),
            OneTimeToken::generate(),
        );
        let mut tx = self.system().begin().await.unwrap();
        store::session(&mut tx, (id, user), &token.hash, self.app.now())
            .await
            .unwrap();
        tx.commit().await.unwrap();
        self.anonymous().with_cookie(SESSION_COOKIE, token.text.expose())
    }

    /// A program with a token for a tenant, or for staff without one. It lasts an hour.
    pub async fn program(&self, user: UserId, tenant: Option<TenantId>, scopes: &[Permission]) -> Client {
        self.program_until(user, tenant, scopes, TimeDelta::hours(1))
            .await
    }

    /// A program whose token lasts for `life`, which may be over already.
    pub async fn program_until(
        &self,
        user: UserId,
        tenant: Option<TenantId>,
        scopes: &[Permission],
        life: TimeDelta,
    ) -> Client {
        let (id, token) = (TokenId::new(&*self.app.ids, self.app.now()), NewToken::generate());
        let scopes: Vec<String> = scopes.iter().map(|scope| scope.name().to_owned()).collect();
        let expires = self.app.now() + life;
        let mut tx = self.system().begin().await.unwrap();
        store::token(
            &mut tx,
            (id, user, tenant),
            (&token.hash, expires),
            &scopes,
            self.app.now(),
        )
        .await
        .unwrap();
        tx.commit().await.unwrap();
        self.anonymous().with_token(token.text.expose())
    }

    /// Shares a server with somebody.
    pub async fn guest(&self, tenant: TenantId, server: ServerId, user: UserId, given: &[Permission]) {
        let given: Vec<String> = given.iter().map(|one| one.name().to_owned()).collect();
        let mut tx = self.system().begin().await.unwrap();
        store::guest(&mut tx, (tenant, server, user), &given, self.app.now())
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }

    /// A program with a token of a server's guest. It lasts an hour.
    pub async fn guest_program(
        &self,
        user: UserId,
        (tenant, server): (TenantId, ServerId),
        scopes: &[Permission],
    ) -> Client {
        let program = self.program(user, Some(tenant), scopes).await;
        let mut tx = self.system().begin().await.unwrap();
        store::bind_token(&mut tx, &hash_token(program.bearer()), server)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        program
    }

    /// An owner of a new tenant, signed in.
    pub async fn owner(&self, slug: &str) -> (TenantId, Client) {
        let tenant = self.tenant(slug).await;
        let user = self.person(&format!("owner-{slug}")).await;
        self.member(tenant, user, TenantRole::Owner).await;
        (tenant, self.browser(user).await)
    }

    /// A server as a row only: stopped, of the template `static-site`, at the place `test`.
    pub async fn server(&self, tenant: TenantId, name: &str) -> ServerId {
        let now = self.app.now();
        let (id, place) = (
            ServerId::new(&*self.app.ids, now),
            LocationId::new(&*self.app.ids, now),
        );
        let mut tx = self.system().begin().await.unwrap();
        store::location(&mut tx, place).await.unwrap();
        store::server(&mut tx, (id, tenant), name, now).await.unwrap();
        tx.commit().await.unwrap();
        id
    }

    /// A check of a server as a row only, which is paused.
    pub async fn check(&self, tenant: TenantId, server: ServerId) -> CheckId {
        let now = self.app.now();
        let id = CheckId::new(&*self.app.ids, now);
        let mut tx = self.system().begin().await.unwrap();
        store::check(&mut tx, id, (tenant, server), now).await.unwrap();
        tx.commit().await.unwrap();
        id
    }

    /// A network as a row only, at the place `test`.
    pub async fn network(&self, tenant: TenantId, name: &str) -> NetworkId {
        let now = self.app.now();
        let (id, place) = (
            NetworkId::new(&*self.app.ids, now),
            LocationId::new(&*self.app.ids, now),
        );
        let mut tx = self.system().begin().await.unwrap();
        store::location(&mut tx, place).await.unwrap();
        store::network(&mut tx, (id, tenant), name, now).await.unwrap();
        tx.commit().await.unwrap();
        id
    }

    /// A mail as a row only.
    pub async fn notification(&self) -> NotificationId {
        let now = self.app.now();
        let id = NotificationId::new(&*self.app.ids, now);
        let mut tx = self.system().begin().await.unwrap();
        store::notification(&mut tx, id, now).await.unwrap();
        tx.commit().await.unwrap();
        id
    }

    /// A stack as a row only, without servers.
    pub async fn stack(&self, tenant: TenantId, name: &str) -> StackId {
        let now = self.app.now();
        let id = StackId::new(&*self.app.ids, now);
        let mut tx = self.system().begin().await.unwrap();
        store::stack(&mut tx, (id, tenant), name, now).await.unwrap();
        tx.commit().await.unwrap();
        id
    }

    /// A snapshot of a server as a row only.
    pub async fn snapshot(&self, tenant: TenantId, server: ServerId) -> SnapshotId {
        let now = self.app.now();
        let id = SnapshotId::new(&*self.app.ids, now);
        let mut tx = self.system().begin().await.unwrap();
        store::snapshot(&mut tx, (id, tenant, server), now).await.unwrap();
        tx.commit().await.unwrap();
        id
    }

    /// A volume of a tenant's, as a row only.
    pub async fn volume(&self, tenant: TenantId, name: &str) -> VolumeId {
        let now = self.app.now();
        let id = VolumeId::new(&*self.app.ids, now);
        let mut tx = self.system().begin().await.unwrap();
        store::volume(&mut tx, (id, tenant), name, now).await.unwrap();
        tx.commit().await.unwrap();
        id
    }

    /// A verified mail domain as rows only, and its key, which signs nothing.
    pub async fn mail_domain(&self, tenant: TenantId, name: &str) -> (MailDomainId, MailKeyId) {
        let now = self.app.now();
        let ids = (
            MailDomainId::new(&*self.app.ids, now),
            MailKeyId::new(&*self.app.ids, now),
        );
        let mut tx = self.system().begin().await.unwrap();
        store::mail_domain(&mut tx, ids, (tenant, name), now)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        ids
    }

    /// A share as rows only, which `login` has.
    pub async fn share(&self, tenant: TenantId, server: ServerId, name: &str, login: &str) -> ShareId {
        let now = self.app.now();
        let id = ShareId::new(&*self.app.ids, now);
        let person = SharePersonId::new(&*self.app.ids, now);
        let mut tx = self.system().begin().await.unwrap();
        let (whose, names) = ((tenant, server), (name, login));
        store::share(&mut tx, (id, person), whose, names, now)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        id
    }

    /// Whether there is work on a server. A claim passes over rows that somebody else has locked, such as an action whose
    /// transaction is being undone, so that it finds none is no proof.
    pub async fn is_server_due(&self) -> bool {
        let mut tx = self.system().begin().await.unwrap();
        store::is_server_due(&mut tx, self.app.now()).await.unwrap()
    }

    /// The same of a network.
    pub async fn is_network_due(&self) -> bool {
        let mut tx = self.system().begin().await.unwrap();
        store::is_network_due(&mut tx, self.app.now()).await.unwrap()
    }

    /// An operation on a server.
    pub async fn operation(&self, tenant: TenantId, server: ServerId) -> OperationId {
        let now = self.app.now();
        let id = OperationId::new(&*self.app.ids, now);
        let new = operations::NewOperation {
            id,
            tenant: Some(tenant),
            kind: "server.stop",
            target_kind: "server",
            target: Some(server.0),
            label: "web-1",
            generation: Some(1),
            actor: "test",
            now,
        };
        let mut tx = self.system().begin().await.unwrap();
        operations::open(&mut tx, &new).await.unwrap();
        tx.commit().await.unwrap();
        id
    }

    /// An egg with one version that asks nothing and installs nothing.
    pub async fn egg(&self, name: &str) {
        let mut tx = self.system().begin().await.unwrap();
        store::egg(&mut tx, name, self.app.now()).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// An open invitation to a tenant.
    pub async fn invitation(&self, tenant: TenantId) -> LinkId {
        let (id, token) = (
            LinkId::new(&*self.app.ids, self.app.now()),
            OneTimeToken::generate(),
        );
        let mut tx = self.system().begin().await.unwrap();
        store::invitation(&mut tx, (id, tenant), &token.hash, self.app.now())
            .await
            .unwrap();
        tx.commit().await.unwrap();
        id
    }

    /// A view of the tickets' queue that all staff have.
    pub async fn saved_view(&self, owner: UserId) -> SavedViewId {
        let now = self.app.now();
        let id = SavedViewId::new(&*self.app.ids, now);
        let mut tx = self.system().begin().await.unwrap();
        store::saved_view(&mut tx, (id, owner), now).await.unwrap();
        tx.commit().await.unwrap();
        id
    }

    /// A canned reply, a checklist to choose, and time that was spent on a ticket.
    pub async fn ticket_extras(&self, ticket: TicketId) -> (CannedReplyId, ChecklistId, TimeEntryId) {
        let now = self.app.now();
        let ids = (
            CannedReplyId::new(&*self.app.ids, now),
            ChecklistId::new(&*self.app.ids, now),
            TimeEntryId::new(&*self.app.ids, now),
        );
        let mut tx = self.system().begin().await.unwrap();
        store::ticket_extras(&mut tx, ids, ticket, now).await.unwrap();
        tx.commit().await.unwrap();
        ids
    }

    /// A ticket of a tenant about nothing, opened by the panel with an answer that the tenant reads.
    pub async fn ticket(&self, tenant: TenantId) -> TicketId {
        let first = NewPost {
            kind: PostKind::System,
            public: true,
            body: "Something **broke**.".to_owned(),
            by: Author::System,
        };
        let new = NewTicket {
            tenant: Some(tenant),
            subject: "Something broke".to_owned(),
            severity: Severity::P2,
            source: Source::Breakdown,
            about: Vec::new(),
            tags: Vec::new(),
            opened_by: None,
            first: Some(first),
        };
        let scope = self.system();
        let mut tx = scope.begin().await.unwrap();
        let ticket = tickets::open(&self.app, &mut tx, &scope.who, new).await.unwrap();
        tx.commit().await.unwrap();
        ticket.id
    }

    /// An hour in which somebody of the staff, who is gone, may see a tenant's consoles.
    pub async fn break_glass(&self, tenant: TenantId, ticket: TicketId) -> BreakGlassId {
        let now = self.app.now();
        let id = BreakGlassId::new(&*self.app.ids, now);
        let mut tx = self.system().begin().await.unwrap();
        store::break_glass(&mut tx, id, (tenant, ticket), now)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        id
    }

    /// A status page with a component and a post: a tenant's, whose component stands for a server, or the provider's.
    pub async fn status_page(
        &self,
        of: Option<(TenantId, ServerId)>,
    ) -> (StatusPageId, StatusComponentId, StatusPostId) {
        let now = self.app.now();
        let ids = (
            StatusPageId::new(&*self.app.ids, now),
            StatusComponentId::new(&*self.app.ids, now),
            StatusPostId::new(&*self.app.ids, now),
        );
        let mut tx = self.system().begin().await.unwrap();
        store::status_page(&mut tx, ids, of, now).await.unwrap();
        tx.commit().await.unwrap();
        ids
    }
}
