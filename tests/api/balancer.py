"""What stands before several gateways, and an operator who restarts one process after another."""

import http.client
import itertools
import select
import socket
import struct
import threading
import time

LOOK_EVERY_SECONDS = 0.2
GATEWAY_WITHIN_SECONDS = 30
REST_SECONDS = 1  # between restarts: what is tested are people's requests, not how fast a process can start


def is_ready(port):
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        line.request("GET", "/health/ready")
        return line.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        line.close()


class Balancer:
    """Hands each connection to the next gateway that says that it is ready."""

    def __init__(self, port, gateways):
        """`gateways` are the ports behind it."""
        self.ready = dict.fromkeys(gateways, False)
        self.turn = itertools.count()
        self.door = socket.create_server(("127.0.0.1", port), backlog=128)
        self.over = threading.Event()
        self.threads = [threading.Thread(target=work, daemon=True) for work in (self._look, self._take)]
        for thread in self.threads:
            thread.start()

    def _look(self):
        while not self.over.wait(LOOK_EVERY_SECONDS):
            for gateway in self.ready:
                self.ready[gateway] = is_ready(gateway)

    def _take(self):
        while True:
            try:
                line, _ = self.door.accept()
            except OSError:
                return
            threading.Thread(target=self._carry, args=(line,), daemon=True).start()

    def _next(self):
        until = time.monotonic() + GATEWAY_WITHIN_SECONDS
        while time.monotonic() < until:
            ready = [gateway for gateway, is_ready in self.ready.items() if is_ready]
            if ready:
                try:
                    return socket.create_connection(("127.0.0.1", ready[next(self.turn) % len(ready)]))
                except OSError:
                    pass  # killed a moment ago
            time.sleep(LOOK_EVERY_SECONDS)
        return None

    def _carry(self, client):
        with client:
            gateway = self._next()
            if gateway is None:
                return
            with gateway:
                other = {client: gateway, gateway: client}
                try:
                    while other:
                        for side in select.select(list(other), [], [])[0]:
                            part = side.recv(65536)
                            if part:
                                (gateway if side is client else client).sendall(part)
                            elif side is gateway:
                                return
                            else:
                                gateway.shutdown(socket.SHUT_WR)
                                del other[side]
                except OSError:
                    # Broken off at one end, so at the other, too.
                    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def stop(self):
        self.over.set()
        self.door.shutdown(socket.SHUT_RDWR)
        self.door.close()
        for thread in self.threads:
            thread.join()


class Restarts:
    """Stops and starts one process after another until it is told to end."""

    def __init__(self, server):
        self.server, self.problem, self.done = server, None, 0
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._work, daemon=True)
        self.thread.start()

    def _work(self):
        try:
            for name in itertools.cycle(self.server.ports):
                if self.over.is_set():
                    return
                self.server.restart(name)
                self.done += 1
                self.over.wait(REST_SECONDS)
        except Exception as problem:  # whatever it is, it is told where the run ends
            self.problem = problem

    def end(self):
        """How many there were."""
        self.over.set()
        self.thread.join()
        assert self.problem is None, f"a restart failed: {self.problem}"
        return self.done
