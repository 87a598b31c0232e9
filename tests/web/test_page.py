#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""kvmwhy.html from its file in a headless Chromium: what is pasted, dropped, chosen, shared;
hostile texts; large files; a phone. Nothing may leave the page or break its policy.

usage: test_page.py [FOLDER]: screenshots go there
"""

import base64
import gzip
import json
import lzma
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import zlib

import browser
import web

LOG = (web.SOURCE / "examples/starting-case.log").read_text(encoding="utf-8")
HEADLINE = "WRMSR to IA32_X2APIC_INIT_COUNT (0x838) failed with EPERM"
HTML_MAX, GZIPPED_MAX = 900_000, 600_000
STREAM = 200 << 20
DONE = ("!document.getElementById('explain').disabled"
        " && document.getElementById('status').textContent !== ''")
TITLE = "document.querySelector('#answer h1')?.textContent ?? ''"
HEADLINES = "[...document.querySelectorAll('#answer h1')].map((title) => title.textContent)"
HOSTILE = """<script>hacked = 1</script><img src=x onerror="hacked = 1"><svg onload="hacked = 1">
</textarea><body><style>*{display:none}</style><a href="javascript:hacked = 1">
""" + LOG.replace("error: kvm run failed", "<img src=x onerror=hacked=1><body> error: kvm run failed") \
    + "<script>hacked = 1</script>\n"
# One line of strangers' names before the failure, one inside it.
PRIVATE = """type=SHUTDOWN user=jane.roe@corp.example from 192.0.2.17
2024-05-01 10:11:12.345+0000: guest=payroll, uuid 9f0c3d2e-1111-4222-8333-abcdefabcdef
""" + LOG.replace("\nRIP=", "\nMay  1 10:00:00 ledger sshd[1]: roe from 192.0.2.18, guest=payroll\nRIP=")


def quiet(page):
    """Only the page itself and its worker were fetched; the log of the browser is empty."""
    for event in page.events:
        what = event["params"]
        if event["method"] == "Network.requestWillBeSent":
            url = what["request"]["url"]
            ours = url.split("#")[0] in (web.PAGE.as_uri(), "about:blank")
            assert ours or url.startswith("blob:null/"), url[:200]
        assert event["method"] != "Runtime.exceptionThrown", what
        if event["method"] == "Log.entryAdded":
            assert what["entry"]["level"] not in ("error", "warning"), what["entry"]
    assert page.js("typeof hacked") == "undefined"


def answer(page):
    page.wait(DONE)
    return page.js(TITLE)


def status(page):
    page.wait(DONE)
    return page.js(browser.STATUS)


def explain(page, text):
    page.js(f"document.getElementById('log').value = {json.dumps(text)};"
            "document.getElementById('log').dispatchEvent(new Event('input'));"
            "document.getElementById('explain').click()")
    return answer(page)


def fragment(text):
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    data = packer.compress(text) + packer.flush()
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def sizes():
    page = web.PAGE.read_bytes()
    packed = gzip.compress(page, 9)
    print(f"kvmwhy.html: {len(page)} bytes, gzipped {len(packed)}")
    assert len(page) <= HTML_MAX and len(packed) <= GZIPPED_MAX


def texts():
    """Each language has every text, and each text that the page asks for exists."""
    table = json.loads((web.SOURCE / "web/page/texts.json").read_text(encoding="utf-8"))
    keys = set(table["en"])
    for language, own in table.items():
        assert set(own) == keys, (language, keys ^ set(own))
        for key in keys:
            slots = [set(re.findall(r"\{\w+\}", text[key])) for text in (own, table["en"])]
            assert slots[0] == slots[1], (language, key)
    page, script, worker, redact = (
        (web.SOURCE / "web/page" / name).read_text(encoding="utf-8")
        for name in ("page.html", "page.js", "worker.js", "redact.mjs"))
    asked = set(re.findall(r'data-t="(\w+)"', page))
    asked |= set(re.findall(r"(?:\bt|say)\('(\w+)'", script))
    asked |= set(re.findall(r"key: '(\w+)'", script)) | set(re.findall(r"Told\('(\w+)'", worker))
    asked |= set(re.findall(r"says: '(\w+)'", worker))
    asked |= set(re.findall(r"(?:note\(|\[)'(\w+)', (?:/|\w)", redact))
    assert asked <= keys and len(asked) > 50, (asked - keys, len(asked))


def pasted(page):
    page.open(web.PAGE.as_uri())
    page.js("document.getElementById('log').focus()")
    page.call("Input.insertText", text=LOG)
    for kind in ("keyDown", "keyUp"):
        page.call("Input.dispatchKeyEvent", type=kind, key="Enter", code="Enter", modifiers=2,
                  windowsVirtualKeyCode=13)
    assert answer(page).startswith(HEADLINE)
    assert "Failures found: 1" == status(page)
    page.js("document.querySelector('#answer a[href^=\"#f\"]').click()")
    assert page.js("location.hash") == "" and page.js("!!document.querySelector('#answer :focus')")
    html = page.js("document.getElementById('answer').innerHTML")
    native = subprocess.run([web.BUILD / "cli/kvmwhy", "--format", "html"], input=LOG, check=True,
                            capture_output=True, encoding="utf-8").stdout
    assert re.search(r"<h1>(.*?)</h1>", native)[1].replace("&#39;", "'") in html
    before = page.js("performance.now()")
    explain(page, LOG)
    print(f"the starting case once more: {page.js('performance.now()') - before:.0f} ms, waiting"
          " for the browser's answers included")


def empty(page):
    page.open(web.PAGE.as_uri())
    explain(page, "nothing of interest\n")
    assert "No failure of KVM recognised" in status(page)
    assert page.js("document.getElementById('result').hidden")
    explain(page, " ")
    assert "Paste a log" in status(page)


def many(page):
    page.open(web.PAGE.as_uri())
    explain(page, LOG + LOG.replace("0000000838", "0000000404"))
    assert status(page) == "Failures found: 2"
    assert page.js("document.querySelectorAll('#answer article').length") == 2


def dropped(page, folder):
    page.open(web.PAGE.as_uri())
    path = folder / "guest.log"
    path.write_text(LOG, encoding="utf-8")
    data = {"items": [], "files": [str(path)], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        page.call("Input.dispatchDragEvent", type=kind, x=200, y=200, data=data)
    page.wait("!!document.querySelector('#answer h1')")
    assert answer(page).startswith(HEADLINE)
    assert "guest.log" in page.js("document.querySelector('#answer .tags').textContent")


def packed(page, folder):
    page.open(web.PAGE.as_uri())
    whole = gzip.compress(LOG.encode())
    for name, data, word in (("guest.log.gz", whole, "Failures found: 1"),
                             ("cut.log.gz", whole[:-40], "damaged or truncated"),
                             ("guest.log.xz", lzma.compress(LOG.encode()), "unxz")):
        (folder / name).write_bytes(data)
        page.js("document.getElementById('status').textContent = ''")
        page.files("#file", folder / name)
        page.wait(f"document.getElementById('status').textContent.includes({json.dumps(word)})")


def shared(page):
    page.open(web.PAGE.as_uri())
    explain(page, PRIVATE)
    page.js("document.getElementById('kernel').value = '5.10.100';"
            "document.getElementById('share').click()")
    link = page.wait("document.getElementById('link').value")
    taken = page.js("document.getElementById('taken').textContent")
    assert "RBX=ffff9f30ffcd5fc0" in taken and "The answer to the redacted text is the same" in taken
    page.open(link)
    page.wait("!!document.querySelector('#answer h1')")
    assert answer(page).startswith(HEADLINE)
    text = page.js("document.getElementById('log').value")
    for secret in ("jane", "192.0.2", "payroll", "ledger", "9f0c3d2e", "RBX", "ffff9f30ffcd5fc0",
                   "CR2", "135db6000", "DR1"):
        assert secret not in text, text
    assert "RCX=0000000000000838" in text and "<0f> 30" in text
    assert page.js("document.getElementById('kernel').value") == "5.10.100"


def context(page):
    """A log whose other lines are a part of the answer: they stay, and the page says so."""
    page.open(web.PAGE.as_uri())
    log = (web.SOURCE / "tests/corpus/several-failures/input").read_text(encoding="utf-8")
    explain(page, log)
    before = page.js(HEADLINES)
    page.js("document.getElementById('share').click()")
    link = page.wait("document.getElementById('link').value")
    assert "the lines around the failures" in page.js("document.getElementById('taken').textContent")
    page.open(link)
    page.wait("!!document.querySelector('#answer h1')")
    assert before == page.js(HEADLINES)


def damaged(page):
    for log in ("AAAA", "%%%", "x" * (1 << 20), fragment(b"\0" * (64 << 20))):
        page.open(f"{web.PAGE.as_uri()}#log={log}")
        page.wait("document.getElementById('status').textContent.includes('The link is damaged')")
        assert page.js("document.getElementById('log').value") == ""


def hostile(page, folder):
    page.open(f"{web.PAGE.as_uri()}#log={fragment(HOSTILE.encode())}&kernel=%3Cscript%3E&vendor=x")
    page.wait("!!document.querySelector('#answer h1')")
    path = folder / "<img src=x onerror=hacked=1>.log"
    path.write_text(HOSTILE, encoding="utf-8")
    page.files("#file", path)
    page.wait("document.querySelector('#answer .tags')?.textContent.includes('onerror')")
    quoted = page.js("document.getElementById('answer').querySelectorAll('img, script, style,"
                     " [onerror], [onload], a[href^=\"javascript:\"]').length")
    assert quoted == 0, quoted
    for text in ("\0\1\x1b[31m" * 1000, "RAX=" * 100000, "Code=" + "<0f> " * 50000, "\n" * 100000):
        explain(page, text)
    quiet(page)


def large(page, folder):
    """200 MB through the worker, once to the end, once cancelled."""
    path = folder / "large.log"
    line = b"May  1 10:00:00 host systemd[1]: Started something that has nothing to do with it.\n"
    with path.open("wb") as file:
        for _ in range(STREAM // (len(line) * 10000) + 1):
            file.write(line * 10000)
        file.write(LOG.encode())
    page.open(web.PAGE.as_uri())
    began = time.monotonic()
    page.files("#file", path)
    page.wait("document.getElementById('status').textContent.startsWith('Reading: ')")
    page.wait("!!document.querySelector('#answer h1')")
    took = time.monotonic() - began
    heap = page.call("Runtime.getHeapUsage")["usedSize"]
    print(f"{path.stat().st_size >> 20} MiB in {took:.1f} s, the page's heap {heap >> 20} MiB")
    assert answer(page).startswith(HEADLINE) and heap < 64 << 20
    page.js("document.getElementById('file').value = ''")
    page.files("#file", path)
    page.wait("document.getElementById('status').textContent.startsWith('Reading: ')")
    page.js("document.getElementById('cancel').click()")
    assert status(page) == "Cancelled."
    assert explain(page, LOG).startswith(HEADLINE), "a new worker after the cancelled one"


def copied(page):
    """What the Copy buttons put into the clipboard, read back from there."""
    page.open(web.PAGE.as_uri())
    page.call("Browser.grantPermissions",
              permissions=["clipboardReadWrite", "clipboardSanitizedWrite"])
    page.call("Page.bringToFront")
    explain(page, LOG)
    clipboard = {}
    for button in ("copy-text", "copy-json", "copy-markdown"):
        page.js("document.getElementById('status').textContent = '';"
                f"document.getElementById('{button}').click()")
        page.wait("document.getElementById('status').textContent === 'Copied.'")
        clipboard[button] = page.js("navigator.clipboard.readText()")
    native = subprocess.run([web.BUILD / "cli/kvmwhy"], input=LOG, check=True,
                            capture_output=True, encoding="utf-8").stdout
    assert clipboard["copy-text"] == native
    assert json.loads(clipboard["copy-json"])[0]["headline"].startswith(HEADLINE)
    assert clipboard["copy-markdown"].startswith("```text\n" + native.rstrip())


def downloaded(page, folder):
    page.open(web.PAGE.as_uri())
    page.call("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(folder))
    explain(page, LOG)
    page.js("document.getElementById('download').click()")
    until = time.monotonic() + browser.PATIENCE
    while not (folder / "report.html").exists() and time.monotonic() < until:
        time.sleep(0.05)
    native = subprocess.run([web.BUILD / "cli/kvmwhy", "--format", "html"], input=LOG, check=True,
                            capture_output=True, encoding="utf-8").stdout
    assert (folder / "report.html").read_text(encoding="utf-8") == native


def printed(page, shots):
    """On paper only the answer is left."""
    page.open(web.PAGE.as_uri())
    explain(page, LOG)
    page.call("Emulation.setEmulatedMedia", media="print")
    shown = "getComputedStyle(document.getElementById('{}')).display"
    assert page.js(shown.format("form")) == "none" != page.js(shown.format("answer"))
    page.call("Emulation.setEmulatedMedia", media="")
    paper = base64.b64decode(page.call("Page.printToPDF", printBackground=True)["data"])
    assert paper.startswith(b"%PDF-")
    if shots:
        pathlib.Path(shots, "print.pdf").write_bytes(paper)


def stalled(page):
    """A worker that gives no sign of life is ended, after a fiftieth of the time here."""
    page.open(web.PAGE.as_uri())
    page.js("""{
        const worker = document.getElementById('worker'), hanging = document.createElement('pre');

        hanging.id = 'worker';
        hanging.hidden = true;
        hanging.textContent = `addEventListener('message', ({ data }) => {
            while (data.do !== 'load'); });\n${worker.textContent}`;
        worker.replaceWith(hanging);
        window.clock = setTimeout;
        window.setTimeout = (then, limit) => clock(then, limit / 50);
        document.getElementById('log').value = 'the worker of the start is ended';
        document.getElementById('explain').click();
        document.getElementById('cancel').click();
    }""")
    page.wait("document.getElementById('status').textContent === 'Cancelled.'")
    explain(page, LOG)
    assert "too long" in status(page), status(page)


def looked_up(page):
    page.open(web.PAGE.as_uri())
    found = "document.getElementById('found').textContent"
    for field, value, form, word in (("msr", "0x404", "msr-form", "IA32_MC1_CTL"),
                                     ("insn", "0f 30", "insn-form", "wrmsr"),
                                     ("rule", "wrmsr-eperm-x2apic", "rule-form", "x2APIC"),
                                     ("msr", "NO_SUCH_MSR", "msr-form", "invalid argument")):
        page.js(f"document.getElementById('{field}').value = '{value}';"
                f"document.getElementById('{form}').requestSubmit()")
        page.wait(f"{found}.includes('{word}')")


def looks(page, shots):
    """No sideways scrolling; with a folder, pictures to look at."""
    for name, width, dark, language in (("wide", 1280, False, "en"), ("phone", 390, False, "en"),
                                        ("dark", 1280, True, "en"), ("phone-zh", 390, True, "zh")):
        scheme = "dark" if dark else "light"
        page.call("Emulation.setEmulatedMedia",
                  features=[{"name": "prefers-color-scheme", "value": scheme}])
        page.size(width, 1400)
        page.open(web.PAGE.as_uri())
        page.js(f"document.getElementById('language').value = '{language}';"
                "document.getElementById('language').dispatchEvent(new Event('change'))")
        explain(page, LOG + LOG.replace("0000000838", "0000000404"))
        page.js("scrollTo(0, 0)")
        wide = page.js("document.documentElement.scrollWidth")
        assert wide <= width, f"{name}: {wide} pixels wide"
        if shots:
            picture = page.call("Page.captureScreenshot", format="png")["data"]
            pathlib.Path(shots, f"{name}.png").write_bytes(base64.b64decode(picture))


def main(shots):
    web.build()
    sizes()
    texts()
    if not browser.program():
        web.skip("no chromium here, so the page was only measured. Run: scripts/install-deps --web")
    page = browser.Browser()
    try:
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            for test, *more in ((pasted,), (empty,), (many,), (dropped, folder), (packed, folder),
                                (shared,), (context,), (damaged,), (hostile, folder), (looked_up,),
                                (copied,), (downloaded, folder), (printed, shots), (stalled,),
                                (looks, shots), (large, folder)):
                test(page, *more)
                quiet(page)
                page.events.clear()
                print(f"{test.__name__}: as expected", flush=True)
    finally:
        page.close()


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else None)
