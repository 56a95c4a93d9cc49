#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
#
# A person at a real Chromium, by WebDriver: opens a page, fills in the forms that come, and presses
# the button that goes on, until the address has a certain part.
#
#   browser.py PROFILE PART URL [FIELD=VALUE...]
#
# PROFILE is a directory that keeps the cookies. FIELD is the name of an input. The last page's
# address is printed; status 1 if it does not come to that within a minute.

import http.client
import json
import re
import subprocess
import sys
import time

LIMIT = 60
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"

# The button that goes on, on the pages of the servers that are tried. The first one there is pressed.
BUTTONS = [
    "[name=allow]",
    "[name=action][value=accept]",
    "[name=accept]",
    "#kc-login",
    "#accept",
    "[type=submit]",
]


class Browser:
    def __init__(self):
        port = None
        # It takes a port that is free at 127.0.0.1, and ends where that is not free at ::1.
        while not port:
            port = self.start_driver()
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=LIMIT)
        self.session = ""

    def start_driver(self):
        """The port where it listens; None where another program has that."""
        self.driver = subprocess.Popen(
            ["chromedriver", "--port=0"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True)
        said = ""
        for line in self.driver.stdout:
            said += line
            port = re.search(r"successfully on port (\d+)", line)
            if port:
                return int(port[1])
        self.driver.wait()
        if "port not available" in said:
            return None
        raise RuntimeError("chromedriver ended: " + said)

    def open(self, profile, url):
        options = {"args": ["--headless", "--no-sandbox", "--disable-gpu", "--user-data-dir=" + profile]}
        wanted = {"browserName": "chrome", "goog:chromeOptions": options}
        answer = self.call("POST", "/session", {"capabilities": {"alwaysMatch": wanted}})
        self.session = "/session/" + answer["sessionId"]
        self.call("POST", "/url", {"url": url})

    def call(self, method, path, body=None):
        self.connection.request(method, self.session + path, None if body is None else json.dumps(body))
        answer = json.load(self.connection.getresponse())["value"]
        if isinstance(answer, dict) and "error" in answer:
            raise LookupError(answer["error"] + ": " + answer["message"].splitlines()[0])
        return answer

    def find(self, selector):
        """The visible elements."""
        found = self.call("POST", "/elements", {"using": "css selector", "value": selector})
        return [one[ELEMENT] for one in found if self.call("GET", f"/element/{one[ELEMENT]}/displayed")]

    def fill(self, name, value):
        for element in self.find(f"input[name={name}]"):
            self.call("POST", f"/element/{element}/clear", {})
            self.call("POST", f"/element/{element}/value", {"text": value})

    def press(self):
        for selector in BUTTONS:
            for element in self.find(selector):
                return self.call("POST", f"/element/{element}/click", {})

    def close(self):
        try:
            if self.session:
                self.call("DELETE", "")
        finally:
            self.driver.terminate()
            self.driver.wait()


def walk(browser, part, fields):
    """Each form is filled in once, by its address; a page that goes on by itself is waited for."""
    end = time.monotonic() + LIMIT
    filled = None
    while time.monotonic() < end:
        try:
            address = browser.call("GET", "/url")
            if part in address:
                print(address)
                return True
            if address != filled:
                for name, value in fields:
                    browser.fill(name, value)
                browser.press()
                filled = address
        except LookupError:
            # The page went away meanwhile.
            pass
        time.sleep(0.1)
    print(f"{address} is not {part}:", browser.call("GET", "/source")[:2000], sep="\n")
    return False


def main():
    profile, part, url = sys.argv[1:4]
    browser = Browser()
    try:
        browser.open(profile, url)
        return 0 if walk(browser, part, [field.split("=", 1) for field in sys.argv[4:]]) else 1
    finally:
        browser.close()


sys.exit(main())
