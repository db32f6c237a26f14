//! Nothing is left lying without anybody knowing.

use std::collections::BTreeSet;

use super::cast::{DISPATCHER, SERVICES};
use super::story::{Stories, Story};
use super::town::{Town, whole};

impl Town {
    /// Every ticket has ended, or is on the list of late ones of whoever has it, and of the dispatcher. How many are.
    pub async fn what_has_not_ended_is_on_somebodys_list(&self, stories: &Stories) -> usize {
        let open = stories.all.values().filter(|story| story.is_open());
        let open: BTreeSet<&str> = open.map(Story::reference).collect();
        let late = async |name: &str, of: &str| -> BTreeSet<String> {
            let who = self.who(name).await;
            let list = whole(&who, &format!("/v1/tickets?late=true{of}")).await;
            list.iter().map(|ticket| ticket["reference"].as_str().unwrap().to_owned()).collect()
        };
        let of_dispatcher = late(DISPATCHER, "").await;
        let mut of_services = BTreeSet::new();
        for service in &SERVICES {
            of_services.extend(late(service.member, &format!("&service={}", service.code)).await);
        }
        for story in stories.all.values().filter(|story| open.contains(story.reference())) {
            let (reference, code) = (story.reference(), story.ticket["service"]["code"].as_str().unwrap());
            assert!(of_dispatcher.contains(reference), "nobody knows that it is late: {:#}", story.ticket);
            let has_members = SERVICES.iter().any(|service| service.code == code);
            assert!(!has_members || of_services.contains(reference), "{code} does not know: {:#}", story.ticket);
        }
        assert!(of_dispatcher.iter().all(|late| open.contains(late.as_str())), "what has ended is not late any more");
        open.len()
    }
}
