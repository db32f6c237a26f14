//! What can be wrong with a rule set, in words.

use super::never::Never;
use crate::city::catalogue::Category;
use crate::city::organisation::Service;
use crate::id::{
    AreaCode, CategoryCode, ChoiceCode, OrganisationCode, QuestionCode, RuleCode, ServiceCode, ZoningCode,
};
use crate::language::{Label, Language};
use crate::routing::Rule;

/// Something wrong with a rule set, or worth a look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The rule; none when it is the set as a whole.
    pub rule: Option<RuleCode>,
    /// The JSON pointer (RFC 6901) of the field in the list of rules; empty for the whole list.
    pub pointer: String,
    /// What it is.
    pub kind: Kind,
}

/// Something of the city or of the rules, as people call it and as files name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// As files name it.
    pub code: String,
    /// As people call it.
    pub label: Label,
}

impl Named {
    fn told(&self, language: Language) -> String {
        format!("« {} » ({})", self.label.in_language(language), self.code)
    }
}

impl From<&Category> for Named {
    fn from(category: &Category) -> Self {
        Self { code: category.code.to_string(), label: category.label.clone() }
    }
}

impl From<&Service> for Named {
    fn from(service: &Service) -> Self {
        Self { code: service.code.to_string(), label: service.name.clone() }
    }
}

impl From<&Rule> for Named {
    fn from(rule: &Rule) -> Self {
        Self { code: rule.code.to_string(), label: rule.name.clone() }
    }
}

/// What can be wrong with a rule set.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the messages say what each one is")]
pub enum Kind {
    RepeatedRule(RuleCode),
    NoService,
    UnknownService(ServiceCode),
    RepeatedService(ServiceCode),
    WatcherActs(ServiceCode),
    ServiceWithoutMailbox(Named),
    ServiceWithoutCalendar(Named),
    ServiceWithoutMember(Named),
    PartnerNotEntitled { service: Named, categories: Vec<Named> },
    UnknownCategory(CategoryCode),
    UnknownZoning(ZoningCode),
    UnknownArea { zoning: ZoningCode, area: AreaCode },
    UnknownOrganisation(OrganisationCode),
    UnknownQuestion { category: Named, question: QuestionCode },
    NotAskable,
    NumberNotChoice,
    NumberNeedsBound,
    BoundIsForNumbers,
    NeedsChoice(Vec<String>),
    UnknownChoice { choice: ChoiceCode, offered: Vec<String> },
    NoHours,
    NoTime,
    AlwaysBeforeLast,
    NoCatchAll,
    NeverMet(Never),
    SameConditions(Named),
    Covered(Vec<Named>),
    OnlyCatchAll(Vec<Named>),
    KeywordTooCommon(String),
    AcknowledgedAfterResolved,
}

impl Kind {
    /// The name in the API.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::RepeatedRule(_) => "repeated_rule",
            Self::NoService => "no_service",
            Self::UnknownService(_) => "unknown_service",
            Self::RepeatedService(_) => "repeated_service",
            Self::WatcherActs(_) => "watcher_acts",
            Self::ServiceWithoutMailbox(_) => "service_without_mailbox",
            Self::ServiceWithoutCalendar(_) => "service_without_calendar",
            Self::ServiceWithoutMember(_) => "service_without_member",
            Self::PartnerNotEntitled { .. } => "partner_not_entitled",
            Self::UnknownCategory(_) => "unknown_category",
            Self::UnknownZoning(_) => "unknown_zoning",
            Self::UnknownArea { .. } => "unknown_area",
            Self::UnknownOrganisation(_) => "unknown_organisation",
            Self::UnknownQuestion { .. } => "unknown_question",
            Self::NotAskable => "not_askable",
            Self::NumberNotChoice => "number_not_choice",
            Self::NumberNeedsBound => "number_needs_bound",
            Self::BoundIsForNumbers => "bound_is_for_numbers",
            Self::NeedsChoice(_) => "needs_choice",
            Self::UnknownChoice { .. } => "unknown_choice",
            Self::NoHours => "no_hours",
            Self::NoTime => "no_time",
            Self::AlwaysBeforeLast => "always_before_last",
            Self::NoCatchAll => "no_catch_all",
            Self::NeverMet(_) => "never_met",
            Self::SameConditions(_) => "same_conditions",
            Self::Covered(_) => "covered",
            Self::OnlyCatchAll(_) => "only_catch_all",
            Self::KeywordTooCommon(_) => "keyword_too_common",
            Self::AcknowledgedAfterResolved => "acknowledged_after_resolved",
        }
    }

    /// Whether it may only seem so because something else is wrong: it follows from the whole set and the whole city.
    #[must_use]
    pub const fn needs_the_whole(&self) -> bool {
        matches!(
            self,
            Self::NeverMet(_)
                | Self::SameConditions(_)
                | Self::Covered(_)
                | Self::PartnerNotEntitled { .. }
                | Self::OnlyCatchAll(_)
        )
    }

    /// Whether it is the service that lacks something, whichever rules name it.
    #[must_use]
    pub const fn is_of_service(&self) -> bool {
        matches!(self, Self::ServiceWithoutMailbox(_) | Self::ServiceWithoutCalendar(_) | Self::ServiceWithoutMember(_))
    }

    /// What is wrong, in words that a clerk understands.
    #[must_use]
    pub fn message(&self, language: Language) -> String {
        match language {
            Language::Fr => self.in_french(),
            Language::En => self.in_english(),
        }
    }

    fn in_english(&self) -> String {
        let told = |named: &Named| named.told(Language::En);
        match self {
            Self::RepeatedRule(code) => format!("the rule « {code} » stands here a second time"),
            Self::NoService => "the rule sends to no service".to_owned(),
            Self::UnknownService(code) => format!("there is no service « {code} »"),
            Self::RepeatedService(code) => format!("the rule names « {code} » twice"),
            Self::WatcherActs(code) => format!("the rule sends to « {code} », which need not be kept informed besides"),
            Self::ServiceWithoutMailbox(named) => format!("the service {} has no mailbox", told(named)),
            Self::ServiceWithoutCalendar(named) => format!("the service {} has no calendar", told(named)),
            Self::ServiceWithoutMember(named) => format!("the service {} has no member: nobody would act", told(named)),
            Self::PartnerNotEntitled { service, categories } => format!(
                "the partner {} may not know of these, and the rule would send them there: {} (restricted concerns need \
                 `may_receive_restricted` in services.yaml; no partner has complaints about officers)",
                told(service),
                few(categories, told)
            ),
            Self::UnknownCategory(code) => format!("there is no category « {code} »"),
            Self::UnknownZoning(code) => format!("there is no zoning « {code} »"),
            Self::UnknownArea { zoning, area } => format!("the zoning « {zoning} » has no area « {area} »"),
            Self::UnknownOrganisation(code) => format!("there is no organisation « {code} »"),
            Self::UnknownQuestion { category, question } => {
                format!("the category {} has no question « {question} »", told(category))
            }
            Self::NotAskable => {
                "a rule can look at a number, at a choice, or at yes and no: not at words or days".to_owned()
            }
            Self::NumberNotChoice => "the answer is a number: write `at_least`, `at_most` or both".to_owned(),
            Self::NumberNeedsBound => "needs `at_least` or `at_most`: the answer is a number".to_owned(),
            Self::BoundIsForNumbers => "`at_least` and `at_most` are for numbers: write `any_of`".to_owned(),
            Self::NeedsChoice(offered) => format!("needs `any_of`, a list of: {}", offered.join(", ")),
            Self::UnknownChoice { choice, offered } => {
                format!("« {choice} » is not one of: {}", offered.join(", "))
            }
            Self::NoHours => "no hour lies between these two: write from 21 to 6, or from 8 to 12".to_owned(),
            Self::NoTime => {
                "no time at all: the ticket would be late at once. Write 1h or more, or 0d for the end of the \
                             same day"
                    .to_owned()
            }
            Self::AlwaysBeforeLast => "this rule matches always, so that no rule after it is ever reached".to_owned(),
            Self::NoCatchAll => {
                "the last rule must match always (`when: {type: always}`), so that no concern is lost".to_owned()
            }
            Self::NeverMet(why) => why.message(Language::En),
            Self::SameConditions(named) => {
                format!("these are the conditions of {}, which comes first: this rule is never reached", told(named))
            }
            Self::Covered(by) => {
                format!("this rule is never reached: whatever meets it has gone by {} already", few(by, told))
            }
            Self::OnlyCatchAll(categories) => {
                format!("concerns about these only ever reach this rule, which catches all: {}", all(categories, told))
            }
            Self::KeywordTooCommon(word) => format!(
                "« {word} » stands in nearly every description: the rule would take nearly everything. Write a word that says \
                 more"
            ),
            Self::AcknowledgedAfterResolved => {
                "a ticket would have to be settled before it must be taken in hand (`resolve_within` is shorter)"
                    .to_owned()
            }
        }
    }

    fn in_french(&self) -> String {
        let told = |named: &Named| named.told(Language::Fr);
        match self {
            Self::RepeatedRule(code) => format!("la règle « {code} » figure ici une seconde fois"),
            Self::NoService => "la règle n’envoie à aucun service".to_owned(),
            Self::UnknownService(code) => format!("il n’y a pas de service « {code} »"),
            Self::RepeatedService(code) => format!("la règle nomme deux fois « {code} »"),
            Self::WatcherActs(code) => {
                format!("la règle envoie à « {code} », qu’il est inutile de tenir au courant en plus")
            }
            Self::ServiceWithoutMailbox(named) => format!("le service {} n’a pas de boîte aux lettres", told(named)),
            Self::ServiceWithoutCalendar(named) => format!("le service {} n’a pas de calendrier", told(named)),
            Self::ServiceWithoutMember(named) => {
                format!("le service {} n’a aucun membre : personne n’agirait", told(named))
            }
            Self::PartnerNotEntitled { service, categories } => format!(
                "le partenaire {} ne peut pas connaître de ces motifs, et la règle les lui enverrait : {} (les doléances \
                 restreintes demandent « may_receive_restricted » dans services.yaml ; les réclamations sur un agent ne vont \
                 à aucun partenaire)",
                told(service),
                few(categories, told)
            ),
            Self::UnknownCategory(code) => format!("il n’y a pas de motif « {code} »"),
            Self::UnknownZoning(code) => format!("il n’y a pas de découpage « {code} »"),
            Self::UnknownArea { zoning, area } => format!("le découpage « {zoning} » n’a pas de secteur « {area} »"),
            Self::UnknownOrganisation(code) => format!("il n’y a pas d’organisme « {code} »"),
            Self::UnknownQuestion { category, question } => {
                format!("le motif {} n’a pas de question « {question} »", told(category))
            }
            Self::NotAskable => {
                "une règle peut regarder un nombre, un choix, oui ou non : ni des mots ni une date".to_owned()
            }
            Self::NumberNotChoice => {
                "la réponse est un nombre : écrire « at_least », « at_most » ou les deux".to_owned()
            }
            Self::NumberNeedsBound => "il faut « at_least » ou « at_most » : la réponse est un nombre".to_owned(),
            Self::BoundIsForNumbers => {
                "« at_least » et « at_most » sont pour les nombres : écrire « any_of »".to_owned()
            }
            Self::NeedsChoice(offered) => format!("il faut « any_of », une liste parmi : {}", offered.join(", ")),
            Self::UnknownChoice { choice, offered } => {
                format!("« {choice} » n’est pas un choix parmi : {}", offered.join(", "))
            }
            Self::NoHours => "aucune heure n’est entre ces deux : écrire de 21 à 6, ou de 8 à 12".to_owned(),
            Self::NoTime => {
                "un délai nul : la saisine serait aussitôt en retard. Écrire 1h ou plus, ou 0d pour la fin du \
                             jour même"
                    .to_owned()
            }
            Self::AlwaysBeforeLast => {
                "cette règle s’applique toujours : aucune règle placée après elle n’est jamais atteinte".to_owned()
            }
            Self::NoCatchAll => "la dernière règle doit s’appliquer toujours (type « always »), pour qu’aucune \
                                 doléance ne se perde"
                .to_owned(),
            Self::NeverMet(why) => why.message(Language::Fr),
            Self::SameConditions(named) => {
                format!("ce sont les conditions de {}, placée avant : cette règle n’est jamais atteinte", told(named))
            }
            Self::Covered(by) => {
                format!(
                    "cette règle n’est jamais atteinte : tout ce qui la remplit est déjà parti par {}",
                    few(by, told)
                )
            }
            Self::OnlyCatchAll(categories) => format!(
                "les doléances de ces motifs n’atteignent que cette règle, qui reçoit tout le reste : {}",
                all(categories, told)
            ),
            Self::KeywordTooCommon(word) => format!(
                "« {word} » est dans presque toutes les descriptions : la règle prendrait presque tout. Écrire un mot plus \
                 précis"
            ),
            Self::AcknowledgedAfterResolved => "une saisine devrait être traitée avant d’être prise en charge \
                                                (« resolve_within » est plus court)"
                .to_owned(),
        }
    }
}

fn all(named: &[Named], told: impl Fn(&Named) -> String) -> String {
    named.iter().map(told).collect::<Vec<_>>().join(", ")
}

/// The first few of many.
fn few(named: &[Named], told: impl Fn(&Named) -> String) -> String {
    let shown = &named[..named.len().min(5)];
    let more = if named.len() > shown.len() { "…" } else { "" };
    all(shown, told) + more
}
