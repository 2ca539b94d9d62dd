"""Rule: a log driver knows its options.

Called through `RULES`. Only the drivers that every engine has are known here (moby: daemon/logger/jsonfilelog, local,
loggerutils/cache); the others look at their options when the container is created.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from dockerspec.core.nearest import nearest
from dockerspec.core.spec.model import Logging, Stack
from dockerspec.core.spec.paths import Path
from dockerspec.core.spec.validate.findings import Findings

_EVERYWHERE = (
    "mode",
    "max-buffer-size",
    "cache-disabled",
    "cache-max-size",
    "cache-max-file",
    "cache-compress",
)
_FILES = ("max-size", "max-file", "compress")
_KNOWN = {
    "json-file": (*_EVERYWHERE, *_FILES, "labels", "labels-regex", "env", "env-regex", "tag"),
    "local": (*_EVERYWHERE, *_FILES),
}
_MODES = ("blocking", "non-blocking")
_SIZE = re.compile(r"-1|[0-9]+(?:\.[0-9]+)? ?[kmgtp]?(?:i?b)?", re.IGNORECASE)
_LEAST_FILES_TO_COMPRESS = 2


def check_logging(stack: Stack, findings: Findings) -> None:
    """Find options that the log driver does not know or can't use."""
    for name, spec in stack.containers.items():
        if spec.logging is not None:
            _check(spec.logging, ("containers", name, "logging", "options"), findings)


def _check(logging: Logging, path: Path, findings: Findings) -> None:
    if logging.driver == "none":
        for option in logging.options:
            findings.error((*path, option), f"the log driver none writes nothing, so {option} is void", "remove it")
        return
    known = _KNOWN.get(logging.driver or "")
    for option in logging.options if known else ():
        if option not in (known or ()):
            meant = nearest(option, known or ())
            fix = f"did you mean '{meant}'?" if meant else f"remove {option}"
            findings.error((*path, option), f"the log driver {logging.driver} has no option {option!r}", fix)
    _check_values(logging, path, findings)


def _check_values(logging: Logging, path: Path, findings: Findings) -> None:
    options = logging.options
    mode = options.get("mode")
    if mode is not None and mode not in _MODES:
        findings.error((*path, "mode"), f"{mode!r} is no mode of a log driver", "write blocking or non-blocking")
    elif "max-buffer-size" in options and mode != "non-blocking":
        findings.error(
            (*path, "max-buffer-size"), "max-buffer-size is for mode: non-blocking only", "add mode: non-blocking"
        )
    if logging.driver not in _KNOWN:
        return
    for key in ("max-size", "max-buffer-size"):
        if key in options and not _SIZE.fullmatch(options[key]):
            findings.error((*path, key), f"{options[key]!r} is no size", "write one such as 10m")
    files = options.get("max-file")
    if files is not None and not (files.isascii() and files.isdigit() and int(files) > 0):
        findings.error((*path, "max-file"), f"{files!r} is no number of files", "write 1 or more, such as 3")
    elif logging.driver == "json-file" and options.get("compress") == "true" and not _is_cut(options, int(files or 1)):
        findings.error(
            (*path, "compress"),
            "only a log that is cut into files can be compressed",
            'add max-size: 10m and max-file: "3" beside it',
        )


def _is_cut(options: Mapping[str, str], files: int) -> bool:
    return files >= _LEAST_FILES_TO_COMPRESS and "max-size" in options
