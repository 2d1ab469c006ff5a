"""Home with its roles apart, one process of each, on PostgreSQL, Cassandra, Kafka and Redis: CPU of all our own processes
a request, beside the one process."""

import os, sys
from harness import PROGRAM, ROOT, Kith, Row, cpu, get_in_turn, kith, scratch, wrk

TIMES_MAX = 5


def home(port, tokens, spent, seconds):
    """CPU seconds per 1,000 requests once all feeds are warm, and the 99th percentile."""
    lua = get_in_turn(["/api/v1/timelines/home?limit=20"], tokens)
    wrk(port, lua, 3 * seconds)
    before = spent()
    requests, failed, p99 = wrk(port, lua, seconds)
    if failed or requests == 0:
        sys.exit(f"bench: home, roles apart: {failed} of {requests} requests failed")
    return (spent() - before) / requests * 1000, p99


def rows(kit, seconds):
    whole = max(1, int(seconds))
    one = Kith(kit.data)
    alone, _ = home(one.port, kit.tokens, one.cpu, whole)
    one.stop()

    folder = scratch()
    folder.chmod(0o755)  # the engines' own user looks into it
    os.environ |= {"KITH_PROGRAM": str(PROGRAM), "KITH_SHAPE": "roles", "KITH_API_FOLDER": str(folder)}
    sys.path += [str(ROOT / "tests/api"), str(ROOT / "tests/crash")]
    import apart, server as api

    api.PORTS = range(18480, 18500)  # the API suite may run beside this
    with apart.engines(folder / "engines"):
        server = api.Server("bench")
        one_process = {name: value for name, value in server.environment.items() if not name.startswith("KITH_RPC_")}
        kith("import", "network", "--data", server.data, *kit.made, env=one_process)
        server.start()
        try:
            lines = kith("admin", "token", "create", "--all", "--data", server.data, env=server.environment).splitlines()
            tokens = [line.split("\t")[1] for line in lines]
            asked, p99 = home(server.port, tokens, lambda: sum(cpu(process.pid) for _, process in server.running), whole)
        finally:
            server.stop()
    yield Row("home, 20 items, roles apart", asked, round(TIMES_MAX * alone, 3), None, p99, f"{asked / alone:.1f} x one process")
