"""What operators' tools ask of a process, on an address of its own."""

import pytest
import requests

from server import SHAPE, Server, free_port


@pytest.fixture
def door():
    """A server, the settings of an address for operators, and its URL."""
    server = Server("operations")
    port = free_port(but=(server.port,))
    yield server, {"KITH_OPERATIONS_LISTEN": f"127.0.0.1:{port}"}, f"http://127.0.0.1:{port}"
    assert set(server.stop()) == {0}


@pytest.mark.skipif(SHAPE != "one", reason="one process is enough to see it")
def test_numbers_can_be_kept_from_the_public(door):
    server, settings, url = door
    server.environment |= settings | {"KITH_METRICS": "off"}
    server.start()
    assert requests.get(server.url + "/metrics", timeout=5).status_code == 404
    numbers = requests.get(url + "/metrics", timeout=5)
    assert numbers.status_code == 200 and "kith_disk_bytes" in numbers.text
    assert requests.get(url + "/api/v1/instance", timeout=5).status_code == 404, "nothing of the community"


@pytest.mark.skipif(SHAPE != "split", reason="only there the core is a process of its own")
def test_a_core_tells_its_own_numbers(door):
    server, settings, url = door
    server.start_core(**settings)
    server.start_gateway()
    server.wait()
    assert requests.get(url + "/health/ready", timeout=5).json() == {"status": "ready"}
    numbers = requests.get(url + "/metrics", timeout=5).text
    assert 'kith_rpc_total{' in numbers and 'side="server"' in numbers
    assert "kith_commit_jobs" in numbers and "kith_event_lag_seconds" in numbers
