"""Writes with all the work behind them: a like, and a post to 20 followers, or more: each further one may add 2 us."""

import json, time
from harness import Kith, Row, get_in_turn, lua_list, wrk


def settled(server):
    """Waits until nothing more is done for what was written."""
    last, quiet = server.cpu(), 0
    while quiet < 5:
        time.sleep(0.1)
        now = server.cpu()
        quiet = quiet + 1 if now - last < 0.005 else 0
        last = now


def rows(kit, seconds):
    server = Kith(kit.data)
    whole = max(1, int(seconds))
    posts = set()
    for token in kit.tokens[:50]:
        server.get("/api/v1/timelines/home?limit=20", token)
        for status in json.loads(server.get("/api/v1/timelines/public?limit=40", token)[1]):
            posts.add(status["id"])
    like = lua_list("tokens", kit.tokens) + lua_list("posts", sorted(posts)) + """
        local n = 0
        request = function()
          n = n + 1
          local post = posts[(n * 104729) % #posts + 1]
          local verb = (math.floor(n / (#posts * 7)) % 2 == 0) and "/favourite" or "/unfavourite"
          return wrk.format("POST", "/api/v1/statuses/" .. post .. verb,
            {["Authorization"] = "Bearer " .. tokens[(n * 7919) % #tokens + 1]})
        end
        """
    write = lua_list("tokens", kit.tokens) + """
        local n = 0
        request = function()
          n = n + 1
          return wrk.format("POST", "/api/v1/statuses", {["Authorization"] = "Bearer " .. tokens[(n * 7919) % #tokens + 1],
            ["Content-Type"] = "application/json"},
            '{"status": "The choir meets on Thursday, bring the blue folder. ' .. n .. '", "visibility": "public"}')
        end
        """
    post_goal = round(0.6 + 0.002 * (kit.follows - 20), 3)
    for name, lua, goal in (("like", like, 0.15), (f"post to {kit.follows} followers", write, post_goal)):
        wrk(server.port, lua, 1)
        settled(server)
        before = server.cpu()
        requests, failed, p99 = wrk(server.port, lua, whole)
        settled(server)
        yield Row(name, (server.cpu() - before) / requests * 1000, goal, None, p99, f"{requests} in {whole} s, {failed} failed")
    server.stop()
