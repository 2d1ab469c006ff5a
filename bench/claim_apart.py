"""Home with its roles apart, one process of each, on PostgreSQL, Cassandra, Kafka and Redis: CPU of all our own processes
a request, beside the one process with its own tables, and beside one process on the same engines: what is more than
that is the roles' distance, what is less the engines'. How much of it the kernel spends says what calls that are only
sent and received would cost. With eight callers these cores are full; with one the time of an answer is its own."""

import sys
from apart_server import command, pids, roles_apart, without_roles
from harness import Kith, Row, cpu, cpu_in_kernel, get_in_turn, nginx_with, wrk

TIMES_MAX = 5
NGINX_P99_TIMES_MAX, P99_MORE_MAX = 5, 10_000
PAGE = "/api/v1/timelines/home?limit=20"


def home(port, tokens, pids, seconds, callers=8):
    """CPU seconds of these processes per 1,000 requests once all feeds are warm, those of them in the kernel, and the 99th
    percentile in microseconds."""
    def spent():
        return sum(map(cpu, pids)), sum(map(cpu_in_kernel, pids))

    lua = get_in_turn([PAGE], tokens)
    wrk(port, lua, 3 * seconds, callers)
    before = spent()
    requests, failed, p99 = wrk(port, lua, seconds, callers)
    if failed or requests == 0:
        sys.exit(f"bench: home, roles apart: {failed} of {requests} requests failed")
    whole, in_kernel = ((now - then) / requests * 1000 for now, then in zip(spent(), before))
    return whole, in_kernel, p99


def rows(kit, seconds):
    whole = max(1, int(seconds))
    one = Kith(kit.data)
    alone, _, _ = home(one.port, kit.tokens, [one.process.pid], whole)
    body = one.get(PAGE, kit.tokens[0])[1]
    goals = {callers: NGINX_P99_TIMES_MAX * nginx_with(body, whole, callers)[1] + P99_MORE_MAX for callers in (8, 1)}
    one.stop()

    with roles_apart("bench", *kit.made) as server:
        lines = command(server, "admin", "token", "create", "--all").splitlines()
        tokens = [line.split("\t")[1] for line in lines]
        apart = {callers: home(server.port, tokens, pids(server), whole, callers) for callers in goals}
        together = Kith(server.folder / "together", **without_roles(server.settings))
        near, near_kernel, near_p99 = home(together.port, tokens, [together.process.pid], whole)
        together.stop()
    yield Row("home, 20 items, one process on engines", near, None, None, near_p99,
              f"{near / alone:.1f} x one process, {near_kernel / alone:.1f} x in the kernel alone")
    for callers, goal in goals.items():
        asked, kernel, p99 = apart[callers]
        yield Row(f"home, 20 items, roles apart, {callers} at once", asked, round(TIMES_MAX * alone, 3), None, p99,
                  f"{asked / alone:.1f} x one process, {kernel / alone:.1f} x in the kernel alone; goal of p99 {goal / 1000:.1f} ms")
