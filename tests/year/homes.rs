//! Who reads the letters, and what they do then: residents at home, and machines that answer for people.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt as _, stream};
use reqwest::Method;
use serde_json::{Value, json};

use super::cast::{ANSWERS_BY_ITSELF, Habit, ON_LEAVE, PARTNERS, SERVICES, Temper, dice, resident_at, temper};
use super::post::Letter;
use super::town::{AT_ONCE, Town};
use crate::support::city::email;

/// The weeks of August.
const LEAVE: std::ops::RangeInclusive<i64> = 21..=24;

/// What a resident wants to do, having seen their page.
struct Wish {
    resident: usize,
    link: String,
    no_mail: bool,
    /// What they say of each ticket, by its reference.
    opinions: Vec<(String, Value)>,
}

impl Town {
    /// Everybody reads what has arrived, the letters from that number on.
    pub async fn answer(&mut self, first: usize) {
        let new = first..self.post.letters.len();
        let to_partner = |letter: &&usize| PARTNERS.iter().any(|(_, to)| *to == self.post.letters[**letter].to);
        let to_partners: Vec<usize> = new.clone().collect::<Vec<_>>().iter().filter(to_partner).copied().collect();
        self.partner_reads(&to_partners).await;
        self.visit_pages(first).await;
        let mut letters: Vec<&Letter> = self.post.letters[first..].iter().collect();
        letters.sort_by_cached_key(|letter| (letter.to.clone(), self.number_in(letter), letter.subject.len()));
        let (mut reports, mut machines, mut answers) = (Vec::new(), Vec::new(), Vec::new());
        let mut endless = BTreeSet::new();
        for letter in letters {
            let number = self.number_in(letter);
            match resident_at(&letter.to).map(temper) {
                Some(Temper::Moved) => reports.push(report(letter)),
                Some(Temper::Away) => {
                    machines.push(answer(letter, "Auto-Submitted: auto-replied\r\n", "Je suis absente."));
                }
                Some(Temper::Writes) if !letter.says("bien reçu") => {
                    answers.push(answer(letter, "", "C’est toujours là."));
                }
                _ => {}
            }
            let service = SERVICES.iter().find(|service| service.mailbox == letter.to);
            match service.map(|service| service.habit) {
                Some(Habit::Unreachable) => reports.push(report(letter)),
                Some(Habit::Writes) if letter.says("à prendre en charge") && dice(number, "by e-mail") < 60 => {
                    answers.push(answer(letter, "", "Nous y allons jeudi."));
                }
                _ => {}
            }
            let august = LEAVE.contains(&self.week);
            let by_itself =
                service.is_some_and(|service| service.code == ANSWERS_BY_ITSELF) || letter.to == email(ON_LEAVE);
            if august && by_itself {
                endless.extend(letter.references.iter().cloned());
                answers.push(answer(letter, "", "Nous vous répondrons dès notre retour."));
            }
        }
        self.machines.extend(endless);
        for outcome in self.hand_in(reports).await {
            assert_eq!(outcome["outcome"], "bounced", "{outcome}");
        }
        for outcome in self.hand_in(machines).await {
            assert_eq!((&outcome["outcome"], &outcome["why"]), (&json!("ignored"), &json!("automatic")), "{outcome}");
        }
        self.hand_in(answers).await;
    }

    /// The first concern that a letter tells of.
    fn number_in(&self, letter: &Letter) -> usize {
        letter
            .references
            .iter()
            .filter_map(|reference| self.by_reference.get(reference))
            .min()
            .copied()
            .unwrap_or_default()
    }

    /// Residents follow the links of their letters, look whether what they were told stands there, and do what is theirs.
    async fn visit_pages(&mut self, first: usize) {
        let mut visits: BTreeMap<String, (usize, Vec<usize>)> = BTreeMap::new();
        for (at, letter) in self.post.letters.iter().enumerate().skip(first) {
            let Some(resident) = resident_at(&letter.to) else { continue };
            let link = letter.link("/v1/tracking/").unwrap();
            let (_, told) = visits.entry(link).or_insert_with(|| (resident, Vec::new()));
            told.push(at);
        }
        let look =
            async |(link, (resident, told)): (String, (usize, Vec<usize>))| self.look(link, resident, &told).await;
        let mut wishes: Vec<Wish> = stream::iter(visits).map(look).buffer_unordered(AT_ONCE).collect().await;
        let concern = |(reference, _): &(String, Value)| self.by_reference.get(reference).copied();
        wishes.sort_by_cached_key(|wish| (wish.resident, wish.opinions.first().and_then(concern)));
        for Wish { link, no_mail, opinions, .. } in wishes {
            if no_mail {
                let one_click = [("List-Unsubscribe", "One-Click")];
                self.stranger.submit(&format!("{link}/unsubscribe"), &one_click).await.is(200);
                let now = self.now();
                self.silenced.entry(link.clone()).or_insert(now);
            }
            for (reference, said) in opinions {
                self.say(&link, reference, &said).await;
            }
        }
    }

    async fn look(&self, link: String, resident: usize, told: &[usize]) -> Wish {
        let request = self.stranger.request(Method::GET, &link).header("Accept", "application/json");
        let page = self.stranger.send(request).await.ok();
        let tickets = page["tickets"].as_array().unwrap();
        let shown = |reference: &String| tickets.iter().any(|ticket| ticket["reference"] == reference.as_str());
        for letter in told.iter().map(|at| &self.post.letters[*at]) {
            // Of a neighbour's ticket that was merged, the page shows the main one in its place.
            let merged = letter.says("est suivie avec une autre") && letter.references.iter().any(shown);
            assert!(merged || letter.references.iter().all(shown), "{letter:?} is not on the page: {page:#}");
        }
        let asked = tickets.iter().filter(|ticket| {
            ticket["feedback_open"] == true && ticket.get("feedback").is_none() && ticket["state"] != "cancelled"
        });
        let mut opinions: Vec<(String, Value)> = Vec::new();
        for ticket in asked {
            let reference = ticket["reference"].as_str().unwrap();
            opinions.extend(self.opinion(resident, reference).map(|said| (reference.to_owned(), said)));
        }
        Wish { resident, link, no_mail: temper(resident) == Temper::WantsNoMail, opinions }
    }

    async fn say(&mut self, link: &str, reference: String, said: &Value) {
        let reply = self.stranger.post(&format!("{link}/feedback"), said).await;
        if reply.status == 409 {
            // A neighbour has just had it taken up again.
            reply.refused(409, "feedback_not_open");
            assert!(self.insisted.contains(&reference), "{}", reply.text);
            return;
        }
        reply.ok();
        if said["reopen"] == true {
            self.insisted.insert(reference);
        }
    }

    fn opinion(&self, resident: usize, reference: &str) -> Option<Value> {
        Some(match temper(resident) {
            Temper::Insists if !self.insisted.contains(reference) => {
                json!({ "solved": "no", "reason": "came_back", "reopen": true, "ticket": reference })
            }
            Temper::Unhappy => json!({ "solved": "no", "reason": "partly", "ticket": reference }),
            Temper::Content | Temper::Insists => json!({ "solved": "yes", "ticket": reference }),
            _ => return None,
        })
    }
}

/// An answer to the letter, as a mail program writes it.
fn answer(letter: &Letter, header: &str, text: &str) -> String {
    format!(
        "From: {}\r\nTo: {}\r\nSubject: Re: {}\r\n{header}MIME-Version: 1.0\r\nContent-Type: text/plain; \
         charset=utf-8\r\n\r\n{text}\r\n",
        letter.to,
        letter.reply_to,
        letter.subject.replace(['\r', '\n'], " ")
    )
}

/// A delivery status notification (RFC 3464): the address does not exist.
fn report(letter: &Letter) -> String {
    format!(
        "Return-Path: <>\r\nFrom: MAILER-DAEMON@mx.example (Mail Delivery System)\r\nTo: {}\r\nSubject: Undelivered \
         Mail Returned to Sender\r\nAuto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\nContent-Type: \
         multipart/report; report-type=delivery-status; boundary=\"b\"\r\n\r\n--b\r\nContent-Type: \
         text/plain\r\n\r\nI could not deliver it.\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n\
         Reporting-MTA: dns; mx.example\r\n\r\nFinal-Recipient: rfc822; {}\r\nAction: failed\r\nStatus: 5.1.1\r\n\
         Diagnostic-Code: smtp; 550 unknown\r\n\r\n--b--\r\n",
        letter.returns_to, letter.to
    )
}
