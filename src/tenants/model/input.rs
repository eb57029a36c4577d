//! What people send, checked field by field, for forms and the API alike.

use crate::platform::error::{FieldError, FieldErrors};
use crate::platform::ids::PlanId;

use super::amounts::{Amounts, Resource, check, parse_cpu, parse_whole};
use super::names::{Description, Name, Slug};
use super::tenant::{NewPlan, NewTenant, PlanPatch, TenantPatch};

impl NewTenant {
    /// Checks a tenant to be created. An empty slug is none.
    pub fn parse(name: &str, slug: Option<&str>, plan: &str) -> Result<Self, FieldErrors> {
        let mut errors = FieldErrors::default();
        let name = errors.check("name", Name::parse(name));
        let slug = slug.map(str::trim).filter(|slug| !slug.is_empty());
        let slug = errors.check("slug", slug.map(Slug::parse).transpose());
        let plan = errors.check("plan_id", parse_plan(plan));
        match (name, slug, plan) {
            (Some(name), Some(slug), Some(plan)) => Ok(Self { slug, name, plan }),
            _ => Err(errors),
        }
    }
}

impl TenantPatch {
    /// Checks what changes; what is absent stays.
    pub fn parse(name: Option<&str>, plan: Option<&str>) -> Result<Self, FieldErrors> {
        let mut errors = FieldErrors::default();
        let name = errors.check("name", name.map(Name::parse).transpose());
        let plan = errors.check("plan_id", plan.map(parse_plan).transpose());
        match (name, plan) {
            (Some(name), Some(plan)) => Ok(Self { name, plan }),
            _ => Err(errors),
        }
    }
}

fn parse_plan(text: &str) -> Result<PlanId, &'static str> {
    text.parse().map_err(|_| "Choose one of the plans.")
}

impl NewPlan {
    /// Checks a plan to be created.
    pub fn parse(
        name: &str,
        description: &str,
        limits: Result<Amounts, FieldErrors>,
    ) -> Result<Self, FieldErrors> {
        let patch = PlanPatch::parse(Some(name), Some(description), Some(limits))?;
        match (patch.name, patch.description, patch.limits) {
            (Some(name), Some(description), Some(limits)) => Ok(Self {
                name,
                description,
                limits,
            }),
            _ => Err(FieldErrors::default()),
        }
    }
}

impl PlanPatch {
    /// Checks what changes; what is absent stays.
    pub fn parse(
        name: Option<&str>,
        description: Option<&str>,
        limits: Option<Result<Amounts, FieldErrors>>,
    ) -> Result<Self, FieldErrors> {
        let mut errors = FieldErrors::default();
        let name = errors.check("name", name.map(Name::parse).transpose());
        let description = errors.check("description", description.map(Description::parse).transpose());
        let limits = limits.transpose().map_err(|wrong| errors.0.extend(wrong.0)).ok();
        match (name, description, limits) {
            (Some(name), Some(description), Some(limits)) => Ok(Self {
                name,
                description,
                limits,
                keeps_networks: false,
            }),
            _ => Err(errors),
        }
    }

    /// The limits that a plan has after the change.
    pub(crate) fn limits_after(&self, before: Amounts) -> Amounts {
        match self.limits {
            Some(limits) if self.keeps_networks => Amounts {
                networks: before.networks,
                ..limits
            },
            Some(limits) => limits,
            None => before,
        }
    }
}

impl Amounts {
    /// Checks limits that came as numbers, below the field `limits`.
    pub fn checked(self) -> Result<Self, FieldErrors> {
        let wrong = |resource: Resource| {
            let error = check(resource, self.get(resource)).err()?;
            Some(FieldError {
                field: format!("limits.{}", resource.name()),
                message: error.to_string(),
            })
        };
        let errors: Vec<_> = Resource::ALL.into_iter().filter_map(wrong).collect();
        FieldErrors(errors).into_result().map(|()| self)
    }

    /// Reads limits from a form, where processor time is written in cores.
    pub fn parse<'a>(field: impl Fn(&str) -> &'a str) -> Result<Self, FieldErrors> {
        let mut errors = FieldErrors::default();
        let mut whole = |resource: Resource| {
            let name = resource.name();
            errors.check(name, parse_whole(resource, field(name)))
        };
        let (servers, memory_mib) = (whole(Resource::Servers), whole(Resource::Memory));
        let (disk_mib, members) = (whole(Resource::Disk), whole(Resource::Members));
        let networks = whole(Resource::Networks);
        let cpu_millis = errors.check(CORES, parse_cpu(field(CORES)));
        let limits = || {
            Some(Self {
                servers: servers?,
                cpu_millis: cpu_millis?,
                memory_mib: memory_mib?,
                disk_mib: disk_mib?,
                members: members?,
                networks: networks?,
            })
        };
        limits().ok_or(errors)
    }
}

/// The field of a form that takes cores.
pub(crate) const CORES: &str = "cores";

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(errors: &FieldErrors) -> Vec<&str> {
        errors.0.iter().map(|error| error.field.as_str()).collect()
    }

    #[test]
    fn every_wrong_field_of_a_tenant_is_told() {
        let errors = NewTenant::parse(" ", Some("A"), "gold").unwrap_err();
        assert_eq!(fields(&errors), ["name", "slug", "plan_id"]);
        let plan = PlanId(uuid::Uuid::nil()).to_string();
        assert_eq!(NewTenant::parse("Acme", Some(" "), &plan).unwrap().slug, None);
        assert!(TenantPatch::parse(None, None).unwrap().name.is_none());
    }

    #[test]
    fn limits_come_from_forms_and_from_numbers() {
        let form = |name: &str| match name {
            "servers" => "3",
            "cores" => "1.5",
            "memory_mib" | "disk_mib" => "1024",
            "members" => "2",
            "networks" => "7",
            _ => "",
        };
        let limits = Amounts::parse(form).unwrap();
        assert_eq!((limits.servers, limits.cpu_millis, limits.members), (3, 1500, 2));
        assert_eq!(limits.networks, 7);
        assert_eq!(limits.checked(), Ok(limits));
        assert_eq!(fields(&Amounts::parse(|_| "x").unwrap_err()).len(), 6);
        let errors = Amounts {
            servers: -1,
            members: 0,
            ..limits
        }
        .checked()
        .unwrap_err();
        assert_eq!(fields(&errors), ["limits.servers", "limits.members"]);
    }

    #[test]
    fn every_wrong_field_of_a_plan_is_told() {
        let errors = NewPlan::parse("", &"x".repeat(501), Amounts::parse(|_| "")).unwrap_err();
        assert_eq!(fields(&errors).len(), 8);
        assert!(PlanPatch::parse(None, None, None).is_ok());
    }
}
