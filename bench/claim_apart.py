"""Home with its roles apart, one process of each, on PostgreSQL, Cassandra, Kafka and Redis: CPU of all our own processes
a request, beside the one process with its own tables, and beside one process on the same engines: what is more than
that is the roles' distance, what is less the engines'."""

import sys
from apart_server import command, roles_apart, spent, without_roles
from harness import Kith, Row, get_in_turn, nginx_with, wrk

TIMES_MAX = 5
NGINX_P99_TIMES_MAX, P99_MORE_MAX = 5, 10_000
PAGE = "/api/v1/timelines/home?limit=20"


def home(port, tokens, spent, seconds):
    """CPU seconds per 1,000 requests once all feeds are warm, and the 99th percentile in microseconds."""
    lua = get_in_turn([PAGE], tokens)
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
    _, nginx_p99 = nginx_with(one.get(PAGE, kit.tokens[0])[1], whole)
    one.stop()

    with roles_apart("bench", *kit.made) as server:
        lines = command(server, "admin", "token", "create", "--all").splitlines()
        tokens = [line.split("\t")[1] for line in lines]
        asked, p99 = home(server.port, tokens, lambda: spent(server), whole)
        together = Kith(server.folder / "together", **without_roles(server.settings))
        near, near_p99 = home(together.port, tokens, together.cpu, whole)
        together.stop()
    goal = NGINX_P99_TIMES_MAX * nginx_p99 + P99_MORE_MAX
    yield Row("home, 20 items, one process on engines", near, None, None, near_p99, f"{near / alone:.1f} x one process")
    yield Row("home, 20 items, roles apart", asked, round(TIMES_MAX * alone, 3), None, p99,
              f"{asked / alone:.1f} x one process; goal of p99 {goal / 1000:.1f} ms")
