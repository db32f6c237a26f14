#!/usr/bin/env python3
"""Mirrors the tickets of one service into another Continuum, and what becomes of them, both ways.

    export HOME_URL=https://continuum.ville.example      HOME_ID=… HOME_SECRET=ccs_… HOME_SERVICE=voirie
    export AWAY_URL=https://continuum.metropole.example  AWAY_ID=… AWAY_SECRET=ccs_…
    python3 mirror.py mirror.db

Home is where residents' concerns are filed, away where the work is done. A ticket that reaches HOME_SERVICE is filed away as a
concern of the same category, without the resident's name and addresses. From then on, what the people of one side do with
their ticket is done with the other one, and what they write is written there too. Photographs and documents are not carried.

The program needs a client in each Continuum: at home with the scopes tickets:read and tickets:write, and the service; away
with concerns:write, tickets:read and tickets:write. It needs nothing but Python 3.10, and one file to remember where it is.

What any such program has to get right, and how it is done here:

- Nothing is lost: the place in the feed of events is stored once the work for an event is done, not before.
- Nothing is doubled: after a crash the last event is worked on again, under the same Idempotency-Key, made from the event's id;
  Continuum answers then what it answered first.
- No echo: what this program did itself comes back as an event by its own client, and is passed over.
- Nobody is overwritten: each action says which version of the ticket it is about (If-Match). If both sides changed a ticket at
  once, home goes first.
- What the other side cannot do is told to its people, as a note on the ticket.
"""

import base64
import http.client
import json
import os
import sqlite3
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

# Continuum remembers idempotency keys for 24 hours.
KEY_LASTS = 23 * 3600

# Which action does there what an event tells of here, and what of the event's details it takes.
ACTIONS = {
    "ticket.acknowledged": ("acknowledge", ["expected_on", "note"]),
    "ticket.refused": ("refuse", ["reason", "note"]),
    "ticket.scheduled": ("schedule", ["scheduled_for", "note"]),
    "ticket.started": ("start", ["note"]),
    "ticket.held": ("hold", ["reason", "resume_on", "note"]),
    "ticket.resumed": ("resume", ["note"]),
    "ticket.resolved": ("resolve", ["closure_reason", "body_told", "message_to_resident", "note"]),
    "ticket.reopened": ("reopen", ["note"]),
    "ticket.cancelled": ("cancel", ["note", "message_to_resident"]),
}

# Where what was written here is written there. The resident is known at home only.
WRITINGS = {
    ("home", "ticket.note_added"): "notes",
    ("home", "ticket.referrer_message_written"): "referrer_messages",
    ("home", "ticket.resident_message_written"): "notes",
    ("away", "ticket.note_added"): "notes",
    ("away", "ticket.referrer_message_written"): "referrer_messages",
    ("away", "ticket.resident_message_written"): "resident_messages",
}


class Side:
    """One of the two Continuums, as the program's client sees it."""

    def __init__(self, name):
        variable = name.upper()
        self.name = name
        self.url = os.environ[f"{variable}_URL"].rstrip("/")
        self.client = os.environ[f"{variable}_ID"]
        self.secret = os.environ[f"{variable}_SECRET"]
        self.token = None

    def call(self, method, path, body=None, key=None, version=None):
        """Status and body of the answer. Asks again until there is one: the key makes sure that the work is done once."""
        while True:
            fresh = self.token is None
            try:
                if fresh:
                    self.token = self.new_token()
                headers = {"Authorization": f"Bearer {self.token}"}
                if key is not None:
                    headers["Idempotency-Key"] = key
                if version is not None:
                    headers["If-Match"] = f'"{version}"'
                status, answer, waits = self.send(method, path, headers, json.dumps(body or {}), "application/json")
            except (OSError, http.client.HTTPException) as error:  # nobody there, or the answer was lost
                status, answer, waits = 503, str(error), 5
            if status == 401 and not fresh:  # the token is too old
                self.token = None
            elif status == 429 or status >= 500:
                print(f"{self.name}: {status}, again in {waits} s: {answer}", file=sys.stderr)
                time.sleep(waits)
            else:
                return status, answer

    def get(self, path):
        status, answer = self.call("GET", path)
        if status != 200:
            sys.exit(f"{self.name}: {path}: {answer}")
        return answer

    def new_token(self):
        basic = base64.b64encode(f"{self.client}:{self.secret}".encode()).decode()
        headers = {"Authorization": f"Basic {basic}"}
        form = "grant_type=client_credentials"
        status, answer, waits = self.send("POST", "/oauth/token", headers, form, "application/x-www-form-urlencoded")
        if status in (400, 401, 403):
            sys.exit(f"{self.name} gives no token: {answer}")
        if status != 200:
            time.sleep(waits)
            raise OSError(answer)
        return answer["access_token"]

    def send(self, method, path, headers, body, content_type):
        """Status, body, and how many seconds to wait before asking again, if it comes to that."""
        request = urllib.request.Request(self.url + path, method=method, headers=headers)
        if method != "GET":
            request.data = body.encode()
            request.add_header("Content-Type", content_type)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, json.load(answer), 0
        except urllib.error.HTTPError as error:
            text = error.read().decode(errors="replace")
            is_json = error.headers.get_content_type().endswith("json")
            return error.code, json.loads(text) if is_json else text, int(error.headers.get("Retry-After", "5"))


class Mirror:
    def __init__(self, file):
        self.home, self.away, self.service = Side("home"), Side("away"), os.environ["HOME_SERVICE"]
        self.db = sqlite3.connect(file)
        self.db.row_factory = sqlite3.Row
        self.db.execute("pragma locking_mode = exclusive")  # one such program at a time
        self.db.executescript("""
            create table if not exists place (side text primary key, sequence text, begun text, begun_sequence text, begun_at real);
            create table if not exists pair (home text primary key, away text unique, home_version int, away_version int);
        """)
        for side in (self.home, self.away):
            if self.place(side) is None:  # what happened before the first start is not mirrored
                latest = side.get("/v1/events?after=latest")["last_sequence"]
                self.db.execute("insert into place (side, sequence) values (?, ?)", (side.name, latest))
        self.db.commit()

    def place(self, side):
        return self.db.execute("select * from place where side = ?", (side.name,)).fetchone()

    def run(self):
        while True:
            self.follow(self.home)
            self.follow(self.away)
            time.sleep(1)

    def follow(self, side):
        """Works on each event of that side, up to the last one."""
        only = {"limit": 200} | ({"service": self.service} if side is self.home else {})
        more = True
        while more:
            page = side.get("/v1/events?" + urllib.parse.urlencode(only | {"after": self.place(side)["sequence"]}))
            for event in page["items"]:
                self.begin(side, event)
                self.work(side, event)
                self.done(side, event["sequence"])
            self.done(side, page["last_sequence"])
            more = page["next_cursor"] is not None

    def begin(self, side, event):
        """Notes when the work on an event began: once its key is forgotten, nobody knows whether it was done."""
        place = self.place(side)
        if place["begun"] != event["id"]:
            change = "update place set begun = ?, begun_sequence = ?, begun_at = ? where side = ?"
            self.db.execute(change, (event["id"], event["sequence"], time.time(), side.name))
            self.db.commit()
        elif time.time() - place["begun_at"] > KEY_LASTS:
            sys.exit(
                f"{event['type']} of {event['subject']} ({side.name}) was begun a day ago. Look whether it was done on the "
                f"other side, then start again with --again {event['id']} or with --done {event['id']}."
            )

    def settle(self, option, event):
        """What somebody says who has looked."""
        if option == "--done":
            change = "update place set sequence = begun_sequence where begun = ?"
        elif option == "--again":
            change = "update place set begun = null where begun = ?"
        else:
            sys.exit(__doc__)
        self.db.execute(change, (event,))
        self.db.commit()

    def done(self, side, sequence):
        """Stores how far the work is, in one transaction with what it brought."""
        self.db.execute("update place set sequence = ? where side = ?", (sequence, side.name))
        self.db.commit()

    def work(self, side, event):
        ticket, kind, by = event["data"].get("ticket"), event["type"], event["data"].get("by", {})
        if ticket is None:
            return
        mine = by.get("client") == side.client
        pair = self.pair(side, ticket["id"])
        arrives = side is self.home and kind in ("ticket.submitted", "ticket.rerouted") and ticket["service"] == self.service
        if arrives and not mine:
            self.file(event)
        elif pair is None or mine:
            pass
        elif kind == "ticket.rerouted" and side is self.home:
            self.act(side, event, "cancel", {"note": event["data"]["details"]["note"]})
        elif kind in ("ticket.reopened", "ticket.unmerged") and side is self.home and "service" in event["data"]["details"]:
            pass  # The service had refused it, or may not have it any more: the dispatcher's desk has it.
        elif kind in ACTIONS:
            action, takes = ACTIONS[kind]
            details = event["data"]["details"]
            self.act(side, event, action, {name: details[name] for name in takes if name in details})
        elif (side.name, kind) in WRITINGS:
            self.write(side, event, WRITINGS[side.name, kind])
        self.saw(side, ticket["id"], ticket.get("version", 0))

    def pair(self, side, ticket):
        return self.db.execute(f"select * from pair where {side.name} = ?", (ticket,)).fetchone()

    def saw(self, side, ticket, version):
        """Up to this version of a ticket, what was done with it is known on both sides."""
        column = f"{side.name}_version"
        self.db.execute(f"update pair set {column} = max({column}, ?) where {side.name} = ?", (version, ticket))

    def file(self, event):
        ticket = event["data"]["ticket"]
        concern = self.home.get(f"/v1/concerns/{ticket['concern_id']}")
        body = {
            "origin": "partner",
            "category": concern["category"],
            "description": f"{ticket['reference']} : {concern['description']}"[:4000],
            "place": concern["place"],
            "answers": concern["answers"],
        }
        status, answer = self.away.call("POST", "/v1/concerns", body, key=event["id"])
        if status == 201 and answer["tickets"]:
            there = answer["tickets"][0]
            new = (ticket["id"], there["id"], ticket["version"], there["version"])
            self.db.execute("insert or replace into pair values (?, ?, ?, ?)", new)
        else:
            self.tell(self.home, ticket["id"], event, f"pas transmise à l’autre système : {answer.get('detail', answer)}")

    def act(self, side, event, action, body):
        """Does on the other side what was done on this one."""
        ticket = event["data"]["ticket"]
        there = self.away if side is self.home else self.home
        version = None
        while True:
            pair = self.pair(side, ticket["id"])
            if side is self.away and ticket["version"] <= pair["away_version"]:
                # While it was being told, home changed the ticket, and that holds.
                return self.tell(there, pair["home"], event, f"dans l’autre système, « {action} » s’est croisé")
            version = version or pair[f"{there.name}_version"]
            path = f"/v1/tickets/{pair[there.name]}"
            status, answer = there.call("POST", f"{path}/{action}", body, key=event["id"], version=version)
            if status == 200:
                return self.saw(there, pair[there.name], answer["version"])
            if status in (412, 428) and there is self.away:  # somebody changed it there: home goes first
                version = there.get(path)["version"]
            elif status in (412, 428):  # somebody changed it at home: their change first
                version = None
                time.sleep(1)
                self.follow(self.home)
            elif status in (403, 404, 409):  # not possible there, or not for this program
                return self.cannot(side, there, pair, event, body, answer)
            else:
                sys.exit(f"{there.name}: {action} for {event['id']}: {answer}")

    def cannot(self, side, there, pair, event, body, problem):
        """Tells people what they have to settle, unless both sides stand alike, or will once later events were worked on."""
        state = event["data"]["ticket"]["state"]
        here_status, here = side.call("GET", f"/v1/tickets/{pair[side.name]}")
        there_status, now = there.call("GET", f"/v1/tickets/{pair[there.name]}")
        shown = {"expected_on" if name == "scheduled_for" else name: value for name, value in body.items()}
        alike = there_status == 200 and all(now.get(k, v) == v for k, v in ({"state": state} | shown).items())
        if alike or (here_status == 200 and here["state"] != state):
            return
        said = ", ".join(str(value) for value in [state, *body.values()])
        self.tell(there, pair[there.name], event, f"dans l’autre système {said}, pas ici : {problem['detail']}")

    def write(self, side, event, where):
        there = self.away if side is self.home else self.home
        ticket = self.pair(side, event["data"]["ticket"]["id"])[there.name]
        text = event["data"]["details"]["text"]
        if where != "resident_messages":
            text = f"{event['data']['by'].get('name', event['data']['by']['type'])} : {text}"[:2000]
        path = f"/v1/tickets/{ticket}/{where}"
        status, answer = there.call("POST", path, {"text": text}, key=event["id"])
        if status != 201:  # no resident to write to, for one
            self.tell(there, ticket, event, f"{text} ({answer.get('detail', answer)})")

    def tell(self, side, ticket, event, text):
        """A note for the people of a ticket."""
        body = {"text": f"{event['subject']} : {text}"[:2000]}
        status, answer = side.call("POST", f"/v1/tickets/{ticket}/notes", body, key=f"{event['id']}-told")
        if status != 201:
            print(f"{side.name}: {ticket}: {body['text']} ({answer})", file=sys.stderr)


if __name__ == "__main__":
    if len(sys.argv) not in (2, 4):
        sys.exit(__doc__)
    mirror = Mirror(sys.argv[1])
    if len(sys.argv) == 4:
        mirror.settle(*sys.argv[2:])
    mirror.run()
