//! Which plan has which policy, for the provider.

use askama::Template;
use axum::extract::State;

use crate::app::App;
use crate::platform::access::{Permission, StaffScope};
use crate::platform::error::Error;
use crate::platform::ids::{PlanId, SlaPolicyId};
use crate::platform::web::{Ctx, FormData, Page, Path, SeeOther};

use super::super::model::PlanSla;
use super::super::{actions, store};

const BASE: &str = "/staff/sla/plans";

#[derive(Template)]
#[template(path = "sla/plans.html")]
pub(in super::super) struct List {
    ctx: Ctx,
    plans: Vec<PlanSla>,
    policies: Vec<(SlaPolicyId, String)>,
    may_manage: bool,
}

impl List {
    fn policy(&self, plan: &PlanSla) -> String {
        plan.policy
            .as_ref()
            .map_or_else(|| "Nothing".to_owned(), |(_, name)| name.clone())
    }

    /// What a plan can have: id, name, whether it has it.
    fn choices(&self, plan: &PlanSla) -> Vec<(String, &str, bool)> {
        let has = plan.policy.as_ref().map(|(id, _)| *id);
        let policies = self.policies.iter();
        let policies = policies.map(|(id, name)| (id.to_string(), name.as_str(), has == Some(*id)));
        [(String::new(), "Nothing", has.is_none())]
            .into_iter()
            .chain(policies)
            .collect()
    }

    fn field(&self, plan: &PlanSla) -> String {
        format!("policy-{}", plan.plan)
    }
}

/// All plans.
pub(in super::super) async fn list(scope: StaffScope, ctx: Ctx) -> Result<Page<List>, Error> {
    let mut tx = scope.begin().await?;
    let policies = store::policies_for_choice(&mut tx).await?;
    Ok(Page(List {
        ctx: ctx.with_crumbs([("SLA", "/staff/sla")]),
        plans: store::plans(&mut tx).await?,
        policies: policies
            .into_iter()
            .map(|policy| (policy.id, policy.terms.name))
            .collect(),
        may_manage: scope.may(Permission::StaffSlaManage),
    }))
}

/// Says which policy a plan has.
pub(in super::super) async fn choose(
    State(app): State<App>,
    scope: StaffScope,
    Path(plan): Path<PlanId>,
    form: FormData,
) -> Result<SeeOther, Error> {
    let to = SeeOther::to(BASE);
    let policy = match form.get("policy") {
        "" => None,
        text => match text.parse() {
            Ok(id) => Some(id),
            Err(_) => return Ok(to.bad("There is no such policy. Choose another.")),
        },
    };
    match actions::choose(&app, &scope, plan, policy).await {
        Ok(plan) => {
            let what = plan.policy.map_or_else(|| "Nothing".to_owned(), |(_, name)| name);
            Ok(to.good(format!("{what} is promised to tenants of {} now.", plan.name)))
        }
        Err(error) => to.refused_or_invalid(error),
    }
}
