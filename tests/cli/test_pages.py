#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Pages of --format html in a real browser: on a phone, on a desk, in the dark and in print.

KVMWHY_SHOTS names a folder that keeps the pictures, to be looked at.
"""

import os
import pathlib
import re

from browser import Browser
from cli import CASE, FOUND, SOURCE, equal, kvmwhy, main, test

WIDTHS = {"phone": 390, "desk": 1280}
SCROLLS = """[...document.querySelectorAll('body *')].filter(
    e => e.getBoundingClientRect().right > innerWidth + 1
         && !e.closest('.code,.log,.scroll,figure'))
    .map(e => e.tagName + '.' + e.className).join(' ')"""


def corpus(name):
    return SOURCE / "tests/corpus" / name / "input"


def pages(directory):
    """A page with one failure, and one with many."""
    many = [CASE, *map(corpus, ("entry-reset-kept-cr4", "cpu-reset", "delivery-stack-in-vga"))]
    for name, logs in (("one", [CASE]), ("many", many)):
        path = directory / f"{name}.html"
        path.write_bytes(kvmwhy("--format", "html", *logs).expect(FOUND).out)
        yield path


def with_browser(directory, function):
    browser = Browser(directory)
    try:
        function(browser)
    finally:
        browser.close()


@test("nothing scrolls sideways at 390 and at 1280 pixels, light or dark")
def _(directory):
    shots = pathlib.Path(os.environ.get("KVMWHY_SHOTS", directory))

    def look(browser):
        for page in pages(directory):
            for name, width in WIDTHS.items():
                for dark in False, True:
                    browser.open(page, width, dark)
                    equal(browser.value("innerWidth"), width)
                    mood = "dark" if dark else "light"
                    browser.screenshot(shots / f"{page.stem}-{name}-{mood}.png")
                    equal((page.stem, width, browser.value(SCROLLS)), (page.stem, width, ""))
                    wide = browser.value("document.documentElement.scrollWidth")
                    assert wide <= width, f"{page.stem} at {width}: {wide}"
    with_browser(directory, look)


@test("in the dark the page is dark; without it, light")
def _(directory):
    def look(browser):
        page = next(pages(directory))
        background = "getComputedStyle(document.body).backgroundColor"
        browser.open(page, 1280)
        equal(browser.value(background), "rgb(255, 255, 255)")
        browser.open(page, 1280, dark=True)
        equal(browser.value(background), "rgb(20, 23, 27)")
    with_browser(directory, look)


@test("on paper a line number is never broken, and a heading stays with its text")
def _(directory):
    shots = pathlib.Path(os.environ.get("KVMWHY_SHOTS", directory))

    def look(browser):
        for page in pages(directory):
            browser.open(page, 700, media="print")
            equal(browser.value("""[...document.querySelectorAll('.log td:first-child')].filter(
                e => getComputedStyle(e).whiteSpace != 'nowrap'
                     || e.scrollWidth > e.clientWidth + 1).length"""), 0)
            equal(browser.value("""[...document.querySelectorAll('h1,h2,h3')].filter(
                e => getComputedStyle(e).breakAfter != 'avoid').length"""), 0)
            assert browser.value("document.documentElement.scrollWidth") <= 700, page
            browser.pdf(shots / f"{page.stem}.pdf")
            assert (shots / f"{page.stem}.pdf").read_bytes().startswith(b"%PDF"), page
    with_browser(directory, look)


@test("the index of many failures comes first; every link inside the page leads somewhere")
def _(directory):
    def look(browser):
        page = list(pages(directory))[1]
        browser.open(page, 1280)
        equal(browser.value("document.querySelectorAll('#index li').length"),
              browser.value("document.querySelectorAll('article').length"))
        assert browser.value("document.querySelector('#index').getBoundingClientRect().top"
                             " < document.querySelector('article').getBoundingClientRect().top")
        equal(browser.value("""[...document.querySelectorAll('a[href^="#"]')].filter(
            e => !document.getElementById(e.hash.slice(1))).map(e => e.hash).join(' ')"""), "")
    with_browser(directory, look)


@test("the policy of a page forbids scripts: one that is put into it does not run")
def _(directory):
    def look(browser):
        page = next(pages(directory))
        hurt = directory / "hurt.html"
        script = "<body><script>document.title = 'ran'</script>"
        hurt.write_text(page.read_text().replace("<body>", script))
        browser.open(hurt, 1280)
        assert browser.value("document.title").startswith("WRMSR to IA32_X2APIC_INIT_COUNT")
    with_browser(directory, look)


@test("a page has the title of its failure, an index only for several, each rule once")
def _(directory):
    one, many = (path.read_text() for path in pages(directory))
    title, = re.findall(r"<title>(.*?)</title>", one)
    assert title.startswith("WRMSR to ") and title.endswith("starting-case.log &middot; kvmwhy"), title
    assert "id=\"index\"" not in one and "<h2>5 failures</h2>" in many
    assert '<a href="https://git.kernel.org/linus/7dffecaf4eab">7dffecaf4eab</a>' in one
    assert "\ufffd" not in one.split('<section class="page"')[1]
    rules = re.findall(r'id="(rule-[^"]*)"', many)
    equal(len(rules), len(set(rules)))
    assert set(re.findall(r'href="#(rule-[^"]*)"', many)) == set(rules) != set()
    empty = kvmwhy("--format", "html", stdin=b"nothing\n").text()
    assert empty.count("<title>No failure of a KVM guest was recognised") == 1, empty[:600]


main()
