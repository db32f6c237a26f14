"""What Schemathesis cannot know of the API; scripts/fuzz has it loaded."""

import atexit
import base64
import itertools
import json
import os
import pathlib
import re
import urllib.request

import schemathesis
from schemathesis.core.parameters import ParameterLocation

# What the run itself stands on: its account and its program. It may read them, but not shut itself out.
KEPT = set(os.environ["FUZZ_KEPT"].split())
SECRET = "Basic " + base64.b64encode(f"{os.environ['FUZZ_CLIENT']}:{os.environ['FUZZ_SECRET']}".encode()).decode()
NOBODY = "00000000-0000-7000-8000-000000000000"

# Whether it is asked by somebody who has no part in the cases, and what they have no part in, by the name of its parameter.
STRANGE = os.environ["FUZZ_AS"] == "stranger"
OTHERS = json.loads(os.environ["FUZZ_OTHERS"])
# What names such a thing in queries and bodies, and of which kind.
NAMES = {"attach_to": "ticket", "draft": "draft", "duplicate_of": "ticket", "ticket": "ticket"}
NAMES |= dict.fromkeys(["assignee", "mentions", "officers", "referrer", "user"], "user")
# How often they named each kind of it in a path (notes stand in none), any in a query and a body, and were served at all: what
# scripts/fuzz reads in the end.
counted = {"named": {kind: 0 for kind in [*OTHERS, "in a query", "in a body"] if kind != "note"}, "served": 0}
if STRANGE:
    atexit.register(lambda: pathlib.Path(os.environ["FUZZ_COUNTED"]).write_text(json.dumps(counted)))

numbers = itertools.count()
versions, cursors = {}, {None}


@schemathesis.serializer("message/rfc822")
def mail(_context, value):
    return value if isinstance(value, bytes) else str(value).encode()


@schemathesis.deserializer("application/x-ndjson")
def first_line(_context, response):
    """The schema is that of a line."""
    lines = response.content.splitlines()
    return json.loads(lines[0]) if lines else {}


def asked_by(caller):
    """Whether an operation is asked by the person, by the program with its token, or by the program with its secret."""
    first = ["oauth2", "bearer"] if os.environ["FUZZ_AS"] == "program" else ["bearer", "oauth2"]

    def asks(context):
        schemes = {name for needed in context.operation.definition.raw.get("security", []) for name in needed}
        # Who has no part in anything tries what is for programs, too.
        if STRANGE:
            return caller == "bearer" and bool(schemes)
        return next((name for name in [*first, "client_basic"] if name in schemes), None) == caller

    return asks


def ask(context, path, body, headers):
    request = urllib.request.Request(context.operation.schema.get_base_url().rstrip("/") + path, body.encode(), headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return f"Bearer {json.load(answer)['access_token']}"


class Caller:
    def set(self, case, authorization, _context):
        case.headers["Authorization"] = authorization


@schemathesis.auth(refresh_interval=600).apply_to(asked_by("bearer"))
class Person(Caller):
    def get(self, _case, context):
        who = "FUZZ_STRANGER" if STRANGE else "FUZZ_EMAIL"
        login = json.dumps({"email": os.environ[who], "password": os.environ["FUZZ_PASSWORD"]})
        return ask(context, "/v1/sessions", login, {"Content-Type": "application/json"})


@schemathesis.auth(refresh_interval=600).apply_to(asked_by("oauth2"))
class Program(Caller):
    def get(self, _case, context):
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Authorization": SECRET}
        return ask(context, "/oauth/token", "grant_type=client_credentials", headers)


@schemathesis.auth().apply_to(asked_by("client_basic"))
class Secret(Caller):
    def get(self, _case, _context):
        return SECRET


def other(kind):
    return OTHERS[kind][next(numbers) % len(OTHERS[kind])]


def with_others(value):
    """The same, naming what is others'; but for filters, which are kept, and told again later."""
    if isinstance(value, list):
        return [with_others(item) for item in value]
    if not isinstance(value, dict):
        return value
    named = {name: other(NAMES[name]) for name in value if name in NAMES}
    named = {name: [one] if isinstance(value[name], list) else one for name, one in named.items()}
    return {name: inner if name == "parameters" else with_others(inner) for name, inner in value.items()} | named


@schemathesis.hook
def before_call(_context, case, _kwargs):
    if STRANGE and case.path_parameters:
        case.path_parameters.update({name: other(name) for name in case.path_parameters if name in OTHERS})
    # Half of the time, and where nothing is wrong that this would mend.
    if STRANGE and next(numbers) % 2:
        if not is_negative(case, ParameterLocation.QUERY):
            case.query = with_others(case.query)
        if not is_negative(case, ParameterLocation.BODY):
            case.body = with_others(case.body)
    if not STRANGE and case.method not in ("GET", "HEAD") and case.path_parameters:
        kept = {name: NOBODY for name, value in case.path_parameters.items() if value in KEPT}
        case.path_parameters.update(kept)
    # Nobody guesses a cursor: what was not told is left out, so that the rest is tried.
    if case.query and case.query.get("cursor") not in cursors and not is_negative(case, ParameterLocation.QUERY):
        case.query.pop("cursor", None)
    if not case.headers or is_negative(case, ParameterLocation.HEADER):
        return
    # A key is for one request: generated ones are always the same few.
    if key := case.headers.get("Idempotency-Key"):
        case.headers["Idempotency-Key"] = f"{key[:100]}-{next(numbers)}"
    # Nobody guesses a version: three times out of four it is the last one that was told.
    if "If-Match" in case.headers and next(numbers) % 4:
        known = [versions[value] for value in (case.path_parameters or {}).values() if value in versions]
        case.headers["If-Match"] = known[0] if known else case.headers["If-Match"]


def is_negative(case, location):
    return case.meta is None or case.meta.is_negative_at(location)


@schemathesis.hook
def after_call(_context, case, response):
    if response.headers.get("content-type") == ["application/json"] and isinstance(told := response.json(), dict):
        cursors.add(told.get("next_cursor"))
    if etag := response.headers.get("etag", [None])[0]:
        for value in (case.path_parameters or {}).values():
            versions[value] = etag
        if response.headers["content-type"] == ["application/json"]:
            versions[response.json().get("id")] = etag


def named_in(said):
    """What is others', of a text or whatever is written as one."""
    return {which for ids in OTHERS.values() for which in ids if which in f"{said}"}


@schemathesis.check
def others_are_not_told_of(_context, response, case):
    """Who has no part in a case is told nothing of it, and changes nothing of it, whatever they ask."""
    if not STRANGE:
        return
    asked = {name: value for name, value in (case.path_parameters or {}).items() if value in OTHERS.get(name, [])}
    request, content = response.request, response.content
    said = {"in a query": request.url.partition("?")[2], "in a body": request.body}
    for kind in [*asked, *(where for where, text in said.items() if named_in(text))]:
        counted["named"][kind] += 1
    if response.status_code >= 300:
        # A refusal may name again what was asked for.
        told = named_in(content) - named_in(f"{request.url} {request.body}")
    else:
        counted["served"] += 1
        if "/bulk/" in case.path:
            # So may each of several: of what is not there for them, no more is said.
            content = [result for result in response.json()["results"] if result.get("problem", {}).get("code") != "not_found"]
        told = named_in(content) | {*asked.values()}
    assert not told, f"{case.method} {case.formatted_path}: {response.status_code} tells of {told}"


# What is wrong with a request though each part of it fits its schema: where, and what is said. Nothing else that the
# document allows may be refused with 400.
BEYOND_SCHEMAS = [
    # A cursor is opaque: it has to come from a page.
    ("cursor", "next_cursor"),
    # The same on maps; and an instant, of which only the characters are told; and degrees, of which there are not many.
    ("cursor", "vient d’un lien"),
    ("datetime", "un instant|la fin précède"),
    ("bbox", "une l(at|ong)itude va de|la hauteur du bas|le sud"),
    # Parameters that go together.
    ("radius", "va avec"),
    ("sort", "« relevance » va avec « q »"),
    ("filed_before", "Après « filed_from »"),
    ("to", "vient avant le premier|731 jours au plus"),
    # What there is to choose from is the city's, or grows: a wrong one is answered with all of them.
    ("area|category|group_by|organisation|service", "ne connaît pas"),
    ("act|group_by|letter", "Attendu"),
    # Coordinates that are none; times before computers (PostgreSQL knows only some of them); a calendar's century.
    ("near|bbox", "Attendu"),
    ("due_before|filed_(from|before)|starts_(from|before)|since|until", "2026-03-10T09:00:00Z"),
    ("from|to", "2000-01-01…2099-12-31"),
    ("q", "commencent par une lettre ou un chiffre|sans caractère de commande"),
    # Fields that go together: a point or an address, a latitude with a longitude, a draft or a version.
    ("/place", "Donnez un point ou une adresse"),
    ("/place/l(at|on)", "Une latitude va avec une longitude"),
    ("/version", "pas les deux"),
    ("", "Attendu : from, et until"),
    # How finely a program may look at figures.
    (".*", "Hors de la police municipale"),
    # A kept filter has the values of another operation's parameters, and is checked as there.
    (r"/parameters/\w+", ""),
    # What a word is.
    ("/rules/.*", "n’est pas un mot-clé"),
    # As the document's introduction says of all texts and of all whole numbers.
    ("/.*", "caractère de commande|rien de visible"),
    ("/.*", "sans point ni exposant"),
]


@schemathesis.hook
def filter_failure(_context, failure, case, response):
    """False for what is no failure."""
    kind, content = type(failure).__name__, response.headers.get("content-type", [""])[0]
    if kind == "RejectedPositiveData" and response.status_code == 400 and content == "application/problem+json":
        errors = response.json().get("errors", [])
        return not errors or not all(map(is_beyond_schemas, errors))
    # Each concern of a batch is answered for itself.
    if kind == "AcceptedNegativeData" and case.operation.path.endswith(":batch") and response.status_code == 200:
        return all(item["status"] != "refused" for item in response.json()["items"])
    # A body that may be left out was, and there is nothing else that could have been wrong.
    if kind == "AcceptedNegativeData" and case.operation.path == "/v1/sessions/current/logout":
        return bool(response.request.body)
    # OAuth: each parameter is short enough, but not all together; those that it does not know are ignored, but stand once
    # (RFC 6749, 3.2).
    if kind == "RejectedPositiveData" and re.search(rb"the body is too large|a parameter stands twice", response.content):
        return False
    # A list of no lines holds no line that could fit.
    return not (kind == "JsonSchemaError" and content.startswith("application/x-ndjson") and not response.content)


def is_beyond_schemas(error):
    where = error.get("pointer", error.get("parameter", error.get("header")))
    return any(re.fullmatch(at, where) and re.search(said, error["detail"]) for at, said in BEYOND_SCHEMAS)
