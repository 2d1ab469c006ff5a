"""People who write over HTTP while servers are killed, and what must be there afterwards."""

import http.client
import json
import random
import threading
import time
import urllib.parse
import uuid

PEOPLE = ["ada", "ben", "cleo", "dan", "eve", "finn"]


class Unanswered(Exception):
    """The request got no answer: it may have been done or not."""


class Api:
    """One person's connection; used by one thread at a time."""

    def __init__(self, port, token):
        self.port, self.token, self.line = port, token, None

    def ask(self, method, path, body=None, headers=()):
        try:
            if self.line is None:
                self.line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
            sent = {"Authorization": "Bearer " + self.token, **dict(headers)}
            data = None
            if body is not None:
                data = json.dumps(body)
                sent["Content-Type"] = "application/json"
            self.line.request(method, path, data, sent)
            answer = self.line.getresponse()
            text = answer.read()
        except (OSError, http.client.HTTPException) as error:
            self.line = None
            raise Unanswered(str(error)) from error
        if answer.status >= 500:
            raise Unanswered("%s %s answered %d" % (method, path, answer.status))
        value = json.loads(text) if text[:1] in (b"{", b"[") else None
        return answer.status, value, answer.headers

    def all_of(self, path, limit=40):
        """Every item of a list, by its next links."""
        found, place = [], "%s%slimit=%d" % (path, "&" if "?" in path else "?", limit)
        for _ in range(200):
            status, items, headers = self.ask("GET", place)
            if status != 200:
                raise AssertionError("%s answered %d" % (place, status))
            found += items
            links = [part for part in (headers.get("Link") or "").split(",") if 'rel="next"' in part]
            if not links:
                return found
            parsed = urllib.parse.urlsplit(links[0].split("<")[1].split(">")[0])
            place = parsed.path + "?" + parsed.query
        raise AssertionError(path + " has no end")


class Post:
    def __init__(self, author, text, key, parent):
        self.author, self.text, self.key, self.parent = author, text, key, parent
        self.id = None
        self.texts = {text}  # that it may have now; several when an edit was not answered
        self.deleted = False
        self.maybe_deleted = False
        self.tried = False


class Person(threading.Thread):
    """Writes until there is no server any more; notes what was answered. Only this thread changes its
    person's posts and likes, and the friendships with those after it, so the order is known."""

    def __init__(self, place, world):
        super().__init__(daemon=True)
        self.place, self.name, self.world = place, PEOPLE[place], world
        self.dice = random.Random("%d/%d" % (world.seed, place))
        self.api = Api(world.port, world.tokens[self.name])
        self.posts = []          # answered
        self.open_post = None    # the one that was not
        self.unsure = []         # each is there once or not at all
        self.open_answer = None  # the one that cannot be repeated
        self.likes = {}          # post id: True, False, or None when nobody knows
        self.ties = {}           # name: "none", "asked", "friends", or None
        self.acts = 0
        self.problems = []

    def run(self):
        others = {name: Api(self.world.port, token) for name, token in self.world.tokens.items()}
        while not self.world.over.is_set():
            try:
                self.act(others)
                self.acts += 1
            except Unanswered:
                if self.world.killed.is_set():
                    return
                time.sleep(0.05)
            except Exception as error:  # what the server answers is checked, so this is a finding
                self.problems.append("%s: %r" % (self.name, error))
                return

    def act(self, others):
        dice = self.dice.random()
        if self.open_post:
            self.publish(self.open_post)  # with the same key: the same post
        elif dice < 0.45:
            self.publish(self.new_post())
        elif dice < 0.75:
            self.like()
        elif dice < 0.85:
            self.edit()
        elif dice < 0.92:
            self.delete()
        else:
            self.befriend(others)

    def new_post(self):
        number = len(self.posts)
        parent = None
        if self.dice.random() < 0.25:
            known = self.world.some_post(self.dice)
            parent = known.id if known else None
        key = uuid.uuid4().hex if parent or self.dice.random() < 0.7 else None
        return Post(self.name, "%s %d %s" % (self.name, number, uuid.uuid4().hex[:8]), key, parent)

    def publish(self, post):
        again, post.tried = post.tried, True
        if post.key:
            self.open_post = post
        else:
            self.unsure.append(post)
        body = {"status": post.text, "visibility": "public"}
        if post.parent:
            body["in_reply_to_id"] = post.parent
        named = [("Idempotency-Key", post.key)] if post.key else []
        status, value, _ = self.api.ask("POST", "/api/v1/statuses", body, named)
        self.open_post = None
        if not post.key:
            self.unsure.remove(post)
        if status == 200:
            post.id = value["id"]
            self.posts.append(post)
            self.world.note(post)
        elif not (post.parent and status in (404, 422)):  # its parent may be gone
            raise AssertionError("a post was refused with %d: %r" % (status, value))
        elif again:
            self.unsure.append(post)  # what was not answered may have been done while its parent was there

    def like(self):
        post = self.world.some_post(self.dice)
        if not post:
            return
        before = self.likes.get(post.id, False)
        if before is None:
            return
        self.likes[post.id] = None
        verb = "favourite" if not before else "unfavourite"
        status, value, _ = self.api.ask("POST", "/api/v1/statuses/%s/%s" % (post.id, verb))
        # 404 says that the post is hidden by now; it may have been liked just before that.
        self.likes[post.id] = (not before) if status == 200 else None
        if status == 200 and value["favourited"] != (not before):
            raise AssertionError("%s answered favourited %r" % (verb, value["favourited"]))
        if status not in (200, 404):
            raise AssertionError("%s answered %d" % (verb, status))

    def own_post(self):
        # An edit without an answer may still be under way where only one of several processes was killed.
        alive = [post for post in self.posts if not post.deleted and not post.maybe_deleted and len(post.texts) == 1]
        return self.dice.choice(alive) if alive else None

    def edit(self):
        post = self.own_post()
        if not post:
            return
        text = post.text + " e%d" % self.acts
        post.texts.add(text)
        status, value, _ = self.api.ask("PUT", "/api/v1/statuses/" + post.id, {"status": text})
        if status != 200:
            raise AssertionError("an edit was refused with %d: %r" % (status, value))
        post.texts = {text}

    def delete(self):
        post = self.own_post()
        if not post:
            return
        post.maybe_deleted = True
        status, _, _ = self.api.ask("DELETE", "/api/v1/statuses/" + post.id)
        if status not in (200, 404):
            raise AssertionError("a deletion was refused with %d" % status)
        post.deleted = True

    def befriend(self, others):
        # Neighbours stay friends, so that what must be in a feed is known.
        later = [name for name in PEOPLE[self.place + 1:] if not self.world.neighbours(self.name, name)]
        if not later:
            return
        name = self.dice.choice(later)
        before = self.ties.get(name, "none")
        if before is None:
            return
        self.ties[name] = None
        if before == "none":
            who, path, then = self.api, "/api/v1/accounts/%s/follow" % self.world.ids[name], "asked"
        elif before == "asked":
            who, path, then = others[name], "/api/v1/follow_requests/%s/authorize" % self.world.ids[self.name], "friends"
        else:
            who, path, then = self.api, "/api/v1/accounts/%s/unfollow" % self.world.ids[name], "none"
        status, value, _ = who.ask("POST", path)
        if status != 200:
            raise AssertionError("%s answered %d: %r" % (path, status, value))
        self.ties[name] = then


class World:
    def __init__(self, seed, port):
        self.seed, self.port = seed, port
        self.tokens, self.ids = {}, {}
        self.lock, self.known = threading.Lock(), []
        self.killed, self.over = threading.Event(), threading.Event()

    def note(self, post):
        with self.lock:
            self.known.append(post)

    def some_post(self, dice):
        with self.lock:
            return dice.choice(self.known[-40:]) if self.known else None

    @staticmethod
    def neighbours(one, other):
        return PEOPLE.index(one) // 2 == PEOPLE.index(other) // 2

    @staticmethod
    def neighbour(name):
        return PEOPLE[PEOPLE.index(name) ^ 1]


def set_up(server, world):
    for name in PEOPLE:
        code, _, error = server.command("admin", "account", "create", name, "--confirmed")
        assert code == 0, "admin account create: " + error
    code, out, error = server.command("admin", "token", "create", "--all")
    assert code == 0, "admin token create: " + error
    world.tokens = dict(line.split("\t") for line in out.splitlines() if "\t" in line)
    assert set(PEOPLE) <= set(world.tokens), "there are tokens for %s only" % sorted(world.tokens)
    apis = {name: Api(world.port, world.tokens[name]) for name in PEOPLE}
    for name in PEOPLE:
        world.ids[name] = apis[name].ask("GET", "/api/v1/accounts/verify_credentials")[1]["id"]
        assert apis[name].ask("GET", "/api/v1/timelines/home")[0] == 200  # from now on it is read
    for one in PEOPLE[::2]:
        other = world.neighbour(one)
        assert apis[one].ask("POST", "/api/v1/accounts/%s/follow" % world.ids[other])[0] == 200
        assert apis[other].ask("POST", "/api/v1/follow_requests/%s/authorize" % world.ids[one])[0] == 200


def check(world, people, problem):
    apis = {name: Api(world.port, world.tokens[name]) for name in PEOPLE}
    # What was not answered is sent again: the same key is the same post, however often.
    for person in people:
        api = apis[person.name]
        if person.open_post:
            post, seen = person.open_post, set()
            for _ in range(2):
                try:
                    person.api = api
                    person.publish(post)
                except AssertionError as error:
                    problem(str(error))
                if post.id:
                    seen.add(post.id)
                    person.posts = [each for each in person.posts if each is not post] + [post]
            person.open_answer = post if not seen else None
            if len(seen) > 1:
                problem("one key of %s made several posts: %s" % (person.name, seen))
        last = [post for post in person.posts if post.key and not post.maybe_deleted][-1:]
        for post in last:
            status, value, _ = api.ask("POST", "/api/v1/statuses", {"status": post.text, "visibility": "public"},
                                       [("Idempotency-Key", post.key)])
            if status != 200 or value["id"] != post.id:
                problem("a repeated key of %s answered %d %s instead of post %s"
                        % (person.name, status, value and value.get("id"), post.id))

    shown = {}
    listed = {}
    for person in people:
        api = apis[person.name]
        items = api.all_of("/api/v1/accounts/%s/statuses" % world.ids[person.name])
        ids = [item["id"] for item in items]
        listed[person.name] = set(ids)
        if len(ids) != len(set(ids)):
            problem("the list of %s has a post twice" % person.name)
        account = api.ask("GET", "/api/v1/accounts/" + world.ids[person.name])[1]
        if account["statuses_count"] != len(ids):
            problem("%s has %d posts and is said to have %d" % (person.name, len(ids), account["statuses_count"]))
        ours = {post.id: post for post in person.posts}
        # An answer whose parent is gone by now is refused when it is repeated, and may be there all the same.
        extra = set()
        for post in person.unsure + ([person.open_answer] if person.open_answer else []):
            there = [item["id"] for item in items if post.text in item["content"]]
            extra |= set(there)
            if len(there) > 1:
                problem("one request of %s made several posts: %s" % (person.name, there))
        for id in set(ids) - set(ours) - extra:
            problem("%s has post %s, which it never wrote" % (person.name, id))
        for post in person.posts:
            status, value, _ = api.ask("GET", "/api/v1/statuses/%s" % post.id)
            if post.deleted:
                if status != 404 or post.id in listed[person.name]:
                    problem("post %s of %s was deleted and is there" % (post.id, person.name))
                continue
            if status == 404 and post.maybe_deleted:
                continue
            if status != 200:
                problem("post %s of %s is lost (%d)" % (post.id, person.name, status))
                continue
            shown[post.id] = value
            if post.id not in listed[person.name]:
                problem("post %s of %s is not in its author's list" % (post.id, person.name))
            said = api.ask("GET", "/api/v1/statuses/%s/source" % post.id)[1]["text"]
            if said not in post.texts:
                problem("post %s says %r instead of one of %r" % (post.id, said, sorted(post.texts)))

    # Likes: each one's own flag, and the count beside the rows.
    for id, value in shown.items():
        # Asked by its author, who sees it even when the post it answers is gone.
        asking = apis[value["account"]["acct"]]
        likers = {account["acct"] for account in asking.all_of("/api/v1/statuses/%s/favourited_by" % id)}
        if value["favourites_count"] != len(likers):
            problem("post %s has %d likes and %d who like it" % (id, value["favourites_count"], len(likers)))
        for person in people:
            like = person.likes.get(id, False)
            if like is not None and like != (person.name in likers):
                problem("the like of %s for post %s should be %r" % (person.name, id, like))
    answered = {}
    for value in shown.values():
        if value["in_reply_to_id"]:
            answered[value["in_reply_to_id"]] = answered.get(value["in_reply_to_id"], 0) + 1
    for id, value in shown.items():
        if value["replies_count"] != answered.get(id, 0):
            problem("post %s has %d answers and says %d" % (id, answered.get(id, 0), value["replies_count"]))

    for person in people:
        for name, tie in person.ties.items():
            if tie is None:
                continue
            is_now = apis[person.name].ask("GET", "/api/v1/accounts/relationships?id[]=" + world.ids[name])[1][0]
            friends = is_now["following"] and is_now["followed_by"]
            was = "friends" if friends else "asked" if is_now["requested"] else "none"
            if was != tie:
                problem("%s and %s should be %s and are %s" % (person.name, name, tie, was))


def check_feeds(world, people, problem):
    by_name = {person.name: person for person in people}
    for name in PEOPLE:
        feed = {item["id"] for item in Api(world.port, world.tokens[name]).all_of("/api/v1/timelines/home")}
        for author in (name, world.neighbour(name)):
            for post in by_name[author].posts:
                if post.maybe_deleted or post.deleted or (post.parent and author != name):
                    continue
                if post.id not in feed:
                    problem("the feed of %s lacks post %s of %s" % (name, post.id, author))
