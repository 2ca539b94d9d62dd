"""Opening a connection to an engine: over a socket file, TCP, TLS, or the `ssh` program.

Callers: transport. Every way ends in a real socket, so that time limits and a close from another thread work the same
for all; TLS and subprocess are loaded only by the ways that need them.
"""

from __future__ import annotations

import shlex
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING

from dockerspec.engine import failures
from dockerspec.engine.endpoint import Endpoint, Tls
from dockerspec.engine.target import SshTarget, TcpTarget, UnixTarget, parse_target
from dockerspec.engine.wire import Connection
from dockerspec.errors import EngineError

if TYPE_CHECKING:
    import ssl
    import subprocess
    from typing import IO

Dial = Callable[[], Connection]
"""Opens one new connection; safe to call from several threads."""

_SSH_GRACE = 2.0


def dialer(endpoint: Endpoint, timeout: float) -> Dial:
    """Make the function that connects to an endpoint.

    Args:
        endpoint: the engine.
        timeout: seconds that connecting may take, the TLS handshake included.

    Raises:
        EngineError: the endpoint's address can't be used. The function itself raises the `EngineUnreachable` family.
    """
    target = parse_target(endpoint.url, tls=endpoint.tls is not None)

    def unix() -> Connection:
        assert isinstance(target, UnixTarget)
        return Connection(_unix_socket(target.path, timeout))

    def tcp() -> Connection:
        assert isinstance(target, TcpTarget)
        return Connection(_tcp_socket(target, endpoint.tls, timeout))

    def ssh() -> Connection:
        assert isinstance(target, SshTarget)
        return _ssh_connection(target, timeout)

    way = {UnixTarget: unix, TcpTarget: tcp, SshTarget: ssh}[type(target)]

    def dial() -> Connection:
        try:
            return way()
        except OSError as fault:
            raise failures.unreachable(endpoint, fault) from None

    return dial


def _unix_socket(path: str, timeout: float) -> socket.socket:
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        sock.settimeout(timeout)
        sock.connect(path)
    except BaseException:
        sock.close()
        raise
    return sock


def _tcp_socket(target: TcpTarget, tls: Tls | None, timeout: float) -> socket.socket:
    sock = socket.create_connection((target.host, target.port), timeout)
    try:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # A half-open link (the peer lost its power) must not keep an event stream waiting for ever.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 30)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 10)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3)
        if tls is None:
            return sock
        return _tls_context(tls).wrap_socket(sock, server_hostname=target.host)
    except BaseException:
        sock.close()
        raise


def _tls_context(tls: Tls) -> ssl.SSLContext:
    import ssl

    context = ssl.create_default_context(cafile=tls.ca)
    if not tls.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if tls.cert:
        context.load_cert_chain(tls.cert, tls.key)
    return context


def ssh_command(target: SshTarget, timeout: float) -> list[str]:
    """The command that joins its standard input and output to the engine on the other machine, as the CLI runs it."""
    command = ["ssh", "-o", f"ConnectTimeout={max(1, round(timeout))}", "-o", "BatchMode=yes", "-T"]
    if target.user:
        command += ["-l", target.user]
    if target.port is not None:
        command += ["-p", str(target.port)]
    # ssh hands these words to a shell over there.
    remote = ["docker", *(["--host", shlex.quote(f"unix://{target.socket}")] if target.socket else [])]
    return [*command, "--", target.host, *remote, "system", "dial-stdio"]


def _ssh_connection(target: SshTarget, timeout: float) -> Connection:
    import subprocess
    import tempfile

    ours, theirs = socket.socketpair()
    notes = tempfile.TemporaryFile()  # noqa: SIM115  # lives as long as the connection
    try:
        process = subprocess.Popen(
            ssh_command(target, timeout),
            stdin=theirs.fileno(),
            stdout=theirs.fileno(),
            stderr=notes,
            # Ctrl-C is ours to handle: ssh must not die of it in the middle of a call.
            start_new_session=True,
        )
    except OSError as fault:
        ours.close()
        notes.close()
        raise failures.ssh_missing(target.host, fault) from None
    finally:
        theirs.close()
    link = _SshLink(process, notes, target)
    return Connection(ours, link.close, link.fault)


class _SshLink:
    """The ssh process behind a connection."""

    __slots__ = ("_notes", "_process", "_target")

    def __init__(self, process: subprocess.Popen[bytes], notes: IO[bytes], target: SshTarget) -> None:
        self._process = process
        self._notes = notes
        self._target = target

    def fault(self) -> EngineError | None:
        """Why the link broke, if ssh itself has failed."""
        import subprocess

        try:
            status = self._process.wait(_SSH_GRACE)
        except subprocess.TimeoutExpired:
            return None
        if status == 0:
            return None
        self._notes.seek(0)
        return failures.ssh_failed(self._target.host, status, self._notes.read().decode(errors="replace"))

    def close(self) -> None:
        """End the process, kindly first."""
        import subprocess

        # Its input is closed by now, at which it ends by itself, unless the network hangs.
        self._process.terminate()
        try:
            self._process.wait(_SSH_GRACE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._notes.close()
