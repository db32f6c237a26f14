//! The collections, and what is known of their features.

use actix_web::HttpRequest;
use domain::city::City;
use domain::city::catalogue::Sensitivity;
use domain::language::Language;
use domain::ticket::State;
use serde_json::{Value, json};

use crate::answer::Wrong;

/// WGS 84, longitude before latitude: what GeoJSON is in, and the only one here.
pub(crate) const CRS84: &str = "http://www.opengis.net/def/crs/OGC/1.3/CRS84";

/// A collection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Collection {
    Tickets,
    Cafes,
    Hotspots,
    Areas,
}

/// A property of features.
pub(crate) struct Property {
    pub(crate) name: String,
    pub(crate) schema: Value,
    pub(crate) description: (&'static str, &'static str),
    /// Whether features can be narrowed by it.
    pub(crate) filters: bool,
}

impl Property {
    fn new(name: &str, schema: Value, description: (&'static str, &'static str)) -> Self {
        Self { name: name.to_owned(), schema, description, filters: false }
    }

    fn filter(self) -> Self {
        Self { filters: true, ..self }
    }
}

impl Collection {
    pub(crate) const ALL: [Self; 4] = [Self::Tickets, Self::Cafes, Self::Hotspots, Self::Areas];

    /// The one that a request's path names.
    pub(crate) fn of(request: &HttpRequest) -> Result<Self, Wrong> {
        let named = request.match_info().get("collection").unwrap_or_default();
        Self::ALL.into_iter().find(|collection| collection.id() == named).ok_or_else(Wrong::unknown_collection)
    }

    pub(crate) const fn id(self) -> &'static str {
        match self {
            Self::Tickets => "tickets",
            Self::Cafes => "cafes",
            Self::Hotspots => "hotspots",
            Self::Areas => "areas",
        }
    }

    pub(crate) fn title(self, language: Language) -> &'static str {
        language.pick(match self {
            Self::Tickets => ("Saisines", "Tickets"),
            Self::Cafes => ("Cafés avec un policier", "Coffee with an officer"),
            Self::Hotspots => ("Lieux qui reviennent", "Places that come back"),
            Self::Areas => ("Secteurs", "Areas"),
        })
    }

    pub(crate) fn description(self, language: Language) -> &'static str {
        language.pick(match self {
            Self::Tickets => (
                "Ce que des habitants ont signalé, et où l’on en est ; « datetime » porte sur le dépôt. Public : ce que dit \
                 Open311, une doléance avec toutes ses saisines, sans un mot de l’habitant. Avec un jeton : chaque saisine \
                 que son porteur peut lire. Ce qui n’a qu’une adresse n’est pas sur la carte.",
                "What residents reported, and how far it is; “datetime” is about when it was filed. Public: what Open311 \
                 tells, a concern with all of its tickets, without a word of the resident. With a token: each ticket that \
                 its holder may read. What has only an address is not on the map.",
            ),
            Self::Cafes => (
                "Les rencontres ; « datetime » porte sur leurs heures. Public : celles du calendrier, annoncées, des douze \
                 derniers mois et à venir. Avec un jeton : toutes.",
                "The meetings; “datetime” is about their hours. Public: those of the calendar, announced, of the last \
                 twelve months and to come. With a token: all.",
            ),
            Self::Hotspots => (
                "Où la même chose revient ; « datetime » porte sur les mois du premier au dernier signalement. Public : à \
                 partir de cinq doléances en douze mois, à une centaine de mètres près, nombres arrondis à cinq. Avec un \
                 jeton : ce que son porteur peut lire.",
                "Where the same comes back; “datetime” is about the months from the first to the last concern. Public: from \
                 five concerns in twelve months on, to about a hundred metres, numbers rounded to five. With a token: what \
                 its holder may read.",
            ),
            Self::Areas => (
                "Les découpages de la ville. Ils n’ont pas de date : « datetime » n’en retire aucun.",
                "The ways in which the city is divided. They have no date: “datetime” takes none away.",
            ),
        })
    }

    /// The properties that features have, of public ones and, where it says so, of those that a token shows.
    pub(crate) fn properties(self, city: &City) -> Vec<Property> {
        let areas = city.zonings.iter().map(|zoning| {
            let codes: Vec<&str> = zoning.areas().iter().map(|area| area.code.as_str()).collect();
            let name = format!("area_{}", zoning.code);
            let about = ("Le code du secteur dans ce découpage.", "The code of the area in that zoning.");
            Property::new(&name, json!({ "type": "string", "enum": codes }), about).filter()
        });
        match self {
            Self::Tickets => tickets(city).into_iter().chain(areas).collect(),
            Self::Cafes => cafes().into_iter().chain(areas).collect(),
            Self::Hotspots => hotspots(city).into_iter().chain(areas).collect(),
            Self::Areas => area_properties(city),
        }
    }
}

fn text() -> Value {
    json!({ "type": "string" })
}

fn text_or_null() -> Value {
    json!({ "type": "string", "nullable": true })
}

fn instant() -> Value {
    json!({ "type": "string", "format": "date-time" })
}

fn one_of<T: AsRef<str>>(codes: &[T]) -> Value {
    let codes: Vec<&str> = codes.iter().map(AsRef::as_ref).collect();
    json!({ "type": "string", "enum": codes })
}

fn tickets(city: &City) -> Vec<Property> {
    let of = |name, schema, fr, en| Property::new(name, schema, (fr, en));
    let standard = city.catalogue.iter().filter(|category| category.sensitivity != Sensitivity::SignpostOnly);
    let categories: Vec<&str> = standard.map(|category| category.code.as_str()).collect();
    vec![
        of("reference", text(), "Ce qu’on dit au téléphone.", "What one says on the phone."),
        of("category", one_of(&categories), "Le code du motif.", "The category’s code.").filter(),
        of("category_label", text(), "Le motif.", "The category."),
        of("status", one_of(&["open", "closed"]), "En cours, ou terminée.", "Open, or ended.").filter(),
        of("state", one_of(&State::ALL.map(State::code)), "Où l’on en est.", "How far it is."),
        of("closure_reason", text_or_null(), "Comment cela s’est terminé.", "How it ended."),
        of("services", text(), "Qui en est saisi.", "Who has it."),
        of("street", text_or_null(), "La rue ; public.", "The street; public."),
        of("requested_at", instant(), "Le dépôt.", "When it was filed."),
        of("updated_at", instant(), "Le dernier changement ; public.", "The last change; public."),
        of("address", text_or_null(), "L’adresse ; avec un jeton.", "The address; with a token."),
        of("priority", text(), "L’urgence ; avec un jeton.", "How pressing it is; with a token."),
        of("late", json!({ "type": "boolean" }), "En retard ; avec un jeton.", "Late; with a token."),
        of(
            "ack_due_at",
            instant(),
            "L’échéance de prise en charge ; avec un jeton.",
            "Until when it should be taken in hand; with a token.",
        ),
        of(
            "resolve_due_at",
            instant(),
            "L’échéance de traitement ; avec un jeton.",
            "Until when it should be settled; with a token.",
        ),
    ]
}

fn cafes() -> Vec<Property> {
    let of = |name, schema, fr, en| Property::new(name, schema, (fr, en));
    vec![
        of("title", text(), "Ce que dit l’affiche.", "What the poster says."),
        of("status", one_of(&["confirmed", "cancelled"]), "Maintenue, ou annulée.", "On, or called off.").filter(),
        of("starts_at", instant(), "Le début.", "When it begins."),
        of("ends_at", instant(), "La fin.", "When it ends."),
        of("address", text_or_null(), "Le lieu.", "Where."),
        of("state", text(), "L’état ; avec un jeton.", "The state; with a token."),
        of(
            "announced",
            json!({ "type": "boolean" }),
            "Dans le calendrier public ; avec un jeton.",
            "In the public calendar; with a token.",
        ),
    ]
}

fn hotspots(city: &City) -> Vec<Property> {
    let of = |name, schema, fr, en| Property::new(name, schema, (fr, en));
    let groups = city.catalogue.iter().filter(|category| category.parent.is_none());
    let families: Vec<&str> = groups.map(|category| category.code.as_str()).collect();
    let whole = || json!({ "type": "integer", "minimum": 0 });
    vec![
        of("family", one_of(&families), "Le code de la famille de motifs.", "The code of the family of categories.")
            .filter(),
        of("family_label", text(), "La famille de motifs.", "The family of categories."),
        of(
            "active",
            json!({ "type": "boolean" }),
            "Revient en ce moment ; toujours vrai sans jeton.",
            "Comes back now; always true without a token.",
        )
        .filter(),
        of("street", text_or_null(), "La rue.", "The street."),
        of(
            "concerns",
            whole(),
            "Doléances des douze derniers mois ; sans jeton, au multiple de cinq le plus proche.",
            "Concerns of the last twelve months; without a token, the nearest multiple of five.",
        ),
        of("first_month", text(), "Le mois de la première.", "The month of the first one."),
        of("last_month", text(), "Le mois de la dernière.", "The month of the last one."),
        of(
            "concerns_ever",
            whole(),
            "Doléances depuis le début ; avec un jeton d’agent.",
            "Concerns since the first one; with an officer’s token.",
        ),
    ]
}

fn area_properties(city: &City) -> Vec<Property> {
    let of = |name, schema, fr, en| Property::new(name, schema, (fr, en));
    let zonings: Vec<&str> = city.zonings.iter().map(|zoning| zoning.code.as_str()).collect();
    vec![
        of("zoning", one_of(&zonings), "Le code du découpage.", "The code of the zoning.").filter(),
        of("zoning_name", text(), "Le découpage.", "The zoning."),
        of("code", text(), "Le code du secteur.", "The area’s code."),
        of("name", text(), "Le secteur.", "The area."),
    ]
}
