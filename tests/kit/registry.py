"""A real registry (Debian's docker-registry) on the loopback address, with or without a password.

Callers: the test fixtures and tests of pull, push and login. Engines trust the loopback address without TLS, so a
reference is `REGISTRY.address + "/name:tag"`. Limits: plain HTTP; the data goes with the registry.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import http.client
import shutil
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from tests.kit import apt
from tests.kit.errors import KitError

SECONDS = 15.0
"""How long it may take to answer, and to end."""


@dataclass(frozen=True, slots=True)
class Login:
    """A user of a registry with a password."""

    username: str
    password: str


class Registry:
    """One running registry; a context manager. `login` asks every client for that user and password.

    Attributes:
        address: `127.0.0.1:PORT`, the first part of its references.
    """

    def __init__(self, login: Login | None = None) -> None:
        self.login = login
        self.address = ""
        self._folder: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Registry:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> Registry:
        """Start and wait until it answers. Raises KitError with its log when it doesn't."""
        program = apt.unpack("docker-registry", ["docker-registry"]) / "usr/bin/docker-registry"
        self._folder = Path(tempfile.mkdtemp(prefix="dockerspec-registry-"))
        try:
            self.address = f"127.0.0.1:{_free_port()}"
            (self._folder / "config.yml").write_text(self._config(self._folder), encoding="utf-8")
            self._launch(program, self._folder)
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """End it and remove its data. Does nothing when not started."""
        process, self._process = self._process, None
        if process:
            process.terminate()
            try:
                process.wait(SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if self._folder:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None

    def _config(self, folder: Path) -> str:
        lines = [
            "version: 0.1",
            "log: {level: warn, accesslog: {disabled: true}}",
            f"storage: {{filesystem: {{rootdirectory: {folder}/data}}, delete: {{enabled: true}}}}",
            f"http: {{addr: '{self.address}', secret: kit}}",
        ]
        if self.login:
            (folder / "users").write_text(f"{self.login.username}:{_bcrypt(self.login.password)}\n", encoding="utf-8")
            lines.append(f"auth: {{htpasswd: {{realm: kit, path: {folder}/users}}}}")
        return "\n".join(lines) + "\n"

    def _launch(self, program: Path, folder: Path) -> None:
        log = folder / "log"
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                [str(program), "serve", str(folder / "config.yml")],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        deadline = time.monotonic() + SECONDS
        while self._status() not in (200, 401):
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise KitError(f"the registry did not start:\n{log.read_text(errors='replace')}")
            time.sleep(0.05)

    def _status(self) -> int:
        connection = http.client.HTTPConnection(self.address, timeout=5)
        try:
            connection.request("GET", "/v2/")
            return connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return 0
        finally:
            connection.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _bcrypt(password: str) -> str:
    """The only hash that the registry takes, by the C library (Python has none of its own)."""
    name = ctypes.util.find_library("crypt") or "libcrypt.so.1"
    crypt = ctypes.CDLL(name).crypt
    crypt.restype = ctypes.c_char_p
    hashed: bytes | None = crypt(password.encode(), b"$2b$04$abcdefghijklmnopqrstuu")
    if not hashed or not hashed.startswith(b"$2b$"):
        raise KitError(f"{name} knows no bcrypt, so no registry with a password can be made")
    return hashed.decode()
