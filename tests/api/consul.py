"""The Consul that the run has started, and a folder of settings in it."""

import os
import pathlib

import requests


class Settings:
    def __init__(self, name):
        self.folder = "api/" + name
        self.url = os.environ["KITH_API_CONSUL"]
        token_file = os.environ["KITH_API_CONSUL_TOKEN_FILE"]
        self.headers = {"X-Consul-Token": pathlib.Path(token_file).read_text().strip()}
        self.told = {"KITH_CONSUL_SERVER": self.url, "KITH_CONSUL_TOKEN_FILE": token_file,
                     "KITH_CONSUL_SETTINGS": self.folder}
        self._ask("DELETE", "?recurse=true")

    def _ask(self, verb, path, **with_):
        answer = requests.request(verb, f"{self.url}/v1/kv/{self.folder}/{path}", headers=self.headers, timeout=30, **with_)
        assert answer.status_code == 200, answer.text

    def put(self, **settings):
        for name, text in settings.items():
            self._ask("PUT", name, data=text.encode())

    def delete(self, name):
        self._ask("DELETE", name)
