"""Sharing work among threads: every task once, errors not lost, forks and several callers at a time."""

from __future__ import annotations

import subprocess
import sys
import threading
import time

import pytest

from homogsim.laws.threads import share_out


@pytest.mark.parametrize("threads", [1, 2, 3, 7])
@pytest.mark.parametrize("tasks", [0, 1, 2, 5, 100, 1000])
def test_every_task_is_done_once(tasks: int, threads: int) -> None:
    done, seats = [0] * tasks, set()

    def work(start: int, stop: int, thread: int) -> None:
        seats.add(thread)
        for task in range(start, stop):
            done[task] += 1

    share_out(work, tasks, threads)
    assert done == [1] * tasks
    assert seats <= set(range(max(1, min(threads, tasks))))


def test_threads_work_at_the_same_time() -> None:
    both = threading.Barrier(2, timeout=60)
    share_out(lambda *_: both.wait(), 2, 2)


def test_who_is_held_up_does_less() -> None:
    first, rest, done = threading.Event(), threading.Event(), [0, 0]

    def work(start: int, stop: int, thread: int) -> None:
        if not first.is_set():  # the first portion takes until all others are done
            first.set()
            assert rest.wait(60)
        done[thread] += stop - start
        if sum(done) >= 1024 - 64:
            rest.set()

    share_out(work, 1024, 2)
    assert sorted(done) == [64, 1024 - 64]


@pytest.mark.parametrize("failing", [0, 1])
def test_errors_reach_the_caller(failing: int) -> None:
    both = threading.Barrier(2, timeout=60)

    def work(_start: int, _stop: int, thread: int) -> None:
        both.wait()
        if thread == failing:
            raise ValueError(f"thread {thread}")

    with pytest.raises(ValueError, match=f"thread {failing}"):
        share_out(work, 2, 2)


@pytest.mark.parametrize("failing", [0, 1, 2])
def test_nobody_works_any_more_when_an_error_reaches_the_caller(failing: int) -> None:
    """And no further portion is begun."""
    all_three, failed = threading.Barrier(3, timeout=60), threading.Event()
    working, begun = [False] * 3, [0] * 3

    def work(_start: int, _stop: int, thread: int) -> None:
        working[thread] = True
        begun[thread] += 1
        if begun[thread] == 1:
            all_three.wait()
        if thread == failing:
            failed.set()
            working[thread] = False
            raise ValueError("a defect")
        assert failed.wait(60)
        time.sleep(0.1)
        working[thread] = False

    with pytest.raises(ValueError, match="a defect"):
        share_out(work, 10_000, 3)
    assert working == [False] * 3
    assert begun == [1] * 3


def test_ctrl_c_while_others_work_waits_for_them() -> None:
    program = """
import os, signal, threading, time
from homogsim.laws.threads import share_out
begun, working = threading.Event(), []
def work(start, stop, thread):
    if thread:
        working.append(thread)
        begun.set()
        time.sleep(0.1)  # the caller waits
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.2)
        working.remove(thread)
    else:
        assert begun.wait(60)
try:
    share_out(work, 2, 2)
except KeyboardInterrupt:
    raise SystemExit(f"still at work: {working}" if working else 0)
raise SystemExit("not interrupted")
"""
    command = [sys.executable, "-c", program]
    found = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert found.returncode == 0, found.stderr


def test_several_callers_at_a_time() -> None:
    totals = [0] * 4

    def call(caller: int) -> None:
        for _ in range(50):
            parts = [0, 0]

            def work(start: int, stop: int, thread: int, parts: list[int] = parts) -> None:
                parts[thread] += sum(range(start, stop))

            share_out(work, 101, 2)
            totals[caller] += sum(parts)

    callers = [threading.Thread(target=call, args=(caller,)) for caller in range(4)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert totals == [50 * 5050] * 4


def test_a_forked_process_has_threads_of_its_own() -> None:
    program = """
import os
from threading import Barrier
from homogsim.laws.threads import share_out
both = Barrier(2, timeout=60)
share_out(lambda *_: both.wait(), 2, 2)  # the parent's pool exists
child = os.fork()
if child == 0:
    both = Barrier(2, timeout=60)
    share_out(lambda *_: both.wait(), 2, 2)
    os._exit(0)
raise SystemExit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    command = [sys.executable, "-W", "ignore", "-c", program]
    found = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert found.returncode == 0, found.stderr
