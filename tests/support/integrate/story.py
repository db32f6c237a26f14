"""The story of the README with the client that openapi-python-client generates: python story.py URL PASSWORD. Writes what the
officer reads in the end to stdout, as JSON."""

import json
import sys
from typing import TypeVar

from continuum_client import AuthenticatedClient, Client
from continuum_client.api.concerns import concern_file
from continuum_client.api.sessions import session_begin
from continuum_client.api.tickets import ticket_acknowledge, ticket_read, ticket_resolve, ticket_timeline
from continuum_client.models.acknowledge_ticket import AcknowledgeTicket
from continuum_client.models.begin_session import BeginSession
from continuum_client.models.closure_reason import ClosureReason
from continuum_client.models.file_concern import FileConcern
from continuum_client.models.origin import Origin
from continuum_client.models.problem import Problem
from continuum_client.models.resident import Resident
from continuum_client.models.resolve_ticket import ResolveTicket
from continuum_client.models.whereabouts import Whereabouts

T = TypeVar("T")
base_url, password = sys.argv[1:]


def given(answer: T | Problem | None) -> T:
    if answer is None or isinstance(answer, Problem):
        raise SystemExit(f"{answer}")
    return answer


def login(email: str) -> AuthenticatedClient:
    body = BeginSession(email=email, password=password)
    tokens = given(session_begin.sync(client=Client(base_url), body=body))
    return AuthenticatedClient(base_url, token=tokens.access_token)


agent = login("claire.delattre@ville-amiens.example")
filed = given(
    concern_file.sync(
        client=agent,
        idempotency_key="python-1",
        body=FileConcern(
            origin=Origin.PATROL,
            category="illegal_dumping",
            description="Un canapé sur le trottoir",
            place=Whereabouts(lat=49.9121, lon=2.2972, address="Rue du Pigeonnier"),
            resident=Resident(email="habitante@mail.example"),
        ),
    )
)
reference = filed.tickets[0].reference

service = login("amelie.petit@ville-amiens.example")
seen = given(ticket_read.sync(reference, client=service))
stale = ticket_acknowledge.sync(reference, client=service, if_match='"99"', body=AcknowledgeTicket())
assert isinstance(stale, Problem) and stale.code == "stale_version", stale
taken = given(
    ticket_acknowledge.sync(reference, client=service, if_match=f'"{seen.version}"', body=AcknowledgeTicket())
)
resolution = ResolveTicket(closure_reason=ClosureReason.WORK_DONE, message_to_resident="Le canapé a été enlevé.")
given(ticket_resolve.sync(reference, client=service, if_match=f'"{taken.version}"', body=resolution))

now = given(ticket_read.sync(reference, client=agent))
timeline = given(ticket_timeline.sync(reference, client=agent))
answer = next(event.data.to_dict() for event in timeline.items if event.type_ == "resolved")["message_to_resident"]
print(json.dumps({"reference": now.reference, "state": now.state, "reason": now.closure_reason, "answer": answer}))
