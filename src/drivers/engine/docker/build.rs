//! Building an image of ours with the engine's classic builder, which every engine has and which needs no session.

use std::collections::HashMap;

use bollard::{
    body_full,
    errors::Error,
    models::BuildInfo,
    query_parameters::{BuildImageOptions, BuildImageOptionsBuilder},
};
use futures_util::{StreamExt, pin_mut};

use super::super::{BuildEvent, BuildRequest, EngineError, EngineResult, EngineStream, spec};
use super::{connection::Connection, error, raw};

impl Connection {
    pub(super) async fn build_image(&self, request: BuildRequest) -> EngineResult<EngineStream<BuildEvent>> {
        request.validate()?;
        let before = self.find_image(&request.tag).await?;
        if before.is_some_and(|image| !raw::is_ours(&image.config.labels, &self.instance)) {
            return Err(EngineError::Foreign { name: request.tag });
        }
        let options = self.build_options(&request);
        Ok(self
            .patient(std::time::Duration::ZERO)
            .run_build(request, options))
    }

    fn build_options(&self, request: &BuildRequest) -> BuildImageOptions {
        let mut labels: HashMap<_, _> = request.labels.clone().into_iter().collect();
        labels.extend(spec::ours(&self.instance));
        let arguments: HashMap<_, _> = request.build_args.clone().into_iter().collect();
        BuildImageOptionsBuilder::default()
            .t(&request.tag)
            .buildargs(&arguments)
            .labels(&labels)
            .nocache(request.fresh)
            .rm(true)
            .forcerm(true)
            .build()
    }

    fn run_build(self, request: BuildRequest, options: BuildImageOptions) -> EngineStream<BuildEvent> {
        async_stream::try_stream! {
            let answers = self.docker.build_image(options, None, Some(body_full(request.context_tar.clone())));
            pin_mut!(answers);
            let mut output = Lines::default();
            while let Some(answer) = answers.next().await {
                let part = self.build_part(answer)?;
                for line in output.add(&text(part)) {
                    yield BuildEvent::Line(line);
                }
            }
            if let Some(line) = output.rest() {
                yield BuildEvent::Line(line);
            }
            // The build's own answer names the image only on some engines.
            let image = self.find_image(&request.tag).await?;
            let image = image.ok_or_else(|| EngineError::BuildFailed("it ended without an image".to_owned()))?;
            yield BuildEvent::Done { image_id: image.id };
        }
        .boxed()
    }

    fn build_part(&self, answer: Result<BuildInfo, Error>) -> EngineResult<BuildInfo> {
        match answer {
            Ok(part) => Ok(part),
            Err(Error::DockerStreamError { error }) => Err(EngineError::BuildFailed(error)),
            // A part that is not understood is at worst a line less; the end is checked by looking at the image.
            Err(Error::JsonDataError { .. }) => Ok(BuildInfo::default()),
            // A context without a Dockerfile, or with one that cannot be read, is refused before anything runs.
            Err(failure) if matches!(error::status(&failure), Some(400 | 500)) => {
                Err(EngineError::BuildFailed(error::message(&failure).to_owned()))
            }
            Err(failure) => Err(self.failure(failure)),
        }
    }
}

fn text(part: BuildInfo) -> String {
    match (part.stream, part.status) {
        (Some(output), _) => output,
        (None, Some(status)) => status + "\n",
        (None, None) => String::new(),
    }
}

/// Puts lines together from parts that begin and end anywhere.
#[derive(Default)]
struct Lines {
    partial: String,
}

impl Lines {
    fn add(&mut self, part: &str) -> Vec<String> {
        self.partial.push_str(part);
        let Some(end) = self.partial.rfind('\n') else {
            return Vec::new();
        };
        let rest = self.partial.split_off(end + 1);
        let whole = std::mem::replace(&mut self.partial, rest);
        whole.lines().map(clean).filter(|line| !line.is_empty()).collect()
    }

    fn rest(self) -> Option<String> {
        Some(clean(&self.partial)).filter(|line| !line.is_empty())
    }
}

fn clean(line: &str) -> String {
    line.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_put_together_across_parts() {
        let mut lines = Lines::default();
        assert!(lines.add("Step 1").is_empty());
        assert_eq!(
            lines.add("/2 : FROM a\n\n ---> 0f\nStep 2"),
            ["Step 1/2 : FROM a", " ---> 0f"]
        );
        assert_eq!(lines.rest().as_deref(), Some("Step 2"));
    }
}
