//! `/v1/routing`: the rules that say where concerns go.

mod change;
mod check;
mod drafts;
mod publish;
mod quality;
mod read;
mod remove;
mod replay;
mod restore;
pub(crate) mod save;
mod simulate;

use crate::openapi::Routes;
use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use chrono::{DateTime, Utc};
use domain::id::{RoutingDraftId, RuleCode};
use domain::language::Language;
use domain::routing::Rule;
use serde::Serialize;
use usecases::routing::{Author, Draft, Edition, Which};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::problem::{Code, FieldError, Problem};
use crate::request::path::{Id, id_path};

/// The greatest rule set that is read, bytes: some thousand rules.
const MAX_RULES: usize = 1024 * 1024;

pub(crate) fn routes(config: &mut impl Routes) {
    config
        .service(read::in_force)
        .service(read::versions)
        .service(read::version)
        .service(restore::restore)
        .service(drafts::drafts)
        .service(drafts::draft)
        .service(save::save)
        .service(change::change)
        .service(remove::remove)
        .service(check::check)
        .service(publish::publish)
        .service(simulate::simulate)
        .service(replay::replay)
        .service(quality::quality);
}

/// The draft that a path names.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[allow(dead_code, reason = "only documents the parameter that `Id` reads")]
pub(crate) struct DraftPath {
    /// The draft's id.
    draft: Uuid,
}
id_path!(DraftPath, "draft");

impl Id<DraftPath> {
    const fn draft(&self) -> RoutingDraftId {
        RoutingDraftId(self.value)
    }
}

/// The published version that a path names.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct VersionPath {
    /// The version.
    #[param(minimum = 1)]
    version: i32,
}

impl FromRequest for VersionPath {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let version = request.match_info().get("version").and_then(|text| text.parse().ok());
        ready(version.map(|version| Self { version }).ok_or_else(|| Problem::new(Code::NotFound)))
    }
}

/// Somebody, named.
#[derive(Serialize, ToSchema)]
#[schema(as = RoutingAuthor)]
struct AuthorView {
    /// Their account's id.
    id: Uuid,
    /// How they are called.
    name: String,
}

impl From<&Author> for AuthorView {
    fn from(author: &Author) -> Self {
        Self { id: author.user.0, name: author.name.clone() }
    }
}

/// A published rule set.
#[derive(Serialize, ToSchema)]
#[schema(as = RoutingEdition)]
pub(crate) struct EditionView {
    /// Counts them; tickets keep the one that sent them.
    #[schema(minimum = 1)]
    version: i32,
    /// When it was published.
    published_at: DateTime<Utc>,
    /// Who published it; absent when it was loaded from the city's files.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    author: Option<AuthorView>,
    /// Why, as its author says, or whoever loaded it from the city’s files.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    reason: Option<String>,
    /// The former version that somebody went back to.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 1)]
    restored_from: Option<i32>,
    /// How many rules it has.
    #[schema(minimum = 1)]
    rule_count: i32,
}

impl From<&Edition> for EditionView {
    fn from(edition: &Edition) -> Self {
        Self {
            version: edition.version,
            published_at: edition.published_at,
            author: edition.author.as_ref().map(AuthorView::from),
            reason: edition.reason.clone(),
            restored_from: edition.restored_from,
            rule_count: edition.rules,
        }
    }
}

/// A published rule set with its rules.
#[derive(Serialize, ToSchema)]
pub(crate) struct RoutingRules {
    #[serde(flatten)]
    edition: EditionView,
    /// The rules, in the order in which they are tried; the first that matches wins.
    rules: Vec<Rule>,
}

/// A rule set that somebody is writing.
#[derive(Serialize, ToSchema)]
#[schema(as = RoutingDraft)]
pub(crate) struct DraftView {
    /// Its id.
    id: Uuid,
    /// How it is called.
    #[schema(examples("Nouvelle brigade"))]
    name: String,
    /// Rises by one with each change; also the `ETag`.
    #[schema(minimum = 1)]
    version: i64,
    /// The published version that it is meant to follow: it can be published while that one is in force.
    #[schema(minimum = 1)]
    based_on: i32,
    /// When it was last changed.
    changed_at: DateTime<Utc>,
    changed_by: AuthorView,
    /// The rules, in the order in which they are tried; the first that matches wins.
    rules: Vec<Rule>,
}

impl From<&Draft> for DraftView {
    fn from(draft: &Draft) -> Self {
        Self {
            id: draft.id.0,
            name: draft.name.clone(),
            version: draft.version,
            based_on: draft.based_on,
            changed_at: draft.changed_at,
            changed_by: (&draft.changed_by).into(),
            rules: draft.rules.clone(),
        }
    }
}

/// A rule, named.
#[derive(Serialize, ToSchema)]
struct RuleRef {
    /// Its code.
    code: String,
    /// How it is called, in the language of `Accept-Language`.
    name: String,
}

impl RuleRef {
    fn new(rule: &Rule, language: Language) -> Self {
        Self { code: rule.code.to_string(), name: rule.name.in_language(language).to_owned() }
    }

    /// The one of that code; of one that is no longer among them, only the code is known here.
    fn among(rules: &[Rule], code: &RuleCode, language: Language) -> Self {
        let known = rules.iter().find(|rule| rule.code == *code);
        let former = || Self { code: code.to_string(), name: code.to_string() };
        known.map_or_else(former, |rule| Self::new(rule, language))
    }
}

/// The rule set that a request means.
///
/// # Errors
/// When it means two.
fn which(draft: Option<RoutingDraftId>, version: Option<i32>) -> Result<Which, Problem> {
    match (draft, version) {
        (None, None) => Ok(Which::InForce),
        (None, Some(version)) => Ok(Which::Version(version)),
        (Some(draft), None) => Ok(Which::Draft(draft)),
        (Some(_), Some(_)) => {
            let texts = ("« draft » ou « version », pas les deux.", "`draft` or `version`, not both.");
            let error = FieldError::in_body("/version", "not_expected", texts);
            Err(Problem::new(Code::InvalidRequest).errors(vec![error]))
        }
    }
}
