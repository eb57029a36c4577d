//! What somebody chose for one part of a stack, and the servers that are it.

use crate::catalogue::{BlueprintPart, Offer};
use crate::platform::error::FieldErrors;
use crate::servers::fits_template;
use crate::servers::model::{Server, Size};

use super::create::PartInput;

/// The smallest size that has what a template recommends, or the largest that there is.
pub fn fitting<'a>(sizes: &'a [Size], offer: &Offer) -> Option<&'a Size> {
    let needs = offer.template.resources;
    let is_enough = |size: &&Size| {
        size.resources.memory_mib >= i64::from(needs.recommended_memory_mib)
            && size.resources.cpu_millis >= i64::from(needs.recommended_cpu_millis)
    };
    sizes.iter().find(is_enough).or_else(|| sizes.last())
}

/// The size that was chosen, or the one that fits.
pub(super) fn size(
    part: &BlueprintPart,
    said: &PartInput,
    (sizes, offer): (&[Size], &Offer),
    errors: &mut FieldErrors,
) -> Option<Size> {
    let field = format!("parts.{}.size", part.key);
    let size = match said.size.as_deref().filter(|size| !size.is_empty()) {
        Some(asked) => sizes.iter().find(|size| size.id == asked),
        None => fitting(sizes, offer),
    };
    match size.map(|size| (size, fits_template(size, offer))) {
        None => errors.add(&field, "Choose one of the sizes."),
        Some((_, Err(message))) => errors.add(&field, message),
        Some((size, Ok(()))) => return Some(size.clone()),
    }
    None
}

/// How many servers a part is to be, from what was typed.
pub(super) fn count(part: &BlueprintPart, typed: Option<&str>, errors: &mut FieldErrors) -> Option<i32> {
    let bounds = part.replicas;
    let typed = typed.map(str::trim).filter(|text| !text.is_empty());
    let number = typed.map_or(Some(bounds.default), |text| text.parse::<u32>().ok());
    match number.filter(|number| (bounds.min..=bounds.max).contains(number)) {
        Some(number) => i32::try_from(number).ok(),
        None => {
            let message = if bounds.is_several() {
                format!("Use a number from {} to {}.", bounds.min, bounds.max)
            } else {
                "This part is always one server.".to_owned()
            };
            errors.add(&format!("parts.{}.replicas", part.key), message);
            None
        }
    }
}

/// Those of a part, first to last.
pub(super) fn of_part(servers: &[Server], part: &str) -> Vec<Server> {
    let is_of = |server: &&Server| server.stack.as_ref().is_some_and(|place| place.part == part);
    let mut servers: Vec<Server> = servers.iter().filter(is_of).cloned().collect();
    servers.sort_by_key(|server| server.stack.as_ref().map(|place| place.replica));
    servers
}
