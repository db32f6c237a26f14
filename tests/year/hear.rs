//! What is said: to patrols, on the telephone, at cafés.

use chrono::{Duration, SecondsFormat};
use futures_util::{StreamExt as _, stream};
use serde_json::{Value, json};
use uuid::Uuid;

use super::cast::{OFFICERS, ON_LEAVE, SECTORS, TALK, dice, restricted};
use super::town::{AT_ONCE, Cafe, Said, Town};
use crate::cafe::{path, report};
use crate::support::caller::Caller;

/// For how many weeks people are listened to.
pub const WEEKS: i64 = 52;

/// The cafés: the week, the sector's place. The second of these is called off and held two weeks later.
const CAFES: [(i64, usize); 7] = [(6, 0), (15, 1), (17, 1), (26, 2), (36, 3), (45, 4), (51, 0)];
const CALLED_OFF: i64 = 15;

/// How long before it a café is planned, and announced, weeks.
const PLANNED_BEFORE: i64 = 8;
const ANNOUNCED_BEFORE: i64 = 6;

/// The week in which the officer who goes on leave files something for a service that answers by itself, too.
const BEFORE_LEAVE: i64 = 20;

/// What is said for the how manieth time in the year, by whom, and about what.
fn said(number: usize, week: i64, first: bool) -> (Value, Said) {
    let mut drawn = dice(number, "talk") * 100 + dice(number, "talk on");
    let total: usize = TALK.iter().map(|(_, share)| share).sum();
    drawn = drawn * total / 10_000;
    let of = |(_, share): &&(&'static str, usize)| {
        let here = drawn < *share;
        drawn = drawn.saturating_sub(*share);
        here
    };
    let mut category = TALK.iter().find(of).unwrap().0;
    let mut officer = number % OFFICERS.len();
    if week == BEFORE_LEAVE && first {
        category = "neighbour_dispute";
        officer = OFFICERS.iter().position(|(name, _)| *name == ON_LEAVE).unwrap();
    }
    // One in three says two things in the year.
    let resident = (dice(number, "address") < 72).then_some(number - usize::from(number % 3 == 2));
    let sector = &SECTORS[dice(number, "sector") % SECTORS.len()];
    let (street, house) = (dice(number, "street") % 3, dice(number, "house") % 4);
    let (lat, lon) = sector.at;
    let along = |steps: usize| f64::from(u32::try_from(steps).unwrap()) * 0.0011;
    let mut body = json!({
        "category": category,
        "description": "C’est ainsi depuis deux semaines, et personne ne vient voir",
        "place": {
            "lat": lat + along(street), "lon": lon + along(house),
            "address": format!("{} {}", house * 2 + 1, sector.streets[street]),
        },
    });
    let signposted = category == "drug_dealing";
    if signposted {
        body.as_object_mut().unwrap().remove("description");
    } else if let Some(resident) = resident {
        body["resident"] = json!({ "email": super::cast::address(resident) });
    }
    if category == "pm_careers" {
        body["answer"] = json!("Par concours, une fois l’an.");
    }
    let resident = resident.filter(|_| !signposted);
    let (id, tickets) = (String::new(), Vec::new());
    (body, Said { number, id, category, officer, resident, cafe: None, week, tickets, attached: None })
}

impl Town {
    /// A morning: officers write down what they heard, at the café if there is one.
    pub async fn hear(&mut self) {
        if self.week >= WEEKS {
            return;
        }
        let officers = self.officers().await;
        self.change_minds(&officers).await;
        self.hold_cafes(&officers[0]).await;
        let at_cafe = self.cafes.iter().position(|cafe| cafe.week == self.week && !cafe.cancelled);
        let heard = self.concerns / 20;
        let cafes = CAFES.iter().filter(|(week, _)| *week != CALLED_OFF).count();
        let by = |week: i64| {
            (self.concerns - cafes * heard) * usize::try_from(week).unwrap() / usize::try_from(WEEKS).unwrap()
        };
        let (first, week) = (self.said.len(), self.week);
        let until = first + by(week + 1) - by(week) + at_cafe.map_or(0, |_| heard);
        let all: Vec<_> = (first..until).map(|number| said(number, week, number == first)).collect();
        let mut all = all.into_iter();
        if let Some(cafe) = at_cafe {
            let noted = all.by_ref().take(heard).collect();
            self.send_notes(&officers[0], cafe, noted).await;
        }
        let filed: Vec<Said> = stream::iter(all).map(|one| self.file(&officers, one)).buffered(AT_ONCE).collect().await;
        for said in filed {
            self.remember(said);
        }
    }

    async fn officers(&self) -> Vec<Caller> {
        let mut officers = Vec::new();
        for (name, _) in OFFICERS {
            officers.push(self.who(name).await);
        }
        officers
    }

    /// Files one, attached to what was said before in the same place if the officer knows it.
    async fn file(&self, officers: &[Caller], (mut body, mut said): (Value, Said)) -> Said {
        let origins = ["patrol", "phone", "town_hall_desk", "email"];
        body["origin"] = json!(origins[dice(said.number, "origin") % 4]);
        let sector = |number: usize| dice(number, "sector") % SECTORS.len();
        let known = self.said.iter().rev().take(400).find(|other| {
            let same = other.category == said.category && sector(other.number) == sector(said.number);
            same && other.week < said.week && !other.tickets.is_empty()
        });
        let known = known.filter(|_| dice(said.number, "same thing") < 7 && !restricted(said.category));
        let who = &officers[said.officer];
        if let Some(known) = known {
            body["attach_to"] = json!(known.tickets[0]);
            let reply = who.post("/v1/concerns", &body).await;
            if reply.status == 201 {
                said.attached = Some(known.tickets[0].clone());
                return Said { tickets: Vec::new(), ..filed(said, &reply.json()) };
            }
            reply.refused_fields(422, "invalid_content", &[("/attach_to", "ended")]);
            body.as_object_mut().unwrap().remove("attach_to");
        }
        filed(said, &who.post("/v1/concerns", &body).await.created())
    }

    fn remember(&mut self, said: Said) {
        assert_eq!(said.number, self.said.len());
        self.by_id.insert(said.id.clone(), said.number);
        for reference in &said.tickets {
            self.by_reference.insert(reference.clone(), said.number);
        }
        self.said.push(said);
    }

    /// Sends what was noted at the café, without a network.
    async fn send_notes(&mut self, officer: &Caller, cafe: usize, noted: Vec<(Value, Said)>) {
        let at = self.now().to_rfc3339_opts(SecondsFormat::Secs, true);
        let held = json!({ "id": self.cafes[cafe].id });
        let mut noted = noted.into_iter().peekable();
        while noted.peek().is_some() {
            let (mut items, said): (Vec<Value>, Vec<Said>) = noted.by_ref().take(200).unzip();
            for (item, said) in items.iter_mut().zip(&said) {
                item["id"] = json!(Uuid::from_u128(said.number as u128 + 1));
                item["noted_at"] = json!(at);
            }
            let (body, said) = (json!({ "items": items }), said.into_iter());
            let answer = officer.post(&path(&held, "/concerns:batch"), &body).await.ok();
            for (said, result) in said.zip(answer["items"].as_array().unwrap()) {
                assert_eq!(result["status"], "created", "{result}");
                let said = Said { officer: 0, cafe: Some(self.cafes[cafe].id.clone()), ..said };
                self.remember(filed(said, &result["concern"]));
                self.cafes[cafe].heard += 1;
            }
        }
    }

    /// Plans, announces, calls off, holds and reports.
    async fn hold_cafes(&mut self, officer: &Caller) {
        for (week, sector) in CAFES {
            if self.week == (week - PLANNED_BEFORE).max(0) {
                let id = self.plan(officer, week, sector).await;
                self.cafes.push(Cafe { id, week, cancelled: false, heard: 0 });
            }
        }
        for cafe in &mut self.cafes {
            let of = json!({ "id": cafe.id });
            match self.week - cafe.week {
                before if before == -ANNOUNCED_BEFORE => {
                    officer.post(&path(&of, "/announce"), &json!({})).await.ok();
                }
                -1 if cafe.week == CALLED_OFF => {
                    officer.post(&path(&of, "/cancel"), &json!({ "reason": "Vents violents" })).await.ok();
                    cafe.cancelled = true;
                }
                0 if !cafe.cancelled => drop(officer.post(&path(&of, "/hold"), &json!({})).await.ok()),
                1 if !cafe.cancelled => {
                    let held = officer.get(&path(&of, "")).await.ok();
                    let talked = json!([{ "category": "cleanliness", "count": 4 }]);
                    let body = json!({ "headcount": 34, "conversations": talked, "weather": "rain" });
                    report(officer, &held, &body).await.ok();
                }
                _ => {}
            }
        }
    }

    async fn plan(&self, officer: &Caller, week: i64, sector: usize) -> String {
        let ((lat, lon), street) = (SECTORS[sector].at, SECTORS[sector].streets[0]);
        let at = |time: chrono::DateTime<chrono::Utc>| time.to_rfc3339_opts(SecondsFormat::Secs, true);
        let begins = Town::tuesday(week) - Duration::minutes(30);
        let plan = json!({
            "title": format!("Café avec un policier, {street}"),
            "place": { "lat": lat, "lon": lon, "address": street },
            "starts_at": at(begins), "ends_at": at(begins + Duration::hours(3)),
        });
        officer.post("/v1/cafes", &plan).await.created()["id"].as_str().unwrap().to_owned()
    }

    /// Officers take back what they should not have filed, while nobody has it in hand.
    async fn change_minds(&self, officers: &[Caller]) {
        for officer in officers {
            for ticket in super::town::whole(officer, "/v1/tickets?referrer=me&status=submitted").await {
                if self.dice(self.number(&ticket), "taken back") < 1 {
                    officer.act(&ticket, "cancel", &json!({ "note": "Saisi deux fois." })).await.ok();
                }
            }
        }
    }
}

fn filed(mut said: Said, answer: &Value) -> Said {
    if let Some(id) = answer["id"].as_str() {
        id.clone_into(&mut said.id);
    }
    let tickets = answer["tickets"].as_array().into_iter().flatten();
    said.tickets = tickets.map(|ticket| ticket["reference"].as_str().unwrap().to_owned()).collect();
    said
}
