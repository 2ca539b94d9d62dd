"""The spec model of how a container changes: what counts as ready, and how a change is rolled out.

Called by model_container.py.
"""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import AfterValidator, BeforeValidator, PlainValidator, model_validator

from dockerspec.core import values
from dockerspec.core.nearest import nearest
from dockerspec.core.spec.forms import (
    TEXT,
    Count,
    Duration,
    Form,
    Options,
    PortNumber,
    Ratio,
    Schema,
    SpecModel,
    either,
    key,
    list_of,
    pattern,
)

_PORT = either({"type": "integer", "minimum": 1, "maximum": 65535}, pattern("[0-9]{1,5}"))
_CODE = either({"type": "integer", "minimum": 0, "maximum": 255}, pattern("[0-9]{1,3}"))
_STATUS = either(
    {"type": "integer", "minimum": 100, "maximum": 599}, pattern(f" *{values.STATUS} *(?:, *{values.STATUS} *)*")
)
_WORDS = either({"type": "string"}, {**list_of(TEXT), "minItems": 1})

Expression = Annotated[str, AfterValidator(values.check_expression), Form("regular expression", {"type": "string"})]
Statuses = Annotated[
    tuple[tuple[int, int], ...],
    PlainValidator(values.parse_statuses),
    Form("status, range, or list", either(_STATUS, {**list_of(_STATUS), "minItems": 1})),
]
ExitCodes = Annotated[
    tuple[int, ...],
    PlainValidator(values.parse_exit_codes),
    Form("number or list", either(_CODE, {**list_of(_CODE), "minItems": 1})),
]
TcpPorts = Annotated[
    tuple[int, ...],
    PlainValidator(values.parse_ports),
    Form("port or list of ports", either(_PORT, {**list_of(_PORT), "minItems": 1})),
]
Words = Annotated[tuple[str, ...], BeforeValidator(values.parse_words), Form("command line or list of words", _WORDS)]


def _path(text: str) -> str:
    if not text.startswith("/") or any(char.isspace() for char in text):
        raise ValueError(f"{values.shown(text)} is no path of a request; write one that begins with /, such as /health")
    return text


class HttpWait(SpecModel):
    """A request that must be answered well; a text alone is its path, with the port before it if need be."""

    SHORT_FORMS: ClassVar[tuple[Schema, ...]] = (pattern(values.HTTP_TEXT),)

    path: Annotated[str, AfterValidator(_path), Form("path", pattern(r"/\S*"))] = key(
        "/", "The path, with its query; / by default.", "/health"
    )
    port: PortNumber | None = key(None, "The port within the container; the only one that it exposes by default.", 8080)
    scheme: Literal["http", "https"] = key(
        "http", "http or https; http by default. The certificate is not checked.", "https"
    )
    method: Literal["GET", "HEAD", "POST", "PUT", "OPTIONS"] = key("GET", "The method; GET by default.", "HEAD")
    status: Statuses | None = key(
        None,
        "Statuses that will do; 200 to 399 by default. Redirects are not followed.",
        "200-399",
        [200, 401],
    )
    headers: Options = key({}, "Headers to send.", {"Host": "shop.example"})

    @classmethod
    def short_form(cls, value: object) -> object:
        """A text is the path, or :PORT/PATH."""
        return values.parse_http_probe(value)


class Wait(SpecModel):
    """What counts as ready; all that is said must hold. `running` or `healthy` alone is the state."""

    SHORT_FORMS: ClassVar[tuple[Schema, ...]] = ({"enum": ["running", "healthy"]}, {"type": "string", "pattern": r"\$"})
    RULE: ClassVar[Schema] = {
        "not": {
            "required": ["exit_code"],
            "anyOf": [{"required": [name]} for name in ("state", "port", "http", "command")],
        }
    }

    state: Literal["running", "healthy"] | None = key(
        None, "running or healthy; by default healthy where there is a health check.", "healthy"
    )
    log: Expression | None = key(
        None, "An expression that a line of the log must match, written since this start.", "ready to accept"
    )
    port: TcpPorts | None = key(None, "TCP ports within the container that something must listen on.", 5432, [80, 443])
    http: HttpWait | None = key(
        None, "A request that must be answered well.", ":8080/health", {"path": "/health", "status": "200-299"}
    )
    command: Words | None = key(
        None, "A command in the container that must end with exit code 0; no shell reads it.", ["pg_isready", "-q"]
    )
    exit_code: ExitCodes | None = key(
        None, "Codes that a job may end with, for state: completed; 0 by default.", [0, 3]
    )

    @classmethod
    def short_form(cls, value: object) -> object:
        """A text is the state."""
        if value in ("running", "healthy"):
            return {"state": value}
        if isinstance(value, (str, bool, int, float, list)):
            meant = nearest(value, ("running", "healthy")) if isinstance(value, str) else None
            choice = "write one of them, or a mapping with log, port, http, command or exit_code"
            fix = f"did you mean '{meant}'?" if meant else choice
            raise ValueError(f"{values.shown(value)} is neither running nor healthy; {fix}")
        return value

    @model_validator(mode="after")
    def _one_kind_of_life(self) -> Self:
        for name in ("state", "port", "http", "command"):
            if self.exit_code is not None and getattr(self, name) is not None:
                raise ValueError(f"exit_code waits for the container's end and {name} for its life; remove one of them")
        return self


class UpdatePolicy(SpecModel):
    """How a change of the container is rolled out."""

    order: Literal["start-first", "stop-first"] | None = key(
        None,
        "Which is first: the new container ready, or the old one stopped. By default the former, start-first,"
        " unless there is something that only one can have.",
        "start-first",
    )
    parallelism: Count = key(1, "How many replicas are replaced at a time; 1 by default, 0 means all of them.", 2)
    delay: Duration | None = key(None, "Pause between one batch of replicas and the next.", "10s")
    max_failure_ratio: Ratio = key(0.0, "The share of replicas that may fail; 0 by default.", 0.25)
    on_failure: Literal["rollback", "pause", "continue"] = key(
        "rollback",
        "What follows a failure: the replicas that were replaced come back, the rest is left alone, or it goes on.",
        "pause",
    )
    wait: Wait | None = key(
        None,
        "What counts as success: running, healthy, or a mapping of conditions; healthy where it has a check.",
        "healthy",
        {"log": "ready to accept connections", "port": 5432},
    )
    timeout: Duration | None = key(None, "Time to wait for that, and for each of its hooks.", "60s")
