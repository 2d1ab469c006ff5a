"""One trace a request, through every process that has a hand in it."""

import json
import socket

import pytest

from browser import Browser
from collector import Collector
from community import Community
from server import SHAPE, Server

ROUTE = "POST /api/v1/statuses"
SERVER, CLIENT, PRODUCER, CONSUMER = 2, 3, 4, 5


@pytest.fixture(scope="module")
def collector():
    collector = Collector()
    yield collector
    collector.stop()
    assert not collector.strange


@pytest.fixture(scope="module")
def traced(collector):
    server = Server("traced", KITH_TRACE_ENDPOINT=collector.endpoint, KITH_TRACE_INCOMING="on",
                    KITH_REQUEST_LOG="all", KITH_RATE_LIMITS="on").start()
    yield server
    codes = server.stop()
    assert codes == [0] * len(codes)


@pytest.fixture(scope="module")
def ada(traced):
    return Community(traced).person("ada")


def roots(spans, request):
    return [span for span in spans if span.attributes.get("kith.request_id") == request]


def post(person, request, **headers):
    return person.ask("POST", "/api/v1/statuses", data={"status": "Hello #traced"},
                      headers=headers | {"X-Request-Id": request})


def test_a_post_is_one_trace(collector, ada):
    answer = post(ada, "first-post")
    assert answer.headers["X-Request-Id"] == "first-post"
    root, = collector.wait_for(lambda spans: roots(spans, "first-post"), "span of the request")
    assert (root.name, root.kind, root.parent) == (ROUTE, SERVER, "")
    assert root.attributes["http.route"] == "/api/v1/statuses" and root.attributes["http.response.status_code"] == 200

    def of_the_trace(spans):
        return [span for span in spans if span.trace == root.trace]

    # A process sends its spans when they have ended, so a child may come before its parent.
    def whole(spans):
        mine = of_the_trace(spans)
        groups = {span.attributes["messaging.consumer.group.name"] for span in mine if span.kind == CONSUMER}
        ids = {span.id for span in mine}
        orphans = [span for span in mine if span.parent not in ids and span.id != root.id]
        appended = SHAPE not in ("servers", "roles") or [span for span in mine if span.kind == PRODUCER]
        return mine if groups >= {"timeline", "notifications"} and appended and not orphans else []

    spans = {span.id: span for span in collector.wait_for(whole, "whole trace of the post")}
    commits = [span for span in spans.values() if span.name == "commit"]
    heads = [span for span in commits if span.attributes["db.collection.name"] == "posts.Head"]
    assert heads, commits
    on_servers = SHAPE in ("postgres", "servers", "roles")
    assert commits[0].attributes["db.system.name"] == ("postgresql" if on_servers else "rocksdb")
    # An outbox brings its events to the log, after the answer.
    appended = [span for span in spans.values() if span.kind == PRODUCER]
    assert bool(appended) == (SHAPE in ("servers", "roles"))
    for span in appended:
        assert (span.name, span.attributes["messaging.system"], span.failure) == ("append", "kafka", "")
        assert spans[span.parent].name == "commit"
    for handler in (span for span in spans.values() if span.kind == CONSUMER):
        assert spans[handler.parent].name == "commit", (handler, spans[handler.parent])
    # The commit hangs under what the edge did, by way of the core's answer where that is another process.
    for commit in heads:
        above = spans[commit.parent]
        if SHAPE in ("split", "roles"):
            answering = {"split": "kith-core", "roles": "kith-social"}[SHAPE]
            assert (above.service, above.kind) == (answering, SERVER) and above.name.startswith("kith.posts.")
            asked = spans[above.parent]
            assert (asked.service, asked.kind, asked.name) == ("kith-gateway", CLIENT, above.name)
            above = spans[asked.parent]
        assert above is spans[root.id]
    assert all(span.began <= span.ended for span in spans.values())
    assert root.service == ("kith-gateway" if SHAPE in ("split", "roles") else "kith")


@pytest.mark.skipif(SHAPE not in ("servers", "roles"), reason="needs a cache on servers")
def test_the_cache_is_part_of_the_trace(collector, traced, ada):
    browser = Browser().open(traced.url + "/login")
    browser.session.headers["X-Request-Id"] = "signed-in"
    browser.log_in(ada.name)  # which counts guesses, and at the edge how often somebody tries
    root, = collector.wait_for(lambda spans: [span for span in roots(spans, "signed-in") if span.name == "POST /login"],
                               "span of the request")

    def counts(spans):
        found = [span for span in spans if span.trace == root.trace and span.attributes.get("db.system.name") == "redis"]
        return found if {span.service for span in found} >= asking else []

    asking = {"kith-gateway", "kith-auth"} if SHAPE == "roles" else {"kith"}
    for span in collector.wait_for(counts, "calls of the cache"):
        assert (span.name, span.kind, span.failure) == ("count", CLIENT, "")
        assert span.service in asking


@pytest.mark.skipif(SHAPE not in ("split", "roles"), reason="tokens are checked in the same process")
def test_a_page_is_read_while_its_token_is_checked(collector, ada):
    check, page = "kith.auth.Auth/Check", "kith.timeline.Timeline/Home"
    for request in ("first-page", "second-page"):  # the token is known from the first on
        assert ada.ask("GET", "/api/v1/timelines/home", headers={"X-Request-Id": request}).status_code == 200
        root, = collector.wait_for(lambda spans, request=request: roots(spans, request), "span of the request")

        def asked(spans, trace=root.trace):
            found = {span.name: span for span in spans if span.trace == trace and span.kind == CLIENT}
            return found if found.keys() >= {check, page} else {}

        calls = collector.wait_for(asked, "calls of the page")
    assert max(calls[check].began, calls[page].began) < min(calls[check].ended, calls[page].ended)


def test_a_trace_that_a_trusted_proxy_began_is_continued(collector, ada):
    trace, parent = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
    post(ada, "continued", traceparent=f"00-{trace}-{parent}-01")
    root, = collector.wait_for(lambda spans: roots(spans, "continued"), "span of the request")
    assert (root.trace, root.parent) == (trace, parent)


def test_what_is_no_traceparent_begins_a_trace(collector, ada):
    for number, wrong in enumerate(("00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01", "01", "x" * 55)):
        assert post(ada, f"wrong-{number}", traceparent=wrong).status_code == 200
        root, = collector.wait_for(lambda spans, name=f"wrong-{number}": roots(spans, name), "span of the request")
        assert root.parent == "" and root.trace != "0af7651916cd43dd8448eb211c80319c"


def test_what_is_not_sampled_is_not_sent(collector, ada):
    trace = "1af7651916cd43dd8448eb211c80319c"
    post(ada, "unsampled", traceparent=f"00-{trace}-b7ad6b7169203331-00")
    post(ada, "sampled-after-it")
    collector.wait_for(lambda spans: roots(spans, "sampled-after-it"), "span of the next request")
    assert not roots(collector.spans, "unsampled")
    assert not [span for span in collector.spans if span.trace == trace]


def test_a_refusal_is_no_failure(collector, ada):
    answer = ada.ask("GET", "/api/v1/statuses/1", headers={"X-Request-Id": "missing"})
    assert answer.status_code == 404
    root, = collector.wait_for(lambda spans: roots(spans, "missing"), "span of the request")
    assert root.attributes["http.response.status_code"] == 404 and root.failure == ""


def test_lines_of_the_log_name_the_trace(collector, traced, ada):
    post(ada, "logged")
    root, = collector.wait_for(lambda spans: roots(spans, "logged"), "span of the request")
    lines = [json.loads(line) for line in traced.log(traced.running[-1][0]).splitlines() if line.startswith("{")]
    line, = [line for line in lines if line.get("request") == "logged"]
    assert line["trace"] == root.trace


def test_a_collector_that_never_answers_harms_nothing():
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen()
        server = Server("untraced", KITH_TRACE_ENDPOINT=f"http://127.0.0.1:{deaf.getsockname()[1]}").start()
        person = Community(server).person("eve")
        for number in range(20):
            assert person.write(f"Hello {number}")["id"]
        assert len(person.home(limit=40)) == 20
        assert 'kith_trace_spans_total{outcome="sent"} 0' in person.ask("GET", "/metrics").text
        codes = server.stop()
        assert codes == [0] * len(codes)


def test_a_collector_that_is_away_costs_spans_which_are_counted():
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        server = Server("collectorless", KITH_TRACE_ENDPOINT=f"http://127.0.0.1:{nobody.getsockname()[1]}").start()
        person = Community(server).person("eve")
        assert person.write("Hello")["id"]
        names = [name for name, _ in server.running]
        codes = server.stop()
        assert codes == [0] * len(codes)
        assert any("the collector does not take them" in server.log(name) for name in names)
