"""A collector of traces: takes OTLP over HTTP as JSON, and keeps the spans."""

import http.server
import json
import threading
import time

WAIT_SECONDS = 20


class Span:
    def __init__(self, service, span):
        self.service = service
        self.trace, self.id, self.parent = span["traceId"], span["spanId"], span.get("parentSpanId", "")
        self.name, self.kind, self.failure = span["name"], span["kind"], span.get("status", {}).get("message", "")
        self.began, self.ended = int(span["startTimeUnixNano"]), int(span["endTimeUnixNano"])
        self.attributes = attributes(span["attributes"])

    def __repr__(self):
        return f"{self.service}: {self.name} {self.id} under {self.parent or 'nothing'}"


def attributes(pairs):
    values = {}
    for pair in pairs:
        (kind, value), = pair["value"].items()
        values[pair["key"]] = int(value) if kind == "intValue" else value
    return values


class Collector:
    def __init__(self):
        self.spans, self.strange = [], []
        self._changed = threading.Condition()
        collector = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                collector.take(self.path, self.headers["Content-Type"], body)
                self.send_response(200)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.endpoint = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def take(self, path, kind, body):
        with self._changed:
            if (path, kind) != ("/v1/traces", "application/json"):
                self.strange.append((path, kind))
            for resource in json.loads(body)["resourceSpans"]:
                service = attributes(resource["resource"]["attributes"])["service.name"]
                for scope in resource["scopeSpans"]:
                    self.spans += [Span(service, span) for span in scope["spans"]]
            self._changed.notify_all()

    def wait_for(self, found, what):
        """The first list of spans that `found` finds among all, which is not empty."""
        until = time.monotonic() + WAIT_SECONDS
        with self._changed:
            while not (there := found(self.spans)):
                left = until - time.monotonic()
                assert left > 0, f"no {what} among {self.spans}"
                self._changed.wait(left)
            return there

    def stop(self):
        self._server.shutdown()
        self._server.server_close()
