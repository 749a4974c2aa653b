"""Checks, told one a line."""

import asyncio
import sys
import time
import traceback


class Checks:
    """Counts the checks of one client; `with checks("what"):` or `async with` makes one.

    An exception in the block fails that check alone and is told with its place."""

    def __init__(self, client: str, seconds: float = 20):
        self.client = client
        self.seconds = seconds
        self.passed = 0
        self.failed = 0

    def __call__(self, what: str) -> "Check":
        return Check(self, what)

    def told(self, what: str, why: str | None) -> None:
        if why is None:
            self.passed += 1
        else:
            self.failed += 1
        mark = "ok      " if why is None else "FAILED  "
        print(f"{mark}{self.client:32}{what}{'' if why is None else ': ' + why}", flush=True)

    def finish(self) -> None:
        """Ends the process: 0 if all passed, and something was checked."""
        print(f"        {self.client:32}{self.passed} ok, {self.failed} failed", flush=True)
        sys.exit(0 if self.passed and not self.failed else 1)


class Check:
    """One check; in an asynchronous block it also has a deadline."""

    def __init__(self, checks: Checks, what: str):
        self.checks = checks
        self.what = what

    def __enter__(self) -> "Check":
        return self

    def __exit__(self, kind, error, trace) -> bool:
        if kind is not None and not issubclass(kind, Exception):
            return False
        self.checks.told(self.what, None if error is None else reason(error, trace))
        return True

    async def __aenter__(self) -> "Check":
        self.deadline = asyncio.timeout(self.checks.seconds)
        await self.deadline.__aenter__()
        return self

    async def __aexit__(self, kind, error, trace) -> bool:
        try:
            await self.deadline.__aexit__(kind, error, trace)
        except TimeoutError as late:
            error, kind = late, TimeoutError
        return self.__exit__(kind, error, trace)


def reason(error: BaseException, trace) -> str:
    """The error in one line, with the check's own line."""
    frames = [frame for frame in traceback.extract_tb(trace) if "/clients/" in frame.filename]
    place = f" (line {frames[-1].lineno}: {frames[-1].line})" if frames else ""
    text = " ".join(str(error).split())[:600]
    return f"{type(error).__name__} {text}{place}"


def raises(kind: type[Exception], action, *arguments, **options) -> Exception:
    """The exception of exactly that type the action throws; an AssertionError otherwise."""
    try:
        answer = action(*arguments, **options)
    except kind as error:
        assert type(error) is kind, f"{type(error).__name__} instead of {kind.__name__}: {error}"
        return error
    raise AssertionError(f"accepted: {str(answer)[:300]}")


def eventually(condition, seconds: float = 10, pause: float = 0.05):
    """What the condition gives as soon as that is true."""
    until = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < until, f"not within {seconds} s"
        time.sleep(pause)
    return found
