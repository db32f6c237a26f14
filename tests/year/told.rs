//! Who was told what: nobody is forgotten, nobody is told what is not theirs, nobody is written to without end.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Duration, Utc};
use reqwest::Method;

use super::cast::{self, DESK, DISPATCHER, MANAGER, OFFICERS, PARTNERS, SERVICES, Temper, temper};
use super::post::Letter;
use super::story::{End, Stories, Story};
use super::town::{Said, Town, each, whole};
use crate::support::city::email;

/// How many letters about one ticket one address gets in a day at most (docs/mail.md), and its receipt.
const A_DAY: usize = 20 + 1;

/// How many anybody gets about one ticket in the whole year, where people and not machines write.
const A_YEAR: usize = 40;

impl Town {
    /// Whoever was written to about a ticket since the last time, through a mailbox or in person, may see the ticket, or
    /// could when it was theirs.
    pub async fn all_may_see_what_they_were_told_of(&mut self) {
        let mut asked: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for letter in &self.post.letters[self.looked_at..] {
            let told = letter.references.iter().map(|reference| (letter.to.clone(), reference.clone()));
            for (to, reference) in told.filter(|told| !self.seen.contains(told)) {
                asked.entry(to).or_default().insert(reference);
            }
        }
        self.looked_at = self.post.letters.len();
        // Residents have looked at their pages, partners have followed their links.
        asked.retain(|to, _| cast::resident_at(to).is_none());
        let dispatcher = self.who(DISPATCHER).await;
        for (to, references) in &asked {
            let (who, services) = reader(to);
            let who = self.who(who).await;
            let look = async |reference: &String| {
                let sees = services.is_none_or(|services| services.iter().any(|code| !is_partner(code)))
                    && who.get(&format!("/v1/tickets/{reference}")).await.status == 200;
                let path = format!("/v1/tickets/{reference}/handovers");
                let was_theirs = sees
                    || whole(&dispatcher, &path).await.iter().any(|had| {
                        services.is_some_and(|services| services.contains(&had["service"]["code"].as_str().unwrap()))
                    });
                assert!(was_theirs, "{to} was written to about {reference}, which is none of theirs");
            };
            each(references, look).await;
        }
        self.seen.extend(asked.into_iter().flat_map(|(to, all)| all.into_iter().map(move |one| (to.clone(), one))));
    }

    /// Every resident who left an address has their receipt, as the law has it (CRPA R112-5).
    pub fn every_resident_has_a_receipt(&self, stories: &Stories) {
        for said in self.said.iter().filter(|said| is_written_to(said)) {
            let heard = Town::tuesday(said.week);
            let references = stories.references(said);
            let receipt = self.letters_about(said).find(|letter| {
                let on_the_spot = references.is_empty() && letter.says("il vous a été répondu sur place");
                let of_it = letter.references.iter().any(|reference| references.contains(&reference.as_str()));
                letter.at >= heard
                    && letter.at < heard + Duration::days(1)
                    && (on_the_spot || letter.says("bien reçu") && of_it)
            });
            assert!(receipt.is_some(), "no receipt for {said:?}, {references:?}");
        }
    }

    /// Every end of every ticket was told to the officers and the residents whom it concerns. How many were.
    pub fn every_end_was_told(&self, stories: &Stories) -> (usize, usize) {
        let (mut officers, mut residents) = (0, 0);
        for (id, story) in &stories.all {
            for end in story.ends() {
                for said in stories.followers(self, id, end.at).into_values() {
                    officers += usize::from(self.officer_was_told(said, story, &end));
                    residents += usize::from(self.resident_was_told(stories, said, story, &end));
                }
            }
        }
        (officers, residents)
    }

    fn officer_was_told(&self, said: &Said, story: &Story, end: &End) -> bool {
        let (officer, name) = OFFICERS[said.officer];
        let own_act = end.by["type"] == "person" && end.by["name"] == name;
        let hidden = said.category == "officer_complaint";
        let to = email(officer);
        if hidden {
            let told = self.post.to(&to).any(|letter| letter.references.contains(story.reference()));
            assert!(!told, "{officer} was told of a complaint: {}", story.reference());
        } else if !own_act {
            assert!(told(self.post.to(&to), story, end, end.to_officer), "{officer} was not told: {:#?}", story.events);
        }
        !hidden && !own_act
    }

    fn resident_was_told(&self, stories: &Stories, said: &Said, story: &Story, end: &End) -> bool {
        if !is_written_to(said) || self.stopped_at(stories, said).is_some_and(|at| at <= end.at) {
            return false;
        }
        let letters = self.letters_about(said);
        assert!(told(letters, story, end, end.to_resident), "{said:?} was not told: {:#?}", story.events);
        true
    }

    fn letters_about(&self, said: &Said) -> impl Iterator<Item = &Letter> {
        said.resident.into_iter().flat_map(|resident| self.post.to(&cast::address(resident)))
    }

    /// When the resident stopped the mails about a concern.
    fn stopped_at(&self, stories: &Stories, said: &Said) -> Option<DateTime<Utc>> {
        let own = stories.references(said);
        let of_it = |letter: &&Letter| letter.references.iter().any(|reference| own.contains(&reference.as_str()));
        let mut links = self.letters_about(said).filter(of_it).filter_map(|letter| letter.link("/v1/tracking/"));
        links.find_map(|link| self.silenced.get(&link).copied())
    }

    /// Who is not told any more is known: residents who want no mails read so on their page, and those whose address takes
    /// none are named to the officer, or to the desk where the officer may not know.
    pub async fn it_is_known_who_is_not_told(&self, stories: &Stories) {
        assert!(!self.silenced.is_empty());
        for (link, at) in &self.silenced {
            let request = self.stranger.request(Method::GET, link).header("Accept", "application/json");
            assert_eq!(self.stranger.send(request).await.ok()["mails"], "stopped");
            let after = self.post.letters.iter().filter(|letter| letter.at > *at);
            let still = after.filter(|letter| letter.link("/v1/tracking/").as_ref() == Some(link)).count();
            assert_eq!(still, 0, "a letter about {link} after mails were stopped");
        }
        let gone = self.said.iter().filter(|said| said.resident.is_some() && !is_written_to(said));
        for said in gone.filter(|said| said.attached.is_none()) {
            let references = stories.references(said);
            let desk = SERVICES.iter().find(|service| service.code == DESK).unwrap().mailbox.to_owned();
            let hidden = said.category == "officer_complaint";
            let to = if hidden { desk } else { email(OFFICERS[said.officer].0) };
            let words = if hidden { "pas pu être remis" } else { "ne reçoit pas nos messages" };
            let known = self.post.to(&to).any(|letter| {
                letter.says(words) && letter.references.iter().any(|one| references.contains(&one.as_str()))
            });
            assert!(known || references.is_empty(), "{to} does not know that {said:?} is not told: {references:?}");
        }
    }

    /// No two machines write to one another without end.
    pub fn nobody_is_written_to_without_end(&self) {
        let mut most = 0;
        for to in self.post.addresses() {
            let mut about: BTreeMap<&str, Vec<DateTime<Utc>>> = BTreeMap::new();
            for letter in self.post.to(to) {
                // A list of many is not about each of them.
                for reference in letter.references.iter().filter(|_| letter.references.len() < 3) {
                    about.entry(reference).or_default().push(letter.at);
                }
            }
            for (reference, at) in about {
                let day = at.iter().enumerate().map(|(first, begins)| {
                    at[first..].iter().take_while(|other| **other - *begins < Duration::days(1)).count()
                });
                let day = day.max().unwrap();
                assert!(day <= A_DAY, "{to} {reference}: {at:?}");
                most = most.max(day);
                let machines = self.machines.contains(reference);
                assert!(machines || at.len() <= A_YEAR, "{to} was written to {} times about {reference}", at.len());
            }
        }
        assert!(most >= A_DAY / 2, "the machines never met");
    }
}

/// Whether the resident left an address that takes mail.
fn is_written_to(said: &Said) -> bool {
    said.resident.is_some_and(|resident| ![Temper::Unknown, Temper::Moved].contains(&temper(resident)))
}

/// Whether one of the letters tells of that end of that ticket.
fn told<'a>(mut letters: impl Iterator<Item = &'a Letter>, story: &Story, end: &End, words: &str) -> bool {
    letters.any(|letter| {
        let in_time = letter.at >= end.at && end.until.is_none_or(|until| letter.at <= until);
        in_time && letter.references.contains(story.reference()) && letter.says(words)
    })
}

/// Who reads what comes to an address of the town hall's, and, of a mailbox, of which services it is.
fn reader(to: &str) -> (&'static str, Option<&'static [&'static str]>) {
    if let Some(service) = SERVICES.iter().find(|service| service.mailbox == to) {
        let who = if service.code == DESK { DISPATCHER } else { service.member };
        return (who, Some(std::slice::from_ref(&service.code)));
    }
    if let Some((code, _)) = PARTNERS.iter().find(|(_, mailbox)| *mailbox == to) {
        return (DISPATCHER, Some(std::slice::from_ref(code)));
    }
    if to == email(MANAGER.0) {
        return (MANAGER.0, Some(&MANAGER.1));
    }
    let officer = OFFICERS.iter().find(|(officer, _)| email(officer) == to);
    (officer.unwrap_or_else(|| panic!("who is {to}?")).0, None)
}

fn is_partner(code: &str) -> bool {
    PARTNERS.iter().any(|(partner, _)| *partner == code)
}
