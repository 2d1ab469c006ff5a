"""A post to 100,000 followers, or KITH_BENCH_FOLLOWERS, with its roles apart, on PostgreSQL, Cassandra, Kafka and Redis,
by 1, 2 and 4 processes of the role timeline: seconds until the last feed holds it, of one post alone and of four at
once, and CPU of all our own processes."""

import concurrent.futures, http.client, json, os, sys, time
from apart_server import command, roles_apart, spent, start_one_more
from harness import Row

FOLLOWERS, WORKERS, AT_ONCE = int(os.environ.get("KITH_BENCH_FOLLOWERS", 100_000)), (1, 2, 4), 4
SMOKE_FOLLOWERS = 2_000
A_PART = 1_000  # of a fan-out: one follower of each is asked
WITHIN_SECONDS = 600


def ask(port, token, method, path, body=None):
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    line.request(method, path, body and json.dumps(body), headers)
    answer = line.getresponse()
    said = answer.read()
    line.close()
    if answer.status == 503 and method == "GET":
        return []  # a machine that is busy with the fan-out: asked again
    if answer.status != 200:
        sys.exit(f"bench: {method} {path} is answered {answer.status}: {said[:200]}")
    return json.loads(said)


def until_held(port, reader, posts):
    """Until this reader's feed has all of them."""
    until = time.monotonic() + WITHIN_SECONDS
    while not posts <= {item["id"] for item in ask(port, reader, "GET", "/api/v1/timelines/home?limit=20")}:
        if time.monotonic() > until:
            sys.exit(f"bench: a feed has not all of {len(posts)} posts after {WITHIN_SECONDS} s")
        time.sleep(0.1)


def fan_out(server, author, readers, count):
    """Seconds from the first post until every reader has all, and the CPU seconds of our processes meanwhile."""
    def write(number):
        post = {"status": f"To everybody, {number}", "visibility": "public"}
        return ask(server.port, author, "POST", "/api/v1/statuses", post)["id"]

    before, began = spent(server), time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as threads:
        posts = set(threads.map(write, range(count)))
        # Followers are written for from the newest to the oldest, so whoever is asked first is among the last.
        list(threads.map(lambda reader: until_held(server.port, reader, posts), readers))
    return time.monotonic() - began, spent(server) - before


def rows(_, seconds):
    smoke = seconds < 1
    followers, workers = (SMOKE_FOLLOWERS, WORKERS[:1]) if smoke else (FOLLOWERS, WORKERS)
    network = ("--users", followers + 1, "--follows", 0, "--posts", 0, "--seed", 1, "--star", followers)
    # Else an author with so many followers is merged on read.
    with roles_apart("fanout", *network, KITH_FAMOUS_FOLLOWERS_UP=str(10 * FOLLOWERS)) as server:
        people = ("n0", *(f"n{number}" for number in range(1, followers + 1, A_PART)), f"n{followers}")
        author, *readers = [command(server, "admin", "token", "create", name).strip() for name in people]
        for count in workers:
            while sum(name.startswith("timeline") for name, _ in server.running) < count:
                start_one_more(server, "timeline")
            for posts in (1, AT_ONCE):
                took, used = fan_out(server, author, readers, posts)
                name = f"a post to {followers} followers, {count} workers" + (f", {posts} at once" if posts > 1 else "")
                yield Row(name, used / (posts * followers) * 1000, None, note=f"{took:.1f} s until the last feed")
