"""What has to be true in the end. Each check yields the faults that it finds, with ids."""

import collections

STATES = {
    "submitted": "submitted",
    "rerouted": "submitted",
    "reopened": "submitted",
    "unmerged": "submitted",
    "started": "in_progress",
    "resumed": "in_progress",
    "held": "on_hold",
    "merged": "closed",
}
SAME = ("received", "assigned", "prioritised", "split", "followed", "attachment_added", "attachment_removed")
# Of one ticket, nobody gets more than so many e-mails a day: what is held for that waits for tomorrow.
ENOUGH = "too many e-mails about the ticket in a day"
PASSES = ("submitted", "rerouted", "reopened", "unmerged")
# What may say which service has the ticket from then on: what was refused comes back to the dispatcher's desk when it is reopened.
MOVES = ("submitted", "rerouted", "reopened", "unmerged")
# Why a message may end unsent: the mail server here refuses none for good, and no resident wants none. A service is not told of
# a ticket that has gone elsewhere meanwhile; and a morning's list may have become empty.
UNSEEN = "the recipient may no longer know of it"
UNNEEDED = ("late", "nothing is late")


def answered_writes(postgres, memory):
    """Every write that was answered is there, as it was answered, once."""
    concerns = {row["id"]: row for row in postgres.rows("select id, description, category_code from concern")}
    tickets = {row["id"]: row for row in postgres.rows("select id, concern_id, reference from ticket")}
    for answer, body in memory.concerns:
        row = concerns.get(answer["id"])
        if row is None or (row["description"], row["category_code"]) != (body["description"], body["category"]):
            yield f"concern {answer['id']} was answered, and is not there so: {row}"
        for ticket in answer["tickets"]:
            row = tickets.get(ticket["id"])
            if row is None or (row["concern_id"], row["reference"]) != (answer["id"], ticket["reference"]):
                yield f"ticket {ticket['id']} of concern {answer['id']} was answered, and is not there so: {row}"
    for text, count in collections.Counter(row["description"] for row in concerns.values()).items():
        if count > 1:
            yield f"the concern « {text} » is there {count} times"
    query = "select ticket_id, version, fact ->> 'type' as type from ticket_event"
    events = {(row["ticket_id"], row["version"]): row["type"] for row in postgres.rows(query)}
    for ticket, version, kind in memory.actions:
        if events.get((ticket, version)) != kind:
            yield f"ticket {ticket}: version {version} was answered as {kind}, and is {events.get((ticket, version))}"
    noted = {row["note"] for row in postgres.rows("select fact ->> 'note' as note from ticket_event")}
    for path, note in memory.refused:
        if note in noted:
            yield f"{path} with « {note} » was refused, and happened"
    notes = {row["id"]: row for row in postgres.rows("select id, ticket_id, text from note")}
    for note, ticket, text in memory.notes:
        row = notes.get(note)
        if row is None or (row["ticket_id"], row["text"]) != (ticket, text):
            yield f"note {note} of ticket {ticket} was answered, and is not there so: {row}"
    if len(notes) != len({row["text"] for row in notes.values()}):
        yield "a note is there twice"


def timelines(postgres, _):
    """The timeline of each ticket has no gap and replays to its state; one handover at most is open, and as many as it says."""
    events = collections.defaultdict(list)
    for row in postgres.rows("select ticket_id, version, fact from ticket_event order by ticket_id, version"):
        events[row["ticket_id"]].append(row)
    handovers = collections.defaultdict(list)
    for row in postgres.rows("select ticket_id, number, service_code, ended_at from handover order by ticket_id, number"):
        handovers[row["ticket_id"]].append(row)
    columns = "id, version, state, service_code as service, priority, handovers, reopened"
    for ticket in postgres.rows(f"select {columns} from ticket"):
        own, passed = events[ticket["id"]], handovers[ticket["id"]]
        told = replayed(own, ticket["priority"])
        if [row["version"] for row in own] != list(range(1, ticket["version"] + 1)):
            yield f"ticket {ticket['id']} is at version {ticket['version']} with events {[row['version'] for row in own]}"
        for name, value in told.items():
            if ticket[name] != value:
                yield f"ticket {ticket['id']}: its events say that its {name} is {value}, and it is {ticket[name]}"
        still = [row["number"] for row in passed if row["ended_at"] is None]
        expected = [] if ticket["state"] in ("closed", "cancelled") else [ticket["handovers"]]
        if still != expected or [row["number"] for row in passed] != list(range(1, ticket["handovers"] + 1)):
            yield f"ticket {ticket['id']}, {ticket['state']}: handovers {passed}"


def replayed(events, priority):
    """What follows from the events; the first priority stands in none."""
    state, service, handovers, reopened = None, None, 0, 0
    for event in events:
        fact = event["fact"]
        kind = fact["type"]
        state = STATES.get(kind, state if kind in SAME else kind)
        service = fact.get("service", service) if kind in MOVES else service
        handovers += kind in PASSES
        reopened += kind == "reopened"
    changed = [event["fact"]["priority"] for event in events if event["fact"]["type"] == "prioritised"]
    priority = changed[-1] if changed else priority
    return {"state": state, "service": service, "handovers": handovers, "reopened": reopened, "priority": priority}


def mails(postgres, post):
    """No message waits or was given up, each that was sent arrived, and whatever arrived twice is one message."""
    rows = postgres.rows(
        """select *, coalesce(mail, id) as mail_id, recipient ->> 'type' = 'service' and exists (
            select from ticket_event e where e.ticket_id = o.ticket_id and e.version > o.event_version
                and e.fact ->> 'type' in ('rerouted', 'reopened', 'unmerged') and e.fact ->> 'from' = o.recipient ->> 'code'
        ) as went_elsewhere from outbox o"""
    )
    arrived = collections.defaultdict(list)
    for message, to, _ in post.received:
        arrived[message].append(to)
    for row in rows:
        may_stop = (row["kind"], row["last_error"]) == UNNEEDED or (row["last_error"] == UNSEEN and row["went_elsewhere"])
        if row["state"] == "pending" and row["last_error"] != ENOUGH:
            yield f"message {row['id']} ({row['kind']}) was never sent: {row['last_error']}, due {row['due_at']}"
        elif row["state"] == "sent" and row["mail_id"] not in arrived:
            yield f"message {row['id']} ({row['kind']}) is said to be sent, and {row['mail_id']} never arrived"
        elif row["state"] not in ("sent", "pending") and not (row["state"] == "stopped" and may_stop):
            yield f"message {row['id']} ({row['kind']}) is {row['state']}: {row['last_error']}"
    known = {row["mail_id"] for row in rows}
    for message, copies in arrived.items():
        if message not in known:
            yield f"an e-mail with Message-ID {message} arrived, of which the outbox knows nothing"
        elif len(set(copies)) > 1:
            yield f"the copies of e-mail {message} went to different people: {sorted(set(copies))}"
    turns = collections.Counter(
        (row["kind"], str(row["recipient"]), row["ticket_id"], row["event_version"])
        for row in rows
        if row["ticket_id"] and row["kind"] not in ("reminder", "mention", "message", "renewed")
    )
    for what, count in turns.items():
        if count > 1:
            yield f"{what} is told {count} times"
    told = {(row["ticket_id"], row["event_version"]) for row in rows if row["kind"] == "referral"}
    passes = ", ".join(f"'{kind}'" for kind in PASSES)
    for row in postgres.rows(f"select ticket_id, version from ticket_event where fact ->> 'type' in ({passes})"):
        if (row["ticket_id"], row["version"]) not in told:
            yield f"ticket {row['ticket_id']} was passed to a service at version {row['version']}, which was not told"


def residents(postgres, post, memory):
    """Whoever left an address was told there that their concern was received, and that it was taken in hand and how it ended."""
    query = "select kind, ticket_id, event_version, recipient ->> 'concern' as concern, coalesce(mail, id) as mail_id from outbox"
    rows = postgres.rows(f"{query} where recipient ->> 'type' = 'resident'")
    told = {(row["kind"], row["concern"], row["ticket_id"], row["event_version"]) for row in rows}
    reached = {row["id"] for row in postgres.rows("select concern_id as id from resident_contact")}
    expected = {("received", concern, None, None) for concern in reached}
    addresses = {answer["id"]: body["resident"]["email"] for answer, body in memory.concerns if "resident" in body}
    for concern in sorted(set(addresses) - reached):
        yield f"concern {concern} was answered, and the address of its resident is not there"
    query = """select e.ticket_id, e.version, e.fact ->> 'type' as type, t.concern_id
        from ticket_event e join ticket t on t.id = e.ticket_id order by e.ticket_id, e.version"""
    resolved = set()
    for event in postgres.rows(query):
        ticket, kind = event["ticket_id"], event["type"]
        # The end of a resolved ticket was told when it was resolved.
        says = {"acknowledged": "acknowledged", "resolved": "outcome", "closed": None if ticket in resolved else "outcome"}.get(kind)
        if says and event["concern_id"] in reached:
            expected.add((says, event["concern_id"], ticket, event["version"]))
        if kind == "resolved":
            resolved.add(ticket)
        elif kind in PASSES:
            resolved.discard(ticket)
    for kind, concern, ticket, version in sorted(expected - told, key=str):
        of = f" of ticket {ticket}, version {version}" if ticket else ""
        yield f"the resident of concern {concern} was not told « {kind} »{of}"
    for kind in ("received", "acknowledged", "outcome"):
        if kind not in {what for what, *_ in expected}:
            yield f"no resident was to be told « {kind} »: too few to say"
    arrived = {message: to for message, to, _ in post.received}
    for row in rows:
        to, address = arrived.get(row["mail_id"]), addresses.get(row["concern"])
        if to and address and to != (address,):
            yield f"e-mail {row['mail_id']} to the resident of concern {row['concern']} arrived at {to}"


def reminders(postgres, _):
    """Each rung of the ladder at most once for the clock that runs. A mailbox is told by the rungs that lead there: the service's by the
    first, and by the second if nobody manages the service; the dispatcher's desk by the third."""
    query = f"""
        with told as (
            select o.ticket_id, o.recipient, o.id, (
                select count(*) from ticket_event e where e.ticket_id = o.ticket_id and e.version <= o.event_version
                    and e.fact ->> 'type' in ('submitted', 'acknowledged', 'rerouted', 'reopened', 'unmerged', 'refused')
            ) as clock, (
                select e.fact ->> 'service' from ticket_event e where e.ticket_id = o.ticket_id and e.version <= o.event_version
                    and e.fact ->> 'type' in ({", ".join(f"'{kind}'" for kind in MOVES)}) and e.fact ? 'service'
                order by e.version desc limit 1
            ) as service
            from outbox o where o.kind = 'reminder'
        )
        select ticket_id, recipient, count(*), min(id::text) as first,
            case when recipient ->> 'code' = service then 1 + (not exists (
                select from service_member m join user_account u on u.id = m.user_id
                where m.service_code = service and u.active and 'service_manager' = any(u.roles)
            ))::integer else 0 end
            + coalesce(recipient ->> 'code' = (select settings ->> 'dispatcher_desk' from city), false)::integer as rungs
        from told group by ticket_id, recipient, clock, service"""
    for row in postgres.rows(query):
        # A person is told by one rung.
        if row["count"] > max(row["rungs"], 1):
            yield f"ticket {row['ticket_id']}: {row['recipient']} was reminded {row['count']} times of one clock, first {row['first']}"


def webhooks(postgres, receiver):
    """The feed has no gap, and each of its events arrived, in order, under its own id."""
    feed = postgres.rows("select position, id from feed order by position")
    if left := postgres.rows("select id from feed_due"):
        yield f"{len(left)} events have no place in the feed, {left[0]['id']} first"
    if [row["position"] for row in feed] != list(range(1, len(feed) + 1)):
        yield f"the feed of {len(feed)} events has a gap, or ends at {feed[-1]['position']}"
    seen = {}
    for webhook_id, event in receiver.received:
        if webhook_id != event["id"]:
            yield f"webhook-id {webhook_id} came with event {event['id']}"
        elif seen.setdefault(webhook_id, event["sequence"]) != event["sequence"]:
            yield f"event {webhook_id} came as {seen[webhook_id]} and as {event['sequence']}"
    for row in feed:
        if int(seen.get(row["id"], 0)) != row["position"]:
            yield f"event {row['id']} at {row['position']} was never received"
    if list(seen.values()) != sorted(seen.values()):
        yield "events arrived for the first time in another order than the feed's"
    if strange := set(seen) - {row["id"] for row in feed}:
        yield f"events arrived that the feed does not have: {sorted(strange)[:5]}"
