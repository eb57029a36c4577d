//! The job that builds an image.

use graphile_worker::WorkerOptions;
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::platform::access::SystemScope;
use crate::platform::ids::OperationId;
use crate::platform::jobs::{IntoTaskHandlerResult, TaskHandler, WorkerContext};

use super::rebuild;

/// Running it twice builds the same image twice. One whose operation has ended does nothing.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct BuildImage {
    /// Who watches it.
    pub(super) operation: OperationId,
    /// The template's name.
    pub(super) template: String,
}

impl TaskHandler for BuildImage {
    const IDENTIFIER: &'static str = "build_image";

    async fn run(self, ctx: WorkerContext) -> impl IntoTaskHandlerResult {
        let app = ctx
            .get_ext::<App>()
            .cloned()
            .ok_or_else(|| "the worker has no app".to_owned())?;
        let scope = SystemScope::new(app.db.clone(), "catalogue");
        rebuild::work(&app, &scope, self.operation, &self.template)
            .await
            .map_err(|error| error.to_string())
    }
}

/// Adds the job to a worker.
pub fn register(worker: WorkerOptions) -> WorkerOptions {
    worker.define_job::<BuildImage>()
}
