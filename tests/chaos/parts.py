"""What stands around the programs under test: PostgreSQL, the network to it, a mail server, a receiver of webhooks, and the
programs as processes. Everything that is started here is ended here, by its own process."""

import asyncio
import collections
import contextlib
import json
import math
import multiprocessing
import os
import pathlib
import random
import re
import signal
import socket
import subprocess
import sys
import threading
import time

PROJECT = pathlib.Path(__file__).resolve().parents[2]
START_LIMIT = 300
# All of a stop ends within twenty seconds, by the programs' own clocks (docs/resilience.md); the rest is for a slow machine.
STOP_LIMIT = 25
# What has programs and PostgreSQL's clients work elsewhere than they are told, or otherwise: the caller's is not for them.
ELSEWHERE = re.compile("AWS_|CONTINUUM_|DATABASE_|DKIM_|OIDC_|OTEL_|PG(?!_BIN)|SMTP_")


def end_when_asked():
    """Whatever ends this script, it ends what it has started."""

    def asked(*_):
        # `timeout` asks twice: the second time would keep it from that.
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        for child in multiprocessing.active_children():
            child.terminate()
        sys.exit("asked to stop")

    signal.signal(signal.SIGTERM, asked)


def surroundings(**own):
    """The environment of what is started here: the caller's without that, and what is said here."""
    return {name: value for name, value in os.environ.items() if not ELSEWHERE.match(name)} | own


def built(binary):
    """The program that was named, or that of the target folder, built before."""
    if not binary:
        subprocess.run(["cargo", "build", "--quiet", "--locked", "-p", "continuum"], cwd=PROJECT, check=True)
        binary = PROJECT / os.environ.get("CARGO_TARGET_DIR", "target") / "debug/continuum"
    return binary.resolve()


def read_json(path):
    """The file's content; None while it is absent or half-written."""
    try:
        return json.loads(path.read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return None


@contextlib.contextmanager
def running(command, folder):
    """Runs a server on a database of its own until the block ends; yields what its ready file says."""
    ready = folder / "ready.json"
    command = [*command, "--listen", "127.0.0.1:0", "--data-dir", folder / "data", "--ready-file", ready]
    with open(folder / "log", "wb") as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=PROJECT, env=surroundings())
    try:
        end = time.monotonic() + START_LIMIT
        while (said := read_json(ready)) is None:
            if process.poll() is not None or time.monotonic() > end:
                sys.exit(f"the server did not start:\n{(folder / 'log').read_text()[-4000:]}")
            time.sleep(0.05)
        yield said
        if process.poll() is not None:
            sys.exit(f"the server ended by itself:\n{(folder / 'log').read_text()[-4000:]}")
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class PostgreSQL:
    """A cluster of its own; under the account of the Debian package when we are root, as PostgreSQL refuses to be."""

    def __init__(self, folder, connections=100):
        self.connections = connections
        found = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
        self.bin = pathlib.Path(os.environ.get("PG_BIN") or found[-1])
        self.folder, self.port, self.process, self.environment = folder / "postgres", free_port(), None, {}
        self.account = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.getuid() == 0 else {}
        self.folder.mkdir()
        if self.account:
            os.chown(self.folder, __import__("pwd").getpwnam("postgres").pw_uid, -1)
        command = [self.bin / "initdb", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-D", self.folder]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd="/", **self.account)

    def start(self):
        settings = {"port": self.port, "listen_addresses": "127.0.0.1", "unix_socket_directories": "", "max_connections": self.connections}
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        with open(self.folder.parent / "postgres.log", "ab") as log:
            command = [self.bin / "postgres", "-D", self.folder, *options]
            environment = os.environ | self.environment
            self.process = subprocess.Popen(command, stdout=log, stderr=log, cwd="/", env=environment, **self.account)
        end = time.monotonic() + START_LIMIT
        while time.monotonic() < end:
            command = [self.bin / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port)]
            if subprocess.run(command, check=False).returncode == 0:
                return
            time.sleep(0.1)
        sys.exit("PostgreSQL does not start")

    def stop(self, how=signal.SIGINT):
        """SIGINT is its fast stop; SIGQUIT the one after which it recovers as after a crash."""
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait(60)
            self.process = None

    def run(self, statement, database="continuum"):
        command = [self.bin / "psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p", str(self.port)]
        environment = surroundings(PGOPTIONS="-c search_path=continuum,public")
        command += ["-U", "postgres", "-d", database, "-f", "-"]
        done = subprocess.run(command, input=statement, capture_output=True, text=True, check=False, env=environment)
        if done.returncode:
            sys.exit(f"{statement}\n{done.stderr}")
        return done.stdout

    def rows(self, query):
        """The rows of a query, each as an object."""
        return json.loads(self.run(f"select coalesce(json_agg(r), '[]') from ({query}) r;"))


class Loop(threading.Thread):
    """A thread with an event loop, for the servers below."""

    def __init__(self):
        super().__init__(daemon=True)
        self.loop = asyncio.new_event_loop()
        self.start()

    def run(self):
        self.loop.run_forever()

    def serve(self, handle, port=0):
        """Listens; returns the port. A connection that breaks is nobody's failure here."""

        async def handled(reader, writer):
            try:
                await handle(reader, writer)
            except (OSError, EOFError, ValueError):
                pass
            finally:
                writer.close()

        server = asyncio.run_coroutine_threadsafe(asyncio.start_server(handled, "127.0.0.1", port), self.loop).result()
        return server.sockets[0].getsockname()[1]


class Network:
    """The way to a port: open, cut (every connection is reset, none is taken), or silent (nothing passes, nothing is said)."""

    def __init__(self, loop, to):
        self.loop, self.to, self.writers, self.is_cut = loop.loop, to, set(), False
        self.broken, self.held_up, self.silent_until = 0, 0, 0.0
        self.passing = asyncio.run_coroutine_threadsafe(self.event(), self.loop).result()
        self.port = loop.serve(self.carry)

    async def event(self):
        passing = asyncio.Event()
        passing.set()
        return passing

    async def carry(self, reader, writer):
        if self.is_cut:
            writer.transport.abort()
            return
        await self.passing.wait()
        there, back = await asyncio.open_connection("127.0.0.1", self.to)
        both = {writer, back}
        self.writers |= both
        try:
            await asyncio.gather(self.pump(reader, back), self.pump(there, writer))
        finally:
            self.writers -= both
            back.close()

    async def pump(self, reader, writer):
        while data := await reader.read(65536):
            self.held_up += not self.passing.is_set()
            await self.passing.wait()
            writer.write(data)
            await writer.drain()
        writer.close()

    def reset(self):
        self.broken += len(self.writers) // 2
        for writer in list(self.writers):
            writer.transport.abort()

    def cut(self, cut):
        self.is_cut = cut
        if cut:
            self.loop.call_soon_threadsafe(self.reset)

    def silence(self, silent):
        self.loop.call_soon_threadsafe(self.passing.clear if silent else self.passing.set)
        self.silent_until = math.inf if silent else time.monotonic()


class Post:
    """A mail server that keeps what comes. When it is moody it now and then takes an e-mail and does not say so, or says to
    come later; the first one to a resident, which nothing makes needless, it always takes so."""

    def __init__(self, loop, seed):
        self.random, self.moody, self.received = random.Random(seed), False, []
        self.kept_quiet, self.port = False, loop.serve(self.converse)

    def whim(self, chance):
        return self.moody and self.random.random() < chance

    def keeps_quiet(self, to):
        first = self.moody and not self.kept_quiet and any(address.startswith("habitante-") for address in to)
        self.kept_quiet |= first
        return first or self.whim(0.02)

    async def converse(self, reader, writer):
        def say(line):
            writer.write(line.encode() + b"\r\n")

        say("220 sink")
        to = []
        while line := (await reader.readline()).decode("utf-8", "replace").strip():
            verb = line[:4].upper()
            if verb == "QUIT":
                say("221 bye")
                return
            if verb == "RCPT":
                if self.whim(0.02):
                    say("451 4.3.0 later")
                    continue
                to.append(re.sub(r".*<(.*)>.*", r"\1", line))
                say("250 ok")
            elif verb == "DATA":
                say("354 go on")
                await writer.drain()
                text = await reader.readuntil(b"\r\n.\r\n")
                found = re.search(rb"(?im)^Message-ID:\s*<([^>@]+)@", text)
                self.received.append((found[1].decode() if found else None, tuple(to), text))
                if self.keeps_quiet(to):
                    return
                to = []
                say("250 taken")
            elif verb == "EHLO":
                say("250-sink\r\n250-8BITMIME\r\n250 SMTPUTF8")
            else:
                to = [] if verb in ("MAIL", "RSET") else to
                say("250 ok")
            await writer.drain()


class Receiver:
    """Takes webhooks and keeps what comes; when it is moody, it takes the first event, and one now and then, and does not say so."""

    def __init__(self, loop, seed):
        self.random, self.moody, self.received = random.Random(seed), False, []
        self.kept_quiet, self.port = False, loop.serve(self.take)

    async def take(self, reader, writer):
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            length = int(re.search(r"(?i)content-length: (\d+)", head)[1])
            event = json.loads(await reader.readexactly(length))
            self.received.append((re.search(r"(?i)webhook-id: (\S+)", head)[1], event))
            if self.moody and (not self.kept_quiet or self.random.random() < 0.01):
                self.kept_quiet = True
                return
            writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
            await writer.drain()


class Program:
    """One of the programs under test: started again whenever it has ended, until it is not wanted any more."""

    def __init__(self, name, command, environment, folder):
        self.name, self.command, self.folder = name, command, folder
        self.environment, self.log = environment, folder / f"{name}.log"
        self.ends, self.process, self.not_before = collections.Counter(), None, 0
        self.slowest_stop, self.faults = 0.0, []

    def start(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                self.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self.environment, cwd=self.folder
            )

    def look(self):
        """Starts it again, a little later, when it has ended."""
        if self.process is not None and self.process.poll() is not None:
            self.ends["by itself, or could not start"] += 1
            self.process, self.not_before = None, time.monotonic() + 0.5
        if self.process is None and time.monotonic() >= self.not_before:
            self.start()

    def is_up(self):
        """Whether it has started: the last thing that it does then is to listen for SIGTERM."""
        if self.process is None or self.process.poll() is not None:
            return False
        caught = re.search(r"SigCgt:\s*(\w+)", pathlib.Path(f"/proc/{self.process.pid}/status").read_text())
        return caught is not None and bool(int(caught[1], 16) >> (signal.SIGTERM - 1) & 1)

    def end(self, how, pause=0.0):
        """Ends it; returns the seconds that it took. Who is asked to stop has to do so in time and, once it is up, with success."""
        if self.process is None or self.process.poll() is not None:
            return 0.0
        was_up, began = self.is_up(), time.monotonic()
        self.process.send_signal(how)
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        took = time.monotonic() - began
        self.ends[signal.Signals(how).name if was_up else "while it started"] += 1
        if how == signal.SIGTERM:
            self.slowest_stop = max(self.slowest_stop, took)
            if took > STOP_LIMIT or (was_up and self.process.returncode != 0):
                self.faults.append(f"{self.name} was asked to stop: after {took:.1f} s it ended with {self.process.returncode}")
        self.process, self.not_before = None, time.monotonic() + pause
        return took
