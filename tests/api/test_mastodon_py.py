"""Mastodon.py, the library behind many bots and apps: log-in through the page, then every call it has for what is built."""

import datetime

import mastodon
import pytest

from browser import code_for
from community import OUT_OF_BAND, befriend, wait_until

SCOPES = ["read", "write", "follow", "push"]


def client_of(community, person):
    return mastodon.Mastodon(api_base_url=community.url, access_token=person.token)


def logged_in(community, person):
    app = mastodon.Mastodon.create_app("Mastodon.py", api_base_url=community.url, scopes=SCOPES)
    client = mastodon.Mastodon(client_id=app[0], client_secret=app[1], api_base_url=community.url)
    url = client.auth_request_url(scopes=SCOPES, redirect_uris=OUT_OF_BAND, allow_http=True)
    client.log_in(code=code_for(url, person.email), scopes=SCOPES, redirect_uri=OUT_OF_BAND,
                  allow_http=True)
    return client


@pytest.fixture
def two(community):
    ada, bob = community.friends("ada", "bob")
    return client_of(community, ada), client_of(community, bob), ada, bob


def test_logs_in_through_the_page_reads_posts_and_logs_out(community, ada):
    client = logged_in(community, ada)
    assert client.me().username == ada.name
    assert client.app_verify_credentials().name == "Mastodon.py"
    posted = client.status_post("Through the page")
    assert client.timeline_home()[0].id == posted.id
    client.revoke_access_token(allow_http=True)
    with pytest.raises(mastodon.MastodonError):
        client.me()


def test_signs_up_with_the_apps_own_token(community):
    app = mastodon.Mastodon.create_app("Sign-up", api_base_url=community.url, scopes=SCOPES)
    client = mastodon.Mastodon(client_id=app[0], client_secret=app[1], api_base_url=community.url)
    name = community.fresh_name("new")
    token = client.create_account(name, "long enough", f"{name}@example.org", agreement=True, scopes=SCOPES)
    assert mastodon.Mastodon(api_base_url=community.url, access_token=token).me().username == name


def test_app_without_a_token_reads_the_instance(community):
    app = mastodon.Mastodon.create_app("Alone", api_base_url=community.url, scopes=SCOPES)
    token = mastodon.Mastodon(client_id=app[0], client_secret=app[1], api_base_url=community.url)
    assert token.instance().title == "kith"


def test_checks_version_and_instance(community, ada):
    client = client_of(community, ada)
    version = client.retrieve_mastodon_version().split(".")
    assert len(version) >= 3 and int(version[0]) == 4
    assert client.verify_minimum_version("4.0.0")
    instance = client.instance_v1()
    assert instance.urls.streaming_api.startswith("ws://")
    assert client.instance_v2().configuration.statuses.max_characters == 5000
    assert client.instance_rules() == []
    assert client.custom_emojis() == []
    assert client.announcements() == []
    assert client.instance_nodeinfo().software.name == "kith"
    assert client.instance_health()


def test_life_of_a_post(two):
    ada, bob, _, _ = two
    post = ada.status_post("First #words", visibility="public", sensitive=True, spoiler_text="careful", language="en")
    assert post.visibility == "public" and post.sensitive and post.spoiler_text == "careful"
    assert post.tags[0].name == "words"
    assert isinstance(post.created_at, datetime.datetime)
    assert bob.status(post.id).content == post.content

    edited = ada.status_update(post.id, status="Second words", spoiler_text="", sensitive=False)
    assert "Second" in edited.content and edited.edited_at
    assert [("First" in v.content, "Second" in v.content) for v in ada.status_history(post.id)] == [(True, False),
                                                                                                    (False, True)]
    assert ada.status_source(post.id).text == "Second words"

    reply = bob.status_reply(post, "I agree")
    context = ada.status_context(post.id)
    assert [s.id for s in context.descendants] == [reply.id] and context.ancestors == []
    assert [s.id for s in ada.status_context(reply.id).ancestors] == [post.id]

    assert bob.status_favourite(post.id).favourited
    assert ada.status(post.id).favourites_count == 1
    assert [a.id for a in ada.status_favourited_by(post.id)] == [bob.me().id]
    assert [s.id for s in bob.favourites()] == [post.id]
    assert not bob.status_unfavourite(post.id).favourited

    assert bob.status_bookmark(post.id).bookmarked
    assert [s.id for s in bob.bookmarks()] == [post.id]
    assert not bob.status_unbookmark(post.id).bookmarked

    share = bob.status_reblog(post.id)
    assert share.reblog.id == post.id and share.reblog.reblogged
    assert [a.id for a in ada.status_reblogged_by(post.id)] == [bob.me().id]
    assert not bob.status_unreblog(post.id).reblogged

    assert ada.status_pin(post.id).pinned
    assert [s.id for s in ada.account_statuses(ada.me(), pinned=True)] == [post.id]
    assert not ada.status_unpin(post.id).pinned
    assert ada.status_mute(post.id).muted
    assert not ada.status_unmute(post.id).muted

    assert ada.status_delete(post.id).text == "Second words"
    with pytest.raises(mastodon.MastodonNotFoundError):
        ada.status(post.id)


def test_post_with_idempotency_key_is_made_once(two):
    ada, _, _, _ = two
    first = ada.status_post("Once", idempotency_key="k1")
    assert ada.status_post("Once", idempotency_key="k1").id == first.id


def test_schedules(two):
    ada, _, _, _ = two
    when = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=2)
    waiting = ada.status_post("Later", scheduled_at=when)
    assert [s.id for s in ada.scheduled_statuses()] == [waiting.id]
    assert ada.scheduled_status(waiting.id).params.text == "Later"
    moved = ada.scheduled_status_update(waiting.id, when + datetime.timedelta(hours=1))
    assert moved.scheduled_at > waiting.scheduled_at
    ada.scheduled_status_delete(waiting.id)
    assert ada.scheduled_statuses() == []


def test_quotes(two):
    ada, bob, _, _ = two
    post = ada.status_post("Quotable", visibility="public")
    quote = bob.status_post("Look", quoted_status_id=post.id)
    assert quote.quote.quoted_status.id == post.id
    assert [s.id for s in ada.status_quotes(post.id)] == [quote.id]
    assert ada.status_quote_revoke(post.id, quote.id).quote.state == "revoked"
    assert ada.status_update_quote_approval_policy(post.id, "nobody").quote_approval.automatic == []
    with pytest.raises(mastodon.MastodonAPIError):
        bob.status_post("Look", quoted_status_id=post.id)
    assert ada.status_post("Few", visibility="public", quote_approval_policy="followers").quote_approval.automatic == [
        "followers"]


def test_pages_through_timelines(two):
    ada, bob, _, _ = two
    posts = [ada.status_post(f"Post {n}", visibility="public").id for n in range(7)][::-1]
    page = bob.timeline_home(limit=3)
    assert [s.id for s in page] == posts[:3]
    page2 = bob.fetch_next(page)
    assert [s.id for s in page2] == posts[3:6]
    assert [s.id for s in bob.fetch_previous(page2)] == posts[:3]
    assert [s.id for s in bob.fetch_remaining(page)] == posts
    assert {s.id for s in bob.timeline_public(limit=40)} >= set(posts)
    assert {s.id for s in bob.timeline_local(limit=40)} >= set(posts)
    assert [s.id for s in bob.account_statuses(ada.me(), limit=40)] == posts


def test_accounts_and_profile(two):
    ada, bob, a, b = two
    changed = ada.account_update_credentials(display_name="Ada L.", note="Counts", fields=[("site", "https://example.org")])
    assert changed.display_name == "Ada L." and changed.source.note == "Counts" and changed.fields[0].name == "site"
    assert ada.account_verify_credentials().display_name == "Ada L."
    assert bob.account(a.id).display_name == "Ada L."
    assert bob.account_lookup(a.name).id == ada.me().id
    assert [x.id for x in bob.account_search(a.name)] == [ada.me().id]
    assert [x.id for x in bob.account_followers(a.id)] == [bob.me().id]
    assert [x.id for x in bob.account_following(a.id)] == [bob.me().id]
    assert [x.id for x in bob.accounts([a.id, b.id])] == [ada.me().id, bob.me().id]
    assert ada.preferences()["posting:default:visibility"]


def test_relationships(community, two):
    ada, bob, a, b = two
    carl = community.person("carl")
    friend = ada.account_relationships(b.id)[0]
    assert friend.following and friend.followed_by

    c = client_of(community, carl)
    assert c.account_follow(a.id).requested
    assert [x.id for x in ada.follow_requests()] == [c.me().id]
    ada.follow_request_authorize(carl.id)
    assert c.account_relationships(a.id)[0].following
    assert not c.account_unfollow(a.id).following
    c.account_follow(a.id)
    ada.follow_request_reject(carl.id)
    assert not c.account_relationships(a.id)[0].requested

    assert ada.account_mute(b.id, notifications=False).muting
    assert [x.id for x in ada.mutes()] == [bob.me().id]
    assert not ada.account_unmute(b.id).muting
    assert ada.account_block(b.id).blocking
    assert [x.id for x in ada.blocks()] == [bob.me().id]
    assert not ada.account_unblock(b.id).blocking
    assert ada.account_note_set(b.id, "met at the fair").note == "met at the fair"


def test_lists(two):
    ada, bob, a, b = two
    made = ada.list_create("Close ones")
    ada.list_accounts_add(made, [b.id])
    assert [x.id for x in ada.list_accounts(made)] == [bob.me().id]
    assert [x.id for x in ada.account_lists(b.id)] == [made.id]
    post = bob.status_post("For lists")
    assert [s.id for s in ada.timeline_list(made)] == [post.id]
    assert ada.list_update(made, "Closer", replies_policy="none", exclusive=True).exclusive
    assert ada.list(made).title == "Closer"
    ada.list_accounts_delete(made, [b.id])
    assert ada.list_accounts(made) == []
    ada.list_delete(made)
    assert ada.lists() == []


def test_tags_and_search(two):
    ada, bob, a, _ = two
    tag = f"tag{a.name}"
    post = ada.status_post(f"About #{tag}", visibility="public")
    assert [s.id for s in bob.timeline_hashtag(tag)] == [post.id]
    assert bob.tag_follow(tag).following
    assert [t.name for t in bob.followed_tags()] == [tag]
    assert bob.tag(tag).following
    assert not bob.tag_unfollow(tag).following
    wait_until(lambda: [x.id for x in bob.search_v2(a.name).accounts] == [ada.me().id])
    wait_until(lambda: [t.name for t in bob.search_v2(f"#{tag}").hashtags] == [tag])


def test_notifications(two):
    ada, bob, _, b = two
    post = ada.status_post("Notice me")
    bob.status_favourite(post.id)
    bob.status_reply(post, "Noticed")
    wait_until(lambda: [n.type for n in ada.notifications(account_id=b.id)][:2] == ["mention", "favourite"])
    only = ada.notifications(types=["favourite"])
    assert [n.type for n in only] == ["favourite"]
    assert ada.notifications(only[0].id)
    assert "favourite" not in [n.type for n in ada.notifications(exclude_types=["favourite"])]
    grouped = ada.grouped_notifications()
    assert {g.type for g in grouped.notification_groups} >= {"mention", "favourite"}
    assert ada.notifications_unread_count().count >= 2
    ada.notifications_dismiss(only[0].id)
    assert ada.notifications(types=["favourite"]) == []
    ada.notifications_clear()
    assert ada.notifications() == []


def test_notification_policy_and_requests(community, two):
    ada, _, _, _ = two
    stranger = client_of(community, community.person("stranger"))
    assert ada.notifications_policy().for_not_following == "accept"
    assert ada.update_notifications_policy(for_not_following="filter").for_not_following == "filter"
    stranger.status_post(f"Hello @{ada.me().username}")
    wait_until(ada.notification_requests)
    waiting = ada.notification_requests()
    assert [r.account.id for r in waiting] == [stranger.me().id] and waiting[0].last_status
    assert ada.notification_request(waiting[0].id).account.id == stranger.me().id
    assert "mention" not in [n.type for n in ada.notifications()]
    ada.accept_notification_request(waiting[0].id)
    assert ada.notifications_merged() and ada.notifications()[0].type == "mention"
    ada.dismiss_multiple_notification_requests([waiting[0].id])
    assert ada.notification_requests() == []


def test_markers(two):
    ada, _, _, _ = two
    post = ada.status_post("Read up to here")
    ada.markers_set(["home"], [post.id])
    assert ada.markers_get(["home"])["home"].last_read_id == post.id


def test_rate_limit_arithmetic_works(two):
    ada, _, _, _ = two
    ada.me()
    assert ada.ratelimit_limit > 0
    assert ada.ratelimit_reset > datetime.datetime.now().timestamp() - 1
