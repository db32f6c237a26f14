//! What the services do with what they are sent, each in its own way.

use serde_json::{Value, json};

use super::cast::{Habit, SERVICES, Service, competent};
use super::town::{Town, each, whole};
use crate::support::caller::Caller;

impl Town {
    /// An afternoon at the services.
    pub async fn work(&self) {
        let services = SERVICES.iter().filter(|service| match service.habit {
            Habit::Silent => false,
            Habit::Slow => self.week % 6 == 5,
            Habit::Prompt | Habit::Wrong | Habit::Unreachable | Habit::Writes => true,
        });
        for service in services {
            let member = self.who(service.member).await;
            let of = format!("/v1/tickets?service={}", service.code);
            let open = "status=submitted&status=acknowledged&status=scheduled&status=in_progress";
            let (new, at_hand): (Vec<Value>, Vec<Value>) = whole(&member, &format!("{of}&{open}"))
                .await
                .into_iter()
                .partition(|ticket| ticket["state"] == "submitted");
            each(at_hand, async |ticket| self.go_on(&member, &ticket).await).await;
            self.take_in(&member, service, new).await;
        }
    }

    /// What came in: not ours, or ours, most of it at once.
    async fn take_in(&self, member: &Caller, service: &Service, new: Vec<Value>) {
        let mut ours = Vec::new();
        for ticket in new {
            let number = self.number(&ticket);
            let never_passed_on = ticket["handovers"] == 1;
            match super::cast::dice(number, service.code) {
                0..30 if service.habit == Habit::Wrong => {
                    let refusal = json!({ "reason": "not_competent", "service": competent(service_category(&ticket)) });
                    member.act(&ticket, "refuse", &refusal).await.ok();
                }
                30..50 if service.habit == Habit::Wrong && never_passed_on => {
                    let to = competent(service_category(&ticket));
                    let body = json!({ "service": to, "note": "C’est plutôt pour vous." });
                    member.act(&ticket, "reroute", &body).await.ok();
                }
                97.. if never_passed_on => {
                    member.act(&ticket, "refuse", &json!({ "reason": "insufficient_information" })).await.ok();
                }
                _ if self.dice(number, "taken in hand") < 75 => ours.push(ticket),
                _ => {}
            }
        }
        for some in ours.chunks(100) {
            let items = some.iter().map(|ticket| json!({ "ticket": ticket["id"], "version": ticket["version"] }));
            let body = json!({ "tickets": items.collect::<Vec<_>>(), "command": {} });
            let done = member.post("/v1/tickets/bulk/acknowledge", &body).await.ok();
            assert_eq!(done["changed"], some.len(), "{done}");
        }
    }

    /// What is at hand: done, begun, planned, put off, or only written about.
    async fn go_on(&self, member: &Caller, ticket: &Value) {
        let number = self.number(ticket);
        let state = ticket["state"].as_str().unwrap();
        let write = async |to: &str| {
            let path = format!("/v1/tickets/{}/{to}", ticket["id"].as_str().unwrap());
            member.post(&path, &json!({ "text": "Nous y passons jeudi." })).await
        };
        match self.dice(number, "at hand") {
            0..50 => {
                let body =
                    json!({ "closure_reason": reason(self.dice(number, "end")), "message_to_resident": "Voilà." });
                member.act(ticket, "resolve", &body).await.ok();
            }
            50..58 if state != "in_progress" => drop(member.start(ticket).await.ok()),
            58..64 if state != "scheduled" => {
                member.act(ticket, "schedule", &json!({ "scheduled_for": self.day(6) })).await.ok();
            }
            64..70 => {
                let body = json!({ "reason": "weather", "resume_on": self.day(10) });
                member.act(ticket, "hold", &body).await.ok();
            }
            70..78 => {
                let reply = write("resident_messages").await;
                if reply.status != 201 {
                    reply.refused(409, "resident_without_address");
                }
            }
            // Of a complaint about an officer, the officer who wrote it down hears nothing.
            78..84 if ticket["category"] == "officer_complaint" => {
                write("referrer_messages").await.refused(409, "hidden_from_referrer");
            }
            78..84 => drop(write("referrer_messages").await.created()),
            _ => {}
        }
    }
}

fn service_category(ticket: &Value) -> &str {
    ticket["category"].as_str().unwrap()
}

fn reason(drawn: usize) -> &'static str {
    match drawn {
        0..50 => "work_done",
        50..62 => "nothing_found",
        62..72 => "under_monitoring",
        72..80 => "information_given",
        80..87 => "no_action_planned",
        87..93 => "private_matter",
        93..97 => "resident_unreachable",
        _ => "resident_withdrew",
    }
}
