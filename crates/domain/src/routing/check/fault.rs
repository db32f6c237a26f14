//! What can be wrong with a rule set, in words.

use super::never::Never;
use crate::id::{
    AreaCode, CategoryCode, ChoiceCode, OrganisationCode, QuestionCode, RuleCode, ServiceCode, ZoningCode,
};
use crate::language::Language;

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

/// What can be wrong with a rule set.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the messages say what each one is")]
pub enum Kind {
    RepeatedRule(RuleCode),
    NoService,
    UnknownService(ServiceCode),
    RepeatedService(ServiceCode),
    ServiceWithoutMailbox(ServiceCode),
    ServiceWithoutCalendar(ServiceCode),
    ServiceWithoutMember(ServiceCode),
    PartnerNotEntitled { service: ServiceCode, categories: Vec<CategoryCode> },
    UnknownCategory(CategoryCode),
    UnknownZoning(ZoningCode),
    UnknownArea { zoning: ZoningCode, area: AreaCode },
    UnknownOrganisation(OrganisationCode),
    UnknownQuestion { category: CategoryCode, question: QuestionCode },
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
    SameConditions(RuleCode),
    Covered(Vec<RuleCode>),
    OnlyCatchAll(CategoryCode),
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
        match self {
            Self::RepeatedRule(code) => format!("the rule « {code} » stands here a second time"),
            Self::NoService => "the rule sends to no service".to_owned(),
            Self::UnknownService(code) => format!("there is no service « {code} »"),
            Self::RepeatedService(code) => format!("the rule sends to « {code} » twice"),
            Self::ServiceWithoutMailbox(code) => format!("the service « {code} » has no mailbox"),
            Self::ServiceWithoutCalendar(code) => format!("the service « {code} » has no calendar"),
            Self::ServiceWithoutMember(code) => format!("the service « {code} » has no member: nobody would act"),
            Self::PartnerNotEntitled { service, categories } => format!(
                "the partner « {service} » may not receive restricted concerns (`may_receive_restricted` in \
                 services.yaml), and the rule would send it: {}",
                list(categories)
            ),
            Self::UnknownCategory(code) => format!("there is no category « {code} »"),
            Self::UnknownZoning(code) => format!("there is no zoning « {code} »"),
            Self::UnknownArea { zoning, area } => format!("the zoning « {zoning} » has no area « {area} »"),
            Self::UnknownOrganisation(code) => format!("there is no organisation « {code} »"),
            Self::UnknownQuestion { category, question } => {
                format!("the category « {category} » has no question « {question} »")
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
            Self::SameConditions(code) => {
                format!("these are the conditions of « {code} », which comes first: this rule is never reached")
            }
            Self::Covered(by) => {
                format!("this rule is never reached: whatever meets it has gone by {} already", list(by))
            }
            Self::OnlyCatchAll(code) => {
                format!("concerns about « {code} » only ever reach this rule, which catches all: they have no other")
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
        match self {
            Self::RepeatedRule(code) => format!("la règle « {code} » figure ici une seconde fois"),
            Self::NoService => "la règle n’envoie à aucun service".to_owned(),
            Self::UnknownService(code) => format!("il n’y a pas de service « {code} »"),
            Self::RepeatedService(code) => format!("la règle envoie deux fois à « {code} »"),
            Self::ServiceWithoutMailbox(code) => format!("le service « {code} » n’a pas de boîte aux lettres"),
            Self::ServiceWithoutCalendar(code) => format!("le service « {code} » n’a pas de calendrier"),
            Self::ServiceWithoutMember(code) => format!("le service « {code} » n’a aucun membre : personne n’agirait"),
            Self::PartnerNotEntitled { service, categories } => format!(
                "le partenaire « {service} » ne peut pas recevoir de doléances restreintes (« may_receive_restricted » \
                 de services.yaml), et la règle lui enverrait : {}",
                list(categories)
            ),
            Self::UnknownCategory(code) => format!("il n’y a pas de motif « {code} »"),
            Self::UnknownZoning(code) => format!("il n’y a pas de découpage « {code} »"),
            Self::UnknownArea { zoning, area } => format!("le découpage « {zoning} » n’a pas de secteur « {area} »"),
            Self::UnknownOrganisation(code) => format!("il n’y a pas d’organisme « {code} »"),
            Self::UnknownQuestion { category, question } => {
                format!("le motif « {category} » n’a pas de question « {question} »")
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
            Self::SameConditions(code) => {
                format!("ce sont les conditions de « {code} », placée avant : cette règle n’est jamais atteinte")
            }
            Self::Covered(by) => {
                format!("cette règle n’est jamais atteinte : tout ce qui la remplit est déjà parti par {}", list(by))
            }
            Self::OnlyCatchAll(code) => format!(
                "les doléances sur « {code} » n’atteignent que cette règle, qui reçoit tout le reste : elles n’en ont \
                 pas d’autre"
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

/// « a », « b », « c »…; the first few of many.
fn list<T: std::fmt::Display>(codes: &[T]) -> String {
    let named: Vec<String> = codes.iter().take(5).map(|code| format!("« {code} »")).collect();
    let more = if codes.len() > named.len() { "…" } else { "" };
    named.join(", ") + more
}
