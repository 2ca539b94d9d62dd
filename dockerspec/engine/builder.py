"""The docker CLI's builder: what the engine's own can't do, such as secrets, goes over it to the same engine.

Callers: images. Runs `docker build` with BuildKit, which is built into CLIs before 23.0 and in the buildx plugin since.
Secret values reach it by its environment alone: never by its command line, a file or a log.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from dockerspec.engine.endpoint import Endpoint
from dockerspec.errors import EngineError

BUILDKIT = "buildkit"
BUILDX = "buildx"

_SECONDS = 20.0
_FIRST_WITHOUT = 23
"""The CLI's first release that needs the plugin."""
_VARIABLE = "DOCKERSPEC_BUILD_SECRET_"
_LAST_LINES = 15
_NO_PLUGIN = "buildx component is missing"


def find_builder(environ: Mapping[str, str]) -> str:
    """`buildx` where the docker CLI of the environment's PATH has the plugin, `buildkit` where it is an old CLI with
    BuildKit in it, empty where there is neither."""
    program = _program(environ)
    if program is None:
        return ""
    if _said([program, "buildx", "version"], environ):
        return BUILDX
    release = re.search(r"version (\d+)\.", _said([program, "--version"], environ))
    return BUILDKIT if release and int(release[1]) < _FIRST_WITHOUT else ""


def _program(environ: Mapping[str, str]) -> str | None:
    return shutil.which("docker", path=environ.get("PATH"))


def _said(words: Sequence[str], environ: Mapping[str, str]) -> str:
    try:
        done = subprocess.run(words, env=dict(environ), capture_output=True, text=True, timeout=_SECONDS)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout if done.returncode == 0 else ""


def build(
    context: BinaryIO,
    *,
    endpoint: Endpoint,
    environ: Mapping[str, str],
    folder: Path,
    reference: str,
    dockerfile: str,
    remote: str,
    labels: Mapping[str, str],
    words: Sequence[str],
    secrets: Mapping[str, str],
) -> Iterator[dict[str, Any]]:
    """Build an image; it goes on as the messages are read, each a line of the builder's output as `stream`.

    Args:
        context: a tar of the build context.
        endpoint: the engine.
        environ: the environment of the run.
        folder: the docker CLI's folder.
        reference: the tag of the new image.
        dockerfile: the Dockerfile's path within the context.
        remote: the address of a context that the builder fetches; empty for the tar.
        labels: the image's labels.
        words: further options.
        secrets: values by the id that the Dockerfile calls them.

    Raises:
        EngineError: the build failed, or the builder can't be run.
    """
    program = _program(environ)
    if program is None:
        raise EngineError("there is no docker CLI in PATH", hint="install it (Debian: docker-cli and docker-buildx)")
    command = [
        program,
        *_engine_words(endpoint),
        "build",
        "--progress=plain",
        "-t",
        reference,
        "-f",
        dockerfile,
        *words,
    ]
    for name, value in labels.items():
        command += ["--label", f"{name}={value}"]
    hidden = {}
    for number, (ident, value) in enumerate(secrets.items()):
        variable = f"{_VARIABLE}{number}"
        hidden[variable] = value
        command += ["--secret", f"id={ident},env={variable}"]
    yield from _run([*command, remote or "-"], context, _environment(environ, folder, hidden), tuple(secrets.values()))


def _engine_words(endpoint: Endpoint) -> list[str]:
    """The options that lead the CLI to the engine that we speak to."""
    words = ["--host", endpoint.url]
    if endpoint.tls is None:
        return words
    words.append("--tlsverify" if endpoint.tls.verify else "--tls")
    files = (("--tlscacert", endpoint.tls.ca), ("--tlscert", endpoint.tls.cert), ("--tlskey", endpoint.tls.key))
    return words + [word for option, file in files if file for word in (option, file)]


def _environment(environ: Mapping[str, str], folder: Path, hidden: Mapping[str, str]) -> dict[str, str]:
    kept = {name: value for name, value in environ.items() if name not in ("DOCKER_HOST", "DOCKER_CONTEXT")}
    ours = {
        "DOCKER_CONFIG": str(folder),
        "DOCKER_BUILDKIT": "1",
        # The one that is the engine's own, whatever was chosen by `docker buildx use`.
        "BUILDX_BUILDER": "default",
        # An attestation would make another image of the same inputs each time.
        "BUILDX_NO_DEFAULT_ATTESTATIONS": "1",
        "BUILDKIT_COLORS": "",
        "NO_COLOR": "1",
    }
    return {**kept, **ours, **hidden}


def _run(
    command: Sequence[str], context: BinaryIO, environ: Mapping[str, str], secrets: Sequence[str]
) -> Iterator[dict[str, Any]]:
    # The archive is a file of its own, so that the CLI reads it directly and no thread has to feed it.
    with tempfile.TemporaryFile() as spool:
        shutil.copyfileobj(context, spool)
        spool.seek(0)
        try:
            process = subprocess.Popen(
                list(command), stdin=spool, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=dict(environ)
            )
        except OSError as fault:
            raise EngineError(f"can't run the docker CLI: {fault.strerror}", call="docker build") from None
    tail: deque[str] = deque(maxlen=_LAST_LINES)
    try:
        assert process.stdout is not None
        for raw in process.stdout:
            line = _without(raw.decode(errors="replace").rstrip(), secrets)
            tail.append(line)
            yield {"stream": f"{line}\n"}
        status = process.wait()
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()
    if status != 0:
        raise _failure(status, list(tail))


def _without(line: str, secrets: Sequence[str]) -> str:
    """A line of output without the values of secrets, which a careless command may print."""
    for value in secrets:
        for part in value.splitlines():
            if len(part.strip()) > 3:
                line = line.replace(part, "***")
    return line


def _failure(status: int, lines: Sequence[str]) -> EngineError:
    said = next((line for line in reversed(lines) if line.startswith(("ERROR", "error:", "failed to"))), "")
    said = said or next((line for line in reversed(lines) if line.strip()), f"exit status {status}")
    hint = ""
    if any(_NO_PLUGIN in line for line in lines):
        hint = "install the buildx plugin of the docker CLI (Debian: docker-buildx)"
    elif "unsupported frontend capability" in said:
        hint = (
            "this engine's builder is too old: upgrade it to 23.0, or begin the Dockerfile with "
            "# syntax=docker/dockerfile:1"
        )
    return EngineError(said.removeprefix("ERROR: "), call="docker build", hint=hint)
