#!/usr/bin/env python3
"""kith's own laws, checked over every file that git knows or would take.

    laws.py [TREE]

Each violation is one sentence: what is wrong, and what would be right. The last line counts laws, not
files: `N passed, N failed`. The laws themselves are explained in CONTRIBUTING.md.
"""
import os
import pathlib
import re
import subprocess
import sys

CODE = (".h", ".cc", ".proto")
SCRIPTS = (".py", ".sh", ".cmake")
TEXT = CODE + SCRIPTS + (".md", ".txt", ".toml", ".json", ".html", ".css", ".js", ".yml", ".yaml", "")

# What stands behind a port. A header that promises something says what, never with whose help.
VENDORS = ("rocksdb", "postgres", "cassandra", "scylla", "redis", "kafka", "grpc", "beast", "spdlog", "toml", "prometheus",
           "consul")

# What stands at the top of the tree, and nothing else does: a program that is started there leaves its data there.
TOP = {".ci", ".clang-format", ".clang-tidy", ".gitignore", "ARCHITECTURE.md", "CMakeLists.txt", "CMakePresets.json",
       "CONTRIBUTING.md", "LICENSE", "README.md", "app", "base", "bench", "cmake", "dev", "docs", "gateway", "ports",
       "profiles", "services", "tests", "tools"}

# Vendor headers, and the only places where their names may stand in an #include. Everything else speaks to
# a port or to a header of ours, because one of these costs as much to compile as five files of our own.
VENDOR_HEADERS = {
    "boost/beast": r"gateway/http/",
    "libpq-fe": r"ports/\w+/postgres",
    "librdkafka/": r"ports/log/kafka",
    "rocksdb/": r"ports/\w+/(\w+_)?rocks(db)?(_\w+)?(\.|/)",
    "nghttp2/": r"ports/rpc/grpc/http2\.cc",
    "spdlog/": r"base/log\.cc",
    "prometheus/": r"base/metrics\.cc",
    "toml++/": r"(app|ports/settings)/\w*(settings|toml)\w*\.cc",
    "gumbo": r"gateway/text/",
    "curl/": r"base/curl\.h",
}

FORBIDDEN_NAMES = ("util", "utils", "common", "manager", "helper", "helpers")
LINES_MAX = 600  # style.md: past 500 a file usually holds a second noun; the rest is mercy


def is_test(path):
    """Tests and what only tests use: posts_test.cc, id_fuzz.cc, test_world.h, contract_memory.cc, ..."""
    words = path.split("/")[-1].split(".")[0].split("_")
    return any(word in ("test", "tests", "fixture", "fuzz", "bench", "contract") for word in words)


def engine_of(path):
    """The vendor (or `memory`) that a file of a port is an engine for, else None."""
    match = re.match(r"ports/\w+/(?:(\w+)/)?(\w+)\.(h|cc)$", path)
    if not match:
        return None
    for name in match.group(2), match.group(1) or "":
        for vendor in VENDORS + ("memory", "rocks"):
            if vendor in name.split("_"):
                return "rocksdb" if vendor == "rocks" else vendor
    return None


class Tree:
    """The files of a checkout, each read once."""

    def __init__(self, root):
        self.root = pathlib.Path(root)
        self.files = sorted(self._listed())
        self._text = {}

    def _listed(self):
        asked = subprocess.run(
            ["git", "-C", str(self.root), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            capture_output=True, text=True, check=False)
        names = asked.stdout.split("\0") if asked.returncode == 0 else []
        if not any(names):  # no git here: an unpacked archive
            names = [str(file.relative_to(self.root)) for file in self.root.rglob("*")
                     if file.is_file() and not re.search(r"(^|/)(build|\.git|__pycache__)/", str(file.relative_to(self.root)))]
        return [name for name in names if name and (self.root / name).is_file()]

    def text(self, path):
        if path not in self._text:
            self._text[path] = (self.root / path).read_text(encoding="utf-8", errors="replace")
        return self._text[path]

    def having(self, *suffixes):
        return [path for path in self.files if os.path.splitext(path)[1] in suffixes]

    def includes(self, path):
        """(line number, what, quoted) of each #include."""
        for number, line in enumerate(self.text(path).splitlines(), 1):
            match = re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line)
            if match:
                yield number, match.group(2), match.group(1) == '"'


def home(path):
    """The folder that answers for a file: `services/posts`, `ports/table`, `gateway/http`, `base`, ..."""
    parts = path.split("/")
    depth = 2 if parts[0] in ("services", "ports", "gateway") and len(parts) > 2 else 1
    return "/".join(parts[:depth])


def may_include(path, target):
    """None if the file may include our header `target`, else the sentence's second half."""
    top, owner, theirs = path.split("/")[0], home(path), home(target)
    generated = target.endswith(".kith.h")
    if top in ("app", "tests", "bench", "tools") or theirs == "base":
        return None
    if top == "base":
        return "base may include nothing but base"
    if theirs in ("app", "tests", "bench", "tools") or target.startswith(("app/", "bench/")):
        return None if is_test(path) and target.startswith(("tests/", "tools/")) else f"nothing but {theirs} itself may; move what you need to a port or base"
    engine = engine_of(target)
    if engine == "memory" and engine_of(path) and theirs == owner:
        return None  # what one process keeps near what it shares with others
    if engine and engine != engine_of(path) and not is_test(path):
        return f"an engine's header is for app, tests and that engine; include the port's own header of {theirs}"
    if top == "ports":
        if target.startswith("ports/"):
            return None
        return "a port may include only base and ports"
    if top == "gateway":
        if target.startswith(("gateway/", "ports/")) or generated or is_test(path):
            return None
        return f"the gateway may include only the generated interface, {theirs}/{theirs.split('/')[-1]}.kith.h"
    if top == "services":
        if theirs == owner or target.startswith("ports/") or generated or is_test(path):
            return None
        if theirs.split("/")[0] == "gateway":
            if re.search(r"/api(_\w+)?\.(cc|h)$", path):
                return None
            return "only a service's api.cc knows the gateway; move this line there"
        return f"a service knows others by their generated interface alone, {theirs}/{theirs.split('/')[-1]}.kith.h"
    return None


def law_includes(tree):
    """who may include whom"""
    ours = re.compile(r"(app|base|bench|gateway|ports|services|tests|tools)/")
    for path in tree.having(".h", ".cc"):
        for line, target, quoted in tree.includes(path):
            if quoted and ours.match(target):
                why = may_include(path, target)
                if why:
                    yield f"{path}:{line} includes {target}; {why}."
            elif quoted and (tree.root / path).parent.joinpath(target).is_file():
                yield f"{path}:{line} includes \"{target}\" beside it; write the path from the top of the tree, \"{os.path.dirname(path)}/{target}\"."


def law_vendor_headers(tree):
    """each vendor's headers stay in one place"""
    for path in tree.having(".h", ".cc"):
        if path.startswith(("tests/", "bench/", "tools/")) or is_test(path):
            continue
        for line, target, _ in tree.includes(path):
            for vendor, where in VENDOR_HEADERS.items():
                if target.startswith(vendor) and not re.match(where, path):
                    yield f"{path}:{line} includes {target}; only {where} may, others use our own header for it."


def law_vendor_words(tree):
    """no vendor word in a port"""
    words = re.compile("|".join(VENDORS), re.IGNORECASE)
    for path in tree.having(".h"):
        if not re.match(r"ports/\w+/\w+\.h$", path) or engine_of(path) or is_test(path):
            continue
        for number, line in enumerate(tree.text(path).splitlines(), 1):
            match = words.search(re.sub(r"[\w/]+\.(h|cc)\b", "", line))  # an engine's file may be pointed at
            if match:
                yield f"{path}:{number} says `{match.group(0)}`; a port promises the same whoever stands behind it: say what holds, not with whom."


def law_file_names(tree):
    """snake_case names"""
    for path in tree.having(*CODE, *SCRIPTS):
        name = path.split("/")[-1]
        if not re.fullmatch(r"[a-z0-9_]+(\.[a-z0-9_]+)+", name):
            yield f"{path} is not in snake_case; call it {re.sub(r'[^a-z0-9_.]', '_', name.lower())}."
    for path in tree.files:
        if not re.fullmatch(r"[\w./-]+", path, re.ASCII) or path.split("/")[0] not in TOP:
            yield f"{path} looks like what some program left; delete it, or name it for what it is."
        if path.endswith((".cpp", ".cxx", ".hpp", ".hh")):
            yield f"{path} has a foreign ending; ours are .h and .cc."


def law_named_ideas(tree):
    """no file is called after nothing"""
    for path in tree.files:
        stem = path.split("/")[-1].split(".")[0].lower()
        for word in re.split(r"[_-]", stem):
            if word in FORBIDDEN_NAMES:
                yield f"{path} is called `{word}`, which names no idea; name it by the noun it holds."


def law_pragma_once(tree):
    """#pragma once"""
    for path in tree.having(".h"):
        if not re.search(r"^#pragma once$", tree.text(path), re.MULTILINE):
            yield f"{path} has no #pragma once; make it the first line."


def law_size(tree):
    """no file of more than 600 lines without a reason"""
    listed = {}
    reasons = tree.root / "tools/laws/long_files.txt"
    if reasons.is_file():
        for line in reasons.read_text(encoding="utf-8").splitlines():
            if line.strip() and not line.startswith("#"):
                path, _, why = line.partition(":")
                listed[path.strip()] = why.strip()
    for path in tree.having(*CODE, *SCRIPTS):
        lines = tree.text(path).count("\n")
        if lines > LINES_MAX and not listed.get(path):
            yield f"{path} has {lines} lines; find the second noun in it and split it there, or give the reason in tools/laws/long_files.txt."
        if path in listed and lines <= LINES_MAX:
            yield f"tools/laws/long_files.txt excuses {path}, which has only {lines} lines; delete that line."
    for path in listed:
        if path not in tree.files:
            yield f"tools/laws/long_files.txt excuses {path}, which is not there; delete that line."


def law_finished(tree):
    """nothing is left to do"""
    words = re.compile(r"\b(TO" r"DO|FIX" r"ME|X" r"XX|HA" r"CK)\b")
    for path in tree.having(*CODE, *SCRIPTS, ""):
        for number, line in enumerate(tree.text(path).splitlines(), 1):
            match = words.search(line)
            if match:
                yield f"{path}:{number} says {match.group(0)}; finish it, or open an issue and delete the word."


def law_no_private_paths(tree):
    """no path of somebody's machine"""
    private = re.compile(r"(?<![\w.~$}/])/(wor" r"k|tmp/wor" r"k|home/\w+|Users/\w+)/")
    for path in tree.having(*TEXT):
        for number, line in enumerate(tree.text(path).splitlines(), 1):
            match = private.search(line)
            if match:
                yield f"{path}:{number} names {match.group(0)}, a path of one machine; make it relative, an option or a variable."


def law_plain_text(tree):
    """text is UTF-8 with plain line ends"""
    for path in tree.having(*CODE, *SCRIPTS, ".md"):
        text = tree.text(path)
        if "\r" in text:
            yield f"{path} has carriage returns; end lines with a line feed alone."
        if "\t" in text and not path.endswith((".txt",)):
            number = text[: text.index("\t")].count("\n") + 1
            yield f"{path}:{number} has a tab; write spaces, or \\t in a literal."
        if "\ufffd" in text and "\ufffd".encode() not in (tree.root / path).read_bytes():
            yield f"{path} is not UTF-8; save it so."
        if text and not text.endswith("\n"):
            yield f"{path} lacks the line feed at its end; add it."


def law_tests_are_built(tree):
    """every test and fuzzer is built"""
    listed = set()
    for path in tree.files:
        if path.endswith(("CMakeLists.txt", ".cmake")):
            for source in re.findall(r"[\w./${}-]+\.cc\b", tree.text(path)):
                top, _, below = source.partition("${CMAKE_SOURCE_DIR}/")
                below = below or os.path.join(os.path.dirname(path), top.replace("${CMAKE_CURRENT_SOURCE_DIR}/", ""))
                listed.add(os.path.normpath(below))
    for path in tree.having(".cc"):
        if re.search(r"_(test|fuzz)\.cc$", path) and path not in listed:
            yield f"{path} stands in no CMakeLists.txt, so it never runs; add it to a kith_test or kith_fuzzer."


def law_links(tree):
    """documents point to what is there"""
    for path in tree.having(".md"):
        for number, line in enumerate(tree.text(path).splitlines(), 1):
            for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", line):
                if not re.match(r"[a-z]+:", target) and not (tree.root / path).parent.joinpath(target).exists():
                    yield f"{path}:{number} links to {target}, which is not there; mend the link."
            # `posts_test.cc: ThisIsSo, ThatIsSo` names tests.
            for target, names in re.findall(r"`([\w/.-]+\.(?:cc|py)): (\w+(?:, \w+)*)`", line):
                tests = set(re.findall(r"\w+", tree.text(target))) if target in tree.files else set()
                for name in names.split(", "):
                    if name not in tests:
                        yield f"{path}:{number} names the test {name} in {target}, which is not there; mend the name."


LAWS = [law_includes, law_vendor_headers, law_vendor_words, law_file_names, law_named_ideas, law_pragma_once,
        law_size, law_finished, law_no_private_paths, law_plain_text, law_tests_are_built, law_links]


def main():
    tree = Tree(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).resolve().parents[2])
    if not tree.files:
        print("laws: there is no file here; give the top of the tree.")
        return 2
    failed = 0
    for law in LAWS:
        sentences = list(law(tree))
        failed += bool(sentences)
        for sentence in sentences:
            print(sentence)
        print(f"{'broken' if sentences else 'kept'}: {law.__doc__}")
    print(f"{len(LAWS) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
