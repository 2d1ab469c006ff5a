"""Home with its roles apart, one process of each, on PostgreSQL, Cassandra, Kafka and Redis: CPU of all our own processes
a request, beside the one process with its own tables, and beside one process on the same engines: what is more than
that is the roles' distance, what is less the engines'. How much of it the kernel spends says what calls that are only
sent and received would cost. With eight callers these cores are full; with one the time of an answer is its own."""

import sys
from apart_server import command, roles_apart, spent, spent_in_kernel, without_roles
from harness import Kith, Row, cpu_in_kernel, get_in_turn, nginx_with, wrk

TIMES_MAX = 5
NGINX_P99_TIMES_MAX, P99_MORE_MAX = 5, 10_000
PAGE = "/api/v1/timelines/home?limit=20"
NONE = lambda: 0.0


def home(port, tokens, spent, seconds, in_kernel=NONE, callers=8):
    """CPU seconds per 1,000 requests once all feeds are warm, those in the kernel, and the 99th percentile in microseconds."""
    lua = get_in_turn([PAGE], tokens)
    wrk(port, lua, 3 * seconds, callers)
    before, kernel_before = spent(), in_kernel()
    requests, failed, p99 = wrk(port, lua, seconds, callers)
    if failed or requests == 0:
        sys.exit(f"bench: home, roles apart: {failed} of {requests} requests failed")
    return (spent() - before) / requests * 1000, (in_kernel() - kernel_before) / requests * 1000, p99


def rows(kit, seconds):
    whole = max(1, int(seconds))
    one = Kith(kit.data)
    alone, _, _ = home(one.port, kit.tokens, one.cpu, whole)
    body = one.get(PAGE, kit.tokens[0])[1]
    goals = {callers: NGINX_P99_TIMES_MAX * nginx_with(body, whole, callers)[1] + P99_MORE_MAX for callers in (8, 1)}
    one.stop()

    with roles_apart("bench", *kit.made) as server:
        lines = command(server, "admin", "token", "create", "--all").splitlines()
        tokens = [line.split("\t")[1] for line in lines]
        apart = {callers: home(server.port, tokens, lambda: spent(server), whole, lambda: spent_in_kernel(server), callers)
                 for callers in goals}
        together = Kith(server.folder / "together", **without_roles(server.settings))
        pid = together.process.pid
        near, near_kernel, near_p99 = home(together.port, tokens, together.cpu, whole, lambda: cpu_in_kernel(pid))
        together.stop()
    yield Row("home, 20 items, one process on engines", near, None, None, near_p99,
              f"{near / alone:.1f} x one process, {near_kernel / alone:.1f} x in the kernel alone")
    for callers, goal in goals.items():
        asked, kernel, p99 = apart[callers]
        yield Row(f"home, 20 items, roles apart, {callers} at once", asked, round(TIMES_MAX * alone, 3), None, p99,
                  f"{asked / alone:.1f} x one process, {kernel / alone:.1f} x in the kernel alone; goal of p99 {goal / 1000:.1f} ms")
