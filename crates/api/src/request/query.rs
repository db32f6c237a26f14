//! The query of a request: known parameters only, repeatable where a list is meant, every fault told at once.

use std::collections::{BTreeMap, BTreeSet};

use actix_web::HttpRequest;
use percent_encoding::percent_decode_str;
use url::form_urlencoded;

use crate::problem::{At, Code, FieldError, Problem};
use crate::request::cursor::{self, Cursor};

/// How many items a page has unless asked otherwise.
const DEFAULT_LIMIT: u64 = 50;
/// How many items a page has at most.
const MAX_LIMIT: u64 = 200;
/// How often a parameter that may be repeated stands at most.
pub(crate) const MAX_VALUES: usize = 100;

/// What a parameter should have been, in French and in English; often the same.
#[derive(Clone, Copy)]
pub(crate) struct Expected<'a>(&'a str, &'a str);

impl<'a> From<&'a str> for Expected<'a> {
    fn from(both: &'a str) -> Self {
        Self(both, both)
    }
}

impl<'a> From<(&'a str, &'a str)> for Expected<'a> {
    fn from((fr, en): (&'a str, &'a str)) -> Self {
        Self(fr, en)
    }
}

/// The codes that a parameter may be.
pub(crate) fn one_of(codes: impl IntoIterator<Item = &'static str>) -> String {
    codes.into_iter().collect::<Vec<_>>().join(" / ")
}

/// The parameters of a query, taken one after the other.
pub(crate) struct Query {
    pairs: Vec<(String, String)>,
    errors: Vec<FieldError>,
}

impl Query {
    /// The query of a request.
    pub(crate) fn of(request: &HttpRequest) -> Self {
        let sent = request.query_string();
        let mut query = Self { pairs: form_urlencoded::parse(sent.as_bytes()).into_owned().collect(), errors: vec![] };
        for parameter in sent.split('&').filter(|sent| percent_decode_str(sent).decode_utf8().is_err()) {
            let name = form_urlencoded::parse(parameter.as_bytes()).next().map(|(name, _)| name.into_owned());
            query.fault(&name.unwrap_or_default(), "bad_encoding", "Attendu : de l’UTF-8.", "Expected: UTF-8.");
        }
        query
    }

    /// Parameters that were kept, as a query would have them.
    pub(crate) fn kept(parameters: &BTreeMap<String, Vec<String>>) -> Self {
        let pairs =
            parameters.iter().flat_map(|(name, values)| values.iter().map(|value| (name.clone(), value.clone())));
        Self { pairs: pairs.collect(), errors: vec![] }
    }

    /// The names of its parameters.
    pub(crate) fn names(&self) -> Vec<String> {
        let names: BTreeSet<&String> = self.pairs.iter().map(|(name, _)| name).collect();
        names.into_iter().cloned().collect()
    }

    fn take(&mut self, name: &str) -> Vec<String> {
        self.pairs.extract_if(.., |(key, _)| key == name).map(|(_, value)| value).collect()
    }

    /// Says that something is wrong with a parameter.
    pub(crate) fn fault(&mut self, name: &str, code: &'static str, fr: impl Into<String>, en: impl Into<String>) {
        self.errors.push(FieldError::new(At::Query(name.to_owned()), code, (fr.into(), en.into())));
    }

    /// Every value of a repeatable parameter.
    pub(crate) fn each<'a, T>(
        &mut self,
        name: &str,
        expected: impl Into<Expected<'a>>,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Vec<T> {
        let Expected(fr, en) = expected.into();
        let mut parsed = Vec::new();
        let values = self.take(name);
        if values.len() > MAX_VALUES {
            let (fr, en) = (format!("Au plus {MAX_VALUES} valeurs."), format!("At most {MAX_VALUES} values."));
            self.fault(name, "too_many", fr, en);
            return parsed;
        }
        for value in values {
            match parse(&value) {
                Some(value) => parsed.push(value),
                None => {
                    self.fault(name, "bad_value", format!("Attendu : {fr}."), format!("Expected: {en}."));
                }
            }
        }
        parsed
    }

    /// The value of a parameter that stands once at most.
    pub(crate) fn one<'a, T>(
        &mut self,
        name: &str,
        expected: impl Into<Expected<'a>>,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Option<T> {
        let mut values = self.each(name, expected, parse);
        if values.len() > 1 {
            self.fault(
                name,
                "repeated",
                "Ce paramètre ne peut figurer qu’une fois.",
                "This parameter can stand once only.",
            );
        }
        values.pop()
    }

    /// The value of a parameter that must stand there: without one, there is a fault.
    pub(crate) fn needed<'a, T>(
        &mut self,
        name: &str,
        expected: impl Into<Expected<'a>>,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Option<T> {
        if !self.pairs.iter().any(|(key, _)| key == name) {
            self.fault(name, "required", "Ce paramètre est obligatoire.", "This parameter is required.");
        }
        self.one(name, expected, parse)
    }

    /// `limit`, and `cursor` as the position after which the page begins.
    pub(crate) fn page<C: Cursor>(&mut self) -> (u64, Option<C>) {
        let expected = format!("1…{MAX_LIMIT}");
        let limit = self.one("limit", expected.as_str(), |value| {
            value.parse().ok().filter(|limit| (1..=MAX_LIMIT).contains(limit))
        });
        let after = self.one(
            "cursor",
            ("le `next_cursor` d’une page précédente", "the `next_cursor` of an earlier page"),
            cursor::decode,
        );
        (limit.unwrap_or(DEFAULT_LIMIT), after)
    }

    /// Done: what is left is unknown.
    ///
    /// # Errors
    /// Every fault of the query at once.
    pub(crate) fn finish(self) -> Result<(), Problem> {
        self.finish_with(Some(()))
    }

    /// The same, for what [`Query::needed`] has given.
    ///
    /// # Errors
    /// Every fault of the query at once.
    pub(crate) fn finish_with<T>(self, needed: Option<T>) -> Result<T, Problem> {
        let errors = self.faults();
        needed.filter(|_| errors.is_empty()).ok_or_else(|| Problem::new(Code::InvalidParameter).errors(errors))
    }

    /// Every fault of the query at once; what is left is unknown.
    pub(crate) fn faults(mut self) -> Vec<FieldError> {
        let mut unknown: Vec<String> = std::mem::take(&mut self.pairs).into_iter().map(|(key, _)| key).collect();
        unknown.dedup();
        for name in unknown {
            self.fault(
                &name,
                "unknown_parameter",
                "Ce paramètre n’existe pas ici.",
                "There is no such parameter here.",
            );
        }
        self.errors
    }
}
