# SPDX-License-Identifier: MIT
"""A headless Chromium, spoken to over a pipe by the DevTools protocol: JSON, a NUL after each."""

import base64
import json
import os
import shutil
import subprocess

from cli import Skip

READ, WRITE = 3, 4   # where --remote-debugging-pipe expects its ends


class Browser:
    """One page of a Chromium with a profile of its own in @directory."""

    def __init__(self, directory):
        program = shutil.which("chromium") or shutil.which("chromium-browser")
        if not program:
            raise Skip("no chromium")
        ours, theirs = self._pipes()
        shell = 'exec "$@" 3<&%d 4>&%d' % theirs
        self.process = subprocess.Popen(   # pylint: disable=consider-using-with
            ["bash", "-c", shell, "bash", program, "--headless=new", "--no-sandbox",
             "--disable-gpu",
             "--disable-dev-shm-usage", "--hide-scrollbars", f"--user-data-dir={directory}/profile",
             "--remote-debugging-pipe", "about:blank"],
            pass_fds=theirs, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for end in theirs:
            os.close(end)
        self.replies, self.orders = os.fdopen(ours[0], "rb"), os.fdopen(ours[1], "wb")
        self.count, self.session = 0, None
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self.call("Page.enable")

    @staticmethod
    def _pipes():
        """((our reading end, our writing end), (its reading end, its writing end))"""
        their_read, our_write = os.pipe()
        our_read, their_write = os.pipe()
        return (our_read, our_write), (their_read, their_write)

    def _message(self):
        data = bytearray()
        while (byte := self.replies.read(1)) != b"\0":
            if not byte:
                raise Skip("chromium does not start here")
            data += byte
        return json.loads(data)

    def call(self, method, **params):
        self.count += 1
        order = {"id": self.count, "method": method, "params": params}
        if self.session:
            order["sessionId"] = self.session
        self.orders.write(json.dumps(order).encode() + b"\0")
        self.orders.flush()
        while True:
            reply = self._message()
            if reply.get("id") == self.count:
                assert "result" in reply, f"{method}: {reply}"
                return reply["result"]

    def open(self, path, width, dark=False, media="screen"):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=900,
                  deviceScaleFactor=1, mobile=width < 600)
        self.call("Emulation.setEmulatedMedia", media=media, features=[
            {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])
        self.call("Page.navigate", url=path.as_uri())
        self.wait()

    def wait(self):
        while self.value("document.readyState + location.protocol") != "completefile:":
            pass

    def value(self, expression):
        done = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        return done["result"].get("value")

    def screenshot(self, path):
        size = self.call("Page.getLayoutMetrics")["cssContentSize"]
        size = {"x": 0, "y": 0, "scale": 1, "width": size["width"],
                "height": min(size["height"], 6000)}
        shot = self.call("Page.captureScreenshot", captureBeyondViewport=True, clip=size)
        path.write_bytes(base64.b64decode(shot["data"]))

    def pdf(self, path):
        done = self.call("Page.printToPDF", printBackground=True)
        path.write_bytes(base64.b64decode(done["data"]))

    def close(self):
        self.orders.close()
        self.replies.close()
        self.process.wait(timeout=30)
