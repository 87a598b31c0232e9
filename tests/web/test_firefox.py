#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""kvmwhy.html in a headless Firefox, by its Marionette: what is pasted, a damaged and a good link,
a packed file, a phone's width, and that a hostile log runs nothing.
"""

import gzip
import json
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time

import web
from test_page import HEADLINE, HOSTILE, LOG, fragment

SECONDS = 60
DONE = "!document.getElementById('explain').disabled && document.getElementById('status').textContent"


class Firefox:
    """One window. A command is `LENGTH:[0, ID, NAME, PARAMETERS]`, its answer `[1, ID, ERROR, RESULT]`."""

    def __init__(self, folder, width):
        program = shutil.which("firefox-esr") or shutil.which("firefox")
        if not program:
            web.skip("Firefox is not installed (scripts/install-deps --web)")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        (folder / "user.js").write_text(f'user_pref("marionette.port", {port});\n')
        self.process = subprocess.Popen(
            [program, "--headless", "--marionette", "--no-remote", "--profile", folder,
             "--width", str(width), "--height", "800"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={"HOME": str(folder)})
        self.connection = self.connect(port)
        self.id = 0
        self.read()     # its greeting
        self.call("WebDriver:NewSession", {})

    def connect(self, port):
        late = time.monotonic() + SECONDS
        while time.monotonic() < late and self.process.poll() is None:
            try:
                return socket.create_connection(("127.0.0.1", port), timeout=SECONDS)
            except OSError:
                time.sleep(0.2)
        self.process.kill()
        return web.skip("Firefox does not start here")

    def read(self):
        length = b""
        while not length.endswith(b":"):
            length += self.connection.recv(1)
        text, wanted = b"", int(length[:-1])
        while len(text) < wanted:
            text += self.connection.recv(wanted - len(text))
        return json.loads(text)

    def call(self, name, parameters):
        self.id += 1
        text = json.dumps([0, self.id, name, parameters]).encode()
        self.connection.sendall(f"{len(text)}:".encode() + text)
        _, _, error, result = self.read()
        assert not error, (name, error)
        return result

    def js(self, expression, *arguments):
        script = f"return ({expression});"
        return self.call("WebDriver:ExecuteScript",
                         {"script": script, "args": arguments, "sandbox": None})["value"]

    def open(self, url):
        self.call("WebDriver:Navigate", {"url": "about:blank"})
        self.call("WebDriver:Navigate", {"url": url})

    def answer(self):
        late = time.monotonic() + SECONDS
        while not self.js(DONE):
            assert time.monotonic() < late, "no answer"
            time.sleep(0.1)
        return self.js("document.querySelector('#answer h1')?.textContent ?? ''")

    def explain(self, text):
        self.js("(document.getElementById('log').value = arguments[0],"
                " document.getElementById('log').dispatchEvent(new Event('input')),"
                " document.getElementById('explain').click())", text)
        return self.answer()

    def close(self):
        self.connection.close()
        self.process.kill()
        self.process.wait()


def pasted(firefox):
    assert firefox.explain(LOG).startswith(HEADLINE)
    assert firefox.explain(HOSTILE).startswith(HEADLINE)
    assert firefox.js("typeof hacked") == "undefined"


def linked(firefox):
    firefox.open(f"{web.PAGE.as_uri()}#log={fragment(LOG.encode())}")
    assert firefox.answer().startswith(HEADLINE)


def packed(firefox):
    firefox.js("((data) => { const files = new DataTransfer();"
               " files.items.add(new File([Uint8Array.from(data)], 'guest.log.gz'));"
               " const input = document.getElementById('file'); input.files = files.files;"
               " input.dispatchEvent(new Event('change')); })(arguments[0])",
               list(gzip.compress(LOG.encode())))
    assert firefox.answer().startswith(HEADLINE)


def narrow(firefox):
    firefox.explain(LOG)
    width, inner = firefox.js("[document.documentElement.scrollWidth, innerWidth]")
    assert width <= inner, (width, inner)


def main():
    web.build()
    with tempfile.TemporaryDirectory() as folder:
        firefox = Firefox(pathlib.Path(folder), 450)
        try:
            for step in pasted, linked, packed, narrow:
                firefox.open(web.PAGE.as_uri())
                step(firefox)
                print(f"{step.__name__}: ok")
        finally:
            firefox.close()


if __name__ == "__main__":
    sys.exit(main())
