//! Who may look and who may type, when the console is opened and from then on once a minute, and also as soon as whom the
//! server is shared with, or whose it is, has changed, or the access of staff was ended.

use crate::app::App;
use crate::break_glass::{self, Part};
use crate::platform::access::{Permission, StaffScope, TenantScope, Who};
use crate::platform::error::Error;
use crate::platform::ids::ServerId;
use crate::platform::web::Recheck;

use super::super::model::Server;
use super::super::store;

/// Somebody who may look at a server's console.
pub(super) enum Scope {
    /// One of its tenant's people or programs.
    Tenant(TenantScope),
    /// One of the provider's.
    Staff(StaffScope),
}

impl Scope {
    /// Whether what they type counts.
    pub(super) fn may_type(&self) -> bool {
        match self {
            Self::Tenant(scope) => scope.may(Permission::ServerConsole),
            Self::Staff(scope) => scope.may(Permission::StaffServerConsole),
        }
    }

    /// Who they are.
    pub(super) fn who(&self) -> &Who {
        match self {
            Self::Tenant(scope) => &scope.who,
            Self::Staff(scope) => &scope.who,
        }
    }

    /// The server, if there is one for them. Staff have to have broken the glass for its tenant.
    pub(super) async fn find(&self, app: &App, id: ServerId) -> Result<Server, Error> {
        match self {
            Self::Tenant(scope) => store::find(&mut scope.begin().await?, id).await,
            Self::Staff(scope) => {
                let mut tx = scope.begin().await?;
                let server = store::find(&mut tx, id).await?;
                let asked = (server.tenant, Part::Console);
                break_glass::check(&mut tx, scope, asked, app.now()).await?;
                Ok(server)
            }
        }
    }

    /// The same person's rights as they are now.
    pub(super) async fn again(&self, recheck: &Recheck) -> Result<Self, Error> {
        Ok(match self {
            Self::Tenant(_) => Self::Tenant(recheck.tenant().await?),
            Self::Staff(_) => Self::Staff(recheck.staff().await?),
        })
    }
}
