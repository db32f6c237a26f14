//! Looking through a rule set.

use auth::Grant;
use auth::permission::ReadRouting;
use domain::routing::check::Fault;

use super::{RoutingError, Which, rule_set};
use crate::{Context, apart, of};

/// What a look finds.
#[derive(Debug, Clone)]
pub struct Looked {
    /// What is wrong: it cannot be published.
    pub faults: Vec<Fault>,
    /// What is worth a look.
    pub warnings: Vec<Fault>,
}

/// Looks through a rule set, in the city as it is now.
///
/// # Errors
/// See [`RoutingError`].
pub async fn check(cx: &Context, _who: &Grant<ReadRouting>, which: Which) -> Result<Looked, RoutingError> {
    let loaded = cx.city()?;
    let rules = rule_set(cx, which).await?.ok_or(RoutingError::NotFound)?;
    let staffed = cx.store.staffed_services().await?;
    let look =
        move || Looked { faults: rules.check(of(&loaded), Some(&staffed)), warnings: rules.warnings(of(&loaded)) };
    Ok(apart(&cx.looking, look).await)
}
