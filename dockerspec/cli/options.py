"""Options that several commands share, each defined once."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import click

from dockerspec.cli.session import Session, SpecSource
from dockerspec.core.plan.asked import Asked
from dockerspec.core.plan.consent import Consent

Command = Callable[..., Any]
Decorator = Callable[[Command], Command]


def _keep(name: str) -> Callable[[click.Context, click.Parameter, Any], Any]:
    """Make a callback that notes an option in the session; after the command's name it wins over before it."""

    def note(ctx: click.Context, _param: click.Parameter, value: Any) -> Any:
        session = ctx.find_object(Session)
        if session is not None and value is not None:
            setattr(session, name, session.verbose + value if name == "verbose" else value)
        return value

    return note


def _all(function: Command, decorators: tuple[Decorator, ...]) -> Command:
    for decorate in reversed(decorators):
        function = decorate(function)
    return function


_LOOK = (
    click.option(
        "-v",
        "--verbose",
        count=True,
        expose_value=False,
        callback=_keep("verbose"),
        help="Say more: -v lists every engine call, -vv logs what goes on inside.",
    ),
    click.option(
        "--no-color",
        "colour",
        flag_value=False,
        default=None,
        type=bool,
        expose_value=False,
        callback=_keep("colour"),
        help="No colours, as with NO_COLOR set.",
    ),
)
_ENGINE = (
    click.option(
        "-H",
        "--host",
        metavar="URL",
        expose_value=False,
        callback=_keep("host"),
        help="The engine: unix://PATH, tcp://HOST:PORT or ssh://HOST. Default: as the docker command chooses it.",
    ),
    click.option(
        "-c",
        "--context",
        metavar="NAME",
        expose_value=False,
        callback=_keep("context"),
        help="The docker context that names the engine.",
    ),
)
_SPEC = (
    click.option(
        "-f",
        "--file",
        "more_files",
        multiple=True,
        type=click.Path(allow_dash=True),
        metavar="FILE",
        help="A spec file, `-` for standard input; may be repeated, later files overlay earlier ones.",
    ),
    click.option(
        "--env-file",
        "env_files",
        multiple=True,
        type=click.Path(),
        metavar="FILE",
        help="Variables for the spec instead of those in .env; may be repeated.",
    ),
    click.option(
        "--var",
        "variables",
        multiple=True,
        metavar="NAME=VALUE",
        help="A variable for the spec; wins over all other sources. May be repeated.",
    ),
    click.option(
        "-p", "--project-name", default="", metavar="NAME", help="The name of a Compose project, instead of its own."
    ),
    click.option(
        "--profile",
        "profiles",
        multiple=True,
        metavar="NAME",
        help="Activate a profile of a Compose project, `*` all of them; may be repeated.",
    ),
    click.option(
        "--project-directory",
        type=click.Path(),
        metavar="FOLDER",
        help="The folder that a Compose project's relative paths start from. Default: that of its first file.",
    ),
)
_SPEC_ARGUMENT = click.argument("files", nargs=-1, type=click.Path(allow_dash=True), metavar="[FILE]...")


def look_options(function: Command) -> Command:
    """Add -v and --no-color."""
    return _all(function, _LOOK)


def engine_options(function: Command) -> Command:
    """Add --host, --context, -v and --no-color."""
    return _all(function, (*_ENGINE, *_LOOK))


def spec_options(function: Command) -> Command:
    """Add the spec's files and variables, handed on as one `source: SpecSource`."""

    @functools.wraps(function)
    def wrapper(*args: Any, files: tuple[str, ...], more_files: tuple[str, ...], **kwargs: Any) -> Any:
        if files and more_files:
            raise click.UsageError("give spec files either as arguments or with --file: their order matters")
        return function(*args, source=_source(files or more_files, kwargs), **kwargs)

    return _all(wrapper, (_SPEC_ARGUMENT, *_SPEC))


def spec_file_options(function: Command) -> Command:
    """The same for a command whose arguments are something else: spec files are given with --file only."""

    @functools.wraps(function)
    def wrapper(*args: Any, more_files: tuple[str, ...], **kwargs: Any) -> Any:
        return function(*args, source=_source(more_files, kwargs), **kwargs)

    return _all(wrapper, _SPEC)


def _source(paths: tuple[str, ...], given: dict[str, Any]) -> SpecSource:
    """Take the options of a spec out of those of a command."""
    names = ("env_files", "variables", "project_name", "profiles", "project_directory")
    return SpecSource(paths, **{name: given.pop(name) for name in names})


_OBJECT = "KIND.NAME|NAME"
_PART = (
    click.option(
        "--target",
        "targets",
        multiple=True,
        metavar=_OBJECT,
        help="Only this object and what it needs, as container.web or web; may be repeated.",
    ),
    click.option(
        "--exclude",
        "excludes",
        multiple=True,
        metavar=_OBJECT,
        help="Everything but this object and what only it needs; may be repeated.",
    ),
)
_REPLACE = click.option(
    "--replace",
    "replaces",
    multiple=True,
    metavar=_OBJECT,
    help="Make this object anew although nothing differs, as web or 'web[2]'; may be repeated.",
)
_ALLOW = click.option(
    "--allow",
    "allow",
    multiple=True,
    type=click.Choice([str(word) for word in Consent]),
    help="Consent to what a yes is not enough for (see docs/guards.md); may be repeated.",
)
_CONSENT = (
    click.option(
        "--delete-volume",
        "delete_volumes",
        multiple=True,
        metavar="NAME",
        help="Allow this volume, data and all, to be deleted in this run; may be repeated.",
    ),
    _ALLOW,
)


def allow_option(function: Command) -> Command:
    """Add --allow."""
    return _ALLOW(function)


def asked_options(function: Command) -> Command:
    """Add --target, --exclude, --replace, --delete-volume and --allow, handed on as one `asked: Asked`."""
    return _asked(function, (*_PART, _REPLACE, *_CONSENT))


def asked_to_destroy_options(function: Command) -> Command:
    """The same without --replace."""
    return _asked(function, (*_PART, *_CONSENT))


def _asked(function: Command, decorators: tuple[Decorator, ...]) -> Command:
    @functools.wraps(function)
    def wrapper(
        *args: Any,
        targets: tuple[str, ...],
        excludes: tuple[str, ...],
        delete_volumes: tuple[str, ...],
        allow: tuple[str, ...],
        replaces: tuple[str, ...] = (),
        **kwargs: Any,
    ) -> Any:
        return function(*args, asked=Asked(targets, excludes, replaces, delete_volumes, allow), **kwargs)

    return _all(wrapper, decorators)


def json_option(function: Command) -> Command:
    """Add --json."""
    return click.option("--json", "as_json", is_flag=True, help="Print a versioned JSON document (see schemas/).")(
        function
    )


def carry_out_options(function: Command) -> Command:
    """Add --yes, --parallelism and --lock-timeout."""
    return _all(
        function,
        (
            click.option("-y", "--yes", is_flag=True, help="Don't ask; needed where nobody sits at a terminal."),
            click.option(
                "--parallelism",
                type=click.IntRange(1, 64),
                metavar="N",
                help="How many engine calls may be under way at once.",
            ),
            click.option(
                "--lock-timeout",
                type=click.FloatRange(0),
                default=0.0,
                metavar="SECONDS",
                help="How long to wait for another run on the same stack. Default: not at all.",
            ),
        ),
    )
