# SPDX-License-Identifier: MIT
"""Chromium through the DevTools protocol, over the pipe that --remote-debugging-pipe opens: no
port, and nothing but Python's standard library."""

import json
import os
import select
import shutil
import subprocess
import tempfile
import time

NAMES = ("chromium", "chromium-browser", "google-chrome")
PATIENCE = 60


def program():
    return next((path for path in map(shutil.which, NAMES) if path), None)


class Failed(Exception):
    """The browser or a script in it reported an error."""


class Browser:
    """One page of a headless Chromium with a profile of its own."""

    def __init__(self):
        self.profile = tempfile.mkdtemp(prefix="kvmwhy-chromium-")
        theirs_in, self.out = os.pipe()
        self.into, theirs_out = os.pipe()
        flags = ["--headless", "--remote-debugging-pipe", "--disable-gpu", "--no-first-run",
                 "--disable-background-networking", "--disable-component-update",
                 "--disable-dev-shm-usage", f"--user-data-dir={self.profile}"]
        if os.geteuid() == 0:
            flags.append("--no-sandbox")

        def connect():
            os.dup2(theirs_in, 1003)
            os.dup2(theirs_out, 1004)
            os.dup2(1003, 3)
            os.dup2(1004, 4)

        self.process = subprocess.Popen([program(), *flags, "about:blank"], preexec_fn=connect,
                                        close_fds=False, stderr=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
        os.close(theirs_in)
        os.close(theirs_out)
        self.rest, self.number, self.events, self.session = b"", 0, [], None
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")

    def receive(self, until):
        while b"\0" not in self.rest:
            left = until - time.monotonic()
            if left <= 0 or not select.select([self.into], [], [], left)[0]:
                raise Failed("the browser does not answer")
            piece = os.read(self.into, 1 << 16)
            if not piece:
                raise Failed("the browser has ended")
            self.rest += piece
        message, self.rest = self.rest.split(b"\0", 1)
        return json.loads(message)

    def call(self, method, **parameters):
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self.out, data):]
        until = time.monotonic() + PATIENCE
        while True:
            got = self.receive(until)
            if got.get("id") == self.number:
                if "error" in got:
                    raise Failed(f"{method}: {got['error']['message']}")
                return got["result"]
            self.events.append(got)

    def js(self, expression):
        """The value of an expression, awaited."""
        got = self.call("Runtime.evaluate", expression=expression, awaitPromise=True,
                        returnByValue=True, userGesture=True)
        if "exceptionDetails" in got:
            raise Failed(json.dumps(got["exceptionDetails"])[:2000])
        return got["result"].get("value")

    def wait(self, expression, patience=PATIENCE):
        until = time.monotonic() + patience
        while time.monotonic() < until:
            value = self.js(expression)
            if value:
                return value
            time.sleep(0.05)
        raise Failed(f"never: {expression}; status: {self.js(STATUS)}")

    def open(self, url):
        """A fresh document, even if only the fragment differs."""
        self.call("Page.navigate", url="about:blank")
        self.wait("location.href === 'about:blank'")
        self.call("Page.navigate", url=url)
        self.wait("location.href !== 'about:blank' && document.readyState === 'complete'")

    def files(self, selector, *paths):
        document = self.call("DOM.getDocument")["root"]["nodeId"]
        node = self.call("DOM.querySelector", nodeId=document, selector=selector)["nodeId"]
        self.call("DOM.setFileInputFiles", nodeId=node, files=[str(path) for path in paths])

    def size(self, width, height):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height,
                  deviceScaleFactor=1, mobile=width < 600)

    def close(self):
        self.process.terminate()
        self.process.wait(PATIENCE)
        os.close(self.out)
        os.close(self.into)
        shutil.rmtree(self.profile, ignore_errors=True)


STATUS = "document.getElementById('status')?.textContent"
