import pytest
import requests

from balancer import Restarts
from community import Community
from server import ROLLING, Server, started

_counts = {"passed": 0, "failed": 0, "restarts": 0}

if ROLLING:
    # A connection that is kept and idle when its gateway stops may be closed just when it is used again, as is any in
    # HTTP; and so each request is the balancer's to place.
    requests.adapters.HTTPAdapter.add_headers = lambda self, request, **_: request.headers.update(Connection="close")


@pytest.fixture(scope="session")
def server():
    if not ROLLING:
        server = Server("main").start()
        yield server
    else:
        server = Server("main", copies=2).start()
        restarts = Restarts(server)
        yield server
        _counts["restarts"] = restarts.end()
    codes = server.stop()
    assert codes == [0] * len(codes), f"the server did not end well: {codes}"


@pytest.fixture(scope="session")
def community(server):
    return Community(server)


@pytest.fixture
def ada(community):
    return community.person("ada")


@pytest.fixture
def nobody(community):
    return community.nobody


def pytest_runtest_logreport(report):
    if report.failed:
        _counts["failed"] += 1
    elif report.when == "call" and report.passed:
        _counts["passed"] += 1


def pytest_unconfigure(config):
    for server in started:
        server.stop()
    if ROLLING:
        print(f"{_counts['restarts']} restarts while the suite ran")
    print(f"{_counts['passed']} passed, {_counts['failed']} failed")
