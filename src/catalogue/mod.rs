//! The catalogue: what a server can be made from.
//!
//! A template is a folder (`catalogue/<name>/`) with a `template.toml`, a `Dockerfile` and its files. Nothing
//! about it lives in the database but the fact that it was built: the folder is the source, its hash names the
//! image, and two panels with the same folder agree without speaking to each other.
//!
//! - [`Template`]: what `template.toml` says, already checked. A `Template` that exists is sound.
//! - [`Template::check`]: a customer's answers against the template's variables.
//! - [`Folder`]: a template with its files: content hash, image tag and build context.
//!
//! - [`Blueprint`]: several templates that make a stack together, and what each is told of the others.
//!
//! The format is described for authors in `docs/catalogue.md`.

mod api;
mod blueprint;
mod broken;
mod builds;
mod guide;
mod jobs;
mod load;
mod model;
mod offer;
mod pages;
mod parse;
mod raw;
mod rebuild;
mod rules;
mod shelf;
mod ssh_key;
mod staff;
mod store;
mod values;

#[cfg(test)]
mod tests;

pub use blueprint::{Blueprint, Filling, Part as BlueprintPart, Piece, Replicas};
pub use broken::{Broken, Located};
pub use builds::{BuildError, ensure_image, start};
pub use guide::{GuidePart, GuideStep, Placeholder};
pub use jobs::register;
pub use load::{CatalogueError, Folder, load_each};
pub use model::{
    Capability, Category, Console, Dump, Hardening, Health, Kind, Port, Protocol, Resources, Stop,
    StopSignal, Template, Tmpfs, Variable, Volume,
};
pub use offer::Offer;
pub use parse::{Problem, Problems};
pub use rules::Pattern;
pub use shelf::Catalogue;
pub use values::{Checked, Value};

/// The feature's addresses.
pub fn routes() -> crate::platform::web::Routes<crate::app::App> {
    api::routes().merge(pages::routes())
}
