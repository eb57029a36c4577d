//! Images: which there are, and removing ours.

use bollard::query_parameters::{ListImagesOptionsBuilder, RemoveImageOptions};
use chrono::DateTime;

use super::super::{EngineError, EngineResult, Image, Outcome, spec::image_tag};
use super::{connection::Connection, error, raw};

impl Connection {
    pub(super) async fn image_exists(&self, tag: &str) -> EngineResult<bool> {
        Ok(self.find_image(tag).await?.is_some())
    }

    pub(super) async fn remove_image(&self, tag: &str) -> EngineResult<Outcome> {
        let Some(image) = self.find_image(tag).await? else {
            return Ok(Outcome::Gone);
        };
        if !raw::is_ours(&image.config.labels, &self.instance) {
            return Err(EngineError::Foreign { name: tag.to_owned() });
        }
        let patient = self.patient(std::time::Duration::ZERO);
        match patient
            .docker
            .remove_image(tag, None::<RemoveImageOptions>, None)
            .await
        {
            Ok(_) => Ok(Outcome::Done),
            Err(failure) => match error::status(&failure) {
                Some(404) => Ok(Outcome::Gone),
                Some(409) => Err(EngineError::InUse { name: tag.to_owned() }),
                _ => Err(patient.failure(failure)),
            },
        }
    }

    pub(super) async fn list_images(&self) -> EngineResult<Vec<Image>> {
        let options = ListImagesOptionsBuilder::default().filters(&self.mine()).build();
        let answer = self.docker.list_images(Some(options)).await;
        let list: Vec<raw::ImageSummary> = raw::read(answer).map_err(|failure| self.failure(failure))?;
        Ok(list.into_iter().map(image).collect())
    }

    /// The image with a tag, whoever made it.
    pub(super) async fn find_image(&self, tag: &str) -> EngineResult<Option<raw::Image>> {
        image_tag(tag)?;
        match raw::read(self.docker.inspect_image(tag).await) {
            Ok(image) => Ok(Some(image)),
            Err(failure) if error::status(&failure) == Some(404) => Ok(None),
            Err(failure) => Err(self.failure(failure)),
        }
    }
}

fn image(line: raw::ImageSummary) -> Image {
    Image {
        id: line.id,
        tags: line
            .tags
            .into_iter()
            .filter(|tag| tag != "<none>:<none>")
            .collect(),
        size_bytes: u64::try_from(line.size).unwrap_or(0),
        created_at: DateTime::from_timestamp(line.created, 0),
        labels: line.labels.into_iter().collect(),
    }
}
