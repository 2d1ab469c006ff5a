import pytest

from community import Community
from server import Server, started

_counts = {"passed": 0, "failed": 0}


@pytest.fixture(scope="session")
def server():
    server = Server("main").start()
    yield server
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
    print(f"{_counts['passed']} passed, {_counts['failed']} failed")
