"""Bad days, one after the other, at the programs themselves. Each says what people see meanwhile; afterwards everything has to be
there that was answered (facts.py)."""

import contextlib
import itertools
import pathlib
import re
import resource
import selectors
import socket
import subprocess
import threading
import time

from parts import START_LIMIT, surroundings

SLOW_CLIENTS = 10_000


class Watch(threading.Thread):
    """Asks for a list of tickets, and for one of them, again and again, as somebody would; counts the answers."""

    def __init__(self, person):
        super().__init__(daemon=True)
        self.person, self.stopping = person, threading.Event()
        self.answers, self.slowest, self.faults = {}, 0.0, []

    def run(self):
        try:
            self.watch()
        except Exception as error:
            self.faults.append(f"who asked broke: {error!r}")

    def watch(self):
        self.person.login()
        while not self.person.memory.tickets:
            time.sleep(0.1)
        paths = itertools.cycle(["/v1/tickets?limit=5", f"/v1/tickets/{self.person.memory.tickets[0]}"])
        while not self.stopping.is_set():
            headers = {"Authorization": f"Bearer {self.person.token}"}
            began = time.monotonic()
            status, text = self.person.once(self.person.ports[0], "GET", next(paths), None, headers)
            self.slowest = max(self.slowest, time.monotonic() - began)
            self.answers[status] = self.answers.get(status, 0) + 1
            if status == 503 and '"unavailable"' not in text:
                self.faults.append(f"503, and not the API's: {text[:200]}")
            time.sleep(0.1)

    def end(self):
        self.stopping.set()
        self.join(60)
        return f"answers {self.answers}, the slowest after {self.slowest:.1f} s"


@contextlib.contextmanager
def watched(town, say, title, faults, slowest):
    """Somebody asks meanwhile; `slowest` is the longest that they may wait."""
    watch, end = Watch(town.person("regulation", "act")), time.monotonic() + START_LIMIT
    watch.start()
    while not watch.answers and watch.is_alive() and time.monotonic() < end:
        time.sleep(0.1)
    if not watch.answers:
        faults.append(f"{title}: nobody was answered before it began")
    yield watch
    said = watch.end()
    say(f"{title}: {said}")
    faults += [f"{title}: {fault}" for fault in watch.faults]
    if watch.slowest > slowest:
        faults.append(f"{title}: somebody waited {watch.slowest:.1f} s for an answer")
    if strange := set(watch.answers) - {200, 503}:
        faults.append(f"{title}: somebody was answered {strange}")


def recovers(town, title, faults, limit):
    """Once it is over, everybody is served again within that time."""
    end, person = time.monotonic() + limit, town.person("agent", "file")
    while time.monotonic() < end:
        town.look()
        headers = {"Authorization": "Bearer none"}
        statuses = {person.once(port, "GET", "/health/ready", None, headers)[0] for port in town.ports}
        if statuses == {200}:
            return
        time.sleep(0.2)
    faults.append(f"{title}: {limit} s after it was over, the servers are not ready")


def somebody_else(town, statement):
    """Another client of the same server, until it is killed."""
    command = [town.postgres.bin / "psql", "-Xq", "-h", "127.0.0.1", "-p", str(town.postgres.port), "-U", "postgres"]
    environment = surroundings(PGOPTIONS="-c client_connection_check_interval=1s")
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "stdin": subprocess.DEVNULL}
    return subprocess.Popen([*command, "-d", "continuum", "-c", statement], env=environment, **quiet)


def since(before, after):
    """What was counted meanwhile."""
    return {key: count - before.get(key, 0) for key, count in after.items() if count > before.get(key, 0)}


def ask_for_everything(town):
    """So that each server has a connection of each kind: for one statement, for lists and statistics, for searches."""
    person = town.person("regulation", "act")
    person.login()
    for port in town.ports:
        for path in ["/v1/me", "/v1/tickets?limit=50", "/v1/stats/tickets", "/v1/tickets?q=essai"]:
            person.once(port, "GET", path, None, {"Authorization": f"Bearer {person.token}"})


def connections_exhausted(town, say, faults):
    """Somebody else has all of PostgreSQL's connections: those that the programs have left, then theirs too."""
    title = "no connection left"
    ask_for_everything(town)
    others = []

    def take():
        """Takes all that there are."""
        others.extend(somebody_else(town, "select pg_sleep(300)") for _ in range(110))

    with watched(town, say, f"{title} but one's own", faults, 8):
        answered, written = dict(town.memory.statuses), dict(town.memory.writes)
        take()
        end = time.monotonic() + 30
        while not (used_up := somebody_else(town, "select 1").wait() != 0) and time.monotonic() < end:
            time.sleep(0.2)
        time.sleep(8)
        answers, writes = since(answered, town.memory.statuses), since(written, town.memory.writes)
        say(f"{title} but one's own: everybody was answered {answers}; of these, writes {writes}")
        if not used_up:
            faults.append(f"{title} but one's own: others could have more")
        if not (answers.get(200) and writes.get(201)) or answers.keys() & {503, "broken"}:
            faults.append(f"{title} but one's own: that was noticed: {answers}")
    with watched(town, say, title, faults, 8) as watch:
        town.network.cut(True)
        take()
        time.sleep(3)
        town.network.cut(False)
        # From now on, they have the network, and no connection.
        cut_off = watch.answers.get(503, 0)
        time.sleep(8)
        for other in others:
            other.kill()
            other.wait()
        recovers(town, title, faults, 20)
        if watch.answers.get(503, 0) == cut_off:
            faults.append(f"{title}: nobody noticed")


def disk_full(town, say, faults):
    """Nothing can be added to the disk of PostgreSQL."""
    title = "disk full"
    flag = pathlib.Path(town.postgres.environment["FULL_WHILE"])
    # Its log has room at first: a file of 16 MiB of its own.
    town.postgres.run("select pg_switch_wal(); create table fresh (); drop table fresh")
    with watched(town, say, title, faults, 45) as watch:
        others_session = somebody_else(town, "select pg_sleep(300)")
        read, written = dict(watch.answers), dict(town.memory.writes)
        flag.touch()
        end = time.monotonic() + 60
        while time.monotonic() < end:
            town.look()
            time.sleep(0.2)
            reads, writes = since(read, watch.answers), since(written, town.memory.writes)
            if writes.get(503, 0) >= 20 and sum(reads.values()) >= 10:
                break
        say(f"{title}: reads were answered {reads}, writes {writes}")
        if not writes.get(503):
            faults.append(f"{title}: no write was refused")
        if set(reads) != {200}:
            faults.append(f"{title}: before PostgreSQL gave up, reads were answered {reads}")
        # Then its log, too, needs another file: PostgreSQL gives up, recovers, and gives up again.
        end = time.monotonic() + 60
        while others_session.poll() is None and time.monotonic() < end:
            switching = somebody_else(town, "select pg_switch_wal(); select txid_current()")
            with contextlib.suppress(subprocess.TimeoutExpired):
                switching.wait(20)
            switching.kill()
            switching.wait()
            town.calm(1)
        town.calm(10)
        flag.unlink()
        if others_session.poll() is None:
            faults.append(f"{title}: PostgreSQL did not give up")
            others_session.kill()
        others_session.wait()
        if town.postgres.process.poll() is not None:
            say("PostgreSQL had ended for lack of space, and is started again")
            town.postgres.start()
        recovers(town, title, faults, 30)


def table_locked(town, say, faults):
    """An operator holds a lock on the tickets, and went for lunch."""
    title = "table locked"
    with watched(town, say, title, faults, 16) as watch:
        operator = somebody_else(
            town, "begin; lock table continuum.ticket in access exclusive mode; select pg_sleep(300)"
        )
        time.sleep(20)
        operator.kill()
        operator.wait()
        recovers(town, title, faults, 20)
        if not watch.answers.get(503):
            faults.append(f"{title}: nobody noticed")


def slow_clients(town, say, faults):
    """Ten thousand clients begin a request, and never end it."""
    title = "slow clients"
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    count = min(SLOW_CLIENTS, (hard if hard > 0 else 1 << 20) - 2000)
    pid = town.programs[0].process.pid
    before = resident(pid)
    with watched(town, say, title, faults, 10):
        clients, began = [], time.monotonic()
        for _ in range(count):
            client = socket.socket()
            client.settimeout(30)
            client.connect(("127.0.0.1", town.ports[0]))
            client.sendall(b"POST /v1/concerns HTTP/1.1\r\nHost: x\r\nContent-Le")
            clients.append(client)
        most = resident(pid)
        open_for = time.monotonic()
        left = until_closed(clients, 60)
        most = max(most, resident(pid))
        say(f"{title}: {count} within {open_for - began:.0f} s, {left} of them still connected {time.monotonic() - open_for:.0f} s later")
        for client in clients:
            client.close()
    say(f"{title}: resident memory {before:.0f} MiB before, {most:.0f} MiB with them")
    if count < SLOW_CLIENTS:
        faults.append(f"{title}: this machine lets a process have {hard} files open, too few for {SLOW_CLIENTS} clients")
    if left:
        faults.append(f"{title}: {left} of {count} were not hung up on")
    if most > before + 400:
        faults.append(f"{title}: memory rose from {before:.0f} to {most:.0f} MiB")


def until_closed(clients, limit):
    """Waits until the server has hung up on all of them; how many it has not."""
    selector, end = selectors.DefaultSelector(), time.monotonic() + limit
    for client in clients:
        selector.register(client, selectors.EVENT_READ)
    while selector.get_map() and time.monotonic() < end:
        for key, _ in selector.select(1):
            try:
                more = key.fileobj.recv(65536)
            except OSError:
                more = b""
            if not more:
                selector.unregister(key.fileobj)
    return len(selector.get_map())


def resident(pid):
    """MiB; none of one that has ended, which `live` tells of."""
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return sum(map(int, re.findall(r"VmRSS:\s*(\d+)", status))) / 1024


def prepare(town, folder):
    """Has PostgreSQL's disk become full at a word; lets this process and what it starts have many connections."""
    library, flag = folder / "full.so", folder / "postgres-is-full"
    source = pathlib.Path(__file__).with_name("full.c")
    subprocess.run(["cc", "-O1", "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
    town.postgres.environment = {"LD_PRELOAD": str(library), "FULL_WHILE": str(flag)}
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def live(town, say):
    """All of them, with people at work; the faults."""
    faults = []
    for day in (connections_exhausted, table_locked, disk_full, slow_clients):
        day(town, say, faults)
        town.calm(2)
    for program in town.programs:
        if ended := program.ends["by itself, or could not start"]:
            faults.append(f"{program.name} ended by itself {ended} times")
    return faults
