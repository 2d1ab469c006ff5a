"""A community behind one process of each role, on PostgreSQL, Cassandra, Kafka and Redis."""

import contextlib, os, sys
from harness import PROGRAM, ROOT, cpu, kith, scratch

sys.path += [str(ROOT / "tests/api"), str(ROOT / "tests/crash")]


@contextlib.contextmanager
def roles_apart(name, *network, **settings):
    """The running server, filled by `kith import network`."""
    folder = scratch()
    folder.chmod(0o755)  # the engines' own user looks into it
    os.environ |= {"KITH_PROGRAM": str(PROGRAM), "KITH_SHAPE": "roles", "KITH_API_FOLDER": str(folder)}
    import apart, server as api

    api.PORTS = range(18480, 18520)  # the API suite may run beside this
    with apart.engines(folder / "engines"):
        server = api.Server(name, **settings)
        kith("import", "network", "--data", server.data, *network, env=without_roles(server.environment))
        server.start()
        try:
            yield server
        finally:
            server.stop()


def without_roles(settings):
    """Of one process that does everything, on the same engines."""
    return {key: value for key, value in settings.items() if not key.startswith("KITH_RPC_")}


def command(server, *words):
    return kith(*words, "--data", server.data, env=server.environment)


def pids(server):
    return [process.pid for _, process in server.running]


def spent(server):
    """CPU seconds of all its processes, since each began."""
    return sum(map(cpu, pids(server)))


def start_one_more(server, role):
    """A process that nobody asks: it takes its share of the events."""
    import server as api

    name = role + str(1 + sum(each.startswith(role) for each, _ in server.running))
    server.ports[name] = api.free_port(but=tuple(server.ports.values()))
    server.start_role(name, until_serving=True)
