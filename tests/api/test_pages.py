"""The pages behind the links that the API hands out: for anybody with a browser, and only what anybody may see."""

import pytest

from browser import Browser
from community import befriend, wait_until


def open_page(url, expect=200):
    browser = Browser().open(url)
    assert browser.answer.status_code == expect, browser.answer.text[:500]
    assert browser.answer.headers["Content-Type"].startswith("text/html")
    assert "<script" not in browser.answer.text
    return browser


def meta(browser, name):
    found = browser.page.find("meta", property=name) or browser.page.find("meta", attrs={"name": name})
    return found["content"] if found else None


@pytest.fixture
def rich(ada):
    """Somebody with a profile to show."""
    ada.account = ada.patch("/api/v1/accounts/update_credentials", display_name="Ada <b>Bold</b>",
                            note="I garden & <script>alert(1)</script>", indexable="true",
                            **{"fields_attributes[0][name]": "Home", "fields_attributes[0][value]": "https://ada.example"})
    return ada


def test_person(rich):
    shown = rich.write("Seen by <all>", visibility="public")
    rich.write("Seen by friends", visibility="private")
    answered = rich.write("Unlisted words", visibility="unlisted")
    browser = open_page(rich.account["url"])
    assert rich.account["url"].endswith(f"/@{rich.name}")
    assert "Ada <b>Bold</b>" in browser.text and "I garden &" in browser.text
    assert browser.page.find("a", href="https://ada.example")["rel"] == ["nofollow", "noopener", "me"]
    assert "Seen by <all>" in browser.text and "Unlisted words" in browser.text
    assert "Seen by friends" not in browser.answer.text
    assert browser.page.find("a", href=f"/posts/{shown['id']}") and browser.page.find("a", href=f"/posts/{answered['id']}")
    assert browser.page.title.string == f"Ada <b>Bold</b> (@{rich.name}) · kith"
    assert meta(browser, "og:title") == browser.page.title.string and meta(browser, "og:type") == "profile"
    assert meta(browser, "og:url") == rich.account["url"] and meta(browser, "og:image") == rich.account["avatar"]
    assert meta(browser, "robots") is None
    rich.patch("/api/v1/accounts/update_credentials", indexable="false")
    assert meta(open_page(rich.account["url"]), "robots") == "noindex"


def test_name_turns_nothing_but_itself(ada):
    ada.account = ada.patch("/api/v1/accounts/update_credentials", display_name="Eve\u202ex")
    post = ada.write("hello", visibility="public")
    assert f"<b><bdi>{ada.account['display_name']}</bdi></b>" in open_page(post["url"]).answer.text


def test_person_page_has_older_posts(ada):
    posts = [ada.write(f"Number {n:02}", visibility="public") for n in range(25)]
    browser = open_page(ada.account["url"])
    assert "Number 24" in browser.text and "Number 04" not in browser.text
    older = browser.page.find("a", rel="next")["href"]
    browser = open_page(ada.base + older)
    assert "Number 04" in browser.text and "Number 05" not in browser.text and "Number 00" in browser.text
    assert browser.page.find("a", rel="next") is None and posts


def test_mention_leads_to_the_person(community):
    ada, bob = community.people("ada", "bob")
    post = bob.write(f"Hello @{ada.name}", visibility="public")
    url = post["mentions"][0]["url"]
    assert url in post["content"]
    browser = open_page(url)
    assert browser.answer.url == ada.account["url"]


def test_post(community, rich):
    bob = community.person("bob")
    post = rich.write("The words https://example.org/a/very/long/path/that/goes/on #and", visibility="public",
                      language="en")
    befriend(rich, bob)
    said = bob.write("An answer", in_reply_to_id=post["id"], visibility="public")
    hidden = bob.write("A hidden answer", in_reply_to_id=post["id"], visibility="direct")
    browser = open_page(post["url"])
    assert "The words" in browser.text and "An answer" in browser.text and "A hidden answer" not in browser.answer.text
    assert browser.page.find("a", href=post["tags"][0]["url"])
    assert meta(browser, "og:type") == "article" and meta(browser, "og:description").startswith("The words")
    assert meta(browser, "article:published_time") == post["created_at"] and meta(browser, "og:site_name") == "kith"
    assert "The words" in open_page(said["url"]).text, "what is answered stands above"
    open_page(hidden["url"], expect=404)
    assert open_page(f"{rich.account['url']}/{post['id']}").answer.url == post["url"]


def test_warning_folds_the_words_and_stands_in_previews(ada):
    post = ada.write("The end is sad", spoiler_text="About a film", visibility="public")
    browser = open_page(post["url"])
    assert browser.page.find("details").find("summary").string == "About a film"
    assert meta(browser, "og:description") == "About a film"


def test_quote_and_share(community):
    ada, bob = community.people("ada", "bob")
    post = ada.write("Original words", visibility="public")
    quote = bob.write("Look at this", quoted_status_id=post["id"], visibility="public")
    share = bob.act("reblog", post)
    browser = open_page(quote["url"])
    assert "Original words" in browser.page.find("blockquote").get_text()
    assert "Original words" in open_page(bob.account["url"]).text
    assert share["id"] != post["id"] and "shared" in open_page(bob.account["url"]).text
    ada.put(f"/api/v1/statuses/{post['id']}", status="Original words", **{"audience[rule]": "friends"})
    assert "Original words" not in open_page(quote["url"]).answer.text
    assert "Original words" not in open_page(bob.account["url"]).answer.text


@pytest.mark.parametrize("rule", ["private", "friends", "close", "only_me", "direct"])
def test_hidden_post_is_as_if_it_were_not_there(ada, rule):
    post = ada.write("For few", **{"audience[rule]": rule})
    hidden = open_page(post["url"], expect=404)
    absent = open_page(f"{ada.base}/posts/1", expect=404)
    assert hidden.answer.text == absent.answer.text and "For few" not in hidden.answer.text
    assert meta(hidden, "og:title") is None


def test_absent_and_suspended_people_and_deleted_posts(community, ada):
    for path in ("/@nobody_at_all", "/users/1", "/users/x", "/posts/x", "/tags/%20", "/@"):
        answer = community.nobody.ask("GET", path, headers={"Accept": "text/html"})
        assert answer.status_code == 404, path
    bob = community.person("bob")
    post = bob.write("Gone soon", visibility="public")
    other = bob.write("Stays", visibility="public")
    bob.delete(f"/api/v1/statuses/{post['id']}")
    open_page(post["url"], expect=404)
    open_page(other["url"])
    community.server.admin("account", "suspend", bob.name)
    for url in (bob.account["url"], f"{community.url}/users/{bob.id}", other["url"]):
        open_page(url, expect=404)


def test_tag(community, ada):
    name = ada.name + "tag"
    post = ada.write(f"About #{name}", visibility="public")
    ada.write(f"Not for all #{name}", visibility="private")
    ada.write(f"Not in lists #{name}", visibility="unlisted")
    wait_until(lambda: ada.get(f"/api/v1/timelines/tag/{name}"))
    browser = open_page(post["tags"][0]["url"])
    assert browser.page.title.string == f"#{name} · kith" and "About" in browser.text
    assert "Not for all" not in browser.answer.text and "Not in lists" not in browser.answer.text
    assert "No public posts" in open_page(f"{community.url}/tags/nobodyusesthis").text


def test_about_and_privacy(nobody):
    urls = nobody.get("/api/v2/instance")["configuration"]["urls"]
    assert "kith" in open_page(urls["about"]).text
    assert "cookie" in open_page(urls["privacy_policy"]).text
    assert "terms_of_service" not in urls or urls["terms_of_service"] is None
    policy = nobody.get("/api/v1/instance/privacy_policy")
    assert "<p>" in policy["content"] and "updated_at" in policy
    nobody.get("/api/v1/instance/terms_of_service", expect=404)
