"""The Engine API with nothing between: JSON over a unix socket or TCP, by the standard library.

Callers: tests, to make drift by hand and to assert the real state; the demo; the kit itself. Independent of the
product on purpose. Limits: no TLS, one connection per call.
"""

from __future__ import annotations

import base64
import http.client
import json
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import quote, urlencode, urlsplit

TIMEOUT = 60.0
"""Seconds before a silent engine is given up."""


class RawError(RuntimeError):
    """The engine answered with an error status; `status` and `message` are its words."""

    def __init__(self, status: int, message: str, call: str) -> None:
        super().__init__(f"{call}: {status} {message}")
        self.status = status
        self.message = message


class UnixConnection(http.client.HTTPConnection):
    """HTTP over a unix socket."""

    def __init__(self, path: str, timeout: float = TIMEOUT) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self.sock.settimeout(self.timeout)
            self.sock.connect(self._path)
        except BaseException:
            self.sock.close()
            self.sock = None
            raise


class RawEngine:
    """Calls to one engine at `host`: `unix:///path` or `tcp://host:port`."""

    def __init__(self, host: str) -> None:
        self.host = host

    def call(self, method: str, path: str, body: Any = None, **query: Any) -> Any:
        """One call: decoded JSON, or the text where the answer is none. Raises RawError from status 400 on.

        Query values that are no strings are sent as JSON, as the API wants for `filters` and booleans.
        """
        headers = {"Content-Type": "application/json"} if body is not None else {}
        return self._send(method, path, json.dumps(body) if body is not None else None, headers, query)

    def get(self, path: str, **query: Any) -> Any:
        """GET: decoded JSON."""
        return self.call("GET", path, **query)

    def post(self, path: str, body: Any = None, **query: Any) -> Any:
        """POST with a JSON body (or none): decoded JSON."""
        return self.call("POST", path, body, **query)

    def delete(self, path: str, **query: Any) -> Any:
        """DELETE: decoded JSON or text."""
        return self.call("DELETE", path, **query)

    def find(self, path: str, **query: Any) -> Any:
        """GET, with None instead of an error when there is no such object."""
        try:
            return self.get(path, **query)
        except RawError as error:
            if error.status == 404:
                return None
            raise

    def answers(self) -> bool:
        """Whether the engine answers at all."""
        try:
            return bool(self.get("/_ping"))
        except (OSError, http.client.HTTPException, RawError):
            return False

    def container(self, name: str) -> Any:
        """A container's inspect, or None."""
        return self.find(f"/containers/{quote(name)}/json")

    def containers(self, **labels: str) -> list[Any]:
        """The listing of all containers with these labels; `_` in a keyword stands for `.`."""
        filters = {"label": [f"{key.replace('_', '.')}={value}" for key, value in labels.items()]}
        found: list[Any] = self.get("/containers/json", all=True, filters=filters)
        return found

    def run(self, name: str, body: Mapping[str, Any]) -> str:
        """Create and start a container; its ID."""
        made = self.post("/containers/create", body, name=name)
        self.post(f"/containers/{made['Id']}/start")
        return str(made["Id"])

    def execute(self, container: str, *command: str, user: str = "") -> tuple[int, str]:
        """Run a command inside a container: exit code, and stdout and stderr together."""
        body = {"AttachStdout": True, "AttachStderr": True, "Tty": True, "Cmd": list(command), "User": user}
        made = self.post(f"/containers/{container}/exec", body)
        output = self.post(f"/exec/{made['Id']}/start", {"Detach": False, "Tty": True})
        code = self.get(f"/exec/{made['Id']}/json")["ExitCode"]
        return code, str(output).replace("\r\n", "\n")

    def import_image(self, archive: Path, reference: str, changes: list[str]) -> None:
        """Make an image of a rootfs archive, configured by Dockerfile instructions."""
        repository, _, tag = reference.rpartition(":")
        query = {"fromSrc": "-", "repo": repository, "tag": tag, "changes": changes}
        headers = {"Content-Type": "application/x-tar", "Content-Length": str(archive.stat().st_size)}
        with archive.open("rb") as stream:
            answer = str(self._send("POST", "/images/create", stream, headers, query))
        if '"error"' in answer:
            raise RawError(500, answer, f"import {reference}")

    def push(self, reference: str, username: str = "", password: str = "") -> None:
        """Push an image to the registry in its reference. Raises RawError with the registry's words."""
        name, _, tag = reference.rpartition(":")
        self._transfer(f"/images/{name}/push", {"tag": tag}, username, password)

    def pull(self, reference: str, username: str = "", password: str = "") -> None:
        """Pull an image. Raises RawError with the registry's words."""
        name, _, tag = reference.rpartition(":")
        self._transfer("/images/create", {"fromImage": name, "tag": tag}, username, password)

    def _transfer(self, path: str, query: Mapping[str, str], username: str, password: str) -> None:
        login = json.dumps({"username": username, "password": password} if username else {})
        headers = {"X-Registry-Auth": base64.urlsafe_b64encode(login.encode()).decode()}
        answer = str(self._send("POST", path, None, headers, query))
        if '"error"' in answer:
            raise RawError(500, answer, f"POST {path}")

    def _send(
        self, method: str, path: str, body: str | BinaryIO | None, headers: Mapping[str, str], query: Mapping[str, Any]
    ) -> Any:
        words = {key: value if isinstance(value, (str, list)) else json.dumps(value) for key, value in query.items()}
        target = f"{path}?{urlencode(words, doseq=True)}" if words else path
        connection = self._connect()
        try:
            try:
                connection.request(method, target, body=body, headers=dict(headers))
            except BrokenPipeError:
                # The engine refused before it had read the whole body; its answer tells why.
                if connection.sock is None:
                    raise
            response = connection.getresponse()
            text = response.read().decode("utf-8", "replace")
        finally:
            connection.close()
        is_json = response.getheader("Content-Type", "").startswith("application/json")
        if response.status >= 400:
            raise RawError(response.status, _message(text), f"{method} {path}")
        try:
            return json.loads(text) if is_json and text.strip() else text
        except ValueError:
            return text

    def _connect(self) -> http.client.HTTPConnection:
        parts = urlsplit(self.host)
        if parts.scheme == "unix":
            return UnixConnection(parts.path)
        if parts.scheme in ("tcp", "http"):
            return http.client.HTTPConnection(parts.hostname or "localhost", parts.port or 2375, timeout=TIMEOUT)
        raise RawError(0, f"can't reach {self.host}: only unix:// and tcp:// are supported here", "connect")


def _message(text: str) -> str:
    try:
        return str(json.loads(text)["message"])
    except (ValueError, KeyError, TypeError):
        return text.strip()
