"""A browser without a screen: real HTTP to Canvas, and the real routes of the app in this process."""

import ssl
from collections.abc import Iterable
from contextvars import Context
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin

import httpx
from flask import Flask

NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # nothing here is; reading the trusted roots takes long
VOID_SKIPPED = {"script", "style", "title", "svg"}


@dataclass
class Form:
    """A form as it stands on the page: its fields, and the buttons that send it."""

    action: str
    method: str
    fields: list[tuple[str, str]] = field(default_factory=list)
    boxes: list[tuple[str, str]] = field(default_factory=list)
    checked: list[tuple[str, str]] = field(default_factory=list)  # those of them that are ticked already
    buttons: list[dict[str, str]] = field(default_factory=list)

    def button(self, words: str) -> dict[str, str] | None:
        return next((b for b in self.buttons if words in (b["words"], b.get("aria-label"))), None)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.links: list[tuple[str, str]] = []
        self.frames: list[str] = []
        self.text: list[str] = []
        self._form: Form | None = None
        self._button: dict[str, str] | None = None
        self._link: list[str] | None = None
        self._select: str | None = None  # the name of the one we are in; its field is the last one
        self._first = False  # whether its first option is still to come
        self._typed: list[str] | None = None  # in a text area: its name, and what it holds
        self._skip = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag in VOID_SKIPPED:
            self._skip += 1
        elif tag == "form":
            self._form = Form(given.get("action", ""), given.get("method", "get").lower())
            self.forms.append(self._form)
        elif tag == "input" and self._form is not None and "name" in given:
            kind = given.get("type", "text")
            target = self._form.boxes if kind in ("checkbox", "radio") else self._form.fields
            target.append((given["name"], given.get("value", "")))
            if "checked" in given:
                self._form.checked.append(target[-1])
        elif tag in ("select", "option", "textarea") and self._form is not None:
            self._field(self._form, tag, given)
        elif tag == "button" and self._form is not None and given.get("type") != "button":
            self._button = {**given, "words": ""}
            self._form.buttons.append(self._button)
        elif tag == "a" and "href" in given:
            self._link = [given["href"], ""]
        elif tag == "iframe" and "src" in given:
            self.frames.append(given["src"])

    def _field(self, form: Form, tag: str, given: dict[str, str]) -> None:
        if tag == "textarea":
            self._typed = [given["name"]]
        elif tag == "select":
            self._select, self._first = given["name"], True
            form.fields.append((self._select, ""))
        elif self._select is not None:
            if self._first or "selected" in given:
                form.fields[-1] = (self._select, given.get("value", ""))
            self._first = False

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID_SKIPPED:
            self._skip -= 1
        elif tag == "select":
            self._select = None
        elif tag == "textarea" and self._typed is not None and self._form is not None:
            name, *lines = self._typed
            self._form.fields.append((name, "".join(lines).removeprefix("\r").removeprefix("\n")))
            self._typed = None
        elif tag == "form":
            self._form = None
        elif tag == "button":
            self._button = None
        elif tag == "a" and self._link is not None:
            self.links.append((" ".join(self._link[1].split()), self._link[0]))
            self._link = None

    def handle_data(self, data: str) -> None:
        if self._skip:
            return
        if self._typed is not None:
            self._typed.append(data)
            return
        self.text.append(data)
        if self._button is not None:
            self._button["words"] = " ".join((self._button["words"] + data).split())
        if self._link is not None:
            self._link[1] += data


class Page:
    """What came back, read the way a person does."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self.status_code = response.status_code
        self.url = str(response.url)
        reader = _Reader()
        reader.feed(response.text)
        self.forms, self.links, self.frames = reader.forms, reader.links, reader.frames
        self.text = " ".join(" ".join(reader.text).split())

    def form_with(self, words: str) -> tuple[Form, dict[str, str]]:
        """The form that has this button."""
        for form in self.forms:
            button = form.button(words)
            if button is not None:
                return form, button
        raise AssertionError(f"no button {words!r} on {self.url}: {self.text}")

    def has_button(self, words: str) -> bool:
        return any(form.button(words) for form in self.forms)


class Browser:
    """One person's browser. The app answers in this process, everything else over the network."""

    def __init__(self, app: Flask, public_url: str, address: str = "203.0.113.7") -> None:
        def outside_the_test(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
            return Context().run(app, environ, start_response)  # a request shares nothing with the test

        inside = httpx.WSGITransport(app=outside_the_test, remote_addr=address, raise_app_exceptions=False)
        self.http = httpx.Client(
            mounts={public_url: inside},
            headers={"User-Agent": "journeys", "Accept": "text/html"},
            follow_redirects=True,
            timeout=20,
            trust_env=False,
            verify=NO_TLS,
        )

    def open(self, url: str) -> Page:
        return Page(self.http.get(url))

    def follow(self, page: Page, words: str) -> Page:
        """Click a link."""
        for text, href in page.links:
            if text == words:
                return self.open(urljoin(page.url, href))
        raise AssertionError(f"no link {words!r} on {page.url}: {page.text}")

    def press(self, page: Page, words: str, ticked: tuple[str, ...] = (), **typed: str) -> Page:
        """Press a button after filling in its form. Boxes are ticked by value, or one by `typed`."""
        form, button = page.form_with(words)
        chosen = {name: typed.pop(name) for name, _ in form.boxes if name in typed}
        data = [(name, typed.pop(name, value)) for name, value in form.fields]
        boxes = [box for box in form.boxes if (box[1] in ticked if ticked else box in form.checked)]
        data += [box for box in boxes if box[0] not in chosen]
        data += [box for box in form.boxes if box[1] == chosen.get(box[0])]
        assert not typed, f"no field for {typed} on {page.url}"
        if "name" in button:
            data.append((button["name"], button.get("value", "")))
        return self.send(page, button.get("formaction", form.action), form.method, data)

    def pass_on(self, page: Page) -> Page:
        """What a script does by itself: send the page's only form."""
        (form,) = page.forms
        return self.send(page, form.action, form.method, form.fields)

    def send(self, page: Page, action: str, method: str, data: list[tuple[str, str]]) -> Page:
        url = urljoin(page.url, action)
        if method == "get":
            return Page(self.http.get(url, params=data))
        same = httpx.URL(page.url).host == httpx.URL(url).host
        headers = {"Referer": page.url} if same else {}
        return Page(self.http.post(url, data=_gathered(data), headers=headers))


def _gathered(data: list[tuple[str, str]]) -> dict[str, list[str]]:
    gathered: dict[str, list[str]] = {}
    for name, value in data:
        gathered.setdefault(name, []).append(value)
    return gathered
