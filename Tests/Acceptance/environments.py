"""Virtual environments from pinned requirements, made once and kept."""

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
import venv
from pathlib import Path


class NothingToInstallWith(Exception):
    """Nothing can be installed here."""


class DidNotInstall(Exception):
    """The index answered, and yet the packages could not be installed."""


class Environment:
    """One client's packages, kept in a folder outside of the sources."""

    def __init__(self, name: str, folder: Path, requirements: Path):
        self._folder = folder / name
        self._pins = requirements / f"{name}.txt"

    def python(self, until: float) -> Path:
        """The interpreter; installs first where the pins are not the installed ones.

        Installing ends at `until`, on the monotonic clock."""
        stamp = self._folder / "installed"
        wanted = self._fingerprint()
        if not stamp.exists() or stamp.read_text() != wanted:
            self._install(until)
            stamp.write_text(wanted)
        return self._interpreter

    @property
    def _interpreter(self) -> Path:
        return self._folder / "bin" / "python"

    def _fingerprint(self) -> str:
        return hashlib.sha256(sys.version.encode() + self._pins.read_bytes()).hexdigest()

    def _install(self, until: float) -> None:
        if sys.version_info < (3, 11):
            raise NothingToInstallWith("the pinned clients need Python 3.11 or newer")
        if importlib.util.find_spec("ensurepip") is None:
            raise NothingToInstallWith("this python3 makes no virtual environments "
                                       "(Debian: apt-get install python3-venv)")
        require_index()
        print(f"installing {self._pins.name} to {self._folder}", flush=True)
        shutil.rmtree(self._folder, ignore_errors=True)
        venv.create(self._folder, with_pip=True)
        command = [self._interpreter, "-m", "pip", "install", "--quiet",
                   "--disable-pip-version-check", "--requirement", self._pins]
        try:
            subprocess.run(command, check=True, timeout=max(1, until - time.monotonic()))
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
            raise DidNotInstall(f"{self._pins.name} was not installed: {error}") from error


def require_index() -> None:
    """Throws where the package index does not answer at all."""
    url = index_url()
    try:
        urllib.request.urlopen(f"{url.rstrip('/')}/pip/", timeout=10).close()
    except urllib.error.HTTPError:
        return
    except (OSError, ValueError) as error:
        raise NothingToInstallWith(f"{url} is out of reach ({error}), no client was installed")


def index_url() -> str:
    """Where pip installs from: its setting, else PyPI."""
    if url := os.environ.get("PIP_INDEX_URL"):
        return url
    command = [sys.executable, "-m", "pip", "config", "get", "global.index-url"]
    asked = subprocess.run(command, capture_output=True, text=True)
    return asked.stdout.strip() or "https://pypi.org/simple"
