"""People at work: they file concerns, act on tickets, write notes; they try again, under the same key,
until they are answered; and they remember what they were told."""

import base64
import http.client
import json
import random
import threading
import time
import uuid

# The longest that anything is waited for is forty seconds, for a database that says nothing (docs/resilience.md).
PATIENCE = 45
CATEGORIES = ["illegal_dumping", "pothole", "street_light_out", "bulky_waste"]
# Where nobody is recognised yet.
DOORS = ("/v1/sessions", "/v1/passwords")
PLACE = {"address": "Rue du Pigeonnier"}
BECOMES = {
    "receive": "received",
    "acknowledge": "acknowledged",
    "refuse": "refused",
    "reroute": "rerouted",
    "schedule": "scheduled",
    "start": "started",
    "hold": "held",
    "resume": "resumed",
    "resolve": "resolved",
    "reopen": "reopened",
    "close": "closed",
    "prioritise": "prioritised",
}
# What brings a ticket to its end, the last first.
ONWARDS = ["close", "resolve", "start", "acknowledge"]


def program_token(port, client, secret):
    """The access token of a program (RFC 6749, 4.4)."""
    own = base64.b64encode(f"{client}:{secret}".encode()).decode()
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Authorization": f"Basic {own}"}
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    connection.request("POST", "/oauth/token", "grant_type=client_credentials", headers)
    return json.loads(connection.getresponse().read())["access_token"]


class Memory:
    """What was answered, by all of them."""

    def __init__(self, network):
        self.network, self.lock = network, threading.Lock()
        self.concerns, self.actions, self.notes, self.refused = [], [], [], []
        self.tickets, self.faults, self.statuses = [], [], {}
        # Of these, what concerns, actions and notes were answered.
        self.writes = {}
        self.slowest = 0.0
        # Of those that were told 503, though the network was never silent meanwhile.
        self.slowest_refusal = 0.0, ""

    def keep(self, name, item):
        with self.lock:
            getattr(self, name).append(item)

    def count(self, status, is_write, seconds=0.0):
        with self.lock:
            self.statuses[status] = self.statuses.get(status, 0) + 1
            if is_write:
                self.writes[status] = self.writes.get(status, 0) + 1
            self.slowest = max(self.slowest, seconds)


class Person(threading.Thread):
    """Somebody who works until told to stop."""

    def __init__(self, memory, ports, email, password, seed, work, days):
        super().__init__(daemon=True)
        self.memory, self.ports, self.email, self.password = memory, ports, email, password
        self.random, self.work, self.days = random.Random(seed), work, days
        self.token, self.stopping, self.give_up_at, self.at = None, threading.Event(), None, None

    def run(self):
        try:
            while not self.stopping.is_set():
                getattr(self, self.work)()
        except Exception as error:
            self.memory.keep("faults", f"{self.work} of {self.email} broke: {error!r}")

    def once(self, port, method, path, body, headers):
        """One attempt: the status, the text; no status when nothing came back."""
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        began, is_write = time.monotonic(), method != "GET" and path not in DOORS
        try:
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            answer = connection.getresponse()
            status, text = answer.status, answer.read().decode()
        except TimeoutError:
            self.memory.keep("faults", f"{method} {path} had no answer within {PATIENCE} s")
            return None, ""
        except (OSError, http.client.HTTPException):
            self.memory.count("broken", is_write)
            return None, ""
        finally:
            connection.close()
        took = time.monotonic() - began
        self.memory.count(status, is_write, took)
        if status == 503 and began > self.memory.network.silent_until:
            with self.memory.lock:
                self.memory.slowest_refusal = max(self.memory.slowest_refusal, (took, f"{method} {path}"))
        if status >= 500 and (status != 503 or not answer.getheader("Retry-After")):
            self.memory.keep("faults", f"{method} {path}: {status} {text}")
        return status, text

    def ask(self, method, path, body=None, key=None, version=None):
        """Asks until there is an answer that settles it; none when time is up, which is no answer."""
        headers = {"Content-Type": "application/json"}
        headers |= {"Idempotency-Key": key} if key else {}
        headers |= {"If-Match": f'"{version}"'} if version else {}
        while self.give_up_at is None or time.monotonic() < self.give_up_at:
            if path not in DOORS:
                if self.token is None:
                    self.login()
                    continue
                headers["Authorization"] = f"Bearer {self.token}"
            status, text = self.once(self.random.choice(self.ports), method, path, body, headers)
            if status == 401 and path not in DOORS:
                self.token = None
            elif status is not None and status < 500 and status != 429:
                return status, text
            time.sleep(self.random.uniform(0.05, 0.3))
        return None, ""

    def login(self):
        status, text = self.ask("POST", "/v1/sessions", {"email": self.email, "password": self.password})
        if status == 201:
            self.token = json.loads(text)["access_token"]
        elif status is not None:
            raise RuntimeError(f"no login: {status} {text}")

    def repeat(self, path, body, key, version, first):
        """Now and then the same again, as from a phone that did not get the answer: the same has to come back."""
        if self.random.random() < 0.15:
            again = self.ask("POST", path, body, key, version)
            if again[0] is not None and again != first:
                self.memory.keep("faults", f"POST {path} under key {key}, repeated: {again} instead of {first}")

    def word(self):
        """A word of its own; without digits, which may look like a telephone number and be masked."""
        return "".join(self.random.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(16))

    def file(self):
        number = self.word()
        place = PLACE | {"lat": self.random.uniform(49.885, 49.905), "lon": self.random.uniform(2.285, 2.305)}
        body = {"origin": "patrol", "category": self.random.choice(CATEGORIES), "description": f"Essai {number}", "place": place}
        if self.random.random() < 0.5:
            body["resident"] = {"email": f"habitante-{number}@mail.example"}
        key = str(uuid.UUID(int=self.random.getrandbits(128)))
        status, text = first = self.ask("POST", "/v1/concerns", body, key)
        if status == 201:
            concern = json.loads(text)
            self.memory.keep("concerns", (concern, body))
            with self.memory.lock:
                self.memory.tickets += [ticket["id"] for ticket in concern["tickets"]]
            self.repeat("/v1/concerns", body, key, None, first)
        elif status is not None:
            self.memory.keep("faults", f"POST /v1/concerns: {status} {text}")

    def one_ticket(self):
        """A ticket: the same again half of the time, else one of the last twenty more often than not."""
        if self.at is None or self.random.random() < 0.5:
            with self.memory.lock:
                tickets = self.memory.tickets[-20:] if self.random.random() < 0.7 else self.memory.tickets
                self.at = self.random.choice(tickets) if tickets else None
        if self.at is None:
            time.sleep(0.2)
            return None
        status, text = self.ask("GET", f"/v1/tickets/{self.at}")
        return json.loads(text) if status == 200 else None

    def body_of(self, action):
        day = self.random.choice(self.days)
        bodies = {
            "refuse": {"reason": "outside_area"},
            "reroute": {"service": self.random.choice(["proprete", "voirie", "eclairage"]), "note": "Voyez."},
            "schedule": {"scheduled_for": day},
            "hold": {"reason": "weather", "resume_on": day},
            "resolve": {"closure_reason": "work_done", "message_to_resident": "C’est fait."},
            "reopen": {"note": "Il le faut."},
            "prioritise": {"priority": self.random.choice(["low", "high", "urgent"])},
        }
        body = bodies.get(action, {})
        if action in ("acknowledge", "reroute", "hold", "reopen"):
            body["note"] = f"Noté {self.word()}"
        return body

    def act(self):
        ticket = self.one_ticket()
        offered = [offer["action"] for offer in ticket["actions"] if offer["action"] in BECOMES] if ticket else []
        if not offered:
            return
        action = self.random.choice(offered)
        if self.random.random() < 0.5:
            action = next((ending for ending in ONWARDS if ending in offered), action)
        body = self.body_of(action)
        if action == "close" and ticket["state"] == "refused":
            body = {"closure_reason": "private_matter"}
        path, key = f"/v1/tickets/{ticket['id']}/{action}", str(uuid.UUID(int=self.random.getrandbits(128)))
        status, text = first = self.ask("POST", path, body, key, ticket["version"])
        if status == 200:
            after = json.loads(text)
            if action != "receive" or after["version"] > ticket["version"]:
                self.memory.keep("actions", (after["id"], after["version"], BECOMES[action]))
            self.repeat(path, body, key, ticket["version"], first)
        elif status not in (None, 403, 404, 409, 412, 422):
            self.memory.keep("faults", f"POST {path}: {status} {text}")
        elif status is not None and "note" in body:
            # Also when the answer to a first try was lost: a repeat gets that answer, or nothing was done.
            self.memory.keep("refused", (path, body["note"]))

    def write(self):
        ticket = self.one_ticket()
        if ticket is None:
            return
        path, key = f"/v1/tickets/{ticket['id']}/notes", str(uuid.UUID(int=self.random.getrandbits(128)))
        body = {"text": f"Vu {self.word()}"}
        status, text = first = self.ask("POST", path, body, key)
        if status == 201:
            self.memory.keep("notes", (json.loads(text)["id"], ticket["id"], body["text"]))
            self.repeat(path, body, key, None, first)
        elif status not in (None, 403, 404):
            self.memory.keep("faults", f"POST {path}: {status} {text}")
