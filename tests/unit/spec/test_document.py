"""YAML text -> Document: values, places, and each fault's sentence, from both parsers."""

from __future__ import annotations

import pytest

from dockerspec.core.diagnostics import Span
from dockerspec.core.spec import document as documents
from dockerspec.core.spec import tree
from dockerspec.core.spec.document import Document, parse
from dockerspec.core.spec.source import SourceFile

PARSERS = pytest.mark.parametrize("pure", [False, True], ids=["c", "pure"])


def read(text: str, *, pure: bool = False) -> Document:
    document, faults = parse(SourceFile("f.yaml", text, "/x"), pure=pure)
    assert faults == []
    assert document is not None
    return document


def faults_of(text: str, *, pure: bool = False) -> list[str]:
    return [str(fault) for fault in parse(SourceFile("f.yaml", text, "/x"), pure=pure)[1]]


def test_the_c_parser_is_installed():
    assert documents._events("a: 1", pure=False).__self__.__class__.__name__ == "CParser"


@PARSERS
@pytest.mark.parametrize(
    ("scalar", "value"),
    [
        ("", None),
        ("~", None),
        ("null", None),
        ("NULL", None),
        ("nULL", "nULL"),
        ("true", True),
        ("False", False),
        ("yes", "yes"),
        ("no", "no"),
        ("on", "on"),
        ("OFF", "OFF"),
        ("7", 7),
        ("-7", -7),
        ("+7", 7),
        ("0755", 755),
        ("0o755", 0o755),
        ("0xfF", 255),
        ("1_000", "1_000"),
        ("1.10", 1.1),
        (".5", 0.5),
        ("5.", 5.0),
        ("1e3", 1000.0),
        (".inf", float("inf")),
        ("-.INF", float("-inf")),
        ("-", [None]),
        ("--", "--"),
        ("1.2.3", "1.2.3"),
        ("22:22", "22:22"),
        ("190:20:30", "190:20:30"),
        ("2024-01-31", "2024-01-31"),
        ("9" * 64, int("9" * 64)),
        ("9" * 65, "9" * 65),
        ('"1"', "1"),
        ("'true'", "true"),
        ("!!str 1", "1"),
        ("! 1", "1"),
        ("!!int 1", 1),
        ("|\n  x\n  y\n", "x\ny\n"),
        (">-\n  x\n  y\n", "x y"),
        ("[1, a, ~]", [1, "a", None]),
        ("{b: 1}", {"b": 1}),
    ],
)
def test_scalars_resolve_by_the_core_schema(scalar, value, pure):
    assert read(f"any: {scalar}" if scalar != "-" else "any:\n-", pure=pure).plain() == {"any": value}


def test_not_a_number_resolves():
    value = read("any: .nan").plain()["any"]
    assert value != value


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("containers: {web: {environment: {A: @}}}", {"A": "@"}),
        ("containers: {web: {environment: [@]}}", ["@"]),
        ("containers: {web: {labels: {A: @}}}", {"A": "@"}),
        ("containers: {web: {command: [@]}}", ["@"]),
        ("containers: {web: {sysctls: {A: @}}}", {"A": "@"}),
        ("containers: {web: {user: @}}", "@"),
        ("containers: {web: {cpuset: @}}", "@"),
        ("containers: {web: {logging: {options: {A: @}}}}", {"options": {"A": "@"}}),
        ("containers: {web: {ports: [@]}}", ["@"]),
        ("containers: {web: {networks: {a: {driver_opts: {A: @}}}}}", {"a": {"driver_opts": {"A": "@"}}}),
        ("images: {web: {build: {args: {A: @}}}}", {"args": {"A": "@"}}),
        ("volumes: {web: {driver_opts: {A: @}}}", {"A": "@"}),
    ],
)
@pytest.mark.parametrize("written", ["1.10", "0755", "1e3", "true", "0x10"])
def test_places_of_text_keep_what_is_written(place, value, written):
    def fill(item):
        if isinstance(item, dict):
            return {key: fill(below) for key, below in item.items()}
        if isinstance(item, list):
            return [fill(below) for below in item]
        return written if item == "@" else item

    section = next(iter(read(place.replace("@", written)).plain().values()))["web"]
    assert next(iter(section.values())) == fill(value)


@pytest.mark.parametrize(
    ("text", "field", "value"),
    [
        ("containers: {web: {replicas: 3}}", "replicas", 3),
        ("containers: {web: {init: true}}", "init", True),
        ("containers: {web: {environment: {A: , B: ~, C: null}}}", "environment", dict.fromkeys("ABC")),
        ("containers: {web: {labels: {$: 1, 8: 1, '[]': 1}}}", "labels", {"$": "1", "8": "1", "[]": "1"}),
        (
            "containers: {web: {ports: [{target: 80, published: 8080}]}}",
            "ports",
            [{"target": 80, "published": "8080"}],
        ),
        ("containers: {web: {env_file: [{path: 1, required: false}]}}", "env_file", [{"path": "1", "required": False}]),
        ("containers: {web: {volumes: [{tmpfs: {mode: 0755}}]}}", "volumes", [{"tmpfs": {"mode": 0o755}}]),
        ("containers: {web: {volumes: [{tmpfs: {mode: 0o755}}]}}", "volumes", [{"tmpfs": {"mode": 0o755}}]),
        ("containers: {web: {volumes: [{tmpfs: {mode: 493}}]}}", "volumes", [{"tmpfs": {"mode": 493}}]),
    ],
)
def test_places_of_other_types_are_resolved(text, field, value):
    assert read(text).plain()["containers"]["web"][field] == value


@PARSERS
@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("1: a\ntrue: b\nyes: c\n", {"1": "a", "true": "b", "yes": "c"}),
        ("\ufeffa: 1\r\nb: 2\r\n", {"a": 1, "b": 2}),
        ("---\na: 1\n...\n", {"a": 1}),
        ("a: &x {b: 1}\nc: *x\n", {"a": {"b": 1}, "c": {"b": 1}}),
        ("a: &x 5\nc: [*x, *x]\n", {"a": 5, "c": [5, 5]}),
        ("a: [80:80, /x:/y:ro, http://h:1/, ::1]", {"a": ["80:80", "/x:/y:ro", "http://h:1/", "::1"]}),
        ("a: {b:c, d: e:f}", {"a": {"b:c": None, "d": "e:f"}}),
        ("&k a: 1\nb: *k\n", {"a": 1, "b": "a"}),
        ("a: &x {b: 1, c: 2}\nd: {<<: *x, c: 3}\n", {"a": {"b": 1, "c": 2}, "d": {"c": 3, "b": 1}}),
        ("d: {<<: [{a: 1, b: 1}, {b: 2, c: 2}], e: 0}", {"d": {"e": 0, "a": 1, "b": 1, "c": 2}}),
        ("d: {<<: {<<: {a: 1}, b: 2}}", {"d": {"a": 1, "b": 2}}),
        ("d: {'<<': {a: 1}}", {"d": {"<<": {"a": 1}}}),
        ("a: &x 1\nb: &x 2\nc: *x\n", {"a": 1, "b": 2, "c": 2}),
    ],
)
def test_structure(text, plain, pure):
    assert read(text, pure=pure).plain() == plain


SPANS = """\
containers:
  web:
    image: nginx
    ports:
      - "80:80"
      - {target: 81}
    environment: [A=1, "B=2"]
    healthcheck:
      test: [CMD, x]
  db: &db
    image: pg
  db2:
    <<: *db
"""


@PARSERS
@pytest.mark.parametrize(
    ("path", "key", "line", "column"),
    [
        ((), False, 1, 1),
        (("containers",), False, 2, 3),
        (("containers",), True, 1, 1),
        (("containers", "web", "image"), False, 3, 12),
        (("containers", "web", "image"), True, 3, 5),
        (("containers", "web", "ports", 0), False, 5, 9),
        (("containers", "web", "ports", 1, "target"), False, 6, 18),
        (("containers", "web", "ports", 9), False, 4, 5),
        (("containers", "web", "ports", "target"), False, 4, 5),
        (("containers", "web", "environment", "B"), False, 7, 24),
        (("containers", "web", "nothing"), False, 2, 3),
        (("containers", "web", "healthcheck", "test", 1), False, 9, 19),
        (("containers", "db2", "image"), False, 11, 12),
        (("containers", "web", "image", "ref"), False, 3, 12),
        (("containers", "web", "ports", 0, "target"), False, 5, 9),
        (("volumes", "x"), False, 1, 1),
    ],
)
def test_spans(path, key, line, column, pure):
    assert read(SPANS, pure=pure).span(path, key=key) == Span("f.yaml", line, column)


# Both parsers must say the same, to the column.
FAULTS = [
    ("a:\n\tb: 1\n", ["f.yaml:2:1: a tab can't indent YAML; write spaces instead"]),
    (
        "a: b: c",
        ["f.yaml:1:5: a colon isn't allowed here; indent keys of one mapping alike, and quote texts that contain ': '"],
    ),
    (
        "a: [1,2\nb: 1",
        ["f.yaml:1:4: the list that starts with '[' isn't closed; write a comma between its items and ']' at its end"],
    ),
    (
        "a: {b",
        [
            "f.yaml:1:4: the mapping that starts with '{' isn't closed;"
            " write a comma between its entries and '}' at its end"
        ],
    ),
    ('a: "x', ["f.yaml:1:4: the quoted text isn't closed; write the same quote character at its end"]),
    (
        'a: "\\x4"',
        ["f.yaml:1:7: this escape isn't complete; write as \\x41, \\u0041 or \\U00000041, or use single quotes"],
    ),
    (
        "- a\nb: 1",
        [
            "f.yaml:2:1: this line fits neither the list above nor the level before it;"
            " start it with '- ' like the other items, or indent it to its own level"
        ],
    ),
    (
        "a:\n - 1\n- 3",
        ["f.yaml:3:1: this line fits no level of the text above it; indent it like the other keys of its mapping"],
    ),
    ("a: - b", ["f.yaml:1:4: a list item '- ' isn't allowed here; start the list on its own line, below its key"]),
    ("a: @x", ['f.yaml:1:4: a value can\'t start with the character @; quote the value: "@..."']),
    ("a: %x", ['f.yaml:1:4: a value can\'t start with the character %; quote the value: "%..."']),
    ("a: !e!x 1", ["f.yaml:1:4: this tag can't be read; delete it, or quote a text that starts with '!'"]),
    (
        "a: * b",
        [
            "f.yaml:1:5: this anchor or alias can't be read; give it a name of letters and digits,"
            " or quote a text that starts with '&' or '*'"
        ],
    ),
    (
        "a: >5x\n t",
        [
            "f.yaml:1:6: this block text can't be read; write '|' or '>' alone on the line and indent"
            " the text below it with spaces"
        ],
    ),
    (
        'a: "\\q"',
        ["f.yaml:1:6: this escape isn't known in double quotes; write \\\\ for a backslash, or use single quotes"],
    ),
    (
        'a: ["x\\ud800", "\\0"]',
        [
            f"f.yaml:1:{column}: a[{index}]: an escape for no usable character; write the character"
            " itself; one beyond U+FFFF is written as \\U and eight digits"
            for index, column in ((0, 5), (1, 16))
        ],
    ),
    (": b", ['f.yaml:1:1: an empty value can\'t be a key; write "" in quotes if that is meant']),
    (
        "a: ]",
        ["f.yaml:1:4: a value is missing here; write a value, or quote a text that starts with a special character"],
    ),
    ("a: *u", ["f.yaml:1:4: a: the alias *u has no anchor; mark an earlier node with &u"]),
    ("a: &a [*a]", ["f.yaml:1:8: a[0]: the alias *a stands inside its own anchor; name a node outside it"]),
    ("a: 1\n---\n", ["f.yaml:2:1: there is nothing behind this '---'; delete it"]),
    (
        "a: 1\n---\n- b\n",
        ["f.yaml:3:1: a spec is a mapping, but this is a list; start with 'containers:' at the left margin"],
    ),
    ("", ["f.yaml:1:1: the spec is empty; write at least 'containers:' with one container below it"]),
    ("# x\n\n", ["f.yaml:1:1: the spec is empty; write at least 'containers:' with one container below it"]),
    ("---\n", ["f.yaml:2:1: the spec is empty; write at least 'containers:' with one container below it"]),
    ("- a", ["f.yaml:1:1: a spec is a mapping, but this is a list; start with 'containers:' at the left margin"]),
    ("a", ["f.yaml:1:1: a spec is a mapping, but this is a text; start with 'containers:' at the left margin"]),
    (
        "a: 1\na: 2\nb:\n  c: 1\n  c: 2\n",
        [
            "f.yaml:2:1: a: the key 'a' is given twice, first at line 1; keep one of the two",
            "f.yaml:5:3: b.c: the key 'c' is given twice, first at line 4; keep one of the two",
        ],
    ),
    ("'1': a\n1: b", ["f.yaml:2:1: 1: the key '1' is given twice, first at line 1; keep one of the two"]),
    (
        "a: &x {}\nb: {<<: *x, <<: *x}",
        ["f.yaml:2:13: b.<<: the key '<<' is given twice, first at line 2; list both under one '<<: [*a, *b]'"],
    ),
    ("a: {<<: 1}", ["f.yaml:1:5: a: '<<' takes mappings only; write '<<: *anchor' or '<<: [*one, *two]'"]),
    ("1.5: a", ['f.yaml:1:1: a decimal number can\'t be a key; write "1.5" in quotes if that is meant']),
    ("~: a", ['f.yaml:1:1: an empty value can\'t be a key; write "~" in quotes if that is meant']),
    (
        "[a]: c",
        ["f.yaml:1:1: a list can't be a key; write a plain word before the colon; quote ${...} and {{...}} in values"],
    ),
    (
        "a: {{x}}",
        [
            "f.yaml:1:5: a: a mapping can't be a key; write a plain word before the colon; quote ${...}"
            " and {{...}} in values"
        ],
    ),
    (
        "a: !!python/none 1\nb: !!binary x\n",
        [
            "f.yaml:1:4: a: the tag !!python/none isn't supported; delete it",
            "f.yaml:2:4: b: the tag !!binary isn't supported; delete it",
        ],
    ),
    ("# c\n%YAML 1.2\n---\na: 1", ["f.yaml:2:1: YAML directives such as '%YAML' aren't read; delete this line"]),
    ("a: \x00", ["f.yaml:1:4: a NUL byte: this is a binary file, not a spec; give a YAML text file"]),
    (
        "b: 1\r\na: \x07b",
        [
            "f.yaml:2:4: the invisible character U+0007 isn't allowed in a spec; delete it, or write it as the"
            ' escape "\\x07" in double quotes'
        ],
    ),
    (
        "a: \u2028",
        [
            "f.yaml:1:4: the invisible character U+2028 isn't allowed in a spec; delete it, or write it as the"
            ' escape "\\u2028" in double quotes'
        ],
    ),
]


@PARSERS
@pytest.mark.parametrize(("text", "expected"), FAULTS, ids=[repr(text)[:30] for text, _ in FAULTS])
def test_faults(text, expected, pure):
    assert faults_of(text, pure=pure) == expected


def test_every_character_is_let_through_or_refused_as_yaml_has_it():
    # YAML 1.2's c-printable, without the three line breaks that are Unicode's, and without the byte order mark.
    ranges = ((0x20, 0x7E), (0xA0, 0xD7FF), (0xE000, 0xFFFD), (0x10000, 0x10FFFF))
    allowed = {0x9, 0xA, 0xD, *(code for first, last in ranges for code in range(first, last + 1))}
    allowed -= {0x2028, 0x2029, 0xFEFF}
    refused = {ord(found) for found in documents._FORBIDDEN.findall("".join(map(chr, range(0x110000))))}
    assert refused == set(range(0x110000)) - allowed


def bomb(levels: int, width: int) -> str:
    """Each level lists the level before it `width` times."""
    lines = ["l0: &l0 [x, x]"]
    lines += [f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * width)}]" for n in range(1, levels)]
    return "\n".join(lines)


@PARSERS
@pytest.mark.parametrize(
    ("text", "part"),
    [
        (bomb(30, 9), "stands for more than 200000 nodes"),
        (bomb(80, 1), "nested deeper than 64 levels"),
        ("a: " + "[" * 100 + "]" * 100, "nested deeper than 64 levels"),
        ("a: " + "[" * 100_000, "nested deeper than 64 levels"),
        (
            "x: &x {" + ", ".join(f"k{n}" for n in range(2000)) + "}\ny:\n" + "- {<<: *x}\n" * 200,
            "stands for more than 200000 nodes",
        ),
    ],
    ids=["aliases", "alias-depth", "depth", "unclosed-depth", "merge-keys"],
)
def test_bounds(text, part, pure):
    [fault] = faults_of(text, pure=pure)
    assert part in fault


def test_size_bound(monkeypatch):
    monkeypatch.setattr(documents, "MAX_CHARACTERS", 1024 * 1024)
    [fault] = faults_of("a: " + "x" * 1024 * 1024)
    assert fault == "f.yaml:1:1: the spec has 1.0 MiB, more than 1 MiB; split it into several stacks"


def test_what_stays_below_the_bounds_is_read():
    depth = tree.MAX_DEPTH - 1
    assert read("a: " + "[" * depth + "]" * depth)
    assert read(bomb(5, 9))
