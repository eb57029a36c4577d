//! Images and the install script of an egg.

use serde_json::{Map, Value};

use crate::drivers::engine::is_image_tag;

use super::document::{Order, clean, text, texts};
use super::egg::{Install, NamedImage};
use super::report::Report;

const MAX_IMAGES: usize = 40;
/// Longer than any public one by far.
const MAX_SCRIPT: usize = 256 * 1024;
const MAX_LABEL: usize = 60;

/// Every image that a server may run in, the usual one first; `docker_images`, or the single ones of old eggs.
pub(super) fn images(egg: &Map<String, Value>, order: &Order, report: &mut Report) -> Vec<NamedImage> {
    let mut images: Vec<NamedImage> = Vec::new();
    for (label, image) in written(egg, order) {
        let image = image.trim().trim_start_matches('~').to_owned();
        if image.is_empty() || images.iter().any(|known| known.image == image) {
            continue;
        }
        if !is_image_tag(&image) {
            report.lost(
                "docker_images",
                format!("{} is no image's name.", clean(&image, 80)),
            );
        } else if images.len() < MAX_IMAGES {
            let label = unused(&clean(&label, MAX_LABEL), &image, &images);
            images.push(NamedImage { label, image });
        }
    }
    images
}

/// A label that no other image has; the image itself where there is none.
fn unused(label: &str, image: &str, images: &[NamedImage]) -> String {
    let label = label.replace(['\n', '\t'], " ");
    let taken = |label: &str| images.iter().any(|known| known.label == label);
    if label.is_empty() || taken(&label) {
        image.to_owned()
    } else {
        label
    }
}

fn written(egg: &Map<String, Value>, order: &Order) -> Vec<(String, String)> {
    let mut all = Vec::new();
    match egg.get("docker_images") {
        Some(Value::Object(map)) => {
            let images = order.docker_images.sort(map).into_iter();
            all.extend(images.map(|(label, image)| (label.clone(), text(Some(image)))));
        }
        other => all.extend(texts(other).into_iter().map(|image| (String::new(), image))),
    }
    for key in ["image", "docker_image", "images"] {
        all.extend(
            texts(egg.get(key))
                .into_iter()
                .map(|image| (String::new(), image)),
        );
    }
    all
}

/// The install script; none if there is none, or one that says nothing.
pub(super) fn install(egg: &Map<String, Value>, report: &mut Report) -> Option<Install> {
    let installation = egg.get("scripts")?.get("installation")?;
    let script = text(installation.get("script")).replace("\r\n", "\n");
    if script.trim().is_empty() {
        return None;
    }
    let about = "scripts.installation";
    if script.len() > MAX_SCRIPT || script.contains('\0') {
        report.lost(
            about,
            "The script is too long, or no text; servers are not installed by it.",
        );
        return None;
    }
    let image = text(installation.get("container")).trim().to_owned();
    if !is_image_tag(&image) {
        report.lost(
            about,
            "It names no image to run in; servers are not installed by it.",
        );
        return None;
    }
    let entrypoint = text(installation.get("entrypoint")).trim().to_owned();
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '_' | '-' | ' ');
    let entrypoint = if entrypoint.is_empty() || entrypoint.len() > 100 || !entrypoint.chars().all(plain) {
        report.changed(about, "Its entry point can't be used; the script is run by sh.");
        "sh".to_owned()
    } else {
        entrypoint
    };
    Some(Install {
        script,
        image,
        entrypoint,
    })
}
