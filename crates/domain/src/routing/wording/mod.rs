//! Why a rule matches and why it does not, in words that a town clerk understands, in French and in English.

mod condition;
mod merge;

use std::fmt;

use super::Sent;
use super::condition::Owned;
use super::reason::{Because, Unmet};
use super::words::Keyword;
use crate::city::City;
use crate::city::question::Reply;
use crate::id::{AreaCode, CategoryCode, ChoiceCode, OrganisationCode, QuestionCode, ZoningCode};
use crate::language::Language;

/// More choices than this are not named one by one.
const NAMED: usize = 6;

impl City {
    /// Why a rule matched, in words: half a sentence.
    #[must_use]
    pub fn explain(&self, sent: &Sent, language: Language) -> String {
        Teller { city: self, language }.facts(&sent.because)
    }

    /// Why a rule does not match, in words: half a sentence about the first condition that does not hold.
    #[must_use]
    pub fn explain_unmet(&self, unmet: &Unmet, language: Language) -> String {
        Teller { city: self, language }.unmet(unmet)
    }
}

struct Teller<'a> {
    city: &'a City,
    language: Language,
}

impl Teller<'_> {
    const fn pick<'t>(&self, fr: &'t str, en: &'t str) -> &'t str {
        match self.language {
            Language::Fr => fr,
            Language::En => en,
        }
    }

    /// In one language or the other; what differs stands in the sentences.
    fn say(&self, fr: fmt::Arguments<'_>, en: fmt::Arguments<'_>) -> String {
        match self.language {
            Language::Fr => fr.to_string(),
            Language::En => en.to_string(),
        }
    }

    fn facts(&self, facts: &[Because]) -> String {
        let told: Vec<String> = merge::facts(facts).iter().map(|fact| self.fact(fact)).collect();
        told.join(self.pick(" et ", " and "))
    }

    fn fact(&self, fact: &Because) -> String {
        match fact {
            Because::NothingElseMatched => {
                self.pick("aucune autre règle ne s’applique", "no other rule applies").to_owned()
            }
            Because::Category { is } => self.category_is(is),
            Because::Area { zoning, is } => self.area_is(zoning, is),
            Because::Origin { is } => self.is("l’origine", "the origin", is.label(self.language)),
            Because::Priority { is } => self.is("la priorité", "the priority", is.label(self.language)),
            Because::Sensitivity { is } => self.is("la sensibilité", "the sensitivity", is.label(self.language)),
            Because::Answer { category, question, is } => self.answer_is((category, question), is),
            Because::Keyword { is } => {
                let word = self.quoted(is.as_str());
                self.say(format_args!("la description contient {word}"), format_args!("the description has {word}"))
            }
            Because::Weekday { is } => {
                let day = is.label(self.language);
                self.say(
                    format_args!("la doléance est saisie un {day}"),
                    format_args!("the concern is filed on a {day}"),
                )
            }
            Because::Hour { from, to } => {
                let between = self.between(*from, *to);
                self.say(
                    format_args!("la doléance est saisie {between}"),
                    format_args!("the concern is filed {between}"),
                )
            }
            Because::Owner { of, is } => self.owner_is(*of, is),
            Because::Unplaced => self.unplaced(),
            Because::Unanswered { category, question } => self.unanswered((category, question)),
            Because::Excluded { of: Some(of) } => self.asks(of, false),
            Because::Excluded { of: None } => {
                self.pick("aucune exclusion ne s’applique", "no exclusion applies").to_owned()
            }
        }
    }

    fn unmet(&self, unmet: &Unmet) -> String {
        let language = self.language;
        match unmet {
            Unmet::Category { is, wants } => {
                self.and_not(&self.category_is(is), "", wants.iter().map(|code| self.category(code)))
            }
            Unmet::Unplaced => self.unplaced(),
            Unmet::Area { zoning, is, wants } => self.elsewhere(zoning, is.as_ref(), wants),
            Unmet::Origin { is, wants } => {
                let is = self.is("l’origine", "the origin", is.label(language));
                self.and_not(&is, "", wants.iter().map(|origin| self.quoted(origin.label(language))))
            }
            Unmet::Priority { is, wants } => {
                let is = self.is("la priorité", "the priority", is.label(language));
                self.and_not(&is, "", wants.iter().map(|priority| self.quoted(priority.label(language))))
            }
            Unmet::Sensitivity { is, wants } => {
                let is = self.is("la sensibilité", "the sensitivity", is.label(language));
                self.and_not(&is, "", wants.iter().map(|sensitivity| self.quoted(sensitivity.label(language))))
            }
            Unmet::Answer { category, question, is, any_of, at_least, at_most } => {
                self.answer((category, question), is.as_ref(), any_of, (*at_least, *at_most))
            }
            Unmet::Keywords { wants } => self.no_keyword(wants),
            Unmet::Weekday { is, wants } => {
                let is = self.fact(&Because::Weekday { is: *is });
                self.and_not(&is, self.pick("un ", "on a "), wants.iter().map(|day| day.label(language).to_owned()))
            }
            Unmet::Hour { is, from, to } => {
                let is = self.fact(&Because::Hour { from: *is, to: is + 1 });
                self.and_not(&is, "", std::iter::once(self.between(*from, *to)))
            }
            Unmet::Owner { of, is, wants } => self.other_owner(*of, is, wants),
            Unmet::NoneOf { of } => {
                let of: Vec<String> = merge::merged(of).iter().map(|unmet| self.unmet(unmet)).collect();
                if let [only] = of.as_slice() {
                    return only.clone();
                }
                let of = of.join(self.pick(" ; ", "; "));
                self.say(
                    format_args!("aucune des conditions possibles n’est remplie ({of})"),
                    format_args!("none of the possible conditions holds ({of})"),
                )
            }
            Unmet::Excluded { because } => {
                let facts = self.facts(because);
                self.say(
                    format_args!("{facts}, ce que la règle exclut"),
                    format_args!("{facts}, which the rule excludes"),
                )
            }
        }
    }

    fn quoted(&self, text: &str) -> String {
        self.say(format_args!("« {text} »"), format_args!("“{text}”"))
    }

    fn is(&self, fr: &str, en: &str, value: &str) -> String {
        let value = self.quoted(value);
        self.say(format_args!("{fr} est {value}"), format_args!("{en} is {value}"))
    }

    /// « a », « b » ou « c ».
    fn one_of(&self, names: impl Iterator<Item = String>) -> String {
        self.joined(names.collect(), ", ", self.pick(" ou ", " or "))
    }

    /// Names with something between them, and something else before the last; the first few of many.
    fn joined(&self, mut names: Vec<String>, between: &str, last: &str) -> String {
        if names.len() > NAMED {
            let more = names.len() - NAMED + 1;
            names.truncate(NAMED - 1);
            names.push(self.say(format_args!("{more} autres"), format_args!("{more} others")));
        }
        match names.split_last() {
            Some((only, [])) => only.clone(),
            Some((end, before)) => format!("{}{last}{end}", before.join(between)),
            None => String::new(),
        }
    }

    /// What there is, and what the rule wants instead; `before` stands before each.
    fn and_not(&self, is: &str, before: &str, wants: impl Iterator<Item = String>) -> String {
        let wants = self.one_of(wants.map(|want| format!("{before}{want}")));
        self.say(format_args!("{is}, et non {wants}"), format_args!("{is}, and not {wants}"))
    }

    fn asks_for(&self, is: &str, wants: &str) -> String {
        self.say(format_args!("{is}, et la règle demande {wants}"), format_args!("{is}, and the rule asks for {wants}"))
    }

    fn category(&self, code: &CategoryCode) -> String {
        let label = self.city.category(code).map(|category| category.label.in_language(self.language));
        self.quoted(label.unwrap_or(code.as_str()))
    }

    fn category_is(&self, code: &CategoryCode) -> String {
        let label = self.category(code);
        self.say(format_args!("le motif est {label}"), format_args!("the category is {label}"))
    }

    fn area(&self, zoning: &ZoningCode, code: &AreaCode) -> String {
        let area = self.city.zoning(zoning).and_then(|zoning| zoning.area(code));
        self.quoted(area.map_or(code.as_str(), |area| area.name.as_str()))
    }

    fn area_is(&self, zoning: &ZoningCode, code: &AreaCode) -> String {
        let name = self.area(zoning, code);
        self.say(format_args!("le lieu est dans {name}"), format_args!("the place lies in {name}"))
    }

    fn elsewhere(&self, zoning: &ZoningCode, is: Option<&AreaCode>, wants: &[AreaCode]) -> String {
        let wants = wants.iter().map(|code| self.area(zoning, code));
        if let Some(is) = is {
            return self.and_not(&self.area_is(zoning, is), self.pick("dans ", "in "), wants);
        }
        let known = self.city.zoning(zoning).map_or(zoning.as_str(), |zoning| zoning.name.as_str());
        let known = self.quoted(known);
        let nowhere = self.say(
            format_args!("le lieu n’est dans aucun secteur de {known}"),
            format_args!("the place lies in no area of {known}"),
        );
        self.asks_for(&nowhere, &self.one_of(wants))
    }

    fn organisation(&self, code: &OrganisationCode) -> String {
        let known = self.city.organisations.iter().find(|organisation| organisation.code == *code);
        self.quoted(known.map_or(code.as_str(), |organisation| organisation.name.as_str()))
    }

    const fn owned(&self, of: Owned) -> &'static str {
        match (of, self.language) {
            (Owned::Road, Language::Fr) => "la voie",
            (Owned::Road, Language::En) => "the road",
            (Owned::Land, Language::Fr) => "le terrain",
            (Owned::Land, Language::En) => "the land",
        }
    }

    fn owner_is(&self, of: Owned, code: &OrganisationCode) -> String {
        let (what, whose) = (self.owned(of), self.organisation(code));
        self.say(format_args!("{what} appartient à {whose}"), format_args!("{what} belongs to {whose}"))
    }

    fn other_owner(&self, of: Owned, is: &[OrganisationCode], wants: &[OrganisationCode]) -> String {
        let wants = wants.iter().map(|code| self.organisation(code));
        if let [first, ..] = is {
            return self.and_not(&self.owner_is(of, first), self.pick("à ", "to "), wants);
        }
        let owned = self.owned(of);
        let nobody = self.say(
            format_args!("aucun découpage ne dit à qui {owned} appartient à cet endroit"),
            format_args!("no zoning says who owns {owned} there"),
        );
        self.asks_for(&nobody, &self.one_of(wants))
    }

    fn asked(&self, (category, question): (&CategoryCode, &QuestionCode)) -> String {
        let asked = self.city.category(category).and_then(|category| category.question(question));
        self.quoted(asked.map_or(question.as_str(), |asked| asked.label.in_language(self.language)))
    }

    fn answered(&self, (category, question): (&CategoryCode, &QuestionCode), reply: &Reply) -> String {
        let asked = self.city.category(category).and_then(|category| category.question(question));
        self.quoted(&reply.in_words(asked, self.language))
    }

    fn answer_is(&self, of: (&CategoryCode, &QuestionCode), reply: &Reply) -> String {
        let (asked, reply) = (self.asked(of), self.answered(of, reply));
        self.say(format_args!("la réponse à {asked} est {reply}"), format_args!("the answer to {asked} is {reply}"))
    }

    fn answer(
        &self,
        of: (&CategoryCode, &QuestionCode),
        is: Option<&Reply>,
        any_of: &[ChoiceCode],
        bounds: (Option<i64>, Option<i64>),
    ) -> String {
        let choices = || self.one_of(any_of.iter().map(|code| self.choice(of, code)));
        let wants = self.bounds(of, bounds).unwrap_or_else(choices);
        self.asks_for(&is.map_or_else(|| self.unanswered(of), |reply| self.answer_is(of, reply)), &wants)
    }

    fn unanswered(&self, of: (&CategoryCode, &QuestionCode)) -> String {
        let asked = self.asked(of);
        self.say(
            format_args!("la question {asked} n’a pas de réponse"),
            format_args!("the question {asked} has no answer"),
        )
    }

    fn unplaced(&self) -> String {
        let (fr, en) = (
            "le lieu n’est pas sur la carte : on ne sait dans quel secteur il est, ni à qui il est",
            "the place is not on the map: in which area it lies, and whose it is, is not known",
        );
        self.pick(fr, en).to_owned()
    }

    fn choice(&self, of: (&CategoryCode, &QuestionCode), code: &ChoiceCode) -> String {
        let reply = match code.as_str() {
            "yes" => Reply::YesNo(true),
            "no" => Reply::YesNo(false),
            other => Reply::Text(other.to_owned()),
        };
        self.answered(of, &reply)
    }

    /// « entre 2 m³ et 5 m³ », « au moins 5 m³ »; none without a bound.
    fn bounds(
        &self,
        (category, question): (&CategoryCode, &QuestionCode),
        (least, greatest): (Option<i64>, Option<i64>),
    ) -> Option<String> {
        let asked = self.city.category(category).and_then(|category| category.question(question));
        let number = |bound: i64| Reply::Number(bound.into()).in_words(asked, self.language);
        Some(match (least.map(number), greatest.map(number)) {
            (Some(least), Some(most)) => {
                self.say(format_args!("entre {least} et {most}"), format_args!("between {least} and {most}"))
            }
            (Some(least), None) => self.say(format_args!("au moins {least}"), format_args!("at least {least}")),
            (None, Some(most)) => self.say(format_args!("au plus {most}"), format_args!("at most {most}")),
            (None, None) => return None,
        })
    }

    fn no_keyword(&self, words: &[Keyword]) -> String {
        let last = self.pick(if words.len() == 2 { " ni " } else { ", ni " }, " nor ");
        let words: Vec<String> = words.iter().map(|word| self.quoted(word.as_str())).collect();
        if let [only] = words.as_slice() {
            return self.say(
                format_args!("la description ne contient pas {only}"),
                format_args!("the description does not have {only}"),
            );
        }
        let words = self.joined(words, self.pick(", ni ", " nor "), last);
        self.say(
            format_args!("la description ne contient ni {words}"),
            format_args!("the description has neither {words}"),
        )
    }

    fn hour(&self, hour: u8) -> String {
        self.say(format_args!("{hour} h"), format_args!("{hour}:00"))
    }

    fn between(&self, from: u8, to: u8) -> String {
        let (from, to) = (self.hour(from), self.hour(to));
        self.say(format_args!("entre {from} et {to}"), format_args!("between {from} and {to}"))
    }
}
