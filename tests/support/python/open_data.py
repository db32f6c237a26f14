"""Reads open data as public tools do: Frictionless validates the package, and rdflib reads the catalogue, of which DCAT-AP's
compulsory and recommended properties are looked for.

    open_data.py BASE
"""

import json
import sys

from frictionless import Package, Resource, Schema, validate
from rdflib import Graph, URIRef
from rdflib.namespace import DCAT, DCTERMS, FOAF, RDF

base = sys.argv[1]

report = validate(f"{base}/datapackage.json", type="package")
assert report.valid and report.stats["errors"] == 0, report.to_summary()
package = Package(f"{base}/datapackage.json")
rows = package.get_resource("saisines").read_rows()

# The table and its schema by themselves, as catalogues name them.
alone = validate(Resource(path=f"{base}/tickets.csv", schema=Schema(f"{base}/tickets.schema.json")))
assert alone.valid, alone.to_summary()

if not rows:
    print(json.dumps({"rows": 0}))
    sys.exit()

graph = Graph().parse(f"{base}/catalog.jsonld", format="json-ld")


def one(subject, predicate):
    values = list(graph.objects(subject, predicate))
    assert values, (subject, predicate)
    return values[0]


[catalogue] = graph.subjects(RDF.type, DCAT.Catalog)
for compulsory in (DCTERMS.title, DCTERMS.description, DCTERMS.publisher):
    one(catalogue, compulsory)
dataset = one(catalogue, DCAT.dataset)
assert (dataset, RDF.type, DCAT.Dataset) in graph
for wanted in (
    DCTERMS.title,
    DCTERMS.description,
    DCTERMS.identifier,
    DCAT.contactPoint,
    DCAT.keyword,
    DCAT.theme,
    DCTERMS.spatial,
    DCTERMS.temporal,
    DCTERMS.modified,
    DCTERMS.accrualPeriodicity,
):
    one(dataset, wanted)
agent = one(dataset, DCTERMS.publisher)
assert (agent, RDF.type, FOAF.Agent) in graph and one(agent, FOAF.name)
distribution = one(dataset, DCAT.distribution)
assert (distribution, RDF.type, DCAT.Distribution) in graph
assert one(distribution, DCAT.downloadURL) == URIRef(f"{base}/tickets.csv")
assert one(distribution, DCTERMS.conformsTo) == URIRef(f"{base}/tickets.schema.json")
EU = "http://publications.europa.eu/resource/authority"
assert one(distribution, DCTERMS.format) == URIRef(f"{EU}/file-type/CSV")
assert one(dataset, DCAT.theme) == URIRef(f"{EU}/data-theme/GOVE")
assert "licence-ouverte" in one(distribution, DCTERMS.license)
# Nothing was left as a name without an address, as a misspelt prefix would be.
assert all(str(predicate).startswith("http") for predicate in graph.predicates()), set(graph.predicates())
for period in graph.objects(dataset, DCTERMS.temporal):
    begin, end = one(period, DCAT.startDate), one(period, DCAT.endDate)

print(json.dumps({"rows": len(rows), "tickets": sum(row["saisines"] for row in rows), "from": str(begin), "to": str(end)}))
