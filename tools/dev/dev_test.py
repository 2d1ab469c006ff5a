#!/usr/bin/env python3
"""What ./dev says of others must be true, so what it counts and how it reads its lists is tested."""
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import unittest

TOP = pathlib.Path(__file__).resolve().parents[2]
ENGINES = TOP / "tools/dev/engines"
sys.path.insert(0, str(TOP / "tools/dev"))
import count_tests  # noqa: E402

GTEST = """<testsuites><testsuite name="A">
<testcase name="one" classname="A" status="run" result="completed"/>
<testcase name="two" classname="A" status="run" result="completed"><failure message="no"/></testcase>
<testcase name="three" status="run" result="skipped"><skipped message="why"/></testcase>
<testcase name="four" status="notrun" result="suppressed"/>
</testsuite></testsuites>"""
GTEST_GOOD = '<testsuites><testsuite name="A"><testcase name="one" status="run"/></testsuite></testsuites>'


def ctest(**programs):
    return "<testsuite>" + "".join(f'<testcase name="{n}" status="{s}"/>' for n, s in programs.items()) + "</testsuite>"


def bash(script):
    return subprocess.run(["bash", "-euo", "pipefail", "-c", script], cwd=TOP, capture_output=True, text=True, check=False,
                          stdin=subprocess.DEVNULL)


class CountingTests(unittest.TestCase):
    def count(self, ctest_xml, **results):
        with tempfile.TemporaryDirectory() as folder:
            for name, text in results.items():
                pathlib.Path(folder, f"{name}.xml").write_text(text, encoding="utf-8")
            pathlib.Path(folder, "ctest.out").write_text(ctest_xml, encoding="utf-8")
            return count_tests.count(f"{folder}/ctest.out", folder)

    def test_cases_are_counted_not_programs(self):
        self.assertEqual(self.count(ctest(a="fail", b="run"), a=GTEST, b=GTEST_GOOD)[0], [2, 1, 2])

    def test_what_failed_is_named(self):
        self.assertEqual(self.count(ctest(a="fail"), a=GTEST)[1], ["FAILED A.two: no"])

    def test_a_program_that_died_is_a_failure(self):
        self.assertEqual(self.count(ctest(a="fail"))[0], [0, 1, 0])
        self.assertEqual(self.count(ctest(a="fail"), a=GTEST_GOOD)[0], [1, 1, 0])
        self.assertEqual(self.count(ctest(a="fail"), a="<testsuites><tests")[0], [0, 1, 0])

    def test_a_program_without_cases_counts_as_one(self):
        self.assertEqual(self.count(ctest(a="run"))[0], [1, 0, 0])

    def test_a_lie_is_noticed(self):
        self.assertTrue(self.count(ctest(a="run"), a=GTEST)[1])


class CountsOfSteps(unittest.TestCase):
    def counts(self, log, status):
        with tempfile.NamedTemporaryFile("w", suffix=".log") as file:
            file.write(log)
            file.flush()
            return bash(f". tools/dev/lib.sh; . tools/dev/gate_lib.sh; counts_of {file.name} {status}").stdout

    def test_a_step_that_counts(self):
        self.assertEqual(self.counts("x\n1000 passed, 0 failed\n", 0), "1000 0")
        self.assertEqual(self.counts("998 passed, 2 failed\nbye\n", 1), "998 2")

    def test_the_last_count_holds(self):
        self.assertEqual(self.counts("5 passed, 0 failed\n7 passed, 0 failed\n", 0), "7 0")

    def test_pytest(self):
        self.assertEqual(self.counts("==== 2 failed, 40 passed, 1 skipped, 3 errors in 12.3s ====\n", 1), "40 5")
        self.assertEqual(self.counts("==== 41 passed in 12.3s ====\n", 0), "41 0")

    def test_a_step_that_does_not_count(self):
        self.assertEqual(self.counts("all is well\n", 0), "1 0")
        self.assertEqual(self.counts("", 3), "0 1")

    def test_a_failed_step_has_a_failure_whatever_it_counted(self):
        self.assertEqual(self.counts("9 passed, 0 failed\nkilled\n", 137), "9 1")


class Steps(unittest.TestCase):
    def names(self, text, when="test"):
        with tempfile.NamedTemporaryFile("w") as file:
            file.write(text)
            file.flush()
            return bash(f'. tools/dev/lib.sh; . tools/dev/gate_lib.sh; read_steps {file.name} {when}; printf "%s\\n" "${{names[@]}}"')

    def test_when_and_presence_decide(self):
        text = ("# a comment\ntest check | - | - | both | true\ncheck | - | - | later | true\n"
                "test | tools/dev | dev | here | true\ntest | no/such/folder | - | absent | true\n")
        self.assertEqual(self.names(text).stdout.split(), ["both", "here"])
        self.assertEqual(self.names(text, "check").stdout.split(), ["both", "later"])

    def test_a_broken_line_is_refused(self):
        self.assertNotEqual(self.names("test | - | true\n").returncode, 0)

    def test_the_list_itself_is_whole(self):
        for when in "test", "check":
            result = bash(f'. tools/dev/lib.sh; . tools/dev/gate_lib.sh; read_steps tools/dev/steps {when}; printf "%s\\n" "${{names[@]}}"')
            self.assertEqual(result.returncode, 0, result.stderr)
            names = result.stdout.splitlines()
            self.assertEqual(len(names), len(set(names)))
            self.assertIn("tests asan", names)

    def test_presets_that_steps_wait_for_are_built(self):
        lines = [line.split("|") for line in (TOP / "tools/dev/steps").read_text().splitlines() if line and line[0] != "#"]
        built = {line[3].strip().removeprefix("build ") for line in lines if line[3].strip().startswith("build ")}
        self.assertLessEqual({line[2].strip() for line in lines} - {"-"}, built)


class Gate(unittest.TestCase):
    def test_steps_run_in_order_or_beside_each_other_and_are_counted(self):
        with tempfile.TemporaryDirectory() as folder:
            tools = pathlib.Path(folder, "tools/dev")
            tools.mkdir(parents=True)
            for name in "gate.sh", "gate_lib.sh", "lib.sh":
                shutil.copy(TOP / "tools/dev" / name, tools)
            (tools / "setup.sh").write_text("#!/bin/sh\n")
            (tools / "setup.sh").chmod(0o755)
            (tools / "steps").write_text(
                "test        | - | - | build dev | echo built\n"
                "test        | - | - | first     | until [ -e there ]; do sleep 0.1; done; echo 2 passed\n"
                "test beside | - | - | second    | touch there; echo 3 passed, 1 failed; exit 1\n"
                "test        | - | - | build new | exit 1\n"
                "test        | - | new | third   | echo 9 passed\n")
            ran = bash(f"{folder}/tools/dev/gate.sh test")
        self.assertEqual(ran.returncode, 1, ran.stderr)
        self.assertEqual(ran.stdout.splitlines()[-1], "6 passed, 3 failed")
        table = re.findall(r"^(\S+(?: \S+)?) {2,}.*?(\d+) passed +(\d+) failed$", ran.stdout, re.MULTILINE)
        self.assertEqual(table, [("build dev", "1", "0"), ("first", "2", "0"), ("second", "3", "1"), ("build new", "0", "1"),
                                 ("third", "0", "1")])


class OneStep(unittest.TestCase):
    def step(self, command):
        with tempfile.TemporaryDirectory() as folder:
            return bash(f". tools/dev/lib.sh; logs={folder}; step 'a step' {command} || exit $?")

    def test_success_is_one_line_with_the_time(self):
        result = self.step("echo hidden")
        self.assertEqual(result.returncode, 0)
        self.assertRegex(result.stdout, r"\Aa step \.\.\.\na step: done in \d+ s\n\Z")

    def test_failure_shows_the_end_of_the_log_and_keeps_the_status(self):
        result = self.step("bash -c 'seq 100; exit 7'")
        self.assertEqual(result.returncode, 7)
        self.assertIn("FAILED", result.stdout)
        self.assertIn("| 100\n", result.stdout)
        self.assertNotIn("| 50\n", result.stdout)


class Commands(unittest.TestCase):
    def test_help_names_every_command(self):
        result = bash("./dev help")
        self.assertEqual(result.returncode, 0)
        for command in "run", "test", "check", "build", "bench", "profile", "fuzz":
            self.assertIn(f"./dev {command}", result.stdout)

    def test_a_wrong_command_or_preset_is_one_sentence(self):
        for wrong, word in ("./dev tset", "tset"), ("./dev build quick", "quick"), ("./dev test --fast", "--fast"):
            result = bash(wrong)
            self.assertNotEqual(result.returncode, 0)
            self.assertIn(word, result.stderr.splitlines()[-1])

    def test_each_package_stands_once_in_its_group_with_a_reason(self):
        for line in (TOP / "tools/dev/packages.txt").read_text().splitlines():
            if line.startswith("["):
                seen = set()
            if not line or line[0] in "#[":
                continue
            package, _, reason = line.partition(" ")
            self.assertTrue(reason.strip(), f"{package} has no reason")
            self.assertNotIn(package, seen)
            seen.add(package)

    def test_without_root_the_line_to_type_is_printed(self):
        if os.geteuid() != 0:
            self.skipTest("asks to become another user")
        with tempfile.TemporaryDirectory() as folder:
            # A tree with a package that is nowhere, and a user who may nothing.
            os.chmod(folder, 0o755)
            bash(f"mkdir -p {folder}/tools/dev && cp tools/dev/*.sh {folder}/tools/dev/ && chmod -R a+rX {folder}"
                 f" && printf '[build]\\nno-such-package  a reason\\n' > {folder}/tools/dev/packages.txt")
            result = subprocess.run(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", f"{folder}/tools/dev/setup.sh", "build"],
                                    capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
        self.assertNotEqual(result.returncode, 0)
        self.assertRegex(result.stderr, r"apt-get install -y --no-install-recommends no-such-package")


class Engines(unittest.TestCase):
    def engines(self, *words, folder=None):
        return subprocess.run([TOP / "tools/dev/engines.sh", *words], cwd=TOP, capture_output=True, text=True, check=False,
                              stdin=subprocess.DEVNULL, env=os.environ | {"KITH_ENGINES": folder or "build/engines"})

    def test_a_wrong_verb_or_name_is_one_sentence(self):
        for words, sentence in ((["up", "oracle"], "there is no engine `oracle`"), (["jump"], "not `jump`")):
            told = self.engines(*words)
            self.assertEqual(told.returncode, 1)
            self.assertIn(sentence, told.stderr)
            self.assertEqual(told.stderr.count("\n"), 1)

    def test_what_is_not_there_is_down_and_is_not_ended(self):
        with tempfile.TemporaryDirectory() as folder:
            self.assertEqual(self.engines("status", "postgres", folder=folder).stdout, "postgres: down\n")
            # The number of a process that somebody else has by now: it began at another time.
            other = pathlib.Path(folder, "postgres")
            other.mkdir()
            sleeper = subprocess.Popen(["sleep", "60"])
            try:
                (other / "pid").write_text(f"{sleeper.pid} 1\n", encoding="utf-8")
                self.assertEqual(self.engines("down", "postgres", folder=folder).stdout, "postgres: down\n")
                self.assertIsNone(sleeper.poll())
            finally:
                sleeper.kill()
                sleeper.wait()


    def test_what_is_held_ends_with_its_holder(self):
        if not os.path.exists("/usr/bin/redis-server"):
            self.skipTest("needs Redis")
        with tempfile.TemporaryDirectory() as folder:
            os.chmod(folder, 0o755)
            held = self.engines("hold", "redis", folder)
            self.assertEqual(held.returncode, 0, held.stderr)
            port = re.search(r"^REDIS=redis://127.0.0.1:(\d+)$", held.stdout, re.MULTILINE).group(1)
            with socket.socket() as probe:
                self.assertNotEqual(probe.connect_ex(("127.0.0.1", int(port))), 0, "it still listens")


class Containers(unittest.TestCase):
    def test_they_hold_the_versions_that_are_started_without_them(self):
        composed = dict(re.findall(r"^    image: (?:\S+/)?(\w+):(\S+)$", (ENGINES / "compose.yaml").read_text(), re.MULTILINE))
        for engine in "cassandra", "kafka", "consul":
            started = re.search(rf"^{engine}_version=(\S+)", (ENGINES / f"{engine}.sh").read_text(), re.MULTILINE).group(1)
            self.assertEqual(composed.pop(engine), started)
        self.assertEqual(composed, {"postgres": "15", "redis": "7.0"}, "Debian 12's")

    def test_they_answer_on_the_same_ports(self):
        composed = (ENGINES / "compose.yaml").read_text()
        for engine in "postgres", "cassandra", "kafka", "redis", "redis_cluster", "consul":
            port = re.search(rf"^{engine}_port=(\d+)", (ENGINES / f"{engine}.sh").read_text(), re.MULTILINE).group(1)
            self.assertRegex(composed, rf"(127\.0\.0\.1:|\(\(){port}\b")


class Authority(unittest.TestCase):
    def test_certificate_is_made_once_and_verifies(self):
        with tempfile.TemporaryDirectory() as folder:
            made = bash(f"tools/dev/authority.sh {folder}/a")
            self.assertEqual(made.returncode, 0, made.stderr)
            first = pathlib.Path(folder, "a/authority.pem").read_bytes(), pathlib.Path(folder, "a/localhost.pem").read_bytes()
            check = bash(f"openssl verify -CAfile {folder}/a/authority.pem -verify_hostname localhost {folder}/a/localhost.pem")
            self.assertEqual(check.returncode, 0, check.stdout + check.stderr)
            self.assertEqual(bash(f"tools/dev/authority.sh {folder}/a").stdout, "")
            again = pathlib.Path(folder, "a/authority.pem").read_bytes(), pathlib.Path(folder, "a/localhost.pem").read_bytes()
            self.assertEqual(first, again)
            for key in "authority.key", "localhost.key":
                self.assertEqual(os.stat(f"{folder}/a/{key}").st_mode & 0o077, 0)

    def test_authority_speaks_for_no_other_name(self):
        with tempfile.TemporaryDirectory() as folder:
            bash(f"tools/dev/authority.sh {folder}/a")
            result = bash(f"""cd {folder}/a
                openssl ecparam -name prime256v1 -genkey -noout -out evil.key
                openssl req -new -key evil.key -subj /CN=bank.example | openssl x509 -req -CA authority.pem -CAkey authority.key -days 9 \
                  -extfile <(echo subjectAltName=DNS:bank.example) -out evil.pem
                openssl verify -CAfile authority.pem evil.pem""")
            self.assertNotEqual(result.returncode, 0)
            self.assertRegex(result.stdout + result.stderr, re.compile("permitted subtree violation"))


if __name__ == "__main__":
    result = unittest.main(exit=False, verbosity=1).result
    bad = len(result.failures) + len(result.errors)
    print(f"{result.testsRun - bad - len(result.skipped)} passed, {bad} failed")
    sys.exit(1 if bad else 0)
