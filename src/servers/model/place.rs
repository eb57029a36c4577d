//! A server's place in a stack, and what it can't do by itself because of it. Pure.

use crate::platform::ids::{ServerId, StackId};

use super::{Refusal, Server};

/// Which server of which stack it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StackPlace {
    /// The stack.
    pub stack: StackId,
    /// The blueprint that the stack was made from.
    pub blueprint: String,
    /// The part of it.
    pub part: String,
    /// Which server of the part, counted from 1.
    pub replica: i32,
}

impl Server {
    /// Refuses what would break the stack that it is a part of.
    pub fn check_alone(&self) -> Result<(), Refusal> {
        if self.stack.is_some() {
            Err(Refusal::PartOfStack)
        } else {
            Ok(())
        }
    }

    /// The stack that it is a part of, for what is done to all of that.
    pub fn in_stack(&self) -> Result<StackId, Refusal> {
        let place = self.stack.as_ref().ok_or(Refusal::NotInStack)?;
        Ok(place.stack)
    }

    /// Whose volumes it has: its own, or as a replica those of the first one.
    pub fn home(&self) -> ServerId {
        self.volumes_of.unwrap_or(self.id)
    }
}
