"""Runs commands by the clock.

Each line of TASKS is five fields of a cron expression (or @hourly and its like) and a command for bash. A task never runs
twice at once: if it is still running when its time comes, that time is left out and the log says so. What happened last
is kept in the volume, and written under another name first, so that a kill leaves the old file whole.
"""

import asyncio
import collections
import datetime
import hashlib
import json
import os
import pathlib
import re
import shutil
import signal
import sys
import zoneinfo

from croniter import croniter

RESULTS = pathlib.Path("/srv/tasks/results")
HEARTBEAT = pathlib.Path("/tmp/heartbeat")
# The end of a run's output that is kept, in bytes.
KEPT = 64 * 1024
# How many runs of a task are kept.
RUNS = 20
# No sleep is longer, in seconds: a host's clock that was set must be noticed, and so must a runner that hangs.
LONGEST_NAP = 20
# From asking a task to end until it is killed, in seconds; less than the container's own grace.
GRACE = 20


class Task:
    """A line of TASKS."""

    def __init__(self, line):
        words = line.split(None, 1) if line.startswith("@") else re.split(r"\s+", line, maxsplit=5)
        if len(words) != (2 if line.startswith("@") else 6):
            raise ValueError("it needs five fields of a cron expression, then a command")
        self.expression, self.command = " ".join(words[:-1]), words[-1]
        if not croniter.is_valid(self.expression):
            raise ValueError(f"{self.expression} is no cron expression")
        # The same line has the same results, wherever it stands in the list.
        slug = re.sub(r"[^a-z0-9]+", "-", self.command.lower()).strip("-")[:24]
        self.name = f"{slug}-{hashlib.sha256(line.encode()).hexdigest()[:8]}"
        self.running = None

    def next_after(self, now):
        return croniter(self.expression, now).get_next(datetime.datetime)


def say(text):
    print(text, flush=True)


def keep(path, text):
    new = path.with_name(path.name + ".new")
    new.write_text(text)
    new.replace(path)


def remember(task, started, code, output, zone):
    folder = RESULTS / task.name
    folder.mkdir(parents=True, exist_ok=True)
    ended = datetime.datetime.now(zone)
    result = {
        "task": task.expression + " " + task.command,
        "started": started.isoformat(timespec="seconds"),
        "ended": ended.isoformat(timespec="seconds"),
        "exit_code": code,
    }
    stamp = started.strftime("%Y%m%dT%H%M%S")
    keep(folder / f"{stamp}.log", output)
    keep(folder / f"{stamp}.json", json.dumps(result, indent=2) + "\n")
    keep(folder / "last.json", json.dumps(result | {"output": output}, indent=2) + "\n")
    for old in sorted(folder.glob("[0-9]*.json"))[:-RUNS]:
        old.unlink(missing_ok=True)
        old.with_suffix(".log").unlink(missing_ok=True)


async def copy_output(stream, name):
    """Shows each line at once and returns the end of all of them."""
    held, size = collections.deque(), 0
    while chunk := await stream.read(4096):
        text = chunk.decode("utf-8", "replace")
        for line in text.splitlines():
            say(f"{name}: {line}")
        held.append(text)
        size += len(text)
        while size - len(held[0]) > KEPT:
            size -= len(held.popleft())
    return "".join(held)


def end(process, sig):
    try:
        os.killpg(process.pid, sig)
    except ProcessLookupError:
        pass


async def run(task, limit, zone):
    started = datetime.datetime.now(zone)
    say(f"{task.name}: starts: {task.command}")
    # A pipe of our own: asyncio's would be waited for as long as anything in the background holds it.
    read_end, write_end = os.pipe()
    process = await asyncio.create_subprocess_exec(
        "/bin/bash", "-c", task.command, cwd="/srv/tasks", start_new_session=True,
        stdin=asyncio.subprocess.DEVNULL, stdout=write_end, stderr=write_end)
    os.close(write_end)
    stream = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(stream), os.fdopen(read_end, "rb"))
    reader = asyncio.create_task(copy_output(stream, task.name))
    why = ""
    try:
        await asyncio.wait_for(process.wait(), limit)
    except (asyncio.TimeoutError, asyncio.CancelledError) as error:
        why = " (stopped: it took too long)" if isinstance(error, asyncio.TimeoutError) else " (stopped with the server)"
        end(process, signal.SIGTERM)
        try:
            await asyncio.wait_for(process.wait(), GRACE)
        except asyncio.TimeoutError:
            pass
    # What it left in the background goes too: the next run begins alone.
    end(process, signal.SIGKILL)
    code = await process.wait()
    output = await reader
    remember(task, started, code, output + (why.strip() + "\n" if why else ""), zone)
    took = datetime.datetime.now(zone) - started
    say(f"{task.name}: ended with {code} after {took.total_seconds():.1f} s{why}")


async def follow(task, limit, zone):
    while True:
        due = task.next_after(datetime.datetime.now(zone))
        while (rest := (due - datetime.datetime.now(zone)).total_seconds()) > 0:
            await asyncio.sleep(min(rest, LONGEST_NAP))
        if task.running and not task.running.done():
            say(f"{task.name}: still running, so this time is left out")
            continue
        task.running = asyncio.create_task(run(task, limit, zone))


async def beat():
    while True:
        HEARTBEAT.touch()
        await asyncio.sleep(LONGEST_NAP)


def read_tasks():
    tasks, wrong = [], False
    for line in filter(None, map(str.strip, os.environ.get("TASKS", "").splitlines())):
        try:
            tasks.append(Task(line))
        except ValueError as error:
            wrong = True
            say(f"this task cannot be understood: {line}: {error}")
    if wrong or not tasks:
        say("there is nothing to run: correct the tasks in the server's settings")
        sys.exit(1)
    return tasks


async def main():
    try:
        zone = zoneinfo.ZoneInfo(os.environ.get("TZ", "Etc/UTC"))
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        say("the time zone is not known: correct it in the server's settings")
        sys.exit(1)
    limit = int(os.environ.get("TASK_MINUTES", "60")) * 60
    tasks = read_tasks()
    RESULTS.mkdir(parents=True, exist_ok=True)
    stop = asyncio.Event()
    for sig in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(sig, stop.set)
    work = [asyncio.create_task(beat())] + [asyncio.create_task(follow(task, limit, zone)) for task in tasks]
    for task in tasks:
        due = task.next_after(datetime.datetime.now(zone))
        say(f"{task.name}: runs next at {due.isoformat(timespec='seconds')}: {task.command}")
    stopping = asyncio.create_task(stop.wait())
    # A loop that fails is a fault of ours: end, so that the engine starts us anew.
    done, _ = await asyncio.wait([stopping, *work], return_when=asyncio.FIRST_COMPLETED)
    for job in work:
        job.cancel()
    running = [task.running for task in tasks if task.running and not task.running.done()]
    for job in running:
        job.cancel()
    await asyncio.gather(*running, return_exceptions=True)
    if stopping not in done:
        await asyncio.gather(*done)


asyncio.run(main())
