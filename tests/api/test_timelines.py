"""Timelines and paging: Link headers as clients follow them, exact in both directions, to the end."""

import pytest

from client import Client, check_dates_and_ids, ids, links_of
from community import befriend, wait_until


class Pages:
    """Lists that page by the ids of posts, each with 23 posts in known order, newest first."""

    def __init__(self, community):
        self.author, self.reader = community.friends("author", "reader")
        self.tag = self.author.name + "paging"
        self.list = self.reader.post("/api/v1/lists", title="Authors")
        self.reader.post(f"/api/v1/lists/{self.list['id']}/accounts", **{"account_ids[]": self.author.id})
        self.posts = []
        for n in range(23):
            self.posts.insert(0, self.author.write(f"{n} #{self.tag}", visibility="public")["id"])
        self.paths = {
            "home": "/api/v1/timelines/home",
            "list": f"/api/v1/timelines/list/{self.list['id']}",
            "tag": f"/api/v1/timelines/tag/{self.tag}",
            "account": f"/api/v1/accounts/{self.author.id}/statuses",
        }
        for path in self.paths.values():
            wait_until(lambda path=path: ids(self.reader.get(path, limit=40)) == self.posts)

    def get(self, name, **params):
        return self.reader.ask("GET", self.paths[name], params=params)


@pytest.fixture(scope="module")
def pages(community):
    return Pages(community)


timelines = pytest.mark.parametrize("name", ["home", "list", "tag", "account"])


@timelines
def test_next_leads_through_everything_once(pages, name):
    found = pages.reader.pages(pages.paths[name], limit=5)
    assert sum(map(ids, found), []) == pages.posts
    assert [len(page) for page in found if page] == [5, 5, 5, 5, 3]


@timelines
def test_prev_leads_back_up_without_gap_or_double(pages, name):
    answer = pages.get(name, limit=6, max_id=pages.posts[11])
    assert ids(answer.json()) == pages.posts[12:18]
    above = pages.reader.ask("GET", links_of(answer)["prev"])
    assert ids(above.json()) == pages.posts[6:12], "min_id is the page just above"
    top = pages.reader.ask("GET", links_of(above)["prev"])
    assert ids(top.json()) == pages.posts[:6]


@timelines
def test_min_since_and_max_are_exact(pages, name):
    posts = pages.posts
    assert ids(pages.get(name, limit=4, min_id=posts[10]).json()) == posts[6:10]
    assert ids(pages.get(name, limit=4, since_id=posts[10]).json()) == posts[:4], "since_id is the newest page above"
    assert ids(pages.get(name, limit=40, since_id=posts[3]).json()) == posts[:3]
    assert ids(pages.get(name, limit=4, max_id=posts[10]).json()) == posts[11:15]
    assert ids(pages.get(name, limit=40, max_id=posts[5], since_id=posts[9]).json()) == posts[6:9]
    assert ids(pages.get(name, limit=2, max_id=posts[5], min_id=posts[9]).json()) == posts[7:9]
    assert ids(pages.get(name, max_id="0", limit=1).json()) == posts[:1]


@timelines
def test_empty_page_has_no_link(pages, name):
    for params in ({"since_id": pages.posts[0]}, {"min_id": pages.posts[0]}, {"max_id": pages.posts[-1]}):
        answer = pages.get(name, **params)
        assert answer.json() == [] and "Link" not in answer.headers, (name, params)


@timelines
def test_links_keep_the_other_parameters_and_hold_no_raw_comma(pages, name):
    answer = pages.get(name, limit=3, only_media="false", x="a,b c")
    links = links_of(answer)
    assert f"max_id={pages.posts[2]}" in links["next"] and f"min_id={pages.posts[0]}" in links["prev"]
    for url in links.values():
        assert url.startswith(pages.reader.base) and "limit=3" in url and "," not in url
        assert "access_token" not in url


def test_links_never_hold_a_token(pages, community):
    answer = Client(community.url).ask("GET", pages.paths["home"],
                                       params={"access_token": pages.reader.token, "limit": 2})
    assert "next" in links_of(answer) and pages.reader.token not in answer.headers["Link"]


@pytest.mark.parametrize("limit,most", [("0", 1), ("1000", 80), ("-5", 1)])
def test_limit_is_kept_within_bounds(pages, limit, most):
    answer = pages.get("home", limit=limit)
    assert answer.status_code in (200, 422)
    if answer.status_code == 200:
        assert len(answer.json()) <= most


@pytest.mark.parametrize("params", [{"max_id": "abc"}, {"since_id": "1.5"}, {"min_id": "-1"}, {"limit": "many"},
                                    {"max_id": "9" * 30}, {"max_id": "01FZY"}])
def test_wrong_cursor_is_422(pages, params):
    assert pages.get("home", **params).status_code == 422


def test_public_timeline_pages_too(pages):
    found = pages.reader.ask("GET", "/api/v1/timelines/public", params={"limit": 5, "max_id": pages.posts[4]})
    assert set(ids(found.json())) >= {pages.posts[5]}
    assert "next" in links_of(found)
    assert pages.reader.get("/api/v1/timelines/public", remote="true") == []
    assert pages.reader.get("/api/v1/timelines/public", only_media="true") == []
    assert pages.reader.get("/api/v1/timelines/public", local="true", limit=1)


def test_hidden_posts_never_end_a_list(community):
    """Twenty entries all filtered must not look like the end."""
    author, reader = community.friends("author", "reader")
    first = author.write("Oldest", visibility="public")
    for n in range(30):
        author.write(f"Hidden {n}", visibility="only_me")
    last = author.write("Newest", visibility="public")
    for path in (f"/api/v1/accounts/{author.id}/statuses", "/api/v1/timelines/home"):
        found = sum(map(ids, reader.pages(path, limit=1)), [])
        assert found == [last["id"], first["id"]], path


# --- pages of relations go by the relation's own ids ---

def test_relations_page_by_their_own_ids(community):
    star = community.person("star").open_up()
    fans = community.people(*["fan"] * 5)
    for fan in fans:
        fan.do("follow", star)
    wanted = ids([fan.account for fan in fans])[::-1]
    pages = star.pages(f"/api/v1/accounts/{star.id}/followers", limit=2)
    assert sum(map(ids, pages), []) == wanted
    answer = star.ask("GET", f"/api/v1/accounts/{star.id}/followers", params={"limit": 2})
    assert not any(f"={fan.id}" in answer.headers["Link"] for fan in fans), "not the people's ids"
    lower = star.ask("GET", links_of(answer)["next"])
    assert ids(star.ask("GET", links_of(lower)["prev"]).json()) == wanted[:2]


@pytest.mark.parametrize("verb,path", [("block", "/api/v1/blocks"), ("mute", "/api/v1/mutes")])
def test_blocks_and_mutes_page(community, ada, verb, path):
    others = community.people(*["other"] * 4)
    for other in others:
        ada.do(verb, other)
    assert sum(map(ids, ada.pages(path, limit=3)), []) == ids([o.account for o in others])[::-1]


def test_requests_page(community, ada):
    others = community.people(*["other"] * 3)
    for other in others:
        other.do("follow", ada)
    assert sum(map(ids, ada.pages("/api/v1/follow_requests", limit=2)), []) == ids([o.account for o in others])[::-1]


@pytest.mark.parametrize("verb,path", [("favourite", "/api/v1/favourites"), ("bookmark", "/api/v1/bookmarks")])
def test_favourites_and_bookmarks_page_by_the_time_of_the_act(community, verb, path):
    ada, bob = community.friends("ada", "bob")
    posts = [ada.write(f"{n}") for n in range(5)]
    order = [posts[n] for n in (3, 0, 4, 1, 2)]
    for post in order:
        bob.act(verb, post)
    assert sum(map(ids, bob.pages(path, limit=2)), []) == ids(order[::-1])
    answer = bob.ask("GET", path, params={"limit": 2})
    lower = bob.ask("GET", links_of(answer)["next"])
    assert ids(bob.ask("GET", links_of(lower)["prev"]).json()) == ids(order[::-1][:2])


def test_people_of_a_post_page(community):
    ada = community.person("ada")
    post = ada.write("Popular", visibility="public")
    fans = community.people(*["fan"] * 5)
    for fan in fans:
        fan.act("favourite", post)
        fan.act("reblog", post)
    for end in ("favourited_by", "reblogged_by"):
        found = sum(map(ids, ada.pages(f"/api/v1/statuses/{post['id']}/{end}", limit=2)), [])
        assert sorted(found) == sorted(fan.id for fan in fans) and len(found) == 5, end


# --- what is in them ---

def test_home_holds_what_friends_and_followed_write_and_share(community):
    reader, friend = community.friends("reader", "friend")
    open_one = community.person("open").open_up()
    stranger = community.person("stranger")
    reader.do("follow", open_one)
    far = stranger.write("Far", visibility="public")
    a, b = friend.write("A"), open_one.write("B", visibility="public")
    share = friend.act("reblog", far)
    wait_until(lambda: {a["id"], b["id"], share["id"]} <= set(ids(reader.home())))
    assert far["id"] not in ids(reader.home())
    check_dates_and_ids(reader.home())


def test_newsfeed_gives_reasons_and_an_end(community):
    reader, friend = community.friends("reader", "friend")
    open_one = community.person("open").open_up()
    reader.do("follow", open_one)
    far = community.person("far").write("Far", visibility="public")
    posts = {"friend_posted": friend.write("A")["id"], "followed_posted": open_one.write("B", visibility="public")["id"],
             "friend_shared": friend.act("reblog", far)["id"], "own": reader.write("C")["id"]}
    wait_until(lambda: len(reader.get("/api/v1/newsfeed")["items"]) == 4)
    feed = reader.get("/api/v1/newsfeed")
    assert feed["end"] is True and feed["next_max_id"] is None
    for item in feed["items"]:
        kind = item["reasons"][0]["kind"]
        assert posts[kind] == item["status"]["id"] and item["reasons"][0]["account_id"]
    first = reader.get("/api/v1/newsfeed", limit=2)
    assert first["end"] is False and ids([i["status"] for i in first["items"]]) == ids(reader.home(limit=2))
    rest = reader.get("/api/v1/newsfeed", limit=10, max_id=first["next_max_id"])
    assert len(rest["items"]) == 2 and rest["end"] is True


def test_followed_tag_brings_posts_of_strangers_and_leaves_with_it(community):
    reader, stranger = community.people("reader", "stranger")
    tag = stranger.name + "t"
    reader.home()
    reader.post(f"/api/v1/tags/{tag}/follow")
    post = stranger.write(f"#{tag}", visibility="public")
    wait_until(lambda: post["id"] in ids(reader.home()))
    reader.post(f"/api/v1/tags/{tag}/unfollow")
    assert post["id"] not in ids(reader.home())


def test_followed_tag_is_in_a_feed_that_was_never_read(community):
    reader, stranger = community.people("reader", "stranger")
    tag = stranger.name + "t"
    reader.post(f"/api/v1/tags/{tag}/follow")
    post = stranger.write(f"#{tag}", visibility="public")
    wait_until(lambda: post["id"] in ids(stranger.get(f"/api/v1/timelines/tag/{tag}")))
    wait_until(lambda: post["id"] in ids(reader.home()))


def test_link(community, ada):
    url = f"https://news.example/{ada.name}"
    posts = [ada.write(f"{text} {url}", visibility=visibility) for text, visibility in
             [("one", "public"), ("two", "private"), ("three", "public")]]
    path = "/api/v1/timelines/link"
    wait_until(lambda: len(ada.get(path, url=url)) == 2)
    written_otherwise = f"HTTPS://News.Example/{ada.name}#part"
    assert ids(ada.get(path, url=written_otherwise)) == [posts[2]["id"], posts[0]["id"]]
    assert ids(ada.get(path, url=url, max_id=posts[2]["id"])) == [posts[0]["id"]]
    assert ada.get(path, url="https://news.example/nobody-links-to-this") == []
    ada.get(path, expect=422, url="no address")
    ada.get(path, expect=422)


def test_several_tags(community, ada):
    one, two = f"{ada.name}one", f"{ada.name}two"
    a, b = ada.write(f"#{one}", visibility="public"), ada.write(f"#{one} #{two}", visibility="public")
    c = ada.write(f"#{two}", visibility="public")
    path = f"/api/v1/timelines/tag/{one}"
    wait_until(lambda: len(ada.get(path)) == 2)
    assert ids(ada.get(path, **{"any[]": two})) == [c["id"], b["id"], a["id"]]
    assert ids(ada.get(path, **{"all[]": two})) == [b["id"]]
    assert ids(ada.get(path, **{"none[]": two})) == [a["id"]]


def test_answers_to_strangers_stay_out_of_home(community):
    reader, friend = community.friends("reader", "friend")
    stranger = community.person("stranger")
    post = stranger.write("Not yours", visibility="public")
    answer = friend.write("Answer", in_reply_to_id=post["id"])
    own = friend.write("A later one")
    wait_until(lambda: own["id"] in ids(reader.home()))
    assert answer["id"] not in ids(reader.home())
    assert answer["id"] not in ids(community.nobody.get("/api/v1/timelines/public", limit=40))


def test_exclude_replies_keeps_answers_to_oneself(community):
    ada, bob = community.friends("ada", "bob")
    post = ada.write("Root")
    own = ada.write("And", in_reply_to_id=post["id"])
    other = bob.write("Mine")
    answer = ada.write("To bob", in_reply_to_id=other["id"])
    found = ids(ada.get(f"/api/v1/accounts/{ada.id}/statuses", exclude_replies="true"))
    assert post["id"] in found and answer["id"] not in found and own["id"] in found
    assert ada.get(f"/api/v1/accounts/{ada.id}/statuses", only_media="true") == []


def test_hidden_shares_of_a_friend_leave_home(community):
    reader, friend = community.friends("reader", "friend")
    post = community.person("far").write("Far", visibility="public")
    share = friend.act("reblog", post)
    wait_until(lambda: share["id"] in ids(reader.home()))
    reader.do("follow", friend, reblogs="false")
    assert share["id"] not in ids(reader.home())


def test_exclusive_list_leaves_its_people_out_of_home(community):
    reader, friend = community.friends("reader", "friend")
    made = reader.post("/api/v1/lists", title="Apart", exclusive="true")
    post = friend.write("Apart")
    wait_until(lambda: post["id"] in ids(reader.home()))
    reader.post(f"/api/v1/lists/{made['id']}/accounts", **{"account_ids[]": friend.id})
    assert post["id"] not in ids(reader.home())
    wait_until(lambda: post["id"] in ids(reader.get(f"/api/v1/timelines/list/{made['id']}")))


# --- markers ---

def test_markers(ada):
    assert ada.get("/api/v1/markers", **{"timeline[]": ["home", "notifications"]}) == {}
    saved = ada.post("/api/v1/markers", **{"home[last_read_id]": "123"})["home"]
    assert saved["last_read_id"] == "123" and saved["version"] >= 0
    check_dates_and_ids(saved)
    again = ada.call("POST", "/api/v1/markers", json={"home": {"last_read_id": "124"},
                                                     "notifications": {"last_read_id": "5"}})
    assert again["home"]["version"] > saved["version"] and again["notifications"]["last_read_id"] == "5"
    assert set(ada.get("/api/v1/markers", **{"timeline[]": ["home", "notifications"]})) == {"home", "notifications"}
    assert set(ada.get("/api/v1/markers", **{"timeline[]": "home"})) == {"home"}
    ada.post("/api/v1/markers", expect=422, **{"home[last_read_id]": "x"})
