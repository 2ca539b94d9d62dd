"""Small grammars of the process kind: names, signals, restart policies, limits, devices, numbers.

Called by the spec model.
"""

from __future__ import annotations

import re

from dockerspec.core.values.shown import shown

_NAMES = (
    "HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP TTIN TTOU URG "
    "XCPU XFSZ VTALRM PROF WINCH IO PWR SYS"
)
SIGNALS = tuple(_NAMES.split())
RESTARTS = ("no", "always", "unless-stopped", "on-failure")

_LAST_SIGNAL = 64
_ALL_BITS = 0o7777
_LONGEST_INT = 19
_REAL_TIME = r"RTMIN(?:\+(?:[0-9]|1[0-5]))?|RTMAX(?:-(?:[0-9]|1[0-4]))?"
_CONTAINER_NAME = r"[A-Za-z0-9][A-Za-z0-9_.-]+"
_RESOURCE_NAME = r"[A-Za-z0-9][A-Za-z0-9_.-]*"
_STACK_NAME = r"[a-z0-9][a-z0-9_-]*"
_PERMISSIONS = r"(?=[rwm]{1,3}$)(?!.*(.).*\1)[rwm]+"
_CPUSET = r"[0-9]{1,4}(?:-[0-9]{1,4})?(?:,[0-9]{1,4}(?:-[0-9]{1,4})?)*"
_DECIMAL = r"[0-9]{1,9}(?:\.[0-9]{1,9})?|\.[0-9]{1,9}"
_OCTAL = r"(?:0o)?[0-7]{1,6}"
_INT = r"[+-]?[0-9]{1,19}"

CDI_NAME = r"[A-Za-z][A-Za-z0-9_.-]*/[A-Za-z][A-Za-z0-9_.-]*=[A-Za-z0-9][A-Za-z0-9_.:-]*"
"""The name of a Container Device Interface device, `vendor.com/class=name` (that specification's own rule)."""

Form = dict[str, object]


def parse_int(value: object) -> int:
    """Read a whole number, or a text of digits as a variable may give.

    Raises:
        ValueError: the value is no whole number.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and re.fullmatch(_INT, value):
        return int(value)
    raise ValueError(f"{shown(value)} is no whole number; write one such as 3")


def parse_mode(value: object) -> int:
    """Read permission bits: a number, or a text of octal digits such as "1777".

    Raises:
        ValueError: the value is neither, or has bits that no file has.
    """
    mode = value if isinstance(value, int) and not isinstance(value, bool) else -1
    if isinstance(value, str) and re.fullmatch(_OCTAL, value):
        mode = int(value, 8)
    if not 0 <= mode <= _ALL_BITS:
        raise ValueError(f'{shown(value)} are no permission bits; write octal digits in quotes, such as "1777"')
    return mode


def parse_bool(value: object) -> bool:
    """Read true or false, or the same words as a text, as a variable may give.

    Raises:
        ValueError: the value is neither.
    """
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    raise ValueError(f"{shown(value)} is neither true nor false; write one of the two")


def parse_ratio(value: object) -> float:
    """Read a share between 0 and 1, such as 0.25.

    Raises:
        ValueError: the value is no number, or outside of that range.
    """
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        number = float(value) if abs(value) <= 1 else -1.0
    elif isinstance(value, str) and re.fullmatch(_DECIMAL, value):
        number = float(value)
    else:
        raise ValueError(f"{shown(value)} is no share; write a number from 0 to 1 such as 0.25")
    if not 0 <= number <= 1:
        raise ValueError(f"{shown(value)} is no share of a whole; write a number from 0 to 1 such as 0.25")
    return number


def parse_cpus(value: object) -> float:
    """Read a number of processors, such as 0.5.

    Raises:
        ValueError: the value is no positive number, or finer than the engine's 1e-9.
    """
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        number = float(value) if abs(value) < 2**31 else -1.0
    elif isinstance(value, str) and re.fullmatch(_DECIMAL, value):
        number = float(value)
    else:
        raise ValueError(f"{shown(value)} is no number of processors; write one such as 0.5 or 2")
    if not 1e-9 <= number < 2**31:
        raise ValueError(f"there can't be {shown(value)} processors; write a number such as 0.5 or 2")
    return number


def parse_cpuset(value: object) -> str:
    """Read a set of processors, such as `0-2,4`.

    Raises:
        ValueError: the value is no such set.
    """
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(text, str) or re.fullmatch(_CPUSET, text) is None:
        raise ValueError(f'{shown(value)} is no set of processors; write numbers and ranges, such as "0-2,4"')
    for part in text.split(","):
        first, dash, last = part.partition("-")
        if dash and int(first) > int(last):
            raise ValueError(f"the range {part} in {shown(value)} runs backwards; write {last}-{first}")
    return text


def parse_restart(value: object) -> Form:
    """Read a restart policy: `no`, `always`, `unless-stopped`, `on-failure` or `on-failure:3`.

    Returns:
        The long form as a mapping: `name` and `max_retries`.

    Raises:
        ValueError: the policy is unknown, or a count stands where none can.
    """
    if value is False:
        return {"name": "no"}
    name, colon, count = value.partition(":") if isinstance(value, str) else ("", "", "")
    if name not in RESTARTS or (colon and name != "on-failure"):
        raise ValueError(
            f"{shown(value)} is no restart policy; write no, always, unless-stopped, on-failure or on-failure:3"
        )
    if not colon:
        return {"name": name}
    if not (count.isascii() and count.isdigit() and len(count) <= _LONGEST_INT):
        raise ValueError(f"{shown(count)} is no number of restarts; write one such as on-failure:3")
    return {"name": name, "max_retries": int(count)}


def parse_ulimit(value: object) -> Form:
    """Read a limit: a number for both, or `SOFT:HARD`; -1 is no limit.

    Returns:
        The long form as a mapping: `soft` and `hard`.

    Raises:
        ValueError: the value is no limit.
    """
    soft, colon, hard = value.partition(":") if isinstance(value, str) else (value, "", "")
    try:
        first = parse_int(soft)
        return {"soft": first, "hard": parse_int(hard) if colon else first}
    except ValueError:
        raise ValueError(f"{shown(value)} is no limit; write a number, or {{soft: 1024, hard: 2048}}") from None


def parse_device(value: object) -> Form:
    """Read `SOURCE`, `SOURCE:TARGET` or `SOURCE:TARGET:PERMISSIONS`, or a CDI name.

    Returns:
        The long form as a mapping: `source`, `target` and `permissions`.

    Raises:
        ValueError: the text is no device.
    """
    if isinstance(value, str) and re.fullmatch(CDI_NAME, value):
        return {"source": value}
    parts = value.split(":") if isinstance(value, str) else []
    if not 1 <= len(parts) <= 3 or not parts[0].startswith("/") or not all(parts):
        example = '"/dev/ttyUSB0", "/dev/sda:/dev/xvda:r" or "nvidia.com/gpu=0"'
        raise ValueError(f"{shown(value)} is no device; write {example}")
    if len(parts) == 2 and not parts[1].startswith("/"):
        return {"source": parts[0], "target": parts[0], "permissions": check_permissions(parts[1])}
    target = parts[1] if len(parts) > 1 else parts[0]
    if not target.startswith("/"):
        raise ValueError(f'the target in {shown(value)} is not absolute; write "/dev/sda:/dev/xvda:r"')
    return {"source": parts[0], "target": target, "permissions": check_permissions((*parts, "rwm", "rwm")[2])}


def check_device(value: str) -> str:
    """Let the source of a device pass: an absolute path, or a CDI name.

    Raises:
        ValueError: the text is neither.
    """
    if not value.startswith("/") and re.fullmatch(CDI_NAME, value) is None:
        raise ValueError(
            f"{shown(value)} is no device; write a path such as /dev/ttyUSB0, or a name like nvidia.com/gpu=0"
        )
    return value


def parse_gpu_count(value: object) -> int:
    """Read a number of GPUs: `all` (-1 to the engine), or one and more.

    Raises:
        ValueError: the value is neither.
    """
    if value in ("all", -1, "-1"):
        return -1
    try:
        count = parse_int(value)
    except ValueError:
        count = 0
    if count < 1:
        raise ValueError(f"{shown(value)} is no number of GPUs; write all, or a number such as 2")
    return count


def parse_gpus(value: object) -> object:
    """Read the short forms of GPUs: `all` or a number stands for one request of so many.

    Raises:
        ValueError: the text is neither.
    """
    if isinstance(value, (str, int)) and not isinstance(value, bool):
        return [{"count": parse_gpu_count(value)}]
    return value


def check_permissions(value: str) -> str:
    """Let a device's permissions pass: r, w and m, each at most once.

    Raises:
        ValueError: other letters, or one twice.
    """
    if re.fullmatch(_PERMISSIONS, value) is None:
        raise ValueError(f"{shown(value)} are no device permissions; write r, w and m, such as rw or rwm")
    return value


def parse_signal(value: object) -> str:
    """Read a signal's name or number; names come back in capitals with SIG in front.

    Raises:
        ValueError: there is no such signal.
    """
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if isinstance(text, str):
        if text.isascii() and text.isdigit() and len(text) < 3 and 1 <= int(text) <= _LAST_SIGNAL:
            return str(int(text))
        name = text.upper().removeprefix("SIG")
        if name in SIGNALS or re.fullmatch(_REAL_TIME, name):
            return f"SIG{name}"
    raise ValueError(f"{shown(value)} is no signal; write a name such as SIGTERM, or a number from 1 to 64")


def check_container_name(value: str) -> str:
    """Let a name pass that the engine takes for a container, network or volume.

    Raises:
        ValueError: the engine would refuse the name.
    """
    if re.fullmatch(_CONTAINER_NAME, value) is None:
        raise ValueError(
            f"the engine takes no object named {shown(value)}; "
            "write two or more letters, digits, _, . or -, the first a letter or digit"
        )
    return value


def check_resource_name(value: str) -> str:
    """Let a key pass under which the spec describes an object.

    Raises:
        ValueError: the key can't be part of an address.
    """
    if re.fullmatch(_RESOURCE_NAME, value) is None:
        raise ValueError(
            f"{shown(value)} can't name an object of the spec; "
            "write letters, digits, _, . or -, the first a letter or digit"
        )
    return value


def check_stack_name(value: str) -> str:
    """Let a stack's name pass: Compose's rule for project names.

    Raises:
        ValueError: the name breaks the rule.
    """
    if re.fullmatch(_STACK_NAME, value) is None:
        raise ValueError(
            f"{shown(value)} can't name a stack; "
            "write small letters, digits, _ or -, the first a letter or digit, such as shop-2"
        )
    return value
