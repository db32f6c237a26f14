//! The definition of this API (OpenAPI 3.0, `/req/oas30`): parameters are declared collection by collection, as the city
//! has them.

use domain::city::City;
use domain::language::Language;
use geo::BoundingRect as _;
use serde_json::{Map, Value, json};
use usecases::Context;

use crate::PREFIX;
use crate::answer::{GEOJSON, JSON, OPENAPI};
use crate::collection::{Collection, Property};
use crate::query::{DEFAULT_LIMIT, MAX_LIMIT};

pub(crate) fn title(city: &City, language: Language) -> String {
    let of = language.pick(("Cartes du continuum de sécurité", "Maps of the continuum de sécurité"));
    format!("{of} – {}", city.settings.name)
}

pub(crate) const fn description(language: Language) -> &'static str {
    match language {
        Language::Fr => {
            "Ce que la ville montre à tous sur une carte ; avec un jeton (« Authorization: Bearer … »), ce que son porteur \
             peut lire."
        }
        Language::En => {
            "What the city shows everybody on a map; with a token (“Authorization: Bearer …”), what its holder may read."
        }
    }
}

/// West, south, east, north of the whole city.
pub(crate) fn extent(city: &City) -> [f64; 4] {
    let territory = city.zoning(&city.settings.territory).map_or(&[][..], |territory| territory.areas());
    let bounds = territory.iter().filter_map(|area| area.shape().bounding_rect());
    let around = bounds.fold([180.0, 90.0, -180.0, -90.0], |[w, s, e, n]: [f64; 4], one| {
        [w.min(one.min().x), s.min(one.min().y), e.max(one.max().x), n.max(one.max().y)]
    });
    if territory.is_empty() { [-180.0, -90.0, 180.0, 90.0] } else { around }
}

pub(crate) fn document(cx: &Context, city: &City, language: Language) -> Value {
    let sender = &city.settings.sender;
    json!({
        "openapi": "3.0.3",
        "info": {
            "title": title(city, language),
            "description": description(language),
            "version": env!("CARGO_PKG_VERSION"),
            "contact": { "name": sender.name, "email": sender.email },
        },
        "servers": [{ "url": format!("{}{PREFIX}", cx.source.trim_end_matches('/')) }],
        "security": [{}, { "bearer": [] }],
        "tags": tags(language),
        "paths": paths(city, language),
        "components": {
            "securitySchemes": { "bearer": { "type": "http", "scheme": "bearer" } },
            "parameters": parameters(language),
            "responses": responses(language),
            "schemas": schemas(),
        },
    })
}

/// What there is, as opposed to what it is about: the tag of the pages around the collections.
const ABOUT: &str = "capabilities";

fn tags(language: Language) -> Value {
    let about = language.pick(("Ce qu’il y a ici", "What there is here"));
    let collections = Collection::ALL.map(|collection| tag(collection.id(), collection.description(language)));
    std::iter::once(tag(ABOUT, about)).chain(collections).collect()
}

fn tag(name: &str, description: &str) -> Value {
    json!({ "name": name, "description": description })
}

/// What is read at a path.
struct Operation<'a> {
    id: &'a str,
    tag: &'a str,
    summary: &'a str,
    description: &'a str,
    parameters: &'a [Value],
    media_type: &'a str,
    schema: Value,
    /// A token is looked at, and what is named may not be there.
    of_features: bool,
}

impl Operation<'_> {
    fn get(&self) -> Value {
        let content = json!({ self.media_type: { "schema": self.schema } });
        let mut responses = json!({ "200": { "description": self.summary, "content": content } });
        let refused: &[&str] = if self.of_features { &["401", "404"] } else { &[] };
        for status in ["400", "429", "500", "503"].iter().chain(refused) {
            responses[*status] = json!({ "$ref": "#/components/responses/problem" });
        }
        json!({ "get": {
            "operationId": self.id,
            "tags": [self.tag],
            "summary": self.summary,
            "description": self.description,
            "parameters": self.parameters,
            "responses": responses,
        } })
    }
}

fn paths(city: &City, language: Language) -> Value {
    let page = |path: &str, id: &str, title: (&str, &str), media_type: &str, schema: &str| {
        let of = Operation {
            id,
            tag: ABOUT,
            summary: language.pick(title),
            description: description(language),
            parameters: &[],
            media_type,
            schema: named(schema),
            of_features: false,
        };
        (path.to_owned(), of.get())
    };
    let pages = [
        page("/", "landing", ("La page d’accueil", "The landing page"), JSON, "landing"),
        page("/api", "api", ("Ce document", "This document"), OPENAPI, "any"),
        page(
            "/conformance",
            "conformance",
            ("Les classes de conformité", "The conformance classes"),
            JSON,
            "conformance",
        ),
        page("/collections", "collections", ("Les collections", "The collections"), JSON, "collections"),
    ];
    let collections = Collection::ALL.into_iter().flat_map(|collection| of_collection(collection, city, language));
    pages.into_iter().chain(collections).collect::<Map<_, _>>().into()
}

/// The schema of that name.
fn named(schema: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{schema}") })
}

fn of_collection(collection: Collection, city: &City, language: Language) -> [(String, Value); 3] {
    let (id, properties) = (collection.id(), collection.properties(city));
    let feature = feature_schema(&properties, language);
    let features = json!({ "allOf": [named("features"), { "properties": { "features": { "items": feature } } }] });
    let filters = properties.iter().filter(|property| property.filters).map(|property| filter(property, language));
    let standard = ["bbox", "datetime", "limit", "cursor"];
    let narrowed = standard.map(|name| json!({ "$ref": format!("#/components/parameters/{name}") }));
    let narrowed: Vec<Value> = narrowed.into_iter().chain(filters).collect();
    let one = [json!({ "name": "featureId", "in": "path", "required": true, "schema": { "type": "string" } })];
    let get = |kind: &str, parameters: &[Value], media_type: &str, schema: Value| {
        let of = Operation {
            id: &format!("{id}_{kind}"),
            tag: id,
            summary: collection.title(language),
            description: collection.description(language),
            parameters,
            media_type,
            schema,
            of_features: media_type == GEOJSON,
        };
        of.get()
    };
    [
        (format!("/collections/{id}"), get("collection", &[], JSON, named("collection"))),
        (format!("/collections/{id}/items"), get("items", &narrowed, GEOJSON, features)),
        (format!("/collections/{id}/items/{{featureId}}"), get("item", &one, GEOJSON, feature)),
    ]
}

fn filter(property: &Property, language: Language) -> Value {
    json!({
        "name": property.name,
        "in": "query",
        "required": false,
        "description": language.pick(property.description),
        "schema": property.schema,
        "style": "form",
        "explode": false,
    })
}

fn feature_schema(properties: &[Property], language: Language) -> Value {
    let described = properties.iter().map(|property| {
        let mut schema = property.schema.clone();
        schema["description"] = language.pick(property.description).into();
        // Older tickets name what the city no longer has.
        if let Some(schema) =
            schema.as_object_mut().filter(|_| property.name.starts_with("area_") || property.name == "category")
        {
            schema.remove("enum");
        }
        (property.name.clone(), schema)
    });
    let described: Map<String, Value> = described.collect();
    json!({ "allOf": [{ "$ref": "#/components/schemas/feature" }, { "properties": { "properties": { "type": "object", "properties": described } } }] })
}

fn parameters(language: Language) -> Value {
    let query = |name: &str, description: (&str, &str), schema: Value| {
        json!({
            "name": name, "in": "query", "required": false, "description": language.pick(description),
            "schema": schema, "style": "form", "explode": false,
        })
    };
    let numbers =
        |count: u8| json!({ "type": "array", "items": { "type": "number" }, "minItems": count, "maxItems": count });
    json!({
        "bbox": query(
            "bbox",
            ("Ouest, sud, est, nord, en degrés (WGS 84) ; ouest > est franchit l’antiméridien.", "West, south, east, north, degrees (WGS 84); west > east crosses the antimeridian."),
            json!({ "type": "array", "items": { "type": "number" }, "minItems": 4, "maxItems": 6, "oneOf": [numbers(4), numbers(6)] }),
        ),
        "datetime": query(
            "datetime",
            ("Un instant, ou deux séparés par « / », dont un peut être « .. » (RFC 3339).", "An instant, or two with “/” between, one of which may be “..” (RFC 3339)."),
            json!({ "type": "string", "pattern": "^([0-9.][0-9TtZz:.+-]*)?(/([0-9.][0-9TtZz:.+-]*)?)?$", "minLength": 1 }),
        ),
        "limit": query(
            "limit",
            (
                &format!("Combien au plus. Il y en a {MAX_LIMIT} à la fois au plus, même si l’on en demande plus."),
                &format!("How many at most. There are {MAX_LIMIT} at once at most, also if more are asked for."),
            ),
            json!({ "type": "integer", "minimum": 1, "default": DEFAULT_LIMIT }),
        ),
        "cursor": query(
            "cursor",
            ("La suite : ne se lit que dans un lien « next ».", "The next page: found in “next” links only."),
            json!({ "type": "string" }),
        ),
    })
}

fn responses(language: Language) -> Value {
    let problem = language.pick(("Ce qui ne va pas, en clair", "What is wrong, in words"));
    json!({ "problem": {
        "description": problem,
        "content": { "application/problem+json": { "schema": { "$ref": "#/components/schemas/problem" } } },
    } })
}

fn schemas() -> Value {
    let links = json!({ "type": "array", "items": { "$ref": "#/components/schemas/link" } });
    let strings = json!({ "type": "array", "items": { "type": "string" } });
    json!({
        "any": { "type": "object" },
        "link": {
            "type": "object",
            "required": ["href", "rel", "type"],
            "properties": { "href": { "type": "string" }, "rel": { "type": "string" }, "type": { "type": "string" }, "title": { "type": "string" } },
        },
        "landing": {
            "type": "object",
            "required": ["links"],
            "properties": { "title": { "type": "string" }, "description": { "type": "string" }, "links": links },
        },
        "conformance": { "type": "object", "required": ["conformsTo"], "properties": { "conformsTo": strings } },
        "collections": {
            "type": "object",
            "required": ["links", "collections"],
            "properties": { "links": links, "collections": { "type": "array", "items": { "$ref": "#/components/schemas/collection" } } },
        },
        "collection": {
            "type": "object",
            "required": ["id", "links"],
            "properties": {
                "id": { "type": "string" },
                "title": { "type": "string" },
                "description": { "type": "string" },
                "itemType": { "type": "string" },
                "crs": strings,
                "links": links,
                "extent": { "type": "object" },
            },
        },
        "feature": {
            "type": "object",
            "required": ["type", "id", "geometry", "properties"],
            "properties": {
                "type": { "type": "string", "enum": ["Feature"] },
                "id": { "type": "string" },
                "geometry": { "$ref": "#/components/schemas/geometry" },
                "properties": { "type": "object" },
                "links": links,
            },
        },
        "geometry": {
            "type": "object",
            "required": ["type", "coordinates"],
            "properties": {
                "type": { "type": "string", "enum": ["Point", "MultiPolygon"] },
                "coordinates": { "type": "array", "items": {} },
            },
        },
        "features": {
            "type": "object",
            "required": ["type", "features", "links", "timeStamp", "numberReturned"],
            "properties": {
                "type": { "type": "string", "enum": ["FeatureCollection"] },
                "features": { "type": "array", "items": { "$ref": "#/components/schemas/feature" } },
                "links": links,
                "timeStamp": { "type": "string", "format": "date-time" },
                "numberReturned": { "type": "integer", "minimum": 0 },
            },
        },
        "problem": {
            "type": "object",
            "required": ["title", "status", "detail"],
            "properties": {
                "type": { "type": "string" },
                "title": { "type": "string" },
                "status": { "type": "integer" },
                "detail": { "type": "string" },
                "errors": {
                    "type": "array",
                    "items": { "type": "object", "properties": { "parameter": { "type": "string" }, "detail": { "type": "string" } } },
                },
            },
        },
    })
}
