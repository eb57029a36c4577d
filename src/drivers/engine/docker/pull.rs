//! Fetching images from their registries.

use std::collections::HashMap;

use bollard::{errors::Error, models::CreateImageInfo, query_parameters::CreateImageOptionsBuilder};
use futures_util::{StreamExt, pin_mut};

use super::super::spec::image_tag;
use super::super::{BuildEvent, EngineError, EngineResult, EngineStream};
use super::{connection::Connection, error};

/// How finely the progress of a layer is told.
const PARTS: i64 = 4;

impl Connection {
    pub(super) fn pull_image(&self, tag: &str) -> EngineResult<EngineStream<BuildEvent>> {
        image_tag(tag)?;
        let (connection, tag) = (self.patient(std::time::Duration::ZERO), tag.to_owned());
        let options = CreateImageOptionsBuilder::default()
            .from_image(&whole(&tag))
            .build();
        Ok(async_stream::try_stream! {
            let answers = connection.docker.create_image(Some(options), None, None);
            pin_mut!(answers);
            let mut told = Told::default();
            while let Some(answer) = answers.next().await {
                if let Some(line) = told.line(connection.pull_part(answer)?) {
                    yield BuildEvent::Line(line);
                }
            }
            let image = connection.find_image(&tag).await?;
            let image = image.ok_or_else(|| EngineError::PullFailed("it ended without an image".to_owned()))?;
            yield BuildEvent::Done { image_id: image.id };
        }
        .boxed())
    }

    fn pull_part(&self, answer: Result<CreateImageInfo, Error>) -> EngineResult<CreateImageInfo> {
        match answer {
            Ok(part) => Ok(part),
            Err(Error::DockerStreamError { error }) => Err(EngineError::PullFailed(error)),
            // A part that is not understood is at worst a line less; the end is checked by looking at the image.
            Err(Error::JsonDataError { .. }) => Ok(CreateImageInfo::default()),
            Err(failure) if matches!(error::status(&failure), Some(400..=500)) => {
                Err(EngineError::PullFailed(error::message(&failure).to_owned()))
            }
            Err(failure) => Err(self.failure(failure)),
        }
    }
}

/// The engine would fetch all tags of a name without one.
fn whole(tag: &str) -> String {
    let name = tag.rsplit('/').next().unwrap_or(tag);
    if name.contains([':', '@']) {
        tag.to_owned()
    } else {
        format!("{tag}:latest")
    }
}

/// What was told of each layer, so that thousands of small steps become a few lines.
#[derive(Default)]
struct Told(HashMap<String, (String, i64)>);

impl Told {
    fn line(&mut self, part: CreateImageInfo) -> Option<String> {
        let (status, layer) = (part.status?, part.id.unwrap_or_default());
        let detail = part.progress_detail.unwrap_or_default();
        let (now, total) = (detail.current.unwrap_or(0), detail.total.unwrap_or(0));
        let step = if total > 0 {
            now.saturating_mul(PARTS) / total
        } else {
            0
        };
        let news = (status.clone(), step);
        if !layer.is_empty() && self.0.insert(layer.clone(), news.clone()) == Some(news) {
            return None;
        }
        let progress = if total > 0 {
            format!(" {}%", now.saturating_mul(100) / total)
        } else {
            String::new()
        };
        Some(if layer.is_empty() {
            status
        } else {
            format!("{layer}: {status}{progress}")
        })
    }
}

#[cfg(test)]
mod tests {
    use bollard::models::ProgressDetail;

    use super::*;

    #[test]
    fn a_name_without_a_tag_means_the_latest() {
        for (tag, asked) in [
            ("debian", "debian:latest"),
            ("registry.example:5000/a/b", "registry.example:5000/a/b:latest"),
            ("a/b:1", "a/b:1"),
            ("a@sha256:00", "a@sha256:00"),
        ] {
            assert_eq!(whole(tag), asked);
        }
    }

    #[test]
    fn small_steps_are_not_told() {
        let mut told = Told::default();
        let step = |now| CreateImageInfo {
            id: Some("abc".to_owned()),
            status: Some("Downloading".to_owned()),
            progress_detail: Some(ProgressDetail {
                current: Some(now),
                total: Some(1_000),
            }),
            ..Default::default()
        };
        let lines: Vec<_> = (0..=1_000).filter_map(|now| told.line(step(now))).collect();
        assert_eq!(lines.len(), 5, "{lines:?}");
        assert_eq!(lines[4], "abc: Downloading 100%");
    }
}
