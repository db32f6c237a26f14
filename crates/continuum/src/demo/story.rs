//! A small story, told through the use cases: what patrols saw three months ago, of which open data, a hotspot and figures
//! tell; then a café in the north of Amiens six weeks ago, eight concerns, and what became of each. The clock is moved by
//! hand.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context as _, Result, anyhow};
use auth::permission::ChangeTickets;
use auth::{Credential, Grant, Permission, Principal};
use chrono::{DateTime, Datelike as _, Days, Duration, Months, NaiveDate, Utc};
use domain::city::catalogue::ClosureReason;
use domain::city::question::Reply;
use domain::clock::Clock;
use domain::concern::Origin;
use domain::id::{CafeId, SessionId};
use domain::language::Language;
use domain::person::Role;
use domain::place::{Place, Point, Whereabouts};
use domain::rights::{Caller, Person};
use domain::ticket::Ticket;
use domain::ticket::acknowledge::Acknowledge;
use domain::ticket::close::Close;
use domain::ticket::event::RefusalReason;
use domain::ticket::refuse::Refuse;
use domain::ticket::reopen::Reopen;
use domain::ticket::resolve::Resolve;
use domain::ticket::start::Start;
use usecases::cafe::Plan;
use usecases::concern::{Contact, File, Filed};
use usecases::once::{Done, Once};
use usecases::ticket::{Named, On};
use usecases::{Answer, Context};
use uuid::Uuid;

use super::people::Cast;

/// A clock that is moved by hand.
struct HandClock(Mutex<DateTime<Utc>>);

impl Clock for HandClock {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Story<'a> {
    cx: Context,
    clock: Arc<HandClock>,
    cast: &'a Cast,
    cafe: Option<CafeId>,
    /// When what is told begins: the patrols', then the café's.
    begins: DateTime<Utc>,
}

/// Plays the story.
pub(super) async fn play(cx: &Context, cast: &Cast) -> Result<()> {
    let morning = |day: NaiveDate| Ok::<_, anyhow::Error>(day.and_hms_opt(8, 30, 0).context("8:30 exists")?.and_utc());
    let today = cx.now().date_naive();
    let cafe = morning(today - Days::new(42))?;
    // The last month of which open data are due.
    let month = (today - Months::new(3)).with_day(2).context("each month has a second day")?;
    let begins = morning(month)?;
    let clock = Arc::new(HandClock(Mutex::new(begins)));
    let mut story = Story { cx: Context { clock: clock.clone(), ..cx.clone() }, clock, cast, cafe: None, begins };
    story.patrols().await?;
    story.begins = cafe;
    story.hold_the_cafe().await?;
    story.dumped_rubbish().await?;
    story.dark_street().await?;
    story.noisy_neighbour().await?;
    story.hole_in_a_departmental_road().await?;
    story.how_to_join_the_police().await?;
    story.car_that_never_moves().await?;
    story.overflowing_bin().await?;
    story.dealing_in_a_stairwell().await?;
    // Not ten minutes later: whoever tries it out finds them at once.
    while usecases::open_data::publish(cx).await? > 0 {}
    Ok(())
}

/// What patrols saw, again and again: the category, where, what, how often.
const SEEN: [(&str, Where, &str, u64); 3] = [
    ("overflowing_bin", (49.9117, 2.2944, "Rue du Docteur-Fafet"), "Le point d’apport volontaire déborde.", 8),
    ("pothole", (49.8942, 2.2957, "Rue des Trois-Cailloux"), "Un nid-de-poule sur le passage des vélos.", 6),
    ("street_light_out", (49.8779, 2.3052, "Rue Saint-Fuscien"), "Un lampadaire éteint.", 5),
];

/// Latitude, longitude, address.
type Where = (f64, f64, &'static str);

/// Nobody repeats the story's requests.
fn nothing<T>(_: &T) -> Answer {
    Answer { status: 200, etag: None, location: None, body: String::new() }
}

fn now_done<T>(done: Done<T>) -> Result<T> {
    match done {
        Done::Now(outcome) => Ok(outcome),
        Done::Before(_) => Err(anyhow!("a request without a key was taken for a repeat")),
    }
}

fn may<P: Permission>(person: &Person) -> Result<Grant<P>> {
    let credential = Credential::Session { id: SessionId(Uuid::nil()), limited: false };
    Ok(Principal { caller: Caller::Person(person.clone()), credential, from: None }.grant()?)
}

fn text<T: TryFrom<String, Error = domain::text::TextError>>(text: &str) -> Result<T> {
    Ok(T::try_from(text.to_owned())?)
}

impl Story<'_> {
    fn at(&self, days: u64, hours: i64) {
        let now = self.begins + Days::new(days) + Duration::hours(hours);
        *self.clock.0.lock().unwrap_or_else(PoisonError::into_inner) = now;
    }

    async fn hold_the_cafe(&mut self) -> Result<()> {
        let officer = may(self.cast.with_role(Role::Agent)?)?;
        let plan = Plan {
            title: text("Café avec un policier, marché du Pigeonnier")?,
            confirm_text: false,
            place: Place { point: Point { lat: 49.9121, lon: 2.2972 }, address: Some(text("Place du Pays d’Auge")?) },
            starts_at: self.begins,
            ends_at: self.begins + Duration::hours(3),
        };
        let planned = now_done(usecases::cafe::plan(&self.cx, &officer, plan, Once::new(None, &nothing)).await?)?;
        let cafe = planned.cafe;
        usecases::cafe::announce(&self.cx, &officer, cafe.id, Once::new(None, &nothing)).await?;
        usecases::cafe::hold(&self.cx, &officer, cafe.id, Once::new(None, &nothing)).await?;
        self.cafe = Some(cafe.id);
        Ok(())
    }

    async fn file(
        &self,
        category: &str,
        (lat, lon, address): Where,
        description: &str,
        also: impl FnOnce(&mut File),
    ) -> Result<Filed> {
        let officer = may(self.cast.with_role(Role::Agent)?)?;
        let mut file = File {
            origin: Origin::Cafe,
            cafe: self.cafe,
            category: category.parse()?,
            description: Some(text(description)?),
            place: Whereabouts { point: Some(Point { lat, lon }), address: Some(text(address)?) },
            answer: None,
            replies: BTreeMap::new(),
            attach_to: None,
            resident: None,
            priority: None,
            confirm_text: false,
        };
        also(&mut file);
        now_done(usecases::concern::file(&self.cx, &officer, file, Once::new(None, &nothing)).await?)
    }

    fn service_of(&self, ticket: &Ticket) -> Result<Grant<ChangeTickets>> {
        may(self.cast.of_service(&ticket.service)?)
    }

    async fn acknowledge(&self, ticket: Ticket, days: Option<u64>) -> Result<Ticket> {
        let who = self.service_of(&ticket)?;
        let expected_on = days.map(|days| self.cx.now().date_naive() + Days::new(days));
        let cmd = Acknowledge { expected_on, ..Acknowledge::default() };
        now_done(usecases::ticket::acknowledge(&self.cx, &who, on(&ticket), cmd, Once::new(None, &nothing)).await?)
    }

    async fn start(&self, ticket: Ticket) -> Result<Ticket> {
        let who = self.service_of(&ticket)?;
        now_done(
            usecases::ticket::start(&self.cx, &who, on(&ticket), Start::default(), Once::new(None, &nothing)).await?,
        )
    }

    async fn resolve(&self, ticket: Ticket, closure_reason: ClosureReason, message: &str) -> Result<Ticket> {
        let who = self.service_of(&ticket)?;
        let cmd = Resolve { closure_reason, body_told: None, message_to_resident: text(message)?, note: None };
        now_done(usecases::ticket::resolve(&self.cx, &who, on(&ticket), cmd, Once::new(None, &nothing)).await?)
    }

    async fn close(&self, ticket: Ticket, cmd: Close) -> Result<Ticket> {
        let who = may(self.cast.with_role(Role::Dispatcher)?)?;
        now_done(usecases::ticket::close(&self.cx, &who, on(&ticket), cmd, Once::new(None, &nothing)).await?)
    }

    /// All of it is settled, some of it later than the rest.
    async fn patrols(&self) -> Result<()> {
        for (category, place, seen, times) in SEEN {
            for time in 0..times {
                self.at(3 * time, 1);
                let filed = self.file(category, place, seen, |file| {
                    file.origin = Origin::Patrol;
                    if category == "street_light_out" {
                        file.replies.insert("extent".to_owned(), Reply::Text("lamp".to_owned()));
                    }
                });
                let ticket = first(filed.await?)?;
                self.at(3 * time + 1, 2);
                let ticket = self.acknowledge(ticket, None).await?;
                self.at(3 * time + 2 + time % 4, 3);
                let ticket = self.resolve(ticket, ClosureReason::WorkDone, "C’est fait.").await?;
                self.at(3 * time + 9, 0);
                self.close(ticket, Close::default()).await?;
            }
        }
        Ok(())
    }

    async fn dumped_rubbish(&self) -> Result<()> {
        self.at(0, 1);
        let said = "Un matelas et des sacs de gravats au pied de la tour, depuis une semaine.";
        let place = (49.9128, 2.2961, "Avenue de la Paix");
        let filed = self.file("illegal_dumping", place, said, |file| {
            file.resident = Some(resident("habitante.nord@mail.example", Language::Fr));
        });
        let ticket = first(filed.await?)?;
        self.at(1, 0);
        let ticket = self.acknowledge(ticket, Some(1)).await?;
        self.at(2, 1);
        let ticket = self.start(ticket).await?;
        self.at(2, 5);
        let done =
            "Le matelas et les gravats ont été enlevés ce matin. La brigade verte repassera la semaine prochaine.";
        let ticket = self.resolve(ticket, ClosureReason::WorkDone, done).await?;
        self.at(16, 2);
        self.close(ticket, Close::default()).await.map(drop)
    }

    async fn dark_street(&self) -> Result<()> {
        self.at(0, 1);
        let said = "Trois lampadaires éteints à la suite, l’arrêt de bus est dans le noir.";
        let extent = [("extent".to_owned(), Reply::Text("several".to_owned()))];
        let place = (49.9102, 2.2990, "Rue Léo-Lagrange");
        let filed = self.file("street_light_out", place, said, |file| file.replies.extend(extent)).await?;
        self.at(1, 3);
        let ticket = self.acknowledge(first(filed)?, Some(45)).await?;
        self.at(9, 2);
        self.start(ticket).await.map(drop)
    }

    async fn noisy_neighbour(&self) -> Result<()> {
        self.at(0, 1);
        let said = "Musique forte presque chaque nuit jusqu’à 3 h, au quatrième étage.";
        let filed = self.file("neighbour_noise", (49.9135, 2.2985, "Rue Couperin"), said, |_| {}).await?;
        self.at(2, 0);
        self.acknowledge(first(filed)?, None).await.map(drop)
    }

    async fn hole_in_a_departmental_road(&self) -> Result<()> {
        self.at(0, 2);
        let said = "Un trou profond au milieu de la route, devant l’arrêt de bus.";
        let place = (49.9110, 2.2950, "Route d’Abbeville");
        let filed = self.file("pothole", place, said, |file| {
            file.resident = Some(resident("resident.nord@mail.example", Language::En));
        });
        let ticket = first(filed.await?)?;
        self.at(3, 0);
        let who = self.service_of(&ticket)?;
        let note = Some(text("Voie départementale : agence routière prévenue par téléphone.")?);
        let cmd = Refuse { reason: RefusalReason::NotCompetent, service: None, note };
        let refused = usecases::ticket::refuse(&self.cx, &who, on(&ticket), cmd, Once::new(None, &nothing)).await?;
        self.at(4, 1);
        let cmd = Close {
            closure_reason: Some(ClosureReason::NotCompetent),
            body_told: Some(text("Département de la Somme, agence routière")?),
            message_to_resident: Some(text("This road belongs to the département, which we have told.")?),
            note: None,
        };
        self.close(now_done(refused)?, cmd).await.map(drop)
    }

    async fn how_to_join_the_police(&self) -> Result<()> {
        self.at(0, 2);
        let said = "Demande comment devenir policier municipal, à 19 ans, avec un bac professionnel.";
        let place = (49.9121, 2.2972, "Place du Pays d’Auge");
        let answer =
            "Concours de gardien-brigadier (catégorie C) auprès du centre de gestion, puis agrément et formation.";
        let answer = text(answer)?;
        self.file("pm_careers", place, said, |file| file.answer = Some(answer)).await.map(drop)
    }

    async fn car_that_never_moves(&self) -> Result<()> {
        self.at(0, 2);
        let said = "Une voiture grise n’a pas bougé depuis un mois, pneus à plat.";
        let since = (self.begins - Days::new(30)).format("%Y-%m-%d").to_string();
        let since = [("since".to_owned(), Reply::Text(since))];
        let place = (49.9140, 2.3002, "Rue Balzac");
        let filed = self.file("abusive_parking", place, said, |file| file.replies.extend(since)).await?;
        self.at(1, 4);
        let ticket = self.acknowledge(first(filed)?, None).await?;
        self.at(5, 3);
        let nothing_there =
            "Au passage de la patrouille, aucune voiture n’était en stationnement prolongé dans la rue.";
        let ticket = self.resolve(ticket, ClosureReason::NothingFound, nothing_there).await?;
        self.at(8, 2);
        let who = may(self.cast.with_role(Role::Agent)?)?;
        let cmd = Reopen { note: text("L’habitant montre qu’elle est sur le parking derrière l’immeuble.")? };
        let reopened = usecases::ticket::reopen(&self.cx, &who, on(&ticket), cmd, Once::new(None, &nothing)).await?;
        self.at(9, 1);
        self.acknowledge(now_done(reopened)?, Some(8)).await.map(drop)
    }

    /// Nobody has answered: the ticket is late.
    async fn overflowing_bin(&self) -> Result<()> {
        self.at(0, 2);
        let said = "Le point d’apport volontaire déborde chaque lundi.";
        self.file("overflowing_bin", (49.9117, 2.2944, "Rue du Docteur-Fafet"), said, |_| {}).await.map(drop)
    }

    /// Of a crime nothing is kept but the category, the time and the area.
    async fn dealing_in_a_stairwell(&self) -> Result<()> {
        self.at(0, 2);
        let said = "Ce que l’habitant raconte ici n’est pas conservé.";
        self.file("drug_dealing", (49.9130, 2.2968, "Avenue de la Paix"), said, |_| {}).await.map(drop)
    }
}

fn on(ticket: &Ticket) -> On {
    On { ticket: Named::Id(ticket.id), seen: vec![ticket.version] }
}

fn first(filed: Filed) -> Result<Ticket> {
    let category = filed.concern.category;
    filed.tickets.into_iter().next().ok_or_else(|| anyhow!("{category} opened no ticket"))
}

fn resident(email: &str, language: Language) -> Contact {
    Contact { name: None, email: Some(email.to_owned()), phone: None, language }
}
