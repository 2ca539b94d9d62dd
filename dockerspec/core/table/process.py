"""Rows for what runs in a container and how: command, environment, health check, life and log."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from typing import Any

from dockerspec.core.facts import EngineFacts, Value
from dockerspec.core.table.base import (
    Body,
    Context,
    Json,
    Part,
    Row,
    Was,
    as_set,
    as_texts,
    as_tuple,
    dig,
    place,
    plain,
    replace,
    simple,
    update,
)

SECOND = 1_000_000_000
_NO_PROGRAM = ("",)
"""An entrypoint by which the engine drops the image's, and its command too."""
OWN_LABELS = "dockerspec."
_COMPOSE_LABELS = "com.docker.compose."
"""How the labels begin by which Compose knows what it made: `ownership.COMPOSE`, which the table may not know."""

_HEALTH_KEYS = {
    "interval": "Interval",
    "timeout": "Timeout",
    "retries": "Retries",
    "start_period": "StartPeriod",
    "start_interval": "StartInterval",
}
# What the engine does where a health check leaves a figure out (moby, daemon/health.go).
_HEALTH_DEFAULTS = {"interval": 30 * SECOND, "timeout": 30 * SECOND, "retries": 3, "start_period": 0}
_START_INTERVAL = 5 * SECOND

_SIGNALS = {
    "1": "HUP",
    "2": "INT",
    "3": "QUIT",
    "6": "ABRT",
    "9": "KILL",
    "10": "USR1",
    "12": "USR2",
    "15": "TERM",
}


def _want_entrypoint(spec: Any, context: Context) -> Value:
    if spec.entrypoint == _NO_PROGRAM:
        return ()
    value = spec.entrypoint if spec.entrypoint is not None else context.inherited("Entrypoint")
    return tuple(value or ())


def _want_command(spec: Any, context: Context) -> Value:
    # The engine inherits the image's command only beside the image's entrypoint or an empty one.
    if spec.command:
        return tuple(spec.command)
    if spec.entrypoint:
        return ()
    return tuple(context.inherited("Cmd") or ())


def _have_list(*path: str) -> Any:
    return lambda raw, _engine: tuple(dig(raw, path) or ())


def _put_list(attribute: str, engine_key: str) -> Any:
    def put(body: Body, spec: Any, _context: Context) -> None:
        value = getattr(spec, attribute)
        if value is not None:
            body[engine_key] = list(value)

    return put


def pairs(items: Any) -> dict[str, str | None]:
    """`KEY=VALUE` texts as a mapping; a text without `=` has no value."""
    result: dict[str, str | None] = {}
    for item in items or ():
        key, sign, value = item.partition("=")
        result[key] = value if sign else None
    return result


def lines(variables: Mapping[str, str | None]) -> list[str]:
    """The inverse of `pairs`. The engine takes a variable without `=` out of what the image gives to the process."""
    return [key if value is None else f"{key}={value}" for key, value in variables.items()]


def environment(spec: Any, context: Context) -> dict[str, str | None]:
    """The spec's own variables with secrets put in; None for one that neither the spec nor the run gives a value."""
    return {
        key: context.secrets.get(value.secret, "") if value is not None and not isinstance(value, str) else value
        for key, value in spec.environment.items()
    }


def secret_variables(spec: Any, context: Context) -> frozenset[str]:
    """The environment variables whose values come from secrets or from variables marked `sensitive`."""
    return frozenset(
        key
        for key, value in spec.environment.items()
        if value is not None and (not isinstance(value, str) or any(item in value for item in context.sensitive))
    )


def _want_environment(spec: Any, context: Context) -> Value:
    return {**pairs(context.inherited("Env")), **environment(spec, context)}


def _put_environment(body: Body, spec: Any, context: Context) -> None:
    values = environment(spec, context)
    if values:
        body["Env"] = lines(values)


def foreign_labels(labels: Mapping[str, str] | None) -> dict[str, str]:
    """Labels without those by which dockerspec knows its objects."""
    return {key: value for key, value in (labels or {}).items() if not key.startswith(OWN_LABELS)}


def trim_labels(want: Value, have: Value, _was: Was) -> Value:
    """The live labels without Compose's, but for those that the spec names: they are another tool's bookkeeping."""
    assert isinstance(want, Mapping)
    assert isinstance(have, Mapping)
    return {key: value for key, value in have.items() if key in want or not key.startswith(_COMPOSE_LABELS)}


def _want_labels(spec: Any, context: Context) -> Value:
    inherited = foreign_labels(context.image.labels if context.image else None)
    own = {key: value for key, value in inherited.items() if not key.startswith(_COMPOSE_LABELS)}
    return {**own, **foreign_labels(spec.labels)}


def _put_labels(body: Body, spec: Any, _context: Context) -> None:
    if spec.labels:
        body["Labels"] = dict(spec.labels)


def _signal(value: Any) -> Value:
    name = str(value).upper().removeprefix("SIG")
    return "SIG" + _SIGNALS.get(name, name)


def _health(test: tuple[str, ...], figures: Mapping[str, int | None]) -> Value:
    if not test:
        return None
    if test[0] == "NONE":
        return {"disable": True}
    start_interval = figures.get("start_interval") or _START_INTERVAL
    values = {key: figures.get(key) or default for key, default in _HEALTH_DEFAULTS.items()}
    return {"test": test, **values, "start_interval": start_interval}


def _engine_health(raw: Json) -> tuple[tuple[str, ...], dict[str, int | None]]:
    raw = raw or {}
    return tuple(raw.get("Test") or ()), {key: raw.get(name) for key, name in _HEALTH_KEYS.items()}


def _want_health(spec: Any, context: Context) -> Value:
    # The engine fills what a container leaves out from the image, field by field.
    test, figures = _engine_health(context.inherited("Healthcheck"))
    own = spec.healthcheck
    if own is None:
        return _health(test, figures)
    if own.disable:
        return {"disable": True}
    return _health(own.test or test, {key: getattr(own, key) or figures[key] for key in _HEALTH_KEYS})


def _have_health(raw: Json, _engine: EngineFacts) -> Value:
    return _health(*_engine_health(dig(raw, ("Config", "Healthcheck"))))


def _put_health(body: Body, spec: Any, _context: Context) -> None:
    own = spec.healthcheck
    if own is None:
        return
    if own.disable:
        body["Healthcheck"] = {"Test": ["NONE"]}
        return
    values: Body = {"Test": list(own.test)} if own.test else {}
    for key, name in _HEALTH_KEYS.items():
        figure = getattr(own, key)
        if figure is not None:
            values[name] = figure
    body["Healthcheck"] = values


def _restart(name: str | None, retries: int | None) -> Value:
    name = name or "no"
    return f"on-failure:{retries}" if name == "on-failure" and retries else name


def _restart_body(value: Value) -> Body:
    name, _, retries = str(value).partition(":")
    return {"RestartPolicy": {"Name": name, "MaximumRetryCount": int(retries or 0)}}


def _want_restart(spec: Any, _context: Context) -> Value:
    return _restart(spec.restart.name, spec.restart.max_retries) if spec.restart else "no"


def _have_restart(raw: Json, _engine: EngineFacts) -> Value:
    policy = dig(raw, ("HostConfig", "RestartPolicy")) or {}
    return _restart(policy.get("Name"), policy.get("MaximumRetryCount"))


def _put_restart(body: Body, spec: Any, context: Context) -> None:
    if spec.restart:
        body.setdefault("HostConfig", {}).update(_restart_body(_want_restart(spec, context)))


def grace_seconds(spec: Any) -> int:
    """How many seconds a stop may take before the engine kills; 10 is the engine's own default."""
    return 10 if spec.stop_grace_period is None else -(-spec.stop_grace_period // SECOND)


def _put_grace(body: Body, spec: Any, _context: Context) -> None:
    if spec.stop_grace_period is not None:
        body["StopTimeout"] = grace_seconds(spec)


def _have_grace(raw: Json, _engine: EngineFacts) -> Value:
    value = dig(raw, ("Config", "StopTimeout"))
    return 10 * SECOND if value is None else int(value) * SECOND


def _want_logging(spec: Any, context: Context) -> Value:
    own = spec.logging
    driver = (own.driver if own else None) or context.engine.logging_driver
    return {"driver": driver, "options": as_texts(own.options) if own else {}}


def _have_logging(raw: Json, _engine: EngineFacts) -> Value:
    config = dig(raw, ("HostConfig", "LogConfig")) or {}
    return {"driver": config.get("Type") or "", "options": as_texts(config.get("Config") or {})}


def _put_logging(body: Body, spec: Any, context: Context) -> None:
    if spec.logging:
        value = _want_logging(spec, context)
        place(body, ("HostConfig", "LogConfig"), {"Type": value["driver"], "Config": plain(value["options"])})  # type: ignore[index,call-overload]


def _have_hostname(raw: Json, engine: EngineFacts) -> Value:
    name = dig(raw, ("Config", "Hostname")) or ""
    # A silent spec gets the ID's first characters, on the host's network the host's own name.
    if name == str(raw.get("Id", ""))[:12]:
        return None
    mode = dig(raw, ("HostConfig", "NetworkMode")) or ""
    if mode == "host" and name == engine.name:
        return None
    if mode.startswith("container:"):
        return None  # the owner's; the engine refuses another
    return name or None


def _put_hostname(body: Body, spec: Any, _context: Context) -> None:
    if spec.hostname:
        body["Hostname"] = spec.hostname


def _put_umask(body: Body, spec: Any, _context: Context) -> None:
    if spec.umask is not None:
        place(body, ("HostConfig", "Umask"), spec.umask)


def _put_init(body: Body, spec: Any, _context: Context) -> None:
    if spec.init is not None:
        place(body, ("HostConfig", "Init"), spec.init)


ROWS: tuple[Row[Any], ...] = (
    Row(
        key="entrypoint",
        means="a text is split as a shell splits it; an empty list resets the image's",
        engine=("Entrypoint",),
        want=_want_entrypoint,
        have=_have_list("Config", "Entrypoint"),
        put=_put_list("entrypoint", "Entrypoint"),
        way=replace,
    ),
    Row(
        key="command",
        means="a text is split as a shell splits it",
        engine=("Cmd",),
        want=_want_command,
        have=_have_list("Config", "Cmd"),
        put=_put_list("command", "Cmd"),
        way=replace,
    ),
    Row(
        key="environment",
        means="order means nothing",
        engine=("Env",),
        want=_want_environment,
        have=lambda raw, _engine: pairs(dig(raw, ("Config", "Env"))),
        put=_put_environment,
        way=replace,
    ),
    Row(
        key="labels",
        means="order means nothing; values are texts",
        engine=("Labels",),
        want=_want_labels,
        have=lambda raw, _engine: foreign_labels(dig(raw, ("Config", "Labels"))),
        put=_put_labels,
        way=replace,
        trim=trim_labels,
    ),
    simple("user", "Config.User", inherits="User"),
    simple("working_dir", "Config.WorkingDir", inherits="WorkingDir", normal=posixpath.normpath, means="paths cleaned"),
    Row(
        key="hostname",
        means="the short ID, or the host's name on its network, is no difference to a silent spec",
        engine=("Hostname",),
        want=lambda spec, _context: spec.hostname or None,
        have=_have_hostname,
        put=_put_hostname,
        way=replace,
    ),
    simple("domainname", "Config.Domainname"),
    simple("tty", "Config.Tty", default=False),
    simple("stdin_open", "Config.OpenStdin", default=False),
    simple("stdin_once", "Config.StdinOnce", default=False),
    Row(
        key="umask",
        engine=("HostConfig.Umask",),
        want=lambda spec, _context: spec.umask,
        have=lambda raw, _engine: dig(raw, ("HostConfig", "Umask")),
        put=_put_umask,
        way=replace,
        since=(1, 56),
    ),
    simple(
        "stop_signal",
        "Config.StopSignal",
        inherits="StopSignal",
        default="SIGTERM",
        normal=_signal,
        means="by name with or without SIG, or by number",
    ),
    Row(
        key="stop_grace_period",
        means="whole seconds, rounded up",
        engine=("StopTimeout",),
        want=lambda spec, _context: grace_seconds(spec) * SECOND,
        have=_have_grace,
        put=_put_grace,
        way=replace,
        unit="ns",
    ),
    Row(
        key="healthcheck",
        means="per figure, what is left out or 0 is the image's, then the engine's; a text is a shell command",
        engine=(
            "Healthcheck.Test",
            "Healthcheck.Interval",
            "Healthcheck.Timeout",
            "Healthcheck.Retries",
            "Healthcheck.StartPeriod",
            "Healthcheck.StartInterval",
        ),
        want=_want_health,
        have=_have_health,
        put=_put_health,
        way=replace,
        parts=(
            Part(
                "healthcheck.start_interval",
                (1, 44),
                lambda spec: spec.healthcheck is not None and spec.healthcheck.start_interval is not None,
            ),
        ),
    ),
    Row(
        key="restart",
        means="`on-failure` without a number is `on-failure:0`",
        engine=(
            "HostConfig.RestartPolicy.Name",
            "HostConfig.RestartPolicy.MaximumRetryCount",
        ),
        want=_want_restart,
        have=_have_restart,
        put=_put_restart,
        way=update,
        update=_restart_body,
    ),
    simple("auto_remove", "HostConfig.AutoRemove", default=False),
    Row(
        key="logging",
        means="options are texts; what the daemon adds is no difference",
        engine=(
            "HostConfig.LogConfig.Type",
            "HostConfig.LogConfig.Config",
        ),
        want=_want_logging,
        have=_have_logging,
        put=_put_logging,
        way=replace,
        polluted=True,
    ),
    Row(
        key="init",
        means="what the daemon is set up to do is no difference to a silent spec",
        engine=("HostConfig.Init",),
        want=lambda spec, _context: spec.init,
        have=lambda raw, _engine: dig(raw, ("HostConfig", "Init")),
        put=_put_init,
        way=replace,
        # A daemon whose own default is an init process reports it for a silent spec.
        polluted=True,
    ),
    simple("annotations", "HostConfig.Annotations", default={}, normal=as_texts, since=(1, 43)),
    simple("dns", "HostConfig.Dns", default=(), normal=as_tuple),
    simple("dns_search", "HostConfig.DnsSearch", default=(), normal=as_tuple),
    simple("dns_opt", "HostConfig.DnsOptions", default=(), normal=as_set),
    simple("extra_hosts", "HostConfig.ExtraHosts", default=(), normal=as_set),
)
