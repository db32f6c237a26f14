//! `GET discovery`: where the service is, and who answers for it (Open311 Service Discovery).

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use usecases::Context;

use crate::answer::{Told, Wrong, answer, language};
use crate::node::Node;
use crate::{PRODUCTION, TEST};

/// When what is told here last changed.
const CHANGESET: &str = "2026-01-01T00:00:00Z";

const SPECIFICATION: &str = "http://wiki.open311.org/GeoReport_v2";

pub(crate) async fn discovery(request: HttpRequest, cx: Data<Context>) -> HttpResponse {
    answer(&request, told(&request, &cx))
}

fn told(request: &HttpRequest, cx: &Context) -> Result<Told, Wrong> {
    let loaded = cx.city()?;
    let settings = &loaded.city.settings;
    let (base, sender) = (cx.source.trim_end_matches('/'), &settings.sender);
    let contact = format!("{}, {}, {}, {}", sender.name, sender.address, sender.phone, sender.email);
    let key_service = language(request).pick((
        "La ville inscrit les programmes et leur remet une clé ; écrire au contact.",
        "The city registers programs and hands out their keys; write to the contact.",
    ));
    let endpoint = |path: &str, kind: &str| {
        Node::Object(vec![
            ("specification", SPECIFICATION.into()),
            ("url", format!("{base}{path}").into()),
            ("changeset", CHANGESET.into()),
            ("type", kind.into()),
            ("formats", Node::List("format", vec!["text/xml".into(), "application/json".into()])),
        ])
    };
    let endpoints = vec![endpoint(PRODUCTION, "production"), endpoint(TEST, "test")];
    let discovery = Node::Object(vec![
        ("changeset", CHANGESET.into()),
        ("contact", contact.into()),
        ("key_service", key_service.into()),
        ("endpoints", Node::List("endpoint", endpoints)),
    ]);
    Ok(("discovery", discovery))
}
