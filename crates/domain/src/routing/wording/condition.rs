//! What a condition asks, in words: « le lieu est dans « Nord » ou dans « Sud » », and what it asks when it must not hold.

use super::Teller;
use crate::city::City;
use crate::id::OrganisationCode;
use crate::language::{Label, Language};
use crate::routing::condition::{Condition, Owned};

impl City {
    /// A condition in words, in both languages: half a sentence. `holds` is false when it must not hold.
    pub(in crate::routing) fn describe(&self, condition: &Condition, holds: bool) -> Label {
        let told = |language| Teller { city: self, language }.asks(condition, holds);
        Label { fr: told(Language::Fr), en: told(Language::En) }
    }
}

/// Half a sentence before the names that it lists.
struct Stem {
    /// « le motif est », « le motif n’est pas », « le motif n’est » (ni … ni …).
    fr: [String; 3],
    /// “the category is”, “the category is not”.
    en: [String; 2],
}

impl Stem {
    fn new(fr: [&str; 3], en: [&str; 2]) -> Self {
        Self { fr: fr.map(str::to_owned), en: en.map(str::to_owned) }
    }

    /// Something that is, or is not.
    fn is(fr: &str, en: &str) -> Self {
        Self {
            fr: ["est", "n’est pas", "n’est"].map(|verb| format!("{fr} {verb}")),
            en: ["is", "is not"].map(|verb| format!("{en} {verb}")),
        }
    }
}

impl Teller<'_> {
    pub(super) fn asks(&self, condition: &Condition, holds: bool) -> String {
        let language = self.language;
        match condition {
            Condition::Always {} => self.always(holds).to_owned(),
            Condition::Category { any_of } => {
                let names = any_of.iter().map(|code| self.category(code));
                self.lists(holds, &Stem::is("le motif", "the category"), names)
            }
            Condition::Area { zoning, any_of } => {
                let inside = self.pick("dans ", "in ");
                let names = any_of.iter().map(|code| format!("{inside}{}", self.area(zoning, code)));
                let stem = Stem::new(
                    ["le lieu est", "le lieu n’est pas", "le lieu n’est"],
                    ["the place lies", "the place does not lie"],
                );
                self.lists(holds, &stem, names)
            }
            Condition::Origin { any_of } => {
                let names = any_of.iter().map(|origin| self.quoted(origin.label(language)));
                self.lists(holds, &Stem::is("l’origine", "the origin"), names)
            }
            Condition::Priority { any_of } => {
                let names = any_of.iter().map(|priority| self.quoted(priority.label(language)));
                self.lists(holds, &Stem::is("la priorité", "the priority"), names)
            }
            Condition::Sensitivity { any_of } => {
                let names = any_of.iter().map(|sensitivity| self.quoted(sensitivity.label(language)));
                self.lists(holds, &Stem::is("la sensibilité", "the sensitivity"), names)
            }
            Condition::Answer { category, question, any_of, at_least, at_most } => {
                let of = (category, question);
                let asked = self.asked(of);
                let stem = Stem::is(&format!("la réponse à {asked}"), &format!("the answer to {asked}"));
                let between = at_least.is_some() && at_most.is_some();
                match self.bounds(of, (*at_least, *at_most)) {
                    Some(bounds) if between => self.lists(holds, &stem, std::iter::once(bounds)),
                    // « d’au moins 5 m³ »
                    Some(bounds) => {
                        let bounds = format!("{}{bounds}", self.pick("d’", ""));
                        self.lists(holds, &stem, std::iter::once(bounds))
                    }
                    None => self.lists(holds, &stem, any_of.iter().map(|code| self.choice(of, code))),
                }
            }
            Condition::Keywords { any_of } if holds => {
                let stem = Stem::new(["la description contient", "", ""], ["the description has", ""]);
                self.lists(true, &stem, any_of.iter().map(|word| self.quoted(word.as_str())))
            }
            Condition::Keywords { any_of } => self.no_keyword(any_of),
            Condition::Weekday { any_of } => {
                let on = self.pick("un ", "on a ");
                let stem = Stem::new(
                    ["la doléance est saisie", "la doléance n’est pas saisie", "la doléance n’est saisie"],
                    ["the concern is filed", "the concern is not filed"],
                );
                self.lists(holds, &stem, any_of.iter().map(|day| format!("{on}{}", day.label(language))))
            }
            Condition::Hour { from, to } => {
                let stem = Stem::new(
                    ["la doléance est saisie", "la doléance n’est pas saisie", ""],
                    ["the concern is filed", "the concern is not filed"],
                );
                self.lists(holds, &stem, std::iter::once(self.between(*from, *to)))
            }
            Condition::RoadOwner { any_of } => self.owners(holds, Owned::Road, any_of),
            Condition::LandOwner { any_of } => self.owners(holds, Owned::Land, any_of),
            Condition::All { of } if holds => self.parts(of, true, self.pick(" et ", " and ")),
            Condition::All { of } => {
                let parts = self.parts(of, true, self.pick(" et ", " and "));
                self.say(
                    format_args!("ces conditions ne sont pas réunies : {parts}"),
                    format_args!("these conditions do not hold together: {parts}"),
                )
            }
            Condition::Any { of } if holds => self.parts(of, true, self.pick(" ou ", " or ")),
            Condition::Any { of } => self.parts(of, false, self.pick(" et ", " and ")),
            Condition::Not { of } => self.asks(of, !holds),
        }
    }

    const fn always(&self, holds: bool) -> &'static str {
        if holds {
            self.pick("toute doléance convient", "any concern will do")
        } else {
            self.pick("aucune doléance ne convient", "no concern will do")
        }
    }

    fn parts(&self, of: &[Condition], hold: bool, between: &str) -> String {
        let part = |part: &Condition| {
            let told = self.asks(part, hold);
            if part.parts().len() > 1 { format!("({told})") } else { told }
        };
        of.iter().map(part).collect::<Vec<_>>().join(between)
    }

    fn owners(&self, holds: bool, of: Owned, any_of: &[OrganisationCode]) -> String {
        let owned = self.owned(of);
        let stem = Stem {
            fr: ["appartient", "n’appartient pas", "n’appartient"].map(|verb| format!("{owned} {verb}")),
            en: ["belongs", "does not belong"].map(|verb| format!("{owned} {verb}")),
        };
        let to = self.pick("à ", "to ");
        self.lists(holds, &stem, any_of.iter().map(|code| format!("{to}{}", self.organisation(code))))
    }

    fn lists(&self, holds: bool, stem: &Stem, names: impl Iterator<Item = String>) -> String {
        let names: Vec<String> = names.collect();
        let [en, but_not] = &stem.en;
        let [fr, pas, ni] = &stem.fr;
        match (self.language, holds) {
            (Language::Fr, true) => format!("{fr} {}", self.one_of(names.into_iter())),
            (Language::Fr, false) if names.len() == 1 => format!("{pas} {}", names[0]),
            (Language::Fr, false) => format!("{ni} ni {}", self.joined(names, " ni ", " ni ")),
            (Language::En, true) => format!("{en} {}", self.one_of(names.into_iter())),
            (Language::En, false) => format!("{but_not} {}", self.one_of(names.into_iter())),
        }
    }
}
