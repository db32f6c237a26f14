"""Reads an OGC API – Features server as public tools do: OWSLib as a client, geojson for the features, and the validators of
OpenAPI for its definition, against which each answer is held.

    ogc.py BASE
"""

import json
import sys
import urllib.request

import geojson
from openapi_schema_validator import OAS30Validator
from openapi_spec_validator import validate
from owslib.ogcapi.features import Features

base = sys.argv[1]
CONFORMANCE = "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/"


def get(address):
    with urllib.request.urlopen(address) as answer:
        return answer.headers["Content-Type"], json.load(answer)


server = Features(base)
assert set(server.conformance()["conformsTo"]) == {CONFORMANCE + name for name in ("core", "oas30", "geojson")}
names = server.feature_collections()
assert names == ["tickets", "cafes", "hotspots", "areas"], names

definition = server.api()
validate(definition)
assert definition["servers"] == [{"url": base}], definition["servers"]

seen = {}
for name in names:
    described = server.collection(name)
    west, south, east, north = described["extent"]["spatial"]["bbox"][0]
    ids, page = [], server.collection_items(name, limit=2)
    while True:
        collection = geojson.loads(json.dumps(page))
        assert collection.is_valid, (name, collection.errors())
        assert page["numberReturned"] == len(page["features"]), page
        ids += [feature["id"] for feature in page["features"]]
        following = [link for link in page["links"] if link["rel"] == "next"]
        if not following:
            break
        kind, page = get(following[0]["href"])
        assert kind == following[0]["type"] == "application/geo+json", kind
    assert len(set(ids)) == len(ids), ids
    whole = server.collection_items(name, limit=1000, bbox=[west, south, east, north])
    assert [feature["id"] for feature in whole["features"]] == ids, name
    for identifier in ids[:3]:
        feature = geojson.loads(json.dumps(server.collection_item(name, identifier)))
        assert feature.is_valid and feature["id"] == identifier, feature.errors()
    seen[name] = ids

for template, operations in definition["paths"].items():
    name = template.split("/")[2] if template.count("/") > 1 else None
    if "{featureId}" in template and not seen[name]:
        continue
    address = base + template.replace("{featureId}", seen[name][0] if name and seen[name] else "")
    kind, answer = get(address)
    described = operations["get"]["responses"]["200"]["content"]
    assert kind in described, (template, kind)
    schema = {"allOf": [described[kind]["schema"]], "components": definition["components"]}
    faults = [f"{list(fault.path)}: {fault.message}" for fault in OAS30Validator(schema).iter_errors(answer)]
    assert not faults, (template, faults)

print(json.dumps({name: len(ids) for name, ids in seen.items()}))
