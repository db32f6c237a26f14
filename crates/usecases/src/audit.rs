//! Reading the audit log. It is written by what is recorded in it.

use auth::Grant;
use auth::permission::ReadAudit;
use domain::audit::chain::Entry;
use store::{Error, Page};

pub use store::audit::Filter;

use crate::Context;

/// A page of the log, the last entry first, beginning before that entry.
///
/// # Errors
/// When the database does not answer.
pub async fn list(
    cx: &Context,
    _who: &Grant<ReadAudit>,
    filter: &Filter,
    before: Option<i64>,
    limit: u64,
) -> Result<Page<Entry, i64>, Error> {
    cx.store.audit_page(filter, before, limit).await
}
