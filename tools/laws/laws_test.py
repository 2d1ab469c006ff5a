#!/usr/bin/env python3
"""Each law, shown a tree that keeps it and one that breaks it."""
import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import laws  # noqa: E402


def broken(law, files):
    """The sentences of a law about a tree of these files."""
    with tempfile.TemporaryDirectory() as folder:
        for path, text in files.items():
            file = pathlib.Path(folder) / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        return list(law(laws.Tree(folder)))


def including(target):
    return f'#include "{target}"\n'


class IncludeRule(unittest.TestCase):
    def allowed(self, path, target):
        self.assertEqual(broken(laws.law_includes, {path: including(target)}), [], f"{path} may include {target}")

    def refused(self, path, target):
        found = broken(laws.law_includes, {path: including(target)})
        self.assertEqual(len(found), 1, f"{path} may not include {target}")
        self.assertIn(f"{path}:1", found[0])

    def test_app_and_tests_may_include_everything(self):
        for path in "app/wire.cc", "tests/simulation/world.cc", "bench/home.cc":
            for target in "services/posts/posts.h", "ports/table/rocksdb/rocksdb.h", "gateway/http/server.h", "base/task.h":
                self.allowed(path, target)

    def test_base_includes_nothing_but_base(self):
        self.allowed("base/all.h", "base/task.h")
        self.refused("base/all.h", "ports/rpc/call.h")

    def test_a_service_knows_others_by_their_generated_interface(self):
        self.allowed("services/posts/posts.cc", "services/posts/posts.h")
        self.allowed("services/posts/posts.cc", "services/graph/graph.kith.h")
        self.allowed("services/posts/posts.cc", "ports/table/tables.h")
        self.refused("services/posts/posts.cc", "services/graph/graph.h")
        self.refused("services/posts/posts.cc", "app/wire.h")

    def test_only_the_api_of_a_service_knows_the_gateway(self):
        self.allowed("services/posts/api.cc", "gateway/http/router.h")
        self.allowed("services/posts/api_drafts.cc", "gateway/http/router.h")
        self.refused("services/posts/posts.cc", "gateway/http/router.h")
        self.refused("services/posts/api.cc", "services/graph/graph.h")

    def test_the_gateway_knows_services_by_their_generated_interface(self):
        self.allowed("gateway/oauth/token.cc", "services/auth/auth.kith.h")
        self.refused("gateway/oauth/token.cc", "services/auth/auth.h")

    def test_an_engine_is_known_to_app_tests_and_itself(self):
        self.allowed("ports/table/rocksdb/rocksdb.cc", "ports/table/rocksdb/rocksdb.h")
        self.allowed("ports/log/rocksdb/log.cc", "ports/table/rocksdb/rocksdb.h")
        self.allowed("services/posts/posts_test.cc", "ports/table/memory.h")
        self.allowed("ports/table/test_world.h", "ports/table/memory.h")
        self.allowed("ports/cache/redis/redis.cc", "ports/cache/memory.h")
        self.refused("ports/log/redis/log.cc", "ports/cache/memory.h")
        self.refused("services/posts/posts.cc", "ports/table/memory.h")
        self.refused("ports/log/dispatch.cc", "ports/table/rocksdb/strict.h")
        self.refused("ports/table/postgres/strict.cc", "ports/table/rocksdb/codec.h")
        self.refused("ports/settings/settings.cc", "ports/settings/consul.h")
        self.refused("gateway/http/server.cc", "ports/cache/redis/redis.h")

    def test_a_port_knows_no_service(self):
        self.refused("ports/log/dispatch.cc", "services/posts/posts.kith.h")
        self.refused("ports/log/dispatch.cc", "gateway/http/router.h")

    def test_a_header_is_named_from_the_top(self):
        found = broken(laws.law_includes, {"base/a.h": including("b.h"), "base/b.h": ""})
        self.assertEqual(len(found), 1)
        self.assertIn('"base/b.h"', found[0])


class OtherLaws(unittest.TestCase):
    def one(self, law, files, *words):
        found = broken(law, files)
        self.assertEqual(len(found), 1, found)
        for word in words:
            self.assertIn(word, found[0])

    def none(self, law, files):
        self.assertEqual(broken(law, files), [])

    def test_vendor_headers_stay_where_they_belong(self):
        self.one(laws.law_vendor_headers, {"services/posts/api.cc": "#include <boost/beast/http.hpp>\n"}, "gateway/http")
        self.none(laws.law_vendor_headers, {"gateway/http/parser.cc": "#include <boost/beast/http.hpp>\n",
                                            "ports/table/rocksdb/rocksdb.cc": "#include <rocksdb/db.h>\n",
                                            "tests/crash/client.cc": "#include <boost/beast/http.hpp>\n"})
        self.one(laws.law_vendor_headers, {"ports/table/strict.cc": "#include <rocksdb/db.h>\n"}, "strict.cc:1")

    def test_a_port_names_no_vendor(self):
        self.one(laws.law_vendor_words, {"ports/table/strict.h": "// As RocksDB does it.\n"}, "`RocksDB`")
        self.none(laws.law_vendor_words, {"ports/rpc/methods.h": "// As grpc.h serves them.\n", "ports/table/rocksdb/rocksdb.h": "// RocksDB\n", "ports/secrets/rocksdb.h": "// RocksDB\n",
                                          "ports/table/strict.cc": "// RocksDB\n"})

    def test_names(self):
        self.one(laws.law_file_names, {"base/TaskQueue.h": ""}, "TaskQueue")
        self.one(laws.law_file_names, {"base/task-queue.py": ""}, "task_queue.py")
        self.one(laws.law_file_names, {"base/task.cpp": ""}, ".cc")
        self.one(laws.law_file_names, {"password of ada": ""}, "password of ada")
        self.one(laws.law_file_names, {"core": ""}, "core")
        self.one(laws.law_file_names, {"data/server.key": ""}, "data/server.key")
        self.one(laws.law_file_names, {"p.csv": ""}, "p.csv")
        self.none(laws.law_file_names, {"LICENSE": "", "dev": "", ".clang-format": "", "tools/dev/steps": ""})
        self.none(laws.law_file_names, {"base/task.h": "", "tools/protoc-gen-kith/golden/x.kith.h": "", "CMakeLists.txt": ""})
        self.one(laws.law_named_ideas, {"base/string_util.h": ""}, "`util`")
        self.none(laws.law_named_ideas, {"base/utility_bill.h": "", "base/commons.h": ""})

    def test_pragma_once(self):
        self.one(laws.law_pragma_once, {"base/a.h": "int a;\n"}, "base/a.h")
        self.none(laws.law_pragma_once, {"base/a.h": "#pragma once\n"})

    def test_size_and_its_excuses(self):
        long, short = "\n" * 700, "\n" * 7
        self.one(laws.law_size, {"base/a.cc": long}, "700 lines")
        self.none(laws.law_size, {"base/a.cc": long, "tools/laws/long_files.txt": "base/a.cc: one table of 700 lines\n"})
        self.one(laws.law_size, {"base/a.cc": long, "tools/laws/long_files.txt": "base/a.cc:\n"}, "700 lines")
        self.one(laws.law_size, {"base/a.cc": short, "tools/laws/long_files.txt": "base/a.cc: once long\n"}, "delete that line")
        self.one(laws.law_size, {"tools/laws/long_files.txt": "base/a.cc: once long\n"}, "not there")

    def test_nothing_is_left_to_do(self):
        for word in "TO" + "DO", "FIX" + "ME", "X" + "XX":
            self.one(laws.law_finished, {"base/a.cc": f"// {word}: later\n"}, word)
        self.none(laws.law_finished, {"base/a.cc": "// mastodon, method\n"})

    def test_no_path_of_a_machine(self):
        for path in "/wor" + "k/main", "/home/" + "ada/kith", "/tmp/wor" + "k/x":
            self.one(laws.law_no_private_paths, {"tools/a.sh": f"cd {path}/x\n"}, "one machine")
        self.none(laws.law_no_private_paths, {"tools/a.sh": "cd $HOME/wor" + "k/x; curl https://example.org/home/" + "ada/\n"})

    def test_plain_text(self):
        self.one(laws.law_plain_text, {"base/a.cc": "int a;"}, "line feed")
        self.one(laws.law_plain_text, {"base/a.cc": "\tint a;\n"}, "a.cc:1 has a tab")
        self.none(laws.law_plain_text, {"base/a.cc": "int a;\n"})

    def test_tests_stand_in_a_list(self):
        self.one(laws.law_tests_are_built, {"base/a_test.cc": "", "base/CMakeLists.txt": "kith_test(a SOURCES b_test.cc)\n"}, "a_test.cc")
        self.none(laws.law_tests_are_built, {"base/a_test.cc": "", "base/CMakeLists.txt": "kith_test(a SOURCES a_test.cc)\n"})
        self.none(laws.law_tests_are_built, {"base/a_test.cc": "", "app/more.cmake": "kith_test(a SOURCES ../base/a_test.cc)\n"})
        self.none(laws.law_tests_are_built, {"base/a_test.cc": "", "CMakeLists.txt": "kith_test(a SOURCES ${CMAKE_SOURCE_DIR}/base/a_test.cc)\n"})
        self.one(laws.law_tests_are_built, {"base/a_test.cc": "", "app/CMakeLists.txt": "kith_test(a SOURCES a_test.cc)\n"}, "base/a_test.cc")

    def test_links(self):
        self.one(laws.law_links, {"docs/a.md": "[b](b.md)\n"}, "docs/a.md:1", "b.md")
        self.none(laws.law_links, {"docs/a.md": "[b](b.md#part) [c](../c.md) [d](https://example.org) [e](#here)\n", "docs/b.md": "\n", "c.md": "\n"})
        named = {"a_test.cc": "TEST(A, IsSo) {}\nTEST_F(A, IsToo) {}\n"}
        self.none(laws.law_links, named | {"a.md": "`a_test.cc: IsSo, IsToo`\n"})
        self.one(laws.law_links, named | {"a.md": "`a_test.cc: IsSo, IsNot`\n"}, "a.md:1", "IsNot")
        self.one(laws.law_links, named | {"a.md": "`b_test.cc: IsSo`\n"}, "a.md:1", "b_test.cc")

    def test_this_tree_is_seen(self):
        self.assertIn("tools/laws/laws.py", laws.Tree(pathlib.Path(__file__).resolve().parents[2]).files)


if __name__ == "__main__":
    result = unittest.main(exit=False, verbosity=1).result
    bad = len(result.failures) + len(result.errors)
    print(f"{result.testsRun - bad} passed, {bad} failed")
    sys.exit(1 if bad else 0)
