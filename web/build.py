#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A native build and Zydis's source in; out kvmwhy.wasm, the npm package around it, and the page.

    build.py BUILD OUT

BUILD is a meson build directory: the list of the library's sources is taken from there, and so are
the sources it generates, since the parsers' words are compiled by a program that runs while the
library is built. OUT/zydis and OUT/zycore hold the sources that web/get-zydis unpacks.
"""

import base64
import concurrent.futures
import fcntl
import gzip
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

SOURCE = pathlib.Path(__file__).resolve().parent.parent
WEB = SOURCE / "web"

# The decoder and the formatter, without the encoder and what talks to an operating system.
ZYDIS = ("Decoder", "DecoderData", "Formatter", "FormatterATT", "FormatterBase", "FormatterBuffer",
         "FormatterIntel", "MetaInfo", "Mnemonic", "Register", "Segment", "SharedData", "String",
         "Utils", "Zydis")
ZYCORE = ("Allocator", "Format", "String", "Vector", "Zycore")

CC = os.environ.get("WASM_CC", "clang")
TARGET = ["--target=wasm32-wasi"]
COMPILE = TARGET + ["-std=gnu11", "-Oz", "-flto", "-g0", "-DNDEBUG", "-D_GNU_SOURCE",
                    "-fvisibility=hidden", "-ffunction-sections", "-fdata-sections",
                    "-DZYDIS_STATIC_BUILD", "-DZYCORE_STATIC_BUILD",
                    "-DZYDIS_DISABLE_KNC",  # a mode that the library never asks for
                    f"-ffile-prefix-map={SOURCE}=."]
OURS = ["-Wall", "-Wextra", "-Werror=implicit-function-declaration"]
# The stack comes first in memory: one that overflows traps instead of overwriting data.
LINK = TARGET + ["-Oz", "-flto", "-mexec-model=reactor", "-Wl,--gc-sections", "-Wl,--strip-all",
                 "-Wl,--stack-first", "-Wl,-z,stack-size=1048576", "-Wl,--max-memory=268435456"]


def run(command):
    subprocess.run([str(word) for word in command], check=True)


def introspect(what, build):
    found = subprocess.run(["meson", "introspect", what, build], check=True, capture_output=True)
    return json.loads(found.stdout)


def meson_targets(build):
    return {target["name"]: target for target in introspect("--targets", build)}


def library_sources(build):
    """All C of the library. What is generated is made if need be, a header of numbers too."""
    targets = meson_targets(build)
    groups = [group for name in ("kvmwhy-objects", "kvmwhy-words")
              for group in targets[name]["target_sources"]]
    generated = [path for group in groups for path in group.get("generated_sources", ())]
    wanted = [os.path.relpath(name, build) for name in generated]
    run(["ninja", "-C", build, "--quiet", *wanted, "data/kvm_numbers.h"])
    written = [name for group in groups for name in group.get("sources", ())]
    names = dict.fromkeys(written + generated)
    return [pathlib.Path(name) for name in names if name.endswith(".c")]


def version(build):
    return introspect("--projectinfo", build)["version"]


def compile_one(job):
    source, target, flags = job
    if not target.exists() or is_stale(target):
        run([CC, *COMPILE, *flags, "-MMD", "-c", source, "-o", target])
    return target


def is_stale(target):
    made = target.stat().st_mtime
    return any(part.stat().st_mtime > made for part in prerequisites(target))


def prerequisites(target):
    """The files that the last compilation has read; this one for each that is gone."""
    listed = target.with_suffix(".d").read_text(encoding="utf-8").replace("\\\n", " ")
    paths = [pathlib.Path(name) for name in listed.split()[1:]]
    return [path if path.exists() else pathlib.Path("/proc/self") for path in paths]


def jobs(build, out):
    objects = out / "objects"
    objects.mkdir(parents=True, exist_ok=True)
    zydis = ["-I", out / "zydis/include", "-I", out / "zycore/include"]
    ours = [*OURS, "-I", SOURCE / "lib", "-I", SOURCE / "include", "-I", build / "data", *zydis,
            f'-DKW_VERSION="{version(build)}"']
    for number, source in enumerate([*library_sources(build), WEB / "wasm.c"]):
        yield source, objects / f"{number:03}-{source.stem}.o", ours
    for folder, names, private in (("zydis", ZYDIS, "zydis/src"), ("zycore", ZYCORE, "zycore/src")):
        for name in names:
            yield (out / folder / "src" / f"{name}.c", objects / f"{folder}-{name}.o",
                   ["-w", *zydis, "-I", out / private])


def build_wasm(build, out):
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        objects = list(pool.map(compile_one, jobs(build, out)))
    run([CC, *LINK, *objects, "-o", out / "objects/kvmwhy.wasm"])


def stylesheet(build):
    """That of the HTML reports, out of a report: the page shows them in the same looks."""
    run(["ninja", "-C", build, "--quiet", "cli/kvmwhy"])
    empty = subprocess.run([build / "cli/kvmwhy", "--format", "html"], stdin=subprocess.DEVNULL,
                           check=False, capture_output=True, encoding="utf-8")
    found = re.search(r"<style>(.*?)</style>", empty.stdout, re.S)
    if not found:
        sys.exit("the HTML report has no stylesheet")
    return found[1]


def csp_hash(text):
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"


def policy(style, script):
    """No request, no code but this. The worker is the page's own, from a blob."""
    return "; ".join([
        "default-src 'none'", f"style-src {csp_hash(style)}",
        f"script-src {csp_hash(script)} 'wasm-unsafe-eval'", "worker-src blob:",
        "base-uri 'none'", "form-action 'none'", "require-trusted-types-for 'script'",
        "trusted-types kvmwhy"])


def page_file(name):
    return (WEB / "page" / name).read_text(encoding="utf-8")


def packed(wasm):
    """In gzip's format, which browsers unpack, as small as that can be: once, it takes seconds."""
    target = wasm.with_suffix(".wasm.gz")
    if not target.exists() or gzip.decompress(target.read_bytes()) != wasm.read_bytes():
        run(["zopfli", "--i5", wasm])
    return target.read_bytes()


def build_page(build, out):
    wasm = packed(out / "objects/kvmwhy.wasm")
    engine = (WEB / "engine.mjs").read_text(encoding="utf-8")
    # One script: of a page from a file, browsers let no worker be a module.
    modules = "".join([engine, page_file("redact.mjs"), page_file("worker.js")])
    worker = re.sub(r"^export ", "", modules, flags=re.M)
    if "</script" in worker or "<!--" in worker:
        sys.exit("the worker's text would end its element")
    texts = json.dumps(json.loads(page_file("texts.json")), ensure_ascii=False)
    script = page_file("page.js").replace("@TEXTS@", texts)
    style = stylesheet(build) + page_file("page.css")
    parts = {"CSP": policy(style, script), "STYLE": style, "SCRIPT": script, "WORKER": worker,
             "WASM": base64.b64encode(wasm).decode()}
    page = re.sub(r"@([A-Z]+)@", lambda match: parts[match[1]], page_file("page.html"))
    (out / "kvmwhy.html").write_text(page, encoding="utf-8")


def build_package(build, out):
    package = out / "package"
    package.mkdir(parents=True, exist_ok=True)
    build_wasm(build, out)
    shutil.copyfile(out / "objects/kvmwhy.wasm", package / "kvmwhy.wasm")
    for name in ("engine.mjs", "kvmwhy.mjs", "kvmwhy.d.ts"):
        shutil.copyfile(WEB / name, package / name)
    shutil.copyfile(WEB / "package-readme.md", package / "README.md")
    shutil.copyfile(SOURCE / "LICENSES/MIT.txt", package / "LICENSE")
    described = json.loads((WEB / "package.json").read_text(encoding="utf-8"))
    described["version"] = version(build)
    (package / "package.json").write_text(json.dumps(described, indent=2) + "\n", encoding="utf-8")


def main(arguments):
    if len(arguments) != 2:
        sys.exit("usage: build.py BUILD OUT")
    build, out = (pathlib.Path(name).resolve() for name in arguments)
    if not (out / "zydis/include/Zydis/Zydis.h").exists():
        sys.exit(f"{out}: no Zydis here. Run: web/get-zydis {out}")
    # Several tests may ask for it at once.
    with open(out / "lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        build_package(build, out)
        build_page(build, out)


if __name__ == "__main__":
    main(sys.argv[1:])
