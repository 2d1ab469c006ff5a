"""Mutual friends of two people with 1,000 friends each, half of them in common: the whole answer, 20 accounts."""

import json, statistics, time
from harness import Kith, http, kith, measure_get, scratch

FRIENDS, IN_COMMON = 1_000, 500
ANSWERS = 500


def rows(kit, seconds):
    if kit.users > 200:
        return  # a community of its own, whatever the kit
    folder = scratch() / "friends"
    folder.mkdir()
    ties = [(1, n) for n in range(3, 3 + FRIENDS)] + [(2, n) for n in range(3 + IN_COMMON, 3 + IN_COMMON + FRIENDS)]
    (folder / "graph").write_text("".join(f"{a} {b}\n" for a, b in ties))
    (folder / "posts.csv").write_text("topic,title,text\n1,Hello,everybody\n")
    words = ("demo", "--graph", folder / "graph", "--posts", folder / "posts.csv")
    server = Kith(folder / "data", words=words)
    token = kith("admin", "token", "create", "u1", "--data", folder / "data").strip()
    other = json.loads(server.get("/api/v1/accounts/lookup?acct=u2")[1])["id"]
    path = f"/api/v1/accounts/{other}/mutuals?limit=20"
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    waits = []
    for _ in range(ANSWERS):
        began = time.perf_counter()
        found = json.loads(server.get(path, token, connection)[1])
        waits.append((time.perf_counter() - began) * 1000)
    assert len(found) == 20, found
    row = measure_get(server, "mutual friends, 20 of 500", [path], [token], 1.0, max(1, int(seconds)))
    row.note += f"; the first after {waits[0]:.1f} ms, half of them within {statistics.median(waits):.2f} ms"
    yield row
    server.stop()
