//! The life of one ticket: where, about what and when it was filed, whom the city's own rules sent it to, and what has
//! become of it. Made up anew, and alike, at each run.
//!
//! A ticket's ids follow from its number, so that whoever drives PostgreSQL alone can name any of them.

use anyhow::{Context as _, Result};
use chrono::{DateTime, Duration, Utc};
use domain::city::City;
use domain::city::catalogue::{Category, ClosureReason, Sensitivity};
use domain::city::question::Replies;
use domain::concern::Origin;
use domain::place::{Areas, Point};
use domain::routing::{Route, Subject};
use domain::ticket::Fact;
use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt as _, SeedableRng as _};
use uuid::Uuid;

/// How far back the first ticket lies.
const AGE: Duration = Duration::days(3650);

/// What people say, how often like Zipf's law has it: the first most.
const WHAT: [&str; 24] = [
    "Un matelas abandonné",
    "Des sacs éventrés",
    "Un lampadaire éteint",
    "Une ornière profonde",
    "Du bruit la nuit",
    "Une voiture ventouse",
    "Des tags sur la façade",
    "Un arbre tombé",
    "Une fuite d’eau",
    "Des déjections canines",
    "Une poubelle qui déborde",
    "Un trottoir affaissé",
    "Des rats près des bacs",
    "Un feu tricolore en panne",
    "Un banc cassé",
    "Des trottinettes en travers",
    "Une bouche d’égout bouchée",
    "Un panneau arraché",
    "Des encombrants oubliés",
    "Un chantier mal fermé",
    "Une haie qui dépasse",
    "Des seringues dans l’herbe",
    "Un potelet descellé",
    "Une épave brûlée",
];
const WHERE: [&str; 14] = [
    "au pied du mur",
    "devant l’école",
    "près de l’arrêt de bus",
    "sur le trottoir",
    "dans le parc",
    "derrière la gare",
    "à l’angle de la pharmacie",
    "le long du canal",
    "sous le porche",
    "au milieu de la chaussée",
    "devant le numéro douze",
    "près de l’aire de jeux",
    "sur le parking",
    "à l’entrée du passage",
];
const MORE: [&str; 16] = [
    "L’habitante l’a déjà signalé au printemps sans avoir de réponse.",
    "C’est dangereux pour les enfants qui passent le matin.",
    "Les voisins contournent en marchant sur la route.",
    "L’odeur est forte quand il fait chaud.",
    "Cela recommence toutes les semaines, surtout le dimanche soir.",
    "Une personne âgée a failli tomber hier.",
    "Le gardien a mis une barrière, qui a disparu depuis.",
    "On ne voit plus rien à partir de dix-huit heures.",
    "Les commerçants de la rue demandent un passage plus fréquent.",
    "Le conseil de quartier en a parlé deux fois.",
    "Il faudrait aussi regarder de l’autre côté de la place.",
    "Le bailleur dit que ce n’est pas à lui.",
    "L’eau stagne après chaque pluie.",
    "Les poussettes et les fauteuils ne passent plus.",
    "Rien n’a changé depuis la dernière visite.",
    "Un employé est venu, a pris des photos et n’est pas revenu.",
];
const STREETS: [&str; 12] = [
    "rue du Pigeonnier",
    "rue Saint-Leu",
    "place de la République",
    "allée du Château",
    "avenue Jules-Verne",
    "rue des Otages",
    "boulevard de Beauvillé",
    "rue Jean-Moulin",
    "chaussée Périgord",
    "rue des Trois-Cailloux",
    "square des Quatre-Chênes",
    "rue de l’Agrapin",
];

/// What has become of a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Course {
    Submitted,
    Acknowledged,
    InProgress,
    Resolved,
    Closed,
    Cancelled,
}

impl Course {
    pub(crate) const fn state(self) -> &'static str {
        match self {
            Self::Submitted => "submitted",
            Self::Acknowledged => "acknowledged",
            Self::InProgress => "in_progress",
            Self::Resolved => "resolved",
            Self::Closed => "closed",
            Self::Cancelled => "cancelled",
        }
    }
}

/// One ticket and its concern.
pub(crate) struct Story<'a> {
    pub(crate) number: u32,
    pub(crate) at: DateTime<Utc>,
    pub(crate) origin: Origin,
    pub(crate) category: &'a Category,
    pub(crate) description: String,
    pub(crate) point: Point,
    pub(crate) address: String,
    pub(crate) areas: Areas,
    pub(crate) route: Route,
    pub(crate) course: Course,
    /// Of each event, when it happened and what; the first one is that it was submitted.
    pub(crate) events: Vec<(DateTime<Utc>, Fact)>,
    /// Who filed it, among so many.
    pub(crate) referrer: usize,
}

/// The id of the ticket of that number.
pub(crate) fn ticket_id(number: u32) -> Uuid {
    id(1, number)
}

/// The id of the concern of that number.
pub(crate) fn concern_id(number: u32) -> Uuid {
    id(0, number)
}

/// The id of one of the events of the ticket of that number, or, from 100 on, of what else goes with it.
pub(crate) fn event_id(number: u32, version: usize) -> Uuid {
    id(0x100 + version as u128, number)
}

fn id(kind: u128, number: u32) -> Uuid {
    Uuid::from_u128(0x0199_a2c0_0000_7000_8000_0000_0000_0000 | kind << 80 | u128::from(number))
}

/// How many of the last tickets nobody has taken in hand yet.
pub(crate) fn submitted(tickets: u32) -> u32 {
    (tickets / 50).max(3000).min(tickets * 3 / 4)
}

/// Makes stories up.
pub(crate) struct Teller<'a> {
    city: &'a City,
    categories: Vec<&'a Category>,
    tickets: u32,
    now: DateTime<Utc>,
    random: Xoshiro256PlusPlus,
}

impl<'a> Teller<'a> {
    pub(crate) fn new(city: &'a City, tickets: u32, now: DateTime<Utc>) -> Self {
        let filed = |category: &&Category| category.parent.is_some() && category.sensitivity == Sensitivity::Standard;
        let categories = city.catalogue.iter().filter(filed).collect();
        Self { city, categories, tickets, now, random: Xoshiro256PlusPlus::seed_from_u64(u64::from(tickets)) }
    }

    /// The story of the ticket of that number, of which the first is the oldest.
    pub(crate) fn tell(&mut self, number: u32) -> Result<Story<'a>> {
        let at = self.now - AGE * i32::try_from(self.tickets - number)? / i32::try_from(self.tickets)?;
        let about = self.often(self.categories.len());
        let category = self.categories[about];
        let origins = [Origin::Patrol, Origin::Phone, Origin::TownHallDesk, Origin::Email];
        let origin = origins[self.often(origins.len())];
        let description = self.description();
        let (point, areas) = self.place();
        let address = format!("{} {}", self.random.random_range(1..200), STREETS[self.often(STREETS.len())]);
        let subject = Subject {
            category,
            areas: &areas,
            origin,
            priority: None,
            replies: &Replies::new(),
            description: Some(&description),
            at,
        };
        let mut route = self.city.rules.route(self.city, &subject).context("no rule sends such a concern anywhere")?;
        route.send_to.truncate(1);
        let service = route.send_to.first().cloned().context("a rule sends a concern nowhere")?;
        let course = self.course(number);
        let mut events = vec![(at, Fact::Submitted { service, note: None, organisation: None })];
        events.extend(self.events(course, at)?);
        let referrer = self.random.random_range(0..1000);
        Ok(Story { number, at, origin, category, description, point, address, areas, route, course, events, referrer })
    }

    /// A place in a list, of which the first ones come up far more often.
    fn often(&mut self, length: usize) -> usize {
        let share: f64 = self.random.random();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to length, exclusive")]
        #[expect(clippy::cast_precision_loss, reason = "a list is short")]
        let place = ((length as f64 + 1.0).powf(share) - 1.0) as usize;
        place.min(length - 1)
    }

    /// From five words to a hundred.
    fn description(&mut self) -> String {
        let mut text = format!("{} {}", WHAT[self.often(WHAT.len())], WHERE[self.often(WHERE.len())]);
        for _ in 0..self.often(10) {
            text.push(' ');
            text.push_str(MORE[self.random.random_range(0..MORE.len())]);
        }
        if self.random.random_bool(0.000_2) {
            text.push_str(" On y a même vu un hippocampe.");
        }
        text
    }

    /// Somewhere in the city.
    fn place(&mut self) -> (Point, Areas) {
        loop {
            let lat: f64 = self.random.random_range(49.84..49.95);
            let lon: f64 = self.random.random_range(2.22..2.37);
            let point = Point { lat: (lat * 1e6).round() / 1e6, lon: (lon * 1e6).round() / 1e6 };
            let areas = self.city.areas_at(point);
            if self.city.is_inside(&areas) {
                return (point, areas);
            }
        }
    }

    fn course(&mut self, number: u32) -> Course {
        let submitted = submitted(self.tickets);
        if number > self.tickets - submitted {
            return Course::Submitted;
        }
        let recent = number > self.tickets - submitted - self.tickets / 20;
        match self.random.random_range(0..100) {
            0..35 if recent => Course::Acknowledged,
            35..65 if recent => Course::InProgress,
            65..75 if recent => Course::Resolved,
            0..4 => Course::Cancelled,
            _ => Course::Closed,
        }
    }

    fn events(&mut self, course: Course, at: DateTime<Utc>) -> Result<Vec<(DateTime<Utc>, Fact)>> {
        let acknowledged = at + Duration::minutes(self.random.random_range(10..6000));
        let resolved = acknowledged + Duration::minutes(self.random.random_range(100..40_000));
        let taken = Fact::Acknowledged { assignee: None, expected_on: None, note: None };
        let reasons = [ClosureReason::WorkDone, ClosureReason::NothingFound, ClosureReason::InformationGiven];
        let settled = Fact::Resolved {
            closure_reason: reasons[self.often(reasons.len())],
            body_told: None,
            message_to_resident: "Le service est passé : c’est fait.".to_owned().try_into()?,
            note: None,
        };
        let closed = Fact::Closed { closure_reason: None, body_told: None, message_to_resident: None, note: None };
        let mut events = match course {
            Course::Submitted => vec![],
            Course::Acknowledged => vec![(acknowledged, taken)],
            Course::InProgress => vec![(acknowledged, taken), (resolved, Fact::Started { note: None })],
            Course::Resolved => vec![(acknowledged, taken), (resolved, settled)],
            Course::Closed => {
                vec![(acknowledged, taken), (resolved, settled), (resolved + Duration::days(14), closed)]
            }
            Course::Cancelled => {
                let note = "Retiré par l’habitant.".to_owned().try_into()?;
                vec![(acknowledged, Fact::Cancelled { note, message_to_resident: None })]
            }
        };
        // What would lie ahead has just happened.
        for (when, _) in &mut events {
            *when = (*when).min(self.now);
        }
        Ok(events)
    }
}
