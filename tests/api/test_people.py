"""Accounts and what people are to each other: follows, friendship, blocks, mutes, notes, lists, profiles."""

import time

import pytest

from client import check_dates_and_ids, ids
from community import befriend, follow, wait_until

RELATIONSHIP_KEYS = {
    "id", "following", "showing_reblogs", "notifying", "languages", "followed_by", "blocking", "blocked_by", "muting",
    "muting_notifications", "muting_expires_at", "requested", "requested_by", "domain_blocking", "endorsed", "note"}


@pytest.fixture
def two(community):
    return community.people("ada", "bob")


# --- friendship in their terms ---

def test_follow_of_a_locked_account_asks_and_acceptance_makes_friends(two):
    ada, bob = two
    tie = ada.do("follow", bob)
    assert RELATIONSHIP_KEYS - {"muting_expires_at"} <= set(tie)
    assert tie["requested"] is True and tie["following"] is False
    assert bob.to(ada)["requested_by"] is True and ids(bob.get("/api/v1/follow_requests")) == [ada.id]
    assert bob.get("/api/v1/accounts/verify_credentials")["source"]["follow_requests_count"] == 1
    tie = bob.post(f"/api/v1/follow_requests/{ada.id}/authorize")
    assert tie["id"] == ada.id and tie["following"] and tie["followed_by"], "friends follow each other"
    tie = ada.to(bob)
    assert tie["following"] and tie["followed_by"] and not tie["requested"]
    assert bob.get("/api/v1/follow_requests") == []
    assert bob.id in ids(ada.get(f"/api/v1/accounts/{ada.id}/friends"))
    for person in two:
        account = person.get(f"/api/v1/accounts/{person.id}")
        assert account["followers_count"] == 1 and account["following_count"] == 1


def test_new_accounts_are_locked(ada):
    assert ada.account["locked"] is True


def test_refusal(two):
    ada, bob = two
    ada.do("follow", bob)
    bob.post(f"/api/v1/follow_requests/{ada.id}/reject")
    assert not ada.to(bob)["requested"] and bob.get("/api/v1/follow_requests") == []
    bob.post(f"/api/v1/follow_requests/{ada.id}/authorize", expect=404)


def test_asking_is_taken_back_by_unfollow(two):
    ada, bob = two
    ada.do("follow", bob)
    assert ada.do("unfollow", bob)["requested"] is False
    assert bob.get("/api/v1/follow_requests") == []


def test_crossing_asks_make_friends(two):
    ada, bob = two
    ada.do("follow", bob)
    tie = bob.do("follow", ada)
    assert tie["following"] and tie["followed_by"] and not tie["requested"]


def test_follow_of_an_open_account_is_at_once_and_no_friendship(two):
    ada, bob = two
    bob.open_up()
    assert ada.do("follow", bob)["following"] is True
    assert ada.to(bob)["followed_by"] is False
    ada.open_up()
    bob.do("follow", ada)
    assert ada.get(f"/api/v1/accounts/{ada.id}/friends") == [], "two plain follows are no friendship"


def test_follow_carries_its_options(two):
    ada, bob = two
    bob.open_up()
    tie = ada.do("follow", bob, reblogs="false", notify="true", **{"languages[]": "en"})
    assert tie["showing_reblogs"] is False and tie["notifying"] is True and tie["languages"] == ["en"]
    tie = ada.do("follow", bob, reblogs="true", notify="false")
    assert tie["showing_reblogs"] is True and tie["notifying"] is False


@pytest.mark.parametrize("verb", ["unfollow", "unfriend", "remove_from_followers"])
def test_ways_to_end_a_friendship(community, verb):
    ada, bob = community.friends("ada", "bob")
    tie = ada.do(verb, bob)
    assert not tie["following"] and not tie["followed_by"], "what an app shows is not narrower than what is granted"
    assert ada.get(f"/api/v1/accounts/{ada.id}/friends") == [] == bob.get(f"/api/v1/accounts/{bob.id}/friends")


def test_see_less_stays_friends(community):
    ada, bob = community.friends("ada", "bob")
    post = bob.write("Less of this", **{"audience[rule]": "friends"})
    ada.do("see_less", bob)
    assert ids(ada.get(f"/api/v1/accounts/{ada.id}/friends")) == [bob.id]
    assert post["id"] not in ids(ada.home())
    ada.get(f"/api/v1/statuses/{post['id']}")


def test_nobody_does_this_with_themselves(ada):
    for verb in ("follow", "block", "mute", "befriend"):
        ada.post(f"/api/v1/accounts/{ada.id}/{verb}", expect=422)


def test_acts_on_nobody_are_404(ada):
    for verb in ("follow", "unfollow", "block", "unblock", "mute", "unmute", "befriend", "close", "note"):
        ada.post(f"/api/v1/accounts/1/{verb}", expect=404)
        ada.post(f"/api/v1/accounts/none/{verb}", expect=404)


# --- blocks ---

def test_block_ends_everything_both_ways(community):
    ada, bob = community.friends("ada", "bob")
    tie = ada.do("block", bob)
    assert tie["blocking"] and not tie["following"] and not tie["followed_by"]
    assert bob.to(ada)["blocked_by"] is True
    assert ids(ada.get("/api/v1/blocks")) == [bob.id]
    assert bob.ask("POST", f"/api/v1/accounts/{ada.id}/follow").status_code == 403
    assert ada.ask("POST", f"/api/v1/accounts/{bob.id}/follow").status_code == 403
    assert ada.do("unblock", bob)["blocking"] is False
    assert ada.get("/api/v1/blocks") == [] and not ada.to(bob)["following"]


def test_blocked_person_stays_findable_for_who_blocked(two):
    ada, bob = two
    ada.do("block", bob)
    assert bob.id in ids(ada.get("/api/v2/search", q=bob.name)["accounts"]), "toot unblocks by search"
    assert ada.get("/api/v1/accounts/lookup", acct=bob.name)["id"] == bob.id


def test_blocked_person_cannot_react(two):
    ada, bob = two
    post = ada.write("No", visibility="public")
    ada.do("block", bob)
    bob.post(f"/api/v1/statuses/{post['id']}/favourite", expect=404)
    assert bob.get(f"/api/v1/accounts/{ada.id}/statuses") == []


def test_block_hides_answers_of_each_from_the_other(community):
    ada, bob, carl = community.friends("ada", "bob", "carl")
    post = ada.write("Root", visibility="public")
    answer = bob.write("From bob", in_reply_to_id=post["id"])
    carl.do("block", bob)
    assert answer["id"] not in ids(carl.get(f"/api/v1/statuses/{post['id']}/context")["descendants"])
    other = carl.write("From carl", in_reply_to_id=post["id"])
    assert other["id"] not in ids(bob.get(f"/api/v1/statuses/{post['id']}/context")["descendants"])
    assert answer["id"] in ids(ada.get(f"/api/v1/statuses/{post['id']}/context")["descendants"])


# --- mutes ---

def test_mute_with_and_without_notifications_and_end(two):
    ada, bob = two
    tie = ada.do("mute", bob)
    assert tie["muting"] and tie["muting_notifications"]
    assert ada.do("mute", bob, notifications="false")["muting_notifications"] is False
    assert [(each["id"], each["mute_expires_at"]) for each in ada.get("/api/v1/mutes")] == [(bob.id, None)]
    assert ada.do("unmute", bob)["muting"] is False and ada.get("/api/v1/mutes") == []
    until = ada.do("mute", bob, duration="2")["muting_expires_at"]
    assert ada.to(bob)["muting"] is True
    assert [each["mute_expires_at"] for each in ada.get("/api/v1/mutes")] == [until]
    time.sleep(2.2)
    assert ada.to(bob)["muting"] is False and ada.get("/api/v1/mutes") == []
    ada.post(f"/api/v1/accounts/{bob.id}/mute", expect=422, duration="-5")


def test_mute_is_nobody_elses_business(two):
    ada, bob = two
    ada.do("mute", bob)
    assert "muting" in bob.to(ada) and bob.to(ada)["muting"] is False


# --- notes, relationships ---

def test_note_is_private_and_goes_when_empty(two):
    ada, bob = two
    assert ada.do("note", bob, comment="From school")["note"] == "From school"
    assert ada.to(bob)["note"] == "From school" and bob.to(ada)["note"] == ""
    assert ada.do("note", bob, comment="")["note"] == ""


def test_relationships_in_one_batch(community):
    ada, bob, carl = community.people("ada", "bob", "carl")
    befriend(ada, bob)
    ada.do("block", carl)
    ties = ada.get("/api/v1/accounts/relationships", **{"id[]": [carl.id, bob.id]})
    assert ids(ties) == [carl.id, bob.id] and ties[0]["blocking"] and ties[1]["following"]
    # One id alone, without brackets, and none at all.
    assert ids(ada.get("/api/v1/accounts/relationships", id=bob.id)) == [bob.id]
    assert ada.get("/api/v1/accounts/relationships") == []
    check_dates_and_ids(ties)
    for tie in ties:
        for key in RELATIONSHIP_KEYS - {"note", "id", "languages", "muting_expires_at"}:
            assert isinstance(tie[key], bool), key


def test_close_friends(community):
    ada, bob = community.friends("ada", "bob")
    ada.do("close", bob)
    assert ids(ada.get("/api/v1/close_friends")) == [bob.id] and bob.get("/api/v1/close_friends") == []
    ada.do("unclose", bob)
    assert ada.get("/api/v1/close_friends") == []
    stranger = community.person("stranger")
    ada.post(f"/api/v1/accounts/{stranger.id}/close", expect=422)


def test_mutual_friends_and_suggestions(community):
    ada, bob, carl = community.people("ada", "bob", "carl")
    befriend(ada, bob)
    befriend(bob, carl)
    assert ids(ada.get(f"/api/v1/accounts/{carl.id}/mutuals")) == [bob.id]
    suggested = ada.get("/api/v2/suggestions")
    assert carl.id in [s["account"]["id"] for s in suggested]
    assert all({"source", "sources", "account"} <= set(s) for s in suggested)


# --- lists ---

def test_lists(community):
    ada, bob, carl = community.friends("ada", "bob", "carl")
    made = ada.post("/api/v1/lists", title="Few", replies_policy="none", exclusive="true")
    assert made == {"id": made["id"], "title": "Few", "replies_policy": "none", "exclusive": True}
    path = f"/api/v1/lists/{made['id']}"
    assert ada.get(path) == made and ada.get("/api/v1/lists") == [made]
    assert ada.put(path, title="Fewer")["title"] == "Fewer"
    assert ada.post(path + "/accounts", **{"account_ids[]": [bob.id, carl.id]}) == {}
    assert set(ids(ada.get(path + "/accounts"))) == {bob.id, carl.id}
    assert set(ids(ada.get(path + "/accounts", limit=0))) == {bob.id, carl.id}
    assert ids(ada.get(f"/api/v1/accounts/{bob.id}/lists")) == [made["id"]]
    assert ada.delete(path + "/accounts", **{"account_ids[]": bob.id}) == {}
    assert ada.call("DELETE", path + "/accounts", json={"account_ids": [carl.id]}) == {}
    assert ada.get(path + "/accounts") == []
    assert ada.delete(path) == {}
    ada.get(path, expect=404)
    assert ada.get("/api/v1/lists") == []


def test_lists_are_ones_own(community):
    ada, bob = community.friends("ada", "bob")
    made = ada.post("/api/v1/lists", title="Mine")
    path = f"/api/v1/lists/{made['id']}"
    bob.get(path, expect=404)
    bob.put(path, expect=404, title="Ours")
    bob.get(path + "/accounts", expect=404)
    bob.post(path + "/accounts", expect=404, **{"account_ids[]": ada.id})
    bob.delete(path, expect=404)
    bob.get(f"/api/v1/timelines/list/{made['id']}", expect=404)


def test_wrong_lists_are_refused(ada, community):
    stranger = community.person("stranger")
    ada.post("/api/v1/lists", expect=422, title="")
    ada.post("/api/v1/lists", expect=422, title="x", replies_policy="some")
    made = ada.post("/api/v1/lists", title="x")
    ada.post(f"/api/v1/lists/{made['id']}/accounts", expect=404, **{"account_ids[]": stranger.id})


# --- profiles ---

def test_profile_changes_are_seen_at_once(two):
    ada, bob = two
    changed = ada.patch("/api/v1/accounts/update_credentials", display_name="Ada <b>", note="Hi #x & https://a.example",
                        bot="true", locked="false", discoverable="false", hide_collections="true")
    assert changed["source"]["note"] == "Hi #x & https://a.example" and changed["display_name"] == "Ada <b>"
    seen = bob.get(f"/api/v1/accounts/{ada.id}")
    assert seen["bot"] and not seen["locked"] and "<a " in seen["note"] and "&amp;" in seen["note"]
    assert "source" not in seen and "role" not in seen
    assert bob.get(f"/api/v1/accounts/{ada.id}/followers") == []


@pytest.mark.parametrize("encode", [
    {"data": {"fields_attributes[0][name]": "a", "fields_attributes[0][value]": "1",
              "fields_attributes[1][name]": "b", "fields_attributes[1][value]": "2"}},
    {"data": [("fields_attributes[][name]", "a"), ("fields_attributes[][value]", "1"),
              ("fields_attributes[][name]", "b"), ("fields_attributes[][value]", "2")]},
    {"files": {"fields_attributes[0][name]": (None, "a"), "fields_attributes[0][value]": (None, "1"),
               "fields_attributes[1][name]": (None, "b"), "fields_attributes[1][value]": (None, "2")}},
    {"json": {"fields_attributes": [{"name": "a", "value": "1"}, {"name": "b", "value": "2"}]}},
    {"json": {"fields_attributes": {"0": {"name": "a", "value": "1"}, "1": {"name": "b", "value": "2"}}}},
], ids=["numbered", "unnumbered", "multipart", "json list", "json map"])
def test_nested_fields_come_in_every_form(ada, encode):
    changed = ada.call("PATCH", "/api/v1/accounts/update_credentials", **encode)
    assert [(f["name"], f["value"]) for f in changed["source"]["fields"]] == [("a", "1"), ("b", "2")]
    assert [f["name"] for f in ada.get(f"/api/v1/accounts/{ada.id}")["fields"]] == ["a", "b"]


def test_put_and_patch_are_alike(ada):
    for path in ("/api/v1/profile", "/api/v1/accounts/update_credentials"):
        assert ada.put(path, display_name="By PUT")["display_name"] == "By PUT", "masto.js sends PUT"
        assert ada.patch(path, display_name="By PATCH")["display_name"] == "By PATCH"
    assert ada.get("/api/v1/profile")["display_name"] == "By PATCH"
    post = ada.write("x")
    assert ada.patch(f"/api/v1/statuses/{post['id']}", status="y")["content"] == "<p>y</p>"


@pytest.mark.parametrize("picture", [
    {"files": {"avatar": ("a.png", b"\x89PNG\r\n\x1a\n", "image/png")}},
    {"data": {"avatar": "data:image/png;base64,iVBORw0KGgo="}},
    {"files": {"header": ("a.png", b"\x89PNG\r\n\x1a\n", "image/png")}},
])
def test_pictures_are_refused_by_one_clear_422(ada, picture):
    refused = ada.call("PATCH", "/api/v1/accounts/update_credentials", expect=422, **picture)
    assert "picture" in refused["error"].lower()


def test_default_pictures_are_drawn(ada, nobody):
    for key in ("avatar", "avatar_static", "header", "header_static"):
        answer = nobody.ask("GET", ada.account[key])
        assert answer.status_code == 200 and answer.content.startswith(b"\x89PNG")
        assert answer.headers["Content-Type"] == "image/png" and "max-age" in answer.headers["Cache-Control"]


@pytest.mark.parametrize("form", [{"display_name": "x" * 61}, {"note": "x" * 1001}, {"source[privacy]": "all"},
                                  {"locked": "maybe"}])
def test_wrong_profile_is_422(ada, form):
    ada.patch("/api/v1/accounts/update_credentials", expect=422, **form)


def test_handle_can_change_and_ids_stay(community, ada):
    old, new = ada.name, community.fresh_name("renamed")
    post = ada.write("Before")
    assert ada.post("/api/v1/profile/rename", username=new)["username"] == new
    assert community.nobody.get(f"/api/v1/accounts/{ada.id}")["acct"] == new
    assert community.nobody.get("/api/v1/accounts/lookup", acct=new)["id"] == ada.id
    community.nobody.get("/api/v1/accounts/lookup", expect=404, acct=old)
    assert ada.get(f"/api/v1/statuses/{post['id']}")["account"]["acct"] == new


def test_lookup_and_batch(community, two):
    ada, bob = two
    host = community.url.split("//")[1]
    for acct in (ada.name, f"@{ada.name}", f"{ada.name}@{host}", f"@{ada.name}@{host}", ada.name.upper()):
        assert community.nobody.get("/api/v1/accounts/lookup", acct=acct)["id"] == ada.id, acct
    for acct in ("nobody_there", f"{ada.name}@elsewhere.example", "", "@"):
        assert community.nobody.ask("GET", "/api/v1/accounts/lookup", params={"acct": acct}).status_code in (404, 422)
    assert ids(ada.get("/api/v1/accounts", **{"id[]": [bob.id, "1", ada.id]})) == [bob.id, ada.id]
    for wrong in ("1", "none", "99999999999999999999", "-1"):
        ada.get(f"/api/v1/accounts/{wrong}", expect=404)


def test_account_has_every_key_and_credentials_more(ada, nobody):
    from test_statuses import ACCOUNT_KEYS
    account = nobody.get(f"/api/v1/accounts/{ada.id}")
    assert ACCOUNT_KEYS <= set(account)
    check_dates_and_ids(account)
    own = ada.get("/api/v1/accounts/verify_credentials")
    assert {"privacy", "sensitive", "language", "note", "fields", "follow_requests_count"} <= set(own["source"])
    assert {"id", "name", "permissions", "color", "highlighted"} <= set(own["role"])
    ada.write("x")
    assert len(ada.get(f"/api/v1/accounts/{ada.id}")["last_status_at"]) == 10


# --- search ---

def test_search_by_beginnings(community, ada):
    name = ada.name
    ada.patch("/api/v1/accounts/update_credentials", display_name=f"Zoë Q{name}")
    for q in (name, name[:-1], name.upper(), f"@{name}", f"Q{name}", f"zoë q{name}", f"zoe q{name}"):
        assert set(ada.get("/api/v2/search", q=q)) == {"accounts", "statuses", "hashtags"}
        wait_until(lambda q=q: ada.id in ids(ada.get("/api/v2/search", q=q, limit=40)["accounts"]))
    assert ada.id in ids(ada.get("/api/v1/accounts/search", q=name))
    assert ada.get("/api/v2/search", q=name, type="hashtags")["accounts"] == []
    assert ada.get("/api/v2/search", q=name, type="statuses") == {"accounts": [], "statuses": [], "hashtags": []}
    assert ada.get("/api/v2/search", q=name, type="accounts", offset=1)["accounts"] == []
    ada.get("/api/v2/search", expect=422, q=name, type="cats")
    ada.get("/api/v2/search", expect=422)
    assert ada.get("/api/v2/search", q="zzznobody")["accounts"] == []
    assert ada.get("/api/v2/search", q=name, resolve="true", account_id="1")["accounts"]


def test_an_address_leads_to_its_person_or_post(community, two):
    ada, bob = two
    own, post = ada.get("/api/v1/accounts/verify_credentials"), ada.write("Look at this")
    hidden = ada.write("Not you", visibility="private")

    def leads_to(reader, address, **more):
        found = reader.get("/api/v2/search", q=address, resolve="true", **more)
        return ids(found["accounts"]), ids(found["statuses"])

    assert leads_to(bob, own["url"]) == leads_to(bob, own["uri"]) == ([ada.id], [])
    assert leads_to(bob, own["url"], type="statuses") == ([], [])
    assert leads_to(bob, post["url"]) == leads_to(bob, f"{own['url']}/{post['id']}") == ([], [post["id"]])
    assert leads_to(community.nobody, post["url"], type="statuses") == ([], [post["id"]])
    assert leads_to(ada, hidden["url"]) == ([], [hidden["id"]])
    for nowhere in (hidden["url"], own["url"] + "x", "https://example.org/@" + ada.name, post["url"] + "0"):
        assert leads_to(bob, nowhere) == ([], []), nowhere


def test_new_name_is_found_and_the_old_is_not(community, ada):
    old, new = ada.name, community.fresh_name("xyz")
    ada.post("/api/v1/profile/rename", username=new)
    wait_until(lambda: ada.id in ids(ada.get("/api/v2/search", q=new)["accounts"]))
    assert ada.id not in ids(ada.get("/api/v2/search", q=old)["accounts"])


def test_tags(community, two):
    ada, bob = two
    tag = "Tagged" + ada.name
    post = ada.write(f"#{tag}", visibility="public")
    shown = bob.get(f"/api/v1/tags/{tag}")
    assert {"name", "url", "history", "following"} <= set(shown) and shown["following"] is False
    assert bob.post(f"/api/v1/tags/{tag}/follow")["following"] is True
    assert [t["name"].lower() for t in bob.get("/api/v1/followed_tags")] == [tag.lower()]
    wait_until(lambda: post["id"] in ids(bob.get(f"/api/v1/timelines/tag/{tag.lower()}")))
    other = ada.write(f"again #{tag.upper()}", visibility="public")
    wait_until(lambda: other["id"] in ids(bob.home()))
    assert bob.post(f"/api/v1/tags/{tag}/unfollow")["following"] is False
    assert bob.get("/api/v1/followed_tags") == []
    assert community.nobody.get(f"/api/v1/tags/{tag}")["name"].lower() == tag.lower()
    wait_until(lambda: tag.lower() in
               [t["name"].lower() for t in bob.get("/api/v2/search", q=f"#{tag[:-1]}")["hashtags"]])
    ada.get("/api/v1/tags/%20", expect=404)
