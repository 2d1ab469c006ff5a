"""Notifications: what people are told, in the words existing apps draw; one by one and in groups."""

import pytest

from client import check_dates_and_ids, ids, links_of
from community import befriend, wait_until


def told(person, **params):
    return person.get("/api/v1/notifications", **params)


def kinds(person, **params):
    return [n["type"] for n in told(person, **params)]


@pytest.fixture
def two(community):
    return community.friends("ada", "bob")


def test_request_and_acceptance(community):
    ada, bob = community.people("ada", "bob")
    ada.do("follow", bob)
    wait_until(lambda: kinds(bob) == ["follow_request"])
    assert told(bob)[0]["account"]["id"] == ada.id and told(bob)[0]["status"] is None
    bob.post(f"/api/v1/follow_requests/{ada.id}/authorize")
    wait_until(lambda: "follow" in kinds(ada))
    wait_until(lambda: "follow_request" not in kinds(bob))


def test_plain_follow(community):
    ada, bob = community.people("ada", "bob")
    bob.open_up()
    ada.do("follow", bob)
    wait_until(lambda: kinds(bob) == ["follow"])


@pytest.mark.parametrize("kind,act", [
    ("favourite", lambda bob, ada, post: bob.act("favourite", post)),
    ("favourite", lambda bob, ada, post: bob.act("react", post, kind="love")),
    ("reblog", lambda bob, ada, post: bob.act("reblog", post)),
    ("mention", lambda bob, ada, post: bob.write("Answer", in_reply_to_id=post["id"])),
    ("mention", lambda bob, ada, post: bob.write(f"Hello @{ada.name}")),
    ("mention", lambda bob, ada, post: bob.write(f"Hello @{ada.name}@{bob.base.removeprefix('http://')}")),
    ("quote", lambda bob, ada, post: bob.write("Look", quoted_status_id=post["id"])),
], ids=["favourite", "other reaction", "reblog", "answer", "mention", "mention by address", "quote"])
def test_kinds(two, kind, act):
    ada, bob = two
    post = ada.write("About this", visibility="public")
    act(bob, ada, post)
    wait_until(lambda: kind in kinds(ada))
    first = told(ada)[0]
    assert {"id", "type", "created_at", "account", "status", "group_key"} <= set(first)
    assert first["type"] == kind and first["account"]["id"] == bob.id and first["status"]["id"]
    check_dates_and_ids(first)


def test_posts_of_those_one_asked_to_be_told_of(two):
    ada, bob = two
    bob.write("Before")
    assert ada.do("follow", bob, notify="true")["notifying"]
    post = bob.write("News", visibility="private")
    hidden = bob.write("Nothing for ada", visibility="direct")
    bob.act("reblog", bob.write("Old news", visibility="public"))
    wait_until(lambda: kinds(ada, **{"types[]": "status"}) == ["status", "status"])
    first = told(ada, **{"types[]": "status"})[1]
    assert first["status"]["id"] == post["id"] and first["account"]["id"] == bob.id
    assert hidden["id"] not in [n["status"]["id"] for n in told(ada) if n["status"]]
    assert "status" not in kinds(ada, **{"exclude_types[]": "status"})
    groups = ada.get("/api/v2/notifications", **{"types[]": "status"})["notification_groups"]
    assert [g["notifications_count"] for g in groups] == [1, 1] and groups[1]["status_id"] == post["id"]
    ada.do("unfollow", bob)
    assert post["id"] not in [n["status"]["id"] for n in told(ada) if n["status"]], "not for ada's eyes any more"


def test_edits_of_what_one_shared_or_quoted(community):
    ada, bob, carl = community.friends("ada", "bob", "carl")
    post = ada.write("First", visibility="public")
    bob.act("reblog", post)
    quote = carl.write("Look", quoted_status_id=post["id"], visibility="public")
    ada.put(f"/api/v1/statuses/{post['id']}", status="Second")
    wait_until(lambda: "update" in kinds(bob) and "quoted_update" in kinds(carl))
    update = told(bob, **{"types[]": "update"})[0]
    assert update["status"]["id"] == post["id"] and update["status"]["content"] == "<p>Second</p>"
    assert update["account"]["id"] == ada.id
    assert told(carl, **{"types[]": "quoted_update"})[0]["status"]["id"] == quote["id"]
    ada.put(f"/api/v1/statuses/{post['id']}", status="Third")
    # An edit is news until the next one, which is told by an event: for a moment there may be none.
    wait_until(lambda: [n["id"] > update["id"] for n in told(bob, **{"types[]": "update"})] == [True])
    assert kinds(bob).count("update") == 1, "the newest edit stands for all"


def test_what_is_taken_back_is_not_shown(two):
    ada, bob = two
    post = ada.write("x", visibility="public")
    bob.act("favourite", post)
    wait_until(lambda: "favourite" in kinds(ada))
    bob.act("unfavourite", post)
    wait_until(lambda: "favourite" not in kinds(ada))
    bob.act("favourite", post)
    wait_until(lambda: kinds(ada).count("favourite") == 1)


def test_nothing_of_blocked_or_muted_people(two):
    ada, bob = two
    post = ada.write("x", visibility="public")
    bob.act("favourite", post)
    wait_until(lambda: "favourite" in kinds(ada))
    ada.do("mute", bob)
    assert "favourite" not in kinds(ada)
    ada.do("unmute", bob)
    assert "favourite" in kinds(ada)
    ada.do("block", bob)
    assert told(ada) == []


def test_own_acts_tell_nobody(ada):
    post = ada.write(f"@{ada.name}", visibility="public")
    ada.act("favourite", post)
    ada.act("reblog", post)
    ada.write("Answer", in_reply_to_id=post["id"])
    assert told(ada) == []


def test_filters_paging_dismissal(community):
    ada, bob, carl = community.friends("ada", "bob", "carl")
    wait_until(lambda: kinds(ada) == ["follow", "follow"])  # what comes later is not cleared
    ada.post("/api/v1/notifications/clear")
    post = ada.write("x", visibility="public")
    for person in (bob, carl):
        person.act("favourite", post)
        person.act("reblog", post)
        person.write("Answer", in_reply_to_id=post["id"])
    wait_until(lambda: len(told(ada)) == 6)
    assert set(kinds(ada, **{"types[]": ["reblog", "mention"]})) == {"reblog", "mention"}
    assert set(kinds(ada, **{"exclude_types[]": ["reblog", "mention"]})) == {"favourite"}
    assert {n["account"]["id"] for n in told(ada, account_id=bob.id)} == {bob.id}
    assert told(ada, **{"types[]": "admin.report"}) == [], "kinds we do not have: nothing, not everything"
    everything = ids(told(ada))
    assert sum(map(ids, ada.pages("/api/v1/notifications", limit=4)), []) == everything
    answer = ada.ask("GET", "/api/v1/notifications", params={"limit": 2, "max_id": everything[1]})
    assert ids(answer.json()) == everything[2:4]
    assert ids(ada.ask("GET", links_of(answer)["prev"]).json()) == everything[:2]
    assert ids(told(ada, since_id=everything[2])) == everything[:2]
    assert ids(told(ada, min_id=everything[4], limit=2)) == everything[2:4]

    one = everything[3]
    assert ada.get(f"/api/v1/notifications/{one}")["id"] == one
    bob.get(f"/api/v1/notifications/{one}", expect=404)
    assert ada.post(f"/api/v1/notifications/{one}/dismiss") == {}
    assert one not in ids(told(ada)) and len(told(ada)) == 5
    ada.get(f"/api/v1/notifications/{one}", expect=404)
    assert ada.post("/api/v1/notifications/clear") == {} and told(ada) == []
    bob.write(f"@{ada.name} again")
    wait_until(lambda: kinds(ada) == ["mention"])


def test_groups(community):
    ada, bob, carl = community.friends("ada", "bob", "carl")
    wait_until(lambda: kinds(ada) == ["follow", "follow"])  # what comes later is not cleared
    ada.post("/api/v1/notifications/clear")
    post = ada.write("x", visibility="public")
    for person in (bob, carl):
        person.act("favourite", post)
    answer = bob.write("Answer", in_reply_to_id=post["id"])
    wait_until(lambda: len(told(ada)) == 3)
    page = ada.get("/api/v2/notifications")
    assert {"accounts", "statuses", "notification_groups"} <= set(page)
    groups = {g["type"]: g for g in page["notification_groups"]}
    likes = groups["favourite"]
    assert likes["notifications_count"] == 2 and set(likes["sample_account_ids"]) == {bob.id, carl.id}
    assert likes["status_id"] == post["id"] and likes["latest_page_notification_at"]
    assert isinstance(likes["most_recent_notification_id"], (str, int))
    apart = ada.get("/api/v2/notifications", **{"grouped_types[]": ["reblog", "follow"]})["notification_groups"]
    assert [g["notifications_count"] for g in apart if g["type"] == "favourite"] == [1, 1]
    assert groups["mention"]["status_id"] == answer["id"] and groups["mention"]["notifications_count"] == 1
    assert {a["id"] for a in page["accounts"]} >= {bob.id, carl.id}
    assert {s["id"] for s in page["statuses"]} == {post["id"], answer["id"]}
    key = likes["group_key"]
    assert ada.get(f"/api/v2/notifications/{key}")["notification_groups"][0]["group_key"] == key
    assert set(ids(ada.get(f"/api/v2/notifications/{key}/accounts"))) == {bob.id, carl.id}
    assert ada.post(f"/api/v2/notifications/{key}/dismiss") == {}
    assert "favourite" not in kinds(ada) and kinds(ada) == ["mention"]
    ada.get(f"/api/v2/notifications/{key}", expect=404)
    ada.get("/api/v2/notifications/nonsense", expect=404)


def test_unread_counts(community):
    ada, bob, carl = community.people("ada", "bob", "carl")
    post = ada.write("x", visibility="public")
    for person in (bob, carl):
        person.act("favourite", post)
    bob.write(f"Hello @{ada.name}")
    wait_until(lambda: len(told(ada)) == 3)

    def unread(version, **words):
        return ada.get(f"/api/v{version}/notifications/unread_count", **words)["count"]

    assert (unread(1), unread(2)) == (3, 2)  # both favourites are one group
    assert unread(2, **{"grouped_types[]": "reblog"}) == 3
    assert (unread(1, limit=1), unread(2, limit=1)) == (1, 1)
    assert (unread(1, **{"types[]": "favourite"}), unread(2, **{"types[]": "favourite"})) == (2, 1)
    ada.post("/api/v1/markers", **{"notifications[last_read_id]": ids(told(ada))[0]})
    assert (unread(1), unread(2)) == (0, 0)


POLICY = "/api/v2/notifications/policy"
REQUESTS = "/api/v1/notifications/requests"
ACCEPTS = {f"for_{whom}": "accept"
           for whom in ("not_following", "not_followers", "new_accounts", "private_mentions", "limited_accounts")}
NOTHING_WAITS = {"pending_requests_count": 0, "pending_notifications_count": 0}


def test_policy_is_kept(ada):
    assert ada.get(POLICY) == ACCEPTS | {"summary": NOTHING_WAITS}
    assert ada.get(REQUESTS) == []
    # The documentation says PATCH, masto.js sends PUT.
    assert ada.patch(POLICY, for_not_following="filter")["for_not_following"] == "filter"
    assert ada.put(POLICY, for_new_accounts="drop")["for_new_accounts"] == "drop"
    ada.call("PATCH", POLICY, json={"for_limited_accounts": "filter"})
    assert ada.get(POLICY) == ACCEPTS | {"for_not_following": "filter", "for_new_accounts": "drop",
                                         "for_limited_accounts": "filter", "summary": NOTHING_WAITS}
    assert "accept, filter or drop" in ada.patch(POLICY, expect=422, for_not_followers="maybe")["error"]


def test_policy_as_older_apps_know_it(ada):
    old = "/api/v1/notifications/policy"
    assert ada.get(old) == {"filter_not_following": False, "filter_not_followers": False, "filter_new_accounts": False,
                            "filter_private_mentions": False, "summary": NOTHING_WAITS}
    assert ada.call("PUT", old, json={"filter_private_mentions": True})["filter_private_mentions"] is True
    assert ada.get(POLICY)["for_private_mentions"] == "filter"
    assert ada.patch(old, filter_private_mentions="false")["filter_private_mentions"] is False


def test_what_is_filtered_waits_for_its_sender_to_be_let_in(community):
    ada, bob, carl = community.people("ada", "bob", "carl")
    post = ada.write("x", visibility="public")
    for person in (bob, carl):
        person.act("favourite", post)
        person.write(f"Hello @{ada.name}")
    wait_until(lambda: len(told(ada)) == 4)
    ada.patch(POLICY, for_not_following="filter")
    assert told(ada) == [] and ada.get("/api/v2/notifications")["notification_groups"] == []
    assert ada.get("/api/v1/notifications/unread_count")["count"] == 0
    held = told(ada, include_filtered="true", account_id=bob.id)
    assert [n["type"] for n in held] == ["mention", "favourite"] and all(n["filtered"] for n in held)
    assert ada.get(POLICY)["summary"] == {"pending_requests_count": 2, "pending_notifications_count": 4}
    waiting = ada.get(REQUESTS)
    assert [r["account"]["id"] for r in waiting] == [carl.id, bob.id]
    assert waiting[0]["notifications_count"] == "2" and "Hello" in waiting[0]["last_status"]["content"]
    check_dates_and_ids(waiting)
    assert ids(sum(ada.pages(REQUESTS, limit=1), [])) == ids(waiting)
    assert ada.get(f"{REQUESTS}/{waiting[1]['id']}") == waiting[1]
    bob.get(f"{REQUESTS}/{waiting[1]['id']}", expect=404)

    assert ada.post(f"{REQUESTS}/{waiting[1]['id']}/accept") == {}
    assert ada.get(f"{REQUESTS}/merged") == {"merged": True}
    assert kinds(ada) == ["mention", "favourite"] and "filtered" not in told(ada)[0]
    assert ada.call("POST", f"{REQUESTS}/dismiss", json={"id": [waiting[0]["id"]]}) == {}
    assert ada.get(REQUESTS) == [] and len(told(ada, include_filtered="true")) == 2
    carl.write(f"Me again @{ada.name}")
    wait_until(lambda: [r["notifications_count"] for r in ada.get(REQUESTS)] == ["1"])
    assert ada.post(f"{REQUESTS}/accept", **{"id[]": carl.id}) == {}
    assert len(told(ada)) == 3
    ada.post(f"{REQUESTS}/accept", expect=422)


def test_what_is_dropped_is_nowhere(community):
    ada, bob, carl = community.friends("ada", "bob", "carl")
    ada.patch(POLICY, for_private_mentions="drop", for_not_followers="drop")
    stranger = community.person("stranger")
    stranger.write(f"Hello @{ada.name}")
    stranger.write(f"Psst @{ada.name}", visibility="direct")
    bob.write(f"A message for @{ada.name}", visibility="direct")
    wait_until(lambda: kinds(ada, **{"types[]": "mention"}) == ["mention"])
    assert told(ada, include_filtered="true", account_id=stranger.id) == [] and ada.get(REQUESTS) == []
