"""A paper exchange of our own: free ports, fresh keys, a temporary folder."""

import json
import os
import secrets
import subprocess
import tempfile
import threading
from collections import deque
from pathlib import Path


class DidNotStart(Exception):
    """The exchange ended before it listened."""


class Exchange:
    """Runs from entering the context to leaving it."""

    _running: "set[Exchange]" = set()

    @classmethod
    def kill_all(cls) -> None:
        """Ends those that run, at once."""
        for exchange in list(cls._running):
            exchange._process.kill()
            exchange._folder.cleanup()

    def __init__(self, program: Path, recording: Path | None = None):
        self._command = [program] + (["--replay", recording] if recording else [])
        self._lines: deque[str] = deque(maxlen=200)
        self._key, self._secret = secrets.token_hex(32), secrets.token_hex(32)

    def __enter__(self) -> "Exchange":
        self._folder = tempfile.TemporaryDirectory(prefix="acceptance-")
        self._process = subprocess.Popen(
            self._command, env=self._environment(), text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self._running.add(self)
        self._port = self._await_port()
        # Its log is read on, or the pipe would fill and stop it.
        threading.Thread(target=self._lines.extend, args=(self._process.stdout,),
                         daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._running.discard(self)
        self._folder.cleanup()

    @property
    def settings(self) -> dict[str, str]:
        """What a client has to know, as environment variables."""
        return {
            "VENUE_HTTP": f"http://127.0.0.1:{self._port}",
            "VENUE_WS": f"ws://127.0.0.1:{self._port}",
            "VENUE_KEY": self._key, "VENUE_SECRET": self._secret,
        }

    @property
    def is_running(self) -> bool:
        return self._process.poll() is None

    @property
    def last_words(self) -> str:
        return " ".join(line.strip() for line in list(self._lines)[-3:])

    def _environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PMS_")}
        return kept | {
            "PMS_PAPER_PORT": "0", "PMS_HTTP_PORT": "0", "PMS_LOG_FORMAT": "json",
            "PMS_PAPER_DATA": self._folder.name, "PMS_PAPER_API_KEY": self._key,
            "PMS_PAPER_API_SECRET": self._secret,
        }

    def _await_port(self) -> int:
        for line in self._process.stdout:
            self._lines.append(line)
            try:
                entry = json.loads(line)
            except ValueError:
                continue
            if entry.get("event") == "listening":
                return entry["port"]
        self._process.wait()
        self._running.discard(self)
        raise DidNotStart(self.last_words)
