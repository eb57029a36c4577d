//! Which servers are behind the catalogue. An image's tag names its content, so a server is behind if its template has
//! another tag here; nothing has to be kept up to date for that.

use crate::catalogue::Catalogue;

use super::model::Server;
use super::store::Newest;

/// Whether the catalogue has a newer image for the server. None for one whose template has left it.
pub(super) fn has_update(catalogue: &Catalogue, server: &Server) -> bool {
    catalogue
        .get(&server.template)
        .is_some_and(|folder| folder.image_tag() != server.image)
}

/// What all templates have now.
pub(super) fn newest(catalogue: &Catalogue) -> Newest {
    let all = catalogue.all();
    Newest {
        templates: all.iter().map(|folder| folder.template.name.clone()).collect(),
        images: all.iter().map(|folder| folder.image_tag()).collect(),
    }
}
