"""One client against one exchange."""

import os
import subprocess
import tempfile
import time
from pathlib import Path

from catalogue import Client
from exchange import DidNotStart, Exchange

HERE = Path(__file__).resolve().parent
running: set[subprocess.Popen] = set()
"""The clients at work, for `stop`."""


def drive(client: Client, program: Path, recording: Path, pythons: dict[str, Path],
          until: float) -> bool:
    """Whether all of the client's checks passed; what it printed is told in one piece.

    It has the time the catalogue gives it, and no more than until `until`, a monotonic time."""
    if client.replays and not recording.exists():
        print(f"skipped {client.name:32}no recording at {recording}", flush=True)
        return True
    seconds = min(client.seconds, until - time.monotonic())
    if seconds <= 0:
        print(f"FAILED  {client.name:32}no time was left for it", flush=True)
        return False
    try:
        with Exchange(program, recording if client.replays else None) as exchange:
            passed, told = checked(client, exchange, pythons[client.environment], seconds)
    except DidNotStart as error:
        passed, told = False, f"FAILED  {client.name:32}the exchange did not start: {error}\n"
    print(told, end="", flush=True)
    return passed


def stop() -> None:
    """Ends everything that was started."""
    for process in list(running):
        process.kill()
    Exchange.kill_all()


def checked(
        client: Client, exchange: Exchange, python: Path, seconds: float) -> tuple[bool, str]:
    """Whether all checks passed, and what was printed."""
    with tempfile.TemporaryFile("w+") as noise:
        command = [python, "-u", HERE / "clients" / f"{client.module}.py"]
        settings = {"PYTHONPATH": str(HERE / "support"), "PYTHONDONTWRITEBYTECODE": "1"}
        process = subprocess.Popen(
            command, env=os.environ | exchange.settings | settings, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=noise)
        running.add(process)
        told, late = output(process, seconds)
        running.discard(process)
        if late:
            told += f"FAILED  {client.name:32}not done after {seconds:.0f} s\n"
        if not exchange.is_running:
            told += f"FAILED  {client.name:32}the exchange ended: {exchange.last_words}\n"
        passed = process.returncode == 0 and exchange.is_running
        if not passed:
            told += last_lines(noise)
    return passed, told


def output(process: subprocess.Popen, seconds: float) -> tuple[str, bool]:
    """All a process printed, and whether it had to be stopped."""
    try:
        return process.communicate(timeout=seconds)[0], False
    except subprocess.TimeoutExpired:
        process.kill()
        return process.communicate()[0], True


def last_lines(noise) -> str:
    """The end of what a client wrote to its standard error."""
    noise.seek(0)
    return "".join(f"        | {line}\n" for line in noise.read().splitlines()[-8:])
