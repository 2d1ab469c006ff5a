"""Random processes of a community whose roles are apart, killed while people write."""

import contextlib
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import time

from people import PEOPLE, Person, Unanswered, World, check, check_feeds, set_up

HERE = pathlib.Path(__file__).resolve().parents[2]
ENGINES = ("postgres", "cassandra", "kafka", "redis")
WRITING_WITHIN_SECONDS = 60  # a debug build on a busy machine
FSCK_WITHIN_SECONDS = 180  # what a killed process had to follow is given to others after 10


@contextlib.contextmanager
def engines(folder):
    """They end when their input does, however this process ends. Each says its addresses and an empty line."""
    held = [subprocess.Popen([HERE / "tools/dev/engines.sh", "hold", name, folder], stdin=subprocess.PIPE,
                             stdout=subprocess.PIPE, text=True) for name in ENGINES]
    try:
        for name, process in zip(ENGINES, held):
            while line := process.stdout.readline().strip():
                key, _, value = line.partition("=")
                os.environ["KITH_API_" + key] = value
            if process.poll() is not None:
                raise AssertionError("the engine %s did not start" % name)
        yield
    finally:
        for process in held:
            process.stdin.close()
        for process in held:
            process.wait()


class Community:
    """What `set_up` and the checks want of a server."""

    def __init__(self, server, kith):
        self.server, self.kith = server, kith

    def command(self, *words):
        done = subprocess.run([self.kith, *words, "--data", str(self.server.data)], capture_output=True, text=True,
                              env=self.server.environment, timeout=FSCK_WITHIN_SECONDS, check=False)
        return done.returncode, done.stdout, done.stderr

    def fsck(self):
        code, out, error = self.command("fsck")
        return "kith fsck ended with %d: %s%s" % (code, out, error) if code != 0 or out else ""


def acts(people):
    return sum(person.acts for person in people)


def kills(server, people, dice, count, seconds):
    for number in range(count):
        enough, until = acts(people) + len(people), time.monotonic() + WRITING_WITHIN_SECONDS
        while acts(people) < enough:
            if time.monotonic() > until:
                raise AssertionError("%d s after kill %d hardly anybody can write" % (WRITING_WITHIN_SECONDS, number))
            time.sleep(0.02)
        time.sleep(dice.uniform(0, seconds))
        name = dice.choice(sorted(server.ports))
        print("kill %d: %s" % (number + 1, name), flush=True)
        server.kill(name)
        server.start_role(name)
    for name in sorted(server.ports):
        server.until_serving(name)


def kill(kith, count, seed, seconds):
    """Whether nothing was lost or doubled by so many kills."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="kith-crash-"))
    folder.chmod(0o755)  # the engines' own user looks into it
    os.environ |= {"KITH_PROGRAM": kith, "KITH_SHAPE": "roles", "KITH_API_FOLDER": str(folder)}
    sys.path.insert(0, str(HERE / "tests/api"))
    import server as api  # reads what was just said

    api.PORTS = range(18400, 18480)  # the API suite may run beside this

    problems = []
    with engines(folder / "engines"):
        server = api.Server("crash", copies=2)
        try:
            server.start()
            world = World(seed, server.port)
            community = Community(server, kith)
            set_up(community, world)
            people = [Person(place, world) for place in range(len(PEOPLE))]
            for person in people:
                person.start()
            kills(server, people, random.Random(seed), count, seconds)
            world.over.set()
            for person in people:
                person.join(60)
                problems += person.problems + (["%s waits for an answer" % person.name] if person.is_alive() else [])
            server.wait()
            problems += filter(None, [community.fsck()])
            check(world, people, problems.append)
            problems += filter(None, [community.fsck()])
            check_feeds(world, people, problems.append)
            print("%d acts" % acts(people), flush=True)
        except (AssertionError, Unanswered, OSError, KeyError, TypeError, RuntimeError,
                subprocess.TimeoutExpired) as error:
            problems.append("%s: %s" % (type(error).__name__, error))
        finally:
            codes = server.stop()
        if set(codes) - {0}:
            problems.append("the processes ended with %s" % codes)
    for text in problems[:20]:
        print("  " + text.strip().replace("\n", "\n  "))
    if len(problems) > 20:
        print("  and %d more" % (len(problems) - 20))
    if problems:
        print("  seed %d; logs of the processes in %s" % (seed, folder))
    else:
        shutil.rmtree(folder, ignore_errors=True)
    return not problems
