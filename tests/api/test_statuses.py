"""The life of a post: written, answered, edited, liked, shared, quoted, pinned, scheduled, deleted. Seen at once."""

import datetime
import re

import pytest

from client import Client, check_dates_and_ids, ids
from community import befriend, wait_until

STATUS_KEYS = {
    "id", "created_at", "in_reply_to_id", "in_reply_to_account_id", "sensitive", "spoiler_text", "visibility",
    "language", "uri", "url", "replies_count", "reblogs_count", "favourites_count", "edited_at", "favourited",
    "reblogged", "muted", "bookmarked", "pinned", "content", "filtered", "reblog", "application", "account",
    "media_attachments", "mentions", "tags", "emojis", "card", "poll", "quote", "quotes_count", "emoji_reactions",
}
ACCOUNT_KEYS = {
    "id", "username", "acct", "display_name", "locked", "bot", "discoverable", "group", "created_at", "note", "url",
    "uri", "avatar", "avatar_static", "header", "header_static", "followers_count", "following_count",
    "statuses_count", "last_status_at", "emojis", "fields", "roles",
}


@pytest.fixture
def two(community):
    return community.friends("ada", "bob")


def test_status_has_every_key(ada):
    post = ada.write("Hello #world @" + ada.name, visibility="public", language="en")
    assert STATUS_KEYS <= set(post) and ACCOUNT_KEYS <= set(post["account"])
    check_dates_and_ids(post)
    for key in ("media_attachments", "emojis", "filtered", "emoji_reactions"):
        assert post[key] == []
    for key in ("card", "poll", "reblog", "quote", "edited_at", "in_reply_to_id", "in_reply_to_account_id"):
        assert post[key] is None
    assert post["language"] == "en" and post["account"]["id"] == ada.id


def test_post_names_the_app_it_came_from(ada):
    assert ada.write("By an app")["application"] == {"name": "suite", "website": None}


def test_ids_grow_with_time(ada):
    posts = [ada.write(f"{n}") for n in range(5)]
    numbers = [int(post["id"]) for post in posts]
    assert numbers == sorted(numbers) and len(set(numbers)) == 5
    assert {len(post["id"]) for post in posts} == {len(posts[0]["id"])}, "Tusky compares by length, then text"
    assert all(number < 2**63 for number in numbers)


# --- HTML ---

def test_html_of_mentions_tags_and_links(community, ada):
    bob = community.person("bob")
    link = "https://example.org/a/long/path/that/is/much/longer/than/thirty/characters?q=1&r=2"
    post = ada.write(f"@{bob.name} likes #Tea at {link}", visibility="public")
    html = post["content"]
    assert re.fullmatch(r"<p>.*</p>", html)
    assert 'class="u-url mention"' in html and 'class="mention hashtag"' in html and 'class="h-card"' in html
    assert '<span class="invisible">https://</span>' in html and 'class="ellipsis"' in html
    assert "q=1&amp;r=2" in html and 'rel="nofollow noopener' in html
    assert [m["id"] for m in post["mentions"]] == [bob.id]
    assert f'href="{post["mentions"][0]["url"]}"' in html, "apps find the person by the link"
    assert [t["name"].lower() for t in post["tags"]] == ["tea"]
    assert f'href="{post["tags"][0]["url"]}"' in html


@pytest.mark.parametrize("text", [
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", '"><b>bold</b>', "&lt;script&gt;", "a < b > c & d",
    "[x](javascript:alert(1))", "https://example.org/<script>", "javascript:alert(1)",
    'https://example.org/"onmouseover="alert(1)'])
def test_what_is_typed_stays_text(ada, text):
    html = ada.write(text)["content"]
    for tag in re.findall(r"<[^>]*>", html):
        assert re.fullmatch(r'</?(p|br|span|a)( (href="https?://[^"<> ]*"|[a-z]+="[a-z0-9_ -]*"))*( /)?>', tag), tag


def test_lines_and_paragraphs(ada):
    assert ada.write("one\ntwo\n\nthree")["content"] == "<p>one<br />two</p><p>three</p>"


def test_source_is_as_typed(ada):
    text = "  Two  blanks & <tags>\n\n\n#end"
    post = ada.write(text, spoiler_text="warn")
    source = ada.get(f"/api/v1/statuses/{post['id']}/source")
    assert source["id"] == post["id"] and source["spoiler_text"] == "warn"
    assert source["text"].strip() == text.strip()


def test_urls_count_23_characters_and_the_limit_is_announced(community, ada):
    most = community.nobody.get("/api/v2/instance")["configuration"]["statuses"]["max_characters"]
    assert most == 5000
    ada.write("ü" * most)
    ada.post("/api/v1/statuses", expect=422, status="x" * (most + 1))
    ada.write("x" * (most - 24) + " https://example.org/" + "y" * 100)
    ada.post("/api/v1/statuses", expect=422, status="x" * (most - 20) + " https://example.org/" + "y" * 100)
    ada.post("/api/v1/statuses", expect=422, status="x" * (most - 3), spoiler_text="four more")


@pytest.mark.parametrize("form", [
    {"status": ""}, {"status": "   \n "}, {},
    {"status": "x", "visibility": "everyone"}, {"status": "x", "audience[rule]": "enemies"},
    {"status": "x", "language": "no such language!"}, {"status": "x", "in_reply_to_id": "abc"},
    {"status": "x", "media_ids[]": "1"}, {"status": "x", "poll[options][]": "a", "poll[expires_in]": "300"},
    {"status": "x", "scheduled_at": "tomorrow"}, {"status": "x", "sensitive": "perhaps"},
    {"status": "x", "audience[rule]": "list"}, {"status": "x", "audience[rule]": "list", "audience[list]": "123"},
])
def test_wrong_post_is_422_with_one_sentence(ada, form):
    refused = ada.ask("POST", "/api/v1/statuses", data=form)
    assert refused.status_code in (404, 422), refused.text
    assert 10 < len(refused.json()["error"]) < 250
    assert ada.get(f"/api/v1/accounts/{ada.id}/statuses") == []


def test_answer_to_nothing_is_404(ada):
    ada.post("/api/v1/statuses", expect=404, status="x", in_reply_to_id="1")


# --- audience words ---

@pytest.mark.parametrize("word,shown", [
    ("public", "public"), ("unlisted", "unlisted"), ("private", "private"), ("direct", "direct"),
    ("friends", "private"), ("close", "private"), ("friends_of_friends", "private"), ("only_me", "private")])
def test_only_four_words_of_visibility_go_out(ada, word, shown):
    post = ada.write("x", visibility=word)
    assert post["visibility"] == shown, "in Ice Cubes an unknown word fails the whole page"
    ours = {"private": "followers"}.get(word, word)
    assert post["kith"]["audience"] == ours


def test_default_visibility_is_a_preference(ada):
    ada.patch("/api/v1/accounts/update_credentials", **{"source[privacy]": "unlisted", "source[sensitive]": "true",
                                                        "source[language]": "de"})
    post = ada.write("By default")
    assert post["visibility"] == "unlisted" and post["sensitive"] and post["language"] == "de"
    preferences = ada.get("/api/v1/preferences")
    assert preferences["posting:default:visibility"] == "unlisted"
    assert preferences["posting:default:sensitive"] is True and preferences["posting:default:language"] == "de"


# --- idempotency ---

def test_same_key_gives_the_same_status(ada):
    def once(key, text="Once"):
        return ada.call("POST", "/api/v1/statuses", data={"status": text}, headers={"Idempotency-Key": key})

    first = once("key")
    assert once("key")["id"] == first["id"] and once("other")["id"] != first["id"]
    assert len(ada.get(f"/api/v1/accounts/{ada.id}/statuses")) == 2


def test_keys_of_two_people_have_nothing_to_do_with_each_other(two):
    ada, bob = two
    headers = {"Idempotency-Key": "shared"}
    one, other = (p.call("POST", "/api/v1/statuses", data={"status": "x"}, headers=headers) for p in (ada, bob))
    assert one["id"] != other["id"] and other["account"]["id"] == bob.id


def test_key_of_a_refused_post_is_free(ada):
    headers = {"Idempotency-Key": "refused"}
    ada.call("POST", "/api/v1/statuses", expect=422, data={"status": ""}, headers=headers)
    assert ada.call("POST", "/api/v1/statuses", data={"status": "x"}, headers=headers)["id"]


# --- edit ---

def test_edit_keeps_id_and_place_and_shows_every_version(two):
    ada, bob = two
    post = ada.write("First", spoiler_text="w1", visibility="public", language="en")
    second = ada.put(f"/api/v1/statuses/{post['id']}", status="Second", spoiler_text="w2", sensitive="true")
    assert second["id"] == post["id"] and second["created_at"] == post["created_at"] and second["edited_at"]
    assert second["visibility"] == "public" and second["language"] == "en"
    history = bob.get(f"/api/v1/statuses/{post['id']}/history")
    assert [(v["content"], v["spoiler_text"], v["sensitive"]) for v in history] == [
        ("<p>First</p>", "w1", True), ("<p>Second</p>", "w2", True)]
    assert all(v["account"]["id"] == ada.id and v["emojis"] == [] and v["media_attachments"] == [] for v in history)
    check_dates_and_ids(history)
    assert bob.get(f"/api/v1/statuses/{post['id']}")["content"] == "<p>Second</p>"
    assert bob.home(limit=1)[0]["content"] == "<p>Second</p>"


def test_edit_of_anothers_post_is_403(two):
    ada, bob = two
    post = ada.write("Mine", visibility="public")
    bob.put(f"/api/v1/statuses/{post['id']}", expect=403, status="Stolen")
    bob.delete(f"/api/v1/statuses/{post['id']}", expect=403)
    bob.post(f"/api/v1/statuses/{post['id']}/pin", expect=422)


def test_edit_to_nothing_is_422(ada):
    post = ada.write("Something")
    ada.put(f"/api/v1/statuses/{post['id']}", expect=422, status="")
    assert ada.get(f"/api/v1/statuses/{post['id']}")["content"] == "<p>Something</p>"


def test_mention_that_comes_by_edit_is_told(two):
    ada, bob = two
    post = ada.write("Nobody named")
    ada.put(f"/api/v1/statuses/{post['id']}", status=f"Hello @{bob.name}")
    wait_until(lambda: [n for n in bob.get("/api/v1/notifications", **{"types[]": "mention"})])


# --- delete ---

def test_delete_answers_with_the_words_and_is_seen_at_once(two):
    ada, bob = two
    post = ada.write("To  be gone #tag", spoiler_text="w")
    wait_until(lambda: post["id"] in ids(bob.home()))
    gone = ada.delete(f"/api/v1/statuses/{post['id']}")
    assert gone["text"] == "To  be gone #tag" and gone["id"] == post["id"] and gone["spoiler_text"] == "w"
    for person in two:
        for end in ("", "/context", "/history", "/favourited_by"):
            person.get(f"/api/v1/statuses/{post['id']}{end}", expect=404)
        assert post["id"] not in ids(person.home())
    ada.delete(f"/api/v1/statuses/{post['id']}", expect=404)
    assert ada.get(f"/api/v1/accounts/{ada.id}/statuses") == []
    assert ada.get("/api/v1/accounts/verify_credentials")["statuses_count"] == 0


def test_answers_to_a_deleted_post_are_their_authors_alone(two):
    ada, bob = two
    post = ada.write("Root", visibility="public")
    answer = bob.write("Answer", in_reply_to_id=post["id"])
    ada.delete(f"/api/v1/statuses/{post['id']}")
    ada.get(f"/api/v1/statuses/{answer['id']}", expect=404)
    assert bob.get(f"/api/v1/statuses/{answer['id']}")["id"] == answer["id"]


# --- threads ---

def test_context_is_the_tree_above_and_below(community):
    ada, bob, carl = community.friends("ada", "bob", "carl")
    root = ada.write("Root", visibility="public")
    a = bob.write("a", in_reply_to_id=root["id"])
    b = carl.write("b", in_reply_to_id=root["id"])
    aa = ada.write("aa", in_reply_to_id=a["id"])
    assert aa["in_reply_to_id"] == a["id"] and aa["in_reply_to_account_id"] == bob.id
    below = ids(ada.get(f"/api/v1/statuses/{root['id']}/context")["descendants"])
    assert below == [a["id"], aa["id"], b["id"]], "depth first, as apps draw threads"
    context = carl.get(f"/api/v1/statuses/{aa['id']}/context")
    assert ids(context["ancestors"]) == [root["id"], a["id"]] and context["descendants"] == []
    assert ada.get(f"/api/v1/statuses/{root['id']}")["replies_count"] == 2
    carl.delete(f"/api/v1/statuses/{b['id']}")
    assert ada.get(f"/api/v1/statuses/{root['id']}")["replies_count"] == 1


def test_reply_policy(community):
    ada, bob = community.friends("ada", "bob")
    stranger = community.person("stranger")
    post = ada.write("Friends may answer", visibility="public", reply_policy="friends")
    bob.write("Yes", in_reply_to_id=post["id"])
    stranger.post("/api/v1/statuses", expect=403, status="No", in_reply_to_id=post["id"])
    post = ada.write("Nobody may", visibility="public", reply_policy="nobody")
    bob.post("/api/v1/statuses", expect=403, status="No", in_reply_to_id=post["id"])
    ada.write("But I", in_reply_to_id=post["id"])


def test_muted_thread_tells_no_more(community):
    ada, bob = community.friends("ada", "bob")
    post = ada.write("Loud", visibility="public")
    assert ada.act("mute", post)["muted"] is True
    bob.write("Answer", in_reply_to_id=post["id"])
    bob.act("favourite", post)
    told = bob.write(f"@{ada.name} apart")
    wait_until(lambda: any(n["status"] and n["status"]["id"] == told["id"] for n in ada.get("/api/v1/notifications")))
    assert not [n for n in ada.get("/api/v1/notifications") if n["status"] and n["type"] == "mention"
                and n["status"]["in_reply_to_id"] == post["id"]]
    assert ada.act("unmute", post)["muted"] is False


# --- reactions, bookmarks ---

def test_favourites_are_likes_with_exact_counts(community):
    ada, bob, carl = community.friends("ada", "bob", "carl")
    post = ada.write("Like me", visibility="public")
    assert bob.act("favourite", post)["favourites_count"] == 1
    assert bob.act("favourite", post)["favourites_count"] == 1, "twice is once"
    shown = carl.act("favourite", post)
    assert shown["favourites_count"] == 2 and shown["favourited"] is True
    assert ada.get(f"/api/v1/statuses/{post['id']}")["favourited"] is False
    assert set(ids(ada.get(f"/api/v1/statuses/{post['id']}/favourited_by"))) == {bob.id, carl.id}
    assert bob.act("unfavourite", post)["favourites_count"] == 1
    assert bob.act("unfavourite", post)["favourites_count"] == 1
    assert bob.get("/api/v1/favourites") == []


def test_reactions_of_other_kinds_are_drawn_as_emoji_and_counted(two):
    ada, bob = two
    post = ada.write("React", visibility="public")
    shown = bob.act("react", post, kind="love")
    assert shown["favourites_count"] == 1 and shown["favourited"] is True
    assert len(shown["emoji_reactions"]) == 1
    reaction = shown["emoji_reactions"][0]
    assert {"name", "count", "me", "account_ids"} <= set(reaction) and reaction["count"] == 1 and reaction["me"] is True
    again = bob.act("react", post, kind="wow")
    assert again["favourites_count"] == 1 and again["emoji_reactions"][0]["name"] != reaction["name"]
    seen = ada.get(f"/api/v1/statuses/{post['id']}")
    assert seen["emoji_reactions"][0]["me"] is False
    assert bob.delete(f"/api/v1/statuses/{post['id']}/react")["emoji_reactions"] == []
    bob.post(f"/api/v1/statuses/{post['id']}/react", expect=422, kind="shrug")
    assert ada.get("/api/v1/notifications") == [] or all(n["type"] in ("follow", "follow_request", "favourite")
                                                          for n in ada.get("/api/v1/notifications"))


def test_bookmarks_are_ones_own(two):
    ada, bob = two
    posts = [ada.write(f"{n}") for n in range(3)]
    for post in posts:
        assert bob.act("bookmark", post)["bookmarked"] is True
    assert ids(bob.get("/api/v1/bookmarks")) == ids(posts[::-1])
    assert ada.get("/api/v1/bookmarks") == [] and ada.get(f"/api/v1/statuses/{posts[0]['id']}")["bookmarked"] is False
    assert bob.act("unbookmark", posts[1])["bookmarked"] is False
    assert ids(bob.get("/api/v1/bookmarks")) == [posts[2]["id"], posts[0]["id"]]


# --- shares and quotes ---

def test_reblog_and_back(community):
    ada, bob, carl = community.friends("ada", "bob", "carl")
    befriend(bob, carl)
    post = ada.write("Share me", visibility="public")
    share = bob.act("reblog", post)
    assert share["id"] != post["id"] and share["reblog"]["id"] == post["id"] and share["account"]["id"] == bob.id
    assert share["reblog"]["reblogs_count"] == 1 and share["reblog"]["reblogged"] is True
    assert bob.act("reblog", post)["id"] == share["id"], "two taps are one share"
    assert ids(ada.get(f"/api/v1/statuses/{post['id']}/reblogged_by")) == [bob.id]
    assert share["id"] in ids(bob.get(f"/api/v1/accounts/{bob.id}/statuses"))
    assert share["id"] not in ids(bob.get(f"/api/v1/accounts/{bob.id}/statuses", exclude_reblogs="true"))
    # Who acts on the share means what was shared.
    carl.act("favourite", share)
    assert ada.get(f"/api/v1/statuses/{post['id']}")["favourites_count"] == 1
    back = bob.act("unreblog", post)
    assert back["id"] == post["id"] and back["reblogged"] is False and back["reblogs_count"] == 0
    assert bob.act("unreblog", post)["reblogs_count"] == 0
    assert share["id"] not in ids(carl.home())
    carl.get(f"/api/v1/statuses/{share['id']}", expect=404)


def test_unreblog_takes_the_shares_own_id(two):
    ada, bob = two
    post = ada.write("Share me", visibility="public")
    share = bob.act("reblog", post)
    assert bob.act("unreblog", share)["reblogged"] is False
    assert ada.get(f"/api/v1/statuses/{post['id']}")["reblogs_count"] == 0


def test_share_is_gone_when_it_is_deleted_as_a_post(two):
    ada, bob = two
    post = ada.write("Share me", visibility="public")
    share = bob.act("reblog", post)
    bob.delete(f"/api/v1/statuses/{share['id']}")
    wait_until(lambda: ada.get(f"/api/v1/statuses/{post['id']}")["reblogs_count"] == 0)
    assert bob.act("reblog", post)["id"] != share["id"]


def test_own_restricted_post_may_be_boosted(ada):
    post = ada.write("Mine", visibility="private")
    assert ada.act("reblog", post)["visibility"] == "private"
    ada.post(f"/api/v1/statuses/{ada.write('d', visibility='direct')['id']}/reblog", expect=403)


def test_quotes(two):
    ada, bob = two
    post = ada.write("Quotable", visibility="public")
    quote = bob.write("Look at that", quoted_status_id=post["id"])
    assert quote["quote"]["state"] == "accepted" and quote["quote"]["quoted_status"]["id"] == post["id"]
    assert ids(ada.get(f"/api/v1/statuses/{post['id']}/quotes")) == [quote["id"]]
    wait_until(lambda: ada.get(f"/api/v1/statuses/{post['id']}")["quotes_count"] == 1)
    ada.delete(f"/api/v1/statuses/{post['id']}")
    shown = bob.get(f"/api/v1/statuses/{quote['id']}")["quote"]
    assert shown["state"] == "deleted" and shown["quoted_status"] is None


def test_author_says_who_may_quote(community, two):
    ada, bob = two
    stranger = community.person("stranger")
    assert ada.get("/api/v1/preferences")["posting:default:quote_policy"] == "public"
    post = ada.write("Mine", visibility="public", quote_approval_policy="followers")
    assert post["quote_approval"] == {"automatic": ["followers"], "manual": [], "current_user": "automatic"}
    path = f"/api/v1/statuses/{post['id']}"
    assert stranger.get(path)["quote_approval"]["current_user"] == "denied"
    assert bob.get(path)["quote_approval"]["current_user"] == "automatic"
    stranger.post("/api/v1/statuses", expect=403, status="x", quoted_status_id=post["id"])
    bob.write("Look", quoted_status_id=post["id"])
    changed = ada.put(f"{path}/interaction_policy", quote_approval_policy="nobody")
    assert changed["quote_approval"]["automatic"] == [] and changed["edited_at"] is None
    bob.post("/api/v1/statuses", expect=403, status="x", quoted_status_id=post["id"])
    bob.put(f"{path}/interaction_policy", expect=403, quote_approval_policy="public")
    ada.put(f"{path}/interaction_policy", expect=422, quote_approval_policy="some")
    ada.put(path, status="Mine", quote_approval_policy="public")
    stranger.write("Look", quoted_status_id=post["id"])
    source = ada.patch("/api/v1/accounts/update_credentials", **{"source[quote_policy]": "nobody"})["source"]
    assert source["quote_policy"] == "nobody"
    assert ada.get("/api/v1/preferences")["posting:default:quote_policy"] == "nobody"
    assert ada.write("Next", visibility="public")["quote_approval"]["automatic"] == []


def test_quote_is_taken_back(two):
    ada, bob = two
    post = ada.write("Mine", visibility="public")
    quote = bob.write("Look", quoted_status_id=post["id"], visibility="public")
    path = f"/api/v1/statuses/{post['id']}/quotes"
    bob.post(f"{path}/{quote['id']}/revoke", expect=403)
    ada.post(f"{path}/{post['id']}/revoke", expect=404)
    assert ada.post(f"{path}/{quote['id']}/revoke")["quote"] == {"state": "revoked", "quoted_status": None}
    assert bob.get(f"/api/v1/statuses/{quote['id']}")["quote"]["state"] == "revoked"
    assert ada.get(path) == [] and ada.get(f"/api/v1/statuses/{post['id']}")["quotes_count"] == 0


def test_quotes_do_not_nest(two):
    ada, bob = two
    first = ada.write("1", visibility="public")
    second = bob.write("2", quoted_status_id=first["id"], visibility="public")
    third = ada.write("3", quoted_status_id=second["id"], visibility="public")
    shown = third["quote"]["quoted_status"]
    assert shown["id"] == second["id"]
    assert shown["quote"] == {"state": "accepted", "quoted_status_id": first["id"]}
    shared = bob.act("reblog", third)["reblog"]
    assert shared["quote"]["quoted_status"]["quote"] == {"state": "accepted", "quoted_status_id": first["id"]}
    ada.put(f"/api/v1/statuses/{first['id']}", status="1", **{"audience[rule]": "only_me"})
    shown = bob.get(f"/api/v1/statuses/{third['id']}")["quote"]["quoted_status"]
    assert shown["quote"] == {"state": "unauthorized", "quoted_status_id": None}
    ada.delete(f"/api/v1/statuses/{first['id']}")
    shown = bob.get(f"/api/v1/statuses/{third['id']}")["quote"]["quoted_status"]
    assert shown["quote"] == {"state": "deleted", "quoted_status_id": None}


# --- pins ---

def test_pins(ada):
    posts = [ada.write(f"{n}", visibility="public") for n in range(6)]
    for post in posts[:5]:
        assert ada.act("pin", post)["pinned"] is True
    ada.post(f"/api/v1/statuses/{posts[5]['id']}/pin", expect=422)
    assert set(ids(ada.get(f"/api/v1/accounts/{ada.id}/statuses", pinned="true"))) == set(ids(posts[:5]))
    assert ada.act("unpin", posts[0])["pinned"] is False
    ada.delete(f"/api/v1/statuses/{posts[1]['id']}")
    assert set(ids(ada.get(f"/api/v1/accounts/{ada.id}/statuses", pinned="true"))) == set(ids(posts[2:5]))
    ada.act("pin", posts[5])


# --- scheduled ---

def later(**ahead):
    return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(**ahead)).isoformat()


def test_scheduled_waits_moves_and_goes(ada):
    waiting = ada.write("Later", scheduled_at=later(hours=1), visibility="unlisted", spoiler_text="w",
                        **{"sensitive": "true"})
    assert {"id", "scheduled_at", "params", "media_attachments"} <= set(waiting)
    assert waiting["params"]["text"] == "Later" and waiting["params"]["visibility"] == "unlisted"
    check_dates_and_ids(waiting)
    path = f"/api/v1/scheduled_statuses/{waiting['id']}"
    assert ada.get(path)["id"] == waiting["id"] and ids(ada.get("/api/v1/scheduled_statuses")) == [waiting["id"]]
    assert ada.put(path, scheduled_at=later(hours=2))["scheduled_at"] > waiting["scheduled_at"]
    ada.put(path, expect=422, scheduled_at=later(minutes=1))
    ada.put(path, expect=422)
    assert ada.delete(path) == {}
    ada.get(path, expect=404)
    ada.delete(path, expect=404)
    assert ada.get(f"/api/v1/accounts/{ada.id}/statuses") == []


def test_too_soon_is_422(ada):
    ada.post("/api/v1/statuses", expect=422, status="Soon", scheduled_at=later(minutes=4))


def test_scheduled_posts_are_ones_own(two):
    ada, bob = two
    waiting = ada.write("Later", scheduled_at=later(hours=1))
    bob.get(f"/api/v1/scheduled_statuses/{waiting['id']}", expect=404)
    bob.put(f"/api/v1/scheduled_statuses/{waiting['id']}", expect=404, scheduled_at=later(hours=2))
    bob.delete(f"/api/v1/scheduled_statuses/{waiting['id']}", expect=404)
    assert bob.get("/api/v1/scheduled_statuses") == []


def test_drafts(two):
    ada, bob = two
    draft = ada.post("/api/v1/drafts", status="Frist", visibility="unlisted", spoiler_text="w")
    path = f"/api/v1/drafts/{draft['id']}"
    assert draft["scheduled_at"] is None and draft["params"]["text"] == "Frist"
    assert ids(ada.get("/api/v1/drafts")) == [draft["id"]] and ada.get("/api/v1/scheduled_statuses") == []
    assert ada.put(path, status="First", visibility="unlisted")["params"]["spoiler_text"] is None
    assert ada.get(path)["params"]["text"] == "First"
    for verb in (bob.get, bob.delete):
        verb(path, expect=404)
    bob.post(f"{path}/publish", expect=404)
    ada.post("/api/v1/drafts", expect=422, status="x", scheduled_at=later(hours=1))
    ada.post("/api/v1/drafts", expect=422, status=" ")
    post = ada.post(f"{path}/publish")
    assert post["content"] == "<p>First</p>" and post["visibility"] == "unlisted"
    assert ids(ada.get(f"/api/v1/accounts/{ada.id}/statuses")) == [post["id"]] and ada.get("/api/v1/drafts") == []
    dropped = ada.post("/api/v1/drafts", status="Never")["id"]
    assert ada.delete(f"/api/v1/drafts/{dropped}") == {} and ada.get("/api/v1/drafts") == []
    dated = ada.post("/api/v1/drafts", status="Later")["id"]
    assert ada.put(f"/api/v1/scheduled_statuses/{dated}", scheduled_at=later(hours=1))["scheduled_at"]
    assert ids(ada.get("/api/v1/scheduled_statuses")) == [dated] and ada.get("/api/v1/drafts") == []


# --- own writes are seen at once ---

def test_own_writes_are_seen_in_the_next_request(community):
    ada, bob = community.friends("ada", "bob")
    target = bob.write("Target", visibility="public")
    stranger = community.person("open").open_up()
    path = f"/api/v1/statuses/{target['id']}"
    for n in range(10):
        post = ada.write(f"Now {n}", visibility="public")
        assert ada.home(limit=1)[0]["id"] == post["id"]
        assert ada.get(f"/api/v1/accounts/{ada.id}/statuses", limit=1)[0]["id"] == post["id"]
        assert ada.get("/api/v1/accounts/verify_credentials")["statuses_count"] == 1
        answer = ada.write("Answer", in_reply_to_id=target["id"])
        assert answer["id"] in ids(ada.get(path + "/context")["descendants"])
        assert ada.get(path)["replies_count"] == 1
        ada.act("favourite", target)
        assert ada.get(path)["favourited"] is True and ada.get(path)["favourites_count"] == 1
        assert ids(ada.get("/api/v1/favourites"))[:1] == [target["id"]]
        ada.act("unfavourite", target)
        assert ada.get(path)["favourites_count"] == 0 and ada.get("/api/v1/favourites") == []
        share = ada.act("reblog", target)
        assert ada.get(path)["reblogs_count"] == 1 and ada.home(limit=1)[0]["id"] == share["id"]
        ada.act("unreblog", target)
        assert ada.get(path)["reblogged"] is False
        ada.act("bookmark", target)
        assert ids(ada.get("/api/v1/bookmarks")) == [target["id"]]
        ada.act("unbookmark", target)
        assert ada.get("/api/v1/bookmarks") == []
        ada.do("follow", stranger)
        assert ada.to(stranger)["following"] and stranger.id in ids(ada.get(f"/api/v1/accounts/{ada.id}/following"))
        assert ada.get("/api/v1/accounts/verify_credentials")["following_count"] == 2
        ada.do("unfollow", stranger)
        assert stranger.id not in ids(ada.get(f"/api/v1/accounts/{ada.id}/following"))
        ada.delete(f"/api/v1/statuses/{answer['id']}")
        assert ada.get(path)["replies_count"] == 0
        ada.delete(f"/api/v1/statuses/{post['id']}")
        assert post["id"] not in ids(ada.home())
        assert ada.get(f"/api/v1/accounts/{ada.id}/statuses") == []


def test_batch_keeps_order_and_leaves_out_what_is_missing(ada):
    posts = [ada.write(f"{n}") for n in range(3)]
    wanted = [posts[2]["id"], "1", posts[0]["id"]]
    assert ids(ada.get("/api/v1/statuses", **{"id[]": wanted})) == [posts[2]["id"], posts[0]["id"]]
    assert ids(ada.get("/api/v1/statuses", id=[posts[1]["id"], posts[0]["id"]])) == [posts[1]["id"], posts[0]["id"]]
