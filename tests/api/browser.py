"""A browser without script: loads pages, fills in forms, keeps cookies. Logs people in as they do."""

import urllib.parse

import requests
from bs4 import BeautifulSoup

from client import TIMEOUT_SECONDS
from community import PASSWORD


class Browser:
    def __init__(self):
        self.session = requests.Session()
        self.session.trust_env = False
        self.answer = None
        self.page = None

    def open(self, url, **params):
        return self._show(self.session.get(url, params=params or None, allow_redirects=False, timeout=TIMEOUT_SECONDS))

    def _show(self, answer):
        # Follows redirects within the server only: an app's own scheme ends the journey.
        while answer.is_redirect and answer.next.url.startswith("http://127.0.0.1"):
            if urllib.parse.urlsplit(answer.next.url).netloc != urllib.parse.urlsplit(answer.url).netloc:
                break
            answer = self.session.get(answer.next.url, allow_redirects=False, timeout=TIMEOUT_SECONDS)
        self.answer = answer
        assert answer.status_code < 500, answer.text
        is_page = answer.headers.get("Content-Type", "").startswith("text/html")
        self.page = BeautifulSoup(answer.text, "html.parser") if is_page else None
        return self

    @property
    def text(self):
        return self.page.get_text(" ", strip=True) if self.page else ""

    @property
    def went_to(self):
        """Where the server sent the browser, if out of the server."""
        return self.answer.headers.get("Location")

    @property
    def code(self):
        """The code shown for copying."""
        found = self.page.find("code") if self.page else None
        return found.get_text() if found else None

    def form(self, action):
        return self.page.find("form", action=action) if self.page else None

    def send(self, action, button=None, **typed):
        """Fills in the form with this action and presses the button of this value."""
        form = self.form(action)
        assert form is not None, f"no form {action} in: {self.text[:500]}"
        fields = {field["name"]: field.get("value", "") for field in form.find_all("input") if field.get("name")}
        unknown = set(typed) - set(fields)
        assert not unknown, f"the form has no {unknown}"
        fields |= typed
        for each in form.find_all("button"):
            if each.get("name") and each.get("value") == button:
                fields[each["name"]] = button
        url = urllib.parse.urljoin(self.answer.url, action)
        return self._show(self.session.post(url, data=fields, allow_redirects=False, timeout=TIMEOUT_SECONDS))

    def log_in(self, login, password=PASSWORD):
        return self.send("/login", login=login, password=password)

    def allow(self):
        return self.send("/oauth/authorize", button="allow")


def code_for(url, login, password=PASSWORD):
    """From the address an app opens to the code it gets, out of band."""
    browser = Browser().open(url).log_in(login, password).allow()
    assert browser.code, browser.text
    return browser.code
