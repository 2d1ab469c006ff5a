"""Warm reads of 20 items, audience and flags applied: home, public, one post, a profile, an account's posts."""

import json
from harness import Kith, measure_get


def rows(kit, seconds):
    server = Kith(kit.data)
    whole = max(1, int(seconds))
    posts, accounts = [], []
    for token in kit.tokens[:50]:
        for status in json.loads(server.get("/api/v1/timelines/home?limit=20", token)[1]):
            posts.append(status["id"])
            accounts.append(status["account"]["id"])
    posts, accounts = sorted(set(posts)), sorted(set(accounts))
    # Everybody's feed once, so that what is measured is warm.
    warm = max(2, whole) if kit.users <= 1000 else 12
    tokens = kit.tokens
    yield measure_get(server, "home, 20 items", ["/api/v1/timelines/home?limit=20"], tokens, 0.10, whole, warm)
    yield measure_get(server, "public, 20 items", ["/api/v1/timelines/public?limit=20"], tokens, 0.10, whole)
    yield measure_get(server, "one post", [f"/api/v1/statuses/{p}" for p in posts], tokens, 0.05, whole)
    yield measure_get(server, "profile", [f"/api/v1/accounts/{a}" for a in accounts], tokens, 0.04, whole)
    yield measure_get(server, "account's posts, 20 items", [f"/api/v1/accounts/{a}/statuses?limit=20" for a in accounts],
                      tokens, 0.15, whole)
    yield measure_get(server, "constant answer", ["/health/live"], None, 0.018, whole)
    server.stop()
