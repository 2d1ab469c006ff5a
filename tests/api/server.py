"""A kith of its own for a test run: started, waited for, and ended by its process id."""

import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import time

from balancer import Balancer, is_ready
from certificates import Authority

PROGRAM = os.environ.get("KITH_PROGRAM", "")
ROLLING = os.environ.get("KITH_SHAPE") == "rolling"  # roles, two of each, always one of them being restarted
SHAPE = "roles" if ROLLING else os.environ.get("KITH_SHAPE", "one")
FOLDER = pathlib.Path(os.environ.get("KITH_API_FOLDER", "/tmp/kith-api"))
ENGINES = pathlib.Path(__file__).resolve().parents[2] / "tools/dev/engines"
FIRST_PORT = int(os.environ.get("KITH_API_PORT", "18320"))
PORTS = range(FIRST_PORT, FIRST_PORT + 80)  # what the suite may listen on; two at once need another first one each
ROLES = ("auth", "social", "timeline", "notifications")  # beside the gateway
START_WITHIN_SECONDS = 30
STOP_WITHIN_SECONDS = 40  # a stopping server ends what it began
held = set()  # ports of processes that are restarted, also while nobody listens there
started = []  # whatever a test does, none of these outlives the run


def free_port(but=()):
    for port in PORTS:
        if port in but or port in held:
            continue
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise RuntimeError(f"No port is free from {PORTS[0]} to {PORTS[-1]}")


def database(name):
    """A fresh database on the server that the run has started, and the file with its password."""
    address, password_file = os.environ["KITH_API_POSTGRES"], os.environ["KITH_API_POSTGRES_PASSWORD_FILE"]
    database = "api_" + re.sub(r"\W", "_", name)
    password = pathlib.Path(password_file).read_text().strip()
    subprocess.run(["psql", "-qd", address, "-c", f"DROP DATABASE IF EXISTS {database}", "-c",
                    f"CREATE DATABASE {database}"], check=True, env=os.environ | {"PGPASSWORD": password})
    return re.sub(r"/\w+\?", f"/{database}?", address), password_file


def strict_tables_of(name):
    """The settings for a database of its own on the server that the run has started."""
    address, password_file = database(name)
    return {"KITH_ENGINES_STRICT": "postgres", "KITH_POSTGRES_SERVERS": address,
            "KITH_POSTGRES_PASSWORD_FILE": password_file}


def keys_of(name):
    """The settings for another one with nothing but its keys."""
    address, password_file = database(name + "_keys")
    return {"KITH_ENGINES_KEYS": "postgres", "KITH_KEYS_SERVER": address, "KITH_KEYS_PASSWORD_FILE": password_file}


def wide_tables_of(name):
    """The settings for a keyspace of its own on the node that the run has started."""
    address, user = os.environ["KITH_API_CASSANDRA"], os.environ["KITH_API_CASSANDRA_USER"]
    password_file = os.environ["KITH_API_CASSANDRA_PASSWORD_FILE"]
    keyspace = "api_" + re.sub(r"\W", "_", name)
    ask = [sys.executable, str(ENGINES / "cassandra_ask.py"), address.rsplit(":", 1)[1], user,
           pathlib.Path(password_file).read_text().strip()]
    for statement in (f"DROP KEYSPACE IF EXISTS {keyspace}",
                      f"CREATE KEYSPACE {keyspace} WITH replication = {{'class': 'SimpleStrategy', 'replication_factor': 1}}"):
        subprocess.run([*ask, statement], check=True, stdout=subprocess.DEVNULL)
    return {"KITH_ENGINES_WIDE": "cassandra", "KITH_CASSANDRA_SERVERS": address, "KITH_CASSANDRA_USER": user,
            "KITH_CASSANDRA_PASSWORD_FILE": password_file, "KITH_CASSANDRA_KEYSPACE": keyspace}


def cache_of(name):
    """The settings for keys of its own on the server that the run has started."""
    return {"KITH_ENGINES_CACHE": "redis", "KITH_ENGINES_BUS": "redis",
            "KITH_REDIS_SERVERS": os.environ["KITH_API_REDIS"],
            "KITH_REDIS_PASSWORD_FILE": os.environ["KITH_API_REDIS_PASSWORD_FILE"], "KITH_REDIS_PREFIX": "api_" + name}


def log_of(name):
    """The settings for topics of its own on the cluster that the run has started."""
    return {"KITH_ENGINES_LOG": "kafka", "KITH_KAFKA_SERVERS": os.environ["KITH_API_KAFKA"],
            "KITH_KAFKA_SECURITY": "security.protocol=sasl_plaintext,sasl.mechanisms=PLAIN",
            "KITH_KAFKA_USER": os.environ["KITH_API_KAFKA_USER"],
            "KITH_KAFKA_PASSWORD_FILE": os.environ["KITH_API_KAFKA_PASSWORD_FILE"],
            "KITH_KAFKA_TOPICS": "api_" + re.sub(r"\W", "_", name), "KITH_KAFKA_PARTITIONS": "3"}


class Server:
    """A community in a folder of its own, in the shape that is asked for."""

    def __init__(self, name, shape=SHAPE, copies=1, **settings):
        self.folder = FOLDER / name
        self.data = self.folder / "data"
        self.folder.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        # Hashing a password is dear on purpose; a suite signs up hundreds.
        self.settings = {"KITH_RATE_LIMITS": "off", "KITH_PASSWORD_MEMORY": "1 MiB", "KITH_PASSWORD_PASSES": "1"}
        self.settings |= settings
        if shape in ("postgres", "servers", "roles"):
            self.settings |= strict_tables_of(name)
        if shape in ("servers", "roles"):
            self.settings |= keys_of(name) | wide_tables_of(name) | log_of(name) | cache_of(name)
        if shape == "roles":
            self.settings |= self._roles(copies)
        if shape == "split":
            self.settings["KITH_LISTEN"] = f"127.0.0.1:{self.port}"  # by which the core too knows its community
        # What steers the suite is no setting of the server.
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("KITH_")}
        self.environment |= self.settings
        self.shape = shape
        self.running = []
        self.served = {}  # how often each process has said so, in either format of the log, before it was started
        self.balancer = None

    def _roles(self, copies):
        """The settings that all processes of five roles have in common, so many of each. Several gateways are reached
        through a balancer, which one that stops tells so for a second."""
        self.authority = Authority(self.folder / "certificates")
        self.identities = {role: self.authority.issue(role) for role in ROLES}
        self.ports = {}
        for number in range(1, copies + 1):
            for role in (*ROLES, "gateway"):
                self.ports[f"{role}{number}"] = free_port(but=(self.port, *self.ports.values()))
        addresses = {f"KITH_RPC_{role.upper()}": ",".join(f"tcp:127.0.0.1:{port}" for name, port in self.ports.items()
                                                          if name.startswith(role)) for role in ROLES}
        if copies == 1:
            self.port = self.ports["gateway1"]
            self.url = f"http://127.0.0.1:{self.port}"
        else:
            held.update(self.ports.values())
            addresses["KITH_DRAIN_FOR"] = "1 s"
        return addresses | {"KITH_BASE_URL": self.url} | self.authority.issue("gateway") | {
            "KITH_MAIL_FOLDER": str(self.data / "mail"), "KITH_SERVER_KEY": str(self.folder / "server.key")}

    def start_role(self, name, until_serving=False, **settings):
        """One process: social1, gateway2."""
        role = name.rstrip("0123456789")
        self.served[name] = self.log(name).count("serving") if (self.folder / f"{name}.log").exists() else 0
        if role == "gateway":
            self._run(name, "--roles", role, "--listen", f"127.0.0.1:{self.ports[name]}", "--data",
                      str(self.folder / name))
        else:
            self._run(name, "--roles", role, "--data", str(self.folder / name), **self.identities[role],
                      KITH_RPC_LISTEN=f"tcp:127.0.0.1:{self.ports[name]}", **settings)
        if until_serving:
            self.until_serving(name)

    def until_serving(self, name):
        until = time.monotonic() + START_WITHIN_SECONDS
        while self.log(name).count("serving") == self.served[name]:
            if time.monotonic() > until:
                raise RuntimeError(f"{name} does not serve after {START_WITHIN_SECONDS} s: {self.log(name)[-2000:]}")
            time.sleep(0.05)

    def start(self):
        if self.shape == "roles":
            for number, name in enumerate(self.ports):
                self.start_role(name, until_serving=number == 0)  # which makes what all others find
            gateways = [port for name, port in self.ports.items() if name.startswith("gateway")]
            if len(gateways) > 1:
                self.balancer = Balancer(self.port, gateways)
        elif self.shape != "split":
            self._run("server", "--listen", f"127.0.0.1:{self.port}")
        else:
            self.start_core()
            self.start_gateway()
        return self.wait()

    def restart(self, name):
        """One process, which ends well; until it does its work again."""
        codes = self.stop(only=name)
        if codes != [0]:
            raise RuntimeError(f"{name} ended with {codes}: {self.log(name)[-2000:]}")
        self.start_role(name, until_serving=True)
        until = time.monotonic() + START_WITHIN_SECONDS
        while not self.balancer.ready.get(self.ports[name], True):
            if time.monotonic() > until:
                raise RuntimeError(f"{name} is not ready after {START_WITHIN_SECONDS} s: {self.log(name)[-2000:]}")
            time.sleep(0.05)

    def start_core(self, **settings):
        self._run("core", "--roles", "core", **settings)

    def start_gateway(self):
        self._run("gateway", "--roles", "gateway")

    def wait(self):
        """Until it is ready."""
        until = time.monotonic() + START_WITHIN_SECONDS
        while time.monotonic() < until:
            for name, process in self.running:
                if process.poll() is not None:
                    raise RuntimeError(f"The {name} ended at once: {self.log(name)[-2000:]}")
            if is_ready(self.port):
                return self
            time.sleep(0.05)
        self.stop()
        raise RuntimeError(f"Not ready after {START_WITHIN_SECONDS} s")

    def _run(self, name, *words, **settings):
        log = open(self.folder / f"{name}.log", "ab")
        data = () if "--data" in words else ("--data", str(self.data))
        process = subprocess.Popen([PROGRAM, "serve", *data, *words], stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                                   env=self.environment | settings)
        log.close()
        self.running.append((name, process))
        if self not in started:
            started.append(self)

    def log(self, name):
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def stop(self, only=None):
        """Ends what was started, or one process of it, the last first; returns the exit codes."""
        codes = []
        if only is None and self.balancer:
            self.balancer.stop()
            self.balancer = None
        for name, process in reversed(self.running):
            if only not in (None, name):
                continue
            process.send_signal(signal.SIGTERM)
            try:
                codes.append(process.wait(STOP_WITHIN_SECONDS))
            except subprocess.TimeoutExpired:
                process.kill()
                codes.append(process.wait())
        self.running = [each for each in self.running if only not in (None, each[0])]
        return codes

    def kill(self, name):
        """One process, as a crash ends it."""
        for each in [each for each in self.running if each[0] == name]:
            each[1].kill()
            each[1].wait()
            self.running.remove(each)

    def admin(self, *words):
        """What an operator types, beside the running server."""
        done = subprocess.run([PROGRAM, "admin", *words, "--data", str(self.data)], capture_output=True, text=True,
                              timeout=30, stdin=subprocess.DEVNULL, env=self.environment)
        assert done.returncode == 0, done.stderr
        return done.stdout
