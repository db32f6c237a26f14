//! Partners without accounts: each ticket comes with a link of its own.

use reqwest::Method;
use serde_json::{Value, json};

use super::cast::dice;
use super::town::Town;

/// What a partner does with a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// Takes it in hand, and settles it a week later.
    Settles,
    /// Sends it back.
    Refuses,
    /// Takes it in hand, and forgets it until its link has expired.
    Sleeps,
    /// Never opens it.
    Silent,
}

impl Town {
    fn way(&self, reference: &str) -> Way {
        match dice(self.by_reference[reference], "partner") {
            0..45 => Way::Settles,
            45..60 => Way::Refuses,
            60..80 => Way::Sleeps,
            _ => Way::Silent,
        }
    }

    /// A partner reads letters that carry a link: the number of each.
    pub async fn partner_reads(&mut self, letters: &[usize]) {
        for letter in letters {
            let letter = &self.post.letters[*letter];
            let Some(link) = letter.link("/v1/partners/") else { continue };
            let [reference] = letter.references.iter().collect::<Vec<_>>()[..] else {
                panic!("a link to one ticket: {letter:?}")
            };
            let (reference, way) = (reference.clone(), self.way(reference));
            let known = self.links.get(&reference).is_some_and(|(known, _)| *known == link);
            if known || way == Way::Silent {
                continue;
            }
            // Looking changes nothing; a letter about a ticket that has left leads nowhere.
            let Some(ticket) = self.follow_link(&link).await else { continue };
            assert_eq!(ticket["reference"], reference.as_str());
            if ticket["state"] == "submitted" && way == Way::Refuses {
                let refusal = json!({ "reason": "not_competent", "note": "Hors de nos immeubles." });
                self.partner_acts(&link, &ticket, "refuse", &refusal).await;
                continue;
            }
            if ticket["state"] == "submitted" {
                self.partner_acts(&link, &ticket, "acknowledge", &json!({})).await;
            }
            let renewed = self.links.contains_key(&reference);
            let later = if way == Way::Sleeps && !renewed { 2 } else { 1 };
            self.links.insert(reference, (link, self.week + later));
        }
    }

    /// A partner comes back to what it had taken in hand.
    pub async fn partners_work(&mut self) {
        let due: Vec<(String, String)> = self
            .links
            .iter()
            .filter(|(_, (_, week))| *week == self.week)
            .map(|(reference, (link, _))| (reference.clone(), link.clone()))
            .collect();
        for (reference, link) in due {
            let Some(ticket) = self.follow_link(&link).await else {
                let renewed = self.stranger.post(&format!("{link}/renew"), &json!({})).await;
                // It may have left in the meantime.
                assert!([202, 410].contains(&renewed.status), "{reference}: {}", renewed.text);
                continue;
            };
            if ["acknowledged", "scheduled", "in_progress"].contains(&ticket["state"].as_str().unwrap()) {
                let end = json!({ "closure_reason": "work_done", "message_to_resident": "La porte est réparée." });
                self.partner_acts(&link, &ticket, "resolve", &end).await;
            }
        }
    }

    async fn follow_link(&self, link: &str) -> Option<Value> {
        let request = self.stranger.request(Method::GET, link).header("Accept", "application/json");
        let reply = self.stranger.send(request).await;
        if reply.status == 410 {
            return None;
        }
        Some(reply.ok())
    }

    async fn partner_acts(&self, link: &str, ticket: &Value, action: &str, body: &Value) -> Value {
        let request = self.stranger.request(Method::POST, &format!("{link}/{action}"));
        let request = request.header("If-Match", format!("\"{}\"", ticket["version"]));
        self.stranger.send(request.json(body)).await.ok()
    }
}
