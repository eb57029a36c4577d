//! Images of Berth's own helpers. The binary has their files with it, so that a helper always fits the panel that makes it,
//! and the image is named after what it is built from.

use std::{collections::BTreeMap, io};

use sha2::{Digest, Sha256};

use super::{BuildRequest, EngineError, EngineResult, spec::hex};

const HASH_DIGITS: usize = 12;

/// A file of an image: its name, whether it is a program, and its text.
pub(super) type ImageFile = (&'static str, bool, &'static str);

/// An image of a helper.
pub(super) struct OwnImage {
    /// The part of the tag after `berth/`.
    pub(super) name: &'static str,
    /// What it is built from; one is the `Dockerfile`, which takes the base image as `BASE`.
    pub(super) files: &'static [ImageFile],
}

impl OwnImage {
    /// The image's name: `berth/guard:3f1c0ad2b4e6`.
    pub(super) fn tag(&self, base_image: &str) -> String {
        let hash = self.files.iter().fold(Sha256::new(), |hash, (name, _, text)| {
            hash.chain_update(name)
                .chain_update([0])
                .chain_update(text)
                .chain_update([0])
        });
        let digits = hex(&hash.chain_update(base_image).finalize());
        format!("berth/{}:{}", self.name, &digits[..HASH_DIGITS])
    }

    /// How it is built.
    pub(super) fn build_request(&self, base_image: &str) -> EngineResult<BuildRequest> {
        let context = self
            .context()
            .map_err(|error| EngineError::invalid(error.to_string()))?;
        Ok(BuildRequest {
            tag: self.tag(base_image),
            context_tar: context.into(),
            build_args: BTreeMap::from([("BASE".to_owned(), base_image.to_owned())]),
            labels: BTreeMap::new(),
            fresh: false,
        })
    }

    /// A tar of the files, the same bytes each time.
    fn context(&self) -> io::Result<Vec<u8>> {
        let mut archive = tar::Builder::new(Vec::new());
        for (name, is_program, text) in self.files {
            let mut header = tar::Header::new_gnu();
            header.set_size(text.len() as u64);
            header.set_mode(if *is_program { 0o755 } else { 0o644 });
            archive.append_data(&mut header, name, text.as_bytes())?;
        }
        archive.into_inner()
    }
}
