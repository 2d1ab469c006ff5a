#!/usr/bin/env python3
"""stalled.py [--longest SECONDS] [--times N] PROGRAM [WORD...]: runs a test that is stopped now and then for a moment.

A busy machine does that to every process; a test that cannot bear it fails in somebody's gate, once in a hundred runs.
"""
import argparse
import os
import random
import signal
import subprocess
import sys
import time

BETWEEN = (0.01, 0.25)  # seconds that it runs before the next stop


def run(command, longest):
    process = subprocess.Popen(command)
    while process.poll() is None:
        time.sleep(random.uniform(*BETWEEN))
        if process.poll() is None:
            os.kill(process.pid, signal.SIGSTOP)
            time.sleep(random.uniform(longest / 10, longest))
            os.kill(process.pid, signal.SIGCONT)
    return process.returncode == 0


def main():
    words = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    words.add_argument("--longest", type=float, default=0.2, help="seconds of a stop, at most")
    words.add_argument("--times", type=int, default=5, help="how often it is run")
    words.add_argument("command", nargs=argparse.REMAINDER, metavar="PROGRAM WORD...")
    typed = words.parse_args()
    if not typed.command:
        words.error("name the program of a test")
    good = sum(run(typed.command, typed.longest) for _ in range(typed.times))
    print(f"{good} passed, {typed.times - good} failed")
    return 0 if good == typed.times else 1


if __name__ == "__main__":
    sys.exit(main())
