"""From start to the first answer, memory when idle, the first read of each person, disk a post."""

import json, time
from harness import Kith, Row, kith, http


def rows(kit, seconds):
    server = Kith(kit.data)
    yield Row("start to first answer", server.ready_in * 1000, None, note=f"goal 0.5 s; {server.ready_in:.3f} s")
    time.sleep(1 if seconds >= 1 else 0.1)
    yield Row("memory when idle", 0, None, note=f"goal 120 MiB; {server.memory() / 2**20:.0f} MiB")
    people = kit.tokens[:200]
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    server.get("/health/live", connection=connection)
    before = server.cpu()
    for token in people:
        server.get("/api/v1/timelines/home?limit=20", token, connection)
    yield Row("first read after start, 20 items", (server.cpu() - before) / len(people) * 1000, 0.6)
    server.stop()
    kith("compact", "--data", kit.data)
    posts = 5000 if kit.users == 200 else 200000
    yield Row("disk a post", 0, None, note=f"goal 3,072 bytes; {kit.bytes_on_disk() / posts:.0f} bytes")
