//! Access, asked anew: for connections that outlive their request by far.
//!
//! A request is let in once, and what it opened may stay open for hours. Whoever holds such a connection asks again here:
//! the same question, by the same code, with the same cookie or token, as if the request came now.

use axum::http::{Extensions, HeaderMap, header};

use crate::platform::access::{StaffScope, TenantScope, Who};
use crate::platform::error::Error;

use super::guard::{Guard, Place};

/// What a request proved itself with.
#[derive(Clone)]
pub struct Recheck {
    guard: Guard,
    proof: HeaderMap,
    place: Place,
    who: Who,
}

impl Recheck {
    pub(super) fn new(guard: &Guard, headers: &HeaderMap, place: &Place, who: &Who) -> Self {
        let proof = [header::COOKIE, header::AUTHORIZATION];
        let kept = headers.iter().filter(|(name, _)| proof.contains(name));
        Self {
            guard: guard.clone(),
            proof: kept.map(|(name, value)| (name.clone(), value.clone())).collect(),
            place: place.clone(),
            who: who.clone(),
        }
    }

    /// The scope that a tenant's route grants now.
    pub async fn tenant(&self) -> Result<TenantScope, Error> {
        self.again().await
    }

    /// The scope that a route of the staff grants now.
    pub async fn staff(&self) -> Result<StaffScope, Error> {
        self.again().await
    }

    async fn again<T: Clone + Send + Sync + 'static>(&self) -> Result<T, Error> {
        let mut granted = Extensions::new();
        self.guard
            .ask_again(&mut granted, &self.proof, (self.who.clone(), &self.place))
            .await?;
        granted
            .remove()
            .ok_or_else(|| Error::internal("the route's rule does not give what is asked for"))
    }
}
