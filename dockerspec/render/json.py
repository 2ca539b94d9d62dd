"""The JSON views: versioned documents for programs, each with a schema under `schemas/`.

Callers: the command line's `--json`. A document says in `format` what it is and which version of it; within a version
keys are only ever added. Bodies of engine calls are left out: they hold environment values.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from dockerspec.core.diagnostics import Diagnostic, Severity
from dockerspec.core.diff.change import FieldChange, ObjectChange
from dockerspec.core.facts import EngineFacts, Value
from dockerspec.core.plan.consent import Guard
from dockerspec.core.plan.plan import Plan
from dockerspec.core.report.outcome import Outcome, Report, Status
from dockerspec.core.report.status import StackStatus, StatusRow
from dockerspec.render.clean import Cleaner

if TYPE_CHECKING:  # it needs the tables of fields, which no other document does
    from dockerspec.core.report.drift import DriftReport, DriftRow

Json = Any
Masker = Cleaner
"""Only masks here: JSON escapes control characters itself, and a program wants the text as it is."""

_NOTHING: frozenset[str] = frozenset()


def plan_json(plan: Plan, *, mask: frozenset[str] = _NOTHING) -> str:
    """A plan as a `dockerspec.plan/1` document; `mask` holds secret values that must not be shown."""
    masker = Masker(mask)
    summary = plan.summary
    return as_text(
        {
            "format": "dockerspec.plan/1",
            "stack": plan.stack,
            "empty": plan.is_empty,
            "destroys": plan.destroys,
            "partial": plan.partial,
            "summary": {
                "create": summary.create,
                "update": summary.update,
                "replace": summary.replace,
                "delete": summary.delete,
                "unchanged": summary.unchanged,
            },
            "changes": [_change(change, masker) for change in plan.changes],
            "actions": [
                {
                    "key": masker.mask(key),
                    "verb": action.verb,
                    "address": masker.mask(str(action.address)),
                    "subject": masker.mask(action.subject),
                    "cause": masker.mask(action.cause),
                    "after": [masker.mask(item) for item in sorted(plan.graph.before.get(key, ()))],
                }
                for key, action in plan.actions.items()
            ],
            "guards": [_guard(guard, masker) for guard in plan.guards],
            "diagnostics": _diagnostics(plan.diagnostics, masker),
        }
    )


def report_json(report: Report, *, mask: frozenset[str] = _NOTHING) -> str:
    """A report as a `dockerspec.report/1` document; `mask` holds secret values that must not be shown."""
    masker = Masker(mask)
    return as_text(
        {
            "format": "dockerspec.report/1",
            "stack": report.stack,
            "ok": report.ok,
            "cancelled": report.cancelled,
            "seconds": round(report.seconds, 3),
            "summary": {status.value: report.count(status) for status in Status},
            "outcomes": [_outcome(item, masker) for item in report.outcomes.values()],
            "undone": [_outcome(item, masker) for item in report.undone],
            "remaining": [_change(change, masker) for change in report.remaining],
            "unproven": masker.mask(report.unproven),
            "standing": [
                {
                    "address": masker.mask(str(item.address)),
                    "name": masker.mask(item.name),
                    "stand": item.stand.value,
                    "note": masker.mask(item.note),
                }
                for item in report.standing
            ],
            "next": [{"command": masker.mask(item.command), "why": masker.mask(item.why)} for item in report.next],
        }
    )


def status_json(status: StackStatus, *, mask: frozenset[str] = _NOTHING) -> str:
    """A stack's state as a `dockerspec.status/1` document; `mask` holds secret values that must not be shown."""
    masker = Masker(mask)
    return as_text(
        {
            "format": "dockerspec.status/1",
            "stack": status.stack,
            "engine": _engine(status.engine, status.endpoint, masker),
            "unchanged": status.unchanged,
            "objects": [_row(row, masker) for row in status.rows],
        }
    )


def drift_json(report: DriftReport, *, mask: frozenset[str] = _NOTHING) -> str:
    """A drift report as a `dockerspec.drift/1` document; `mask` holds secret values that must not be shown."""
    from dockerspec.core.report.drift import Drift

    masker = Masker(mask)
    return as_text(
        {
            "format": "dockerspec.drift/1",
            "stack": report.stack,
            "engine": _engine(report.engine, report.endpoint, masker),
            "summary": {
                **{kind.value: report.count(kind) for kind in Drift},
                "pending": len(report.pending),
                "unchanged": report.unchanged,
            },
            "drifted": [{"kind": row.kind, **_drift(row, masker)} for row in report.drifted],
            "pending": [_drift(row, masker) for row in report.pending],
            "diagnostics": _diagnostics(report.diagnostics, masker),
        }
    )


def _drift(row: DriftRow, masker: Masker) -> Json:
    return {
        "address": masker.mask(str(row.address)),
        "name": masker.mask(row.name),
        "note": masker.mask(row.note),
        "fields": [_field(field, masker) for field in row.fields],
    }


def _engine(engine: EngineFacts, endpoint: str, masker: Masker) -> Json:
    return {
        "version": masker.mask(engine.version),
        "api": ".".join(map(str, engine.api)),
        "id": masker.mask(engine.id),
        "name": masker.mask(engine.name),
        "os": engine.os,
        "arch": engine.arch,
        "endpoint": masker.mask(endpoint),
    }


def diagnostics_json(items: Iterable[Diagnostic], *, mask: frozenset[str] = _NOTHING) -> str:
    """Diagnostics as a `dockerspec.diagnostics/1` document; `mask` holds secret values that must not be shown."""
    found = tuple(items)
    errors = sum(item.severity is Severity.ERROR for item in found)
    return as_text(
        {
            "format": "dockerspec.diagnostics/1",
            "ok": not errors,
            "errors": errors,
            "warnings": len(found) - errors,
            "diagnostics": _diagnostics(found, Masker(mask)),
        }
    )


def as_text(document: Json) -> str:
    """A document as it is printed."""
    # Lone surrogates, which a broken file name can bring, have no UTF-8: then everything outside ASCII is escaped.
    text = json.dumps(document, indent=2, ensure_ascii=False)
    return f"{text if _encodable(text) else json.dumps(document, indent=2)}\n"


def _encodable(text: str) -> bool:
    return not any("\ud800" <= char <= "\udfff" or char in "\x7f\u2028\u2029" for char in text)


def _guard(guard: Guard, masker: Masker) -> Json:
    return {
        "consent": guard.consent.value,
        "given": guard.given,
        "objects": [
            {"address": masker.mask(str(item.address)), "name": masker.mask(item.name), "why": masker.mask(item.why)}
            for item in guard.objects
        ],
    }


def _change(change: ObjectChange, masker: Masker) -> Json:
    return {
        "address": masker.mask(str(change.address)),
        "kind": change.kind.value,
        "name": masker.mask(change.name),
        "cause": masker.mask(change.cause),
        "downtime": change.downtime,
        "order": change.order,
        "order_reason": change.order_reason,
        "data_loss": change.data_loss,
        "fields": [_field(field, masker) for field in change.fields],
    }


def _field(field: FieldChange, masker: Masker) -> Json:
    return {
        "path": masker.mask(field.path),
        "old": _value(field.old, masker),
        "new": _value(field.new, masker),
        "unit": field.unit,
        "way": field.way.value,
        "cause": field.cause.value,
        "note": masker.mask(field.note),
    }


def _value(value: Value, masker: Masker) -> Json:
    if isinstance(value, str):
        return masker.mask(value)
    if isinstance(value, Mapping):
        return {masker.mask(str(key)): _value(item, masker) for key, item in value.items()}
    if isinstance(value, (tuple, list)):
        return [_value(item, masker) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)  # JSON has no such numbers
    return value


def _outcome(item: Outcome, masker: Masker) -> Json:
    return {
        "key": masker.mask(item.action.key),
        "verb": item.action.verb,
        "address": masker.mask(str(item.action.address)),
        "status": item.status.value,
        "message": masker.mask(item.message),
        "hint": masker.mask(item.hint),
        "path": masker.mask(item.path),
        "file": masker.mask(item.span.file) if item.span else None,
        "line": item.span.line if item.span else None,
        "column": item.span.column if item.span else None,
        "warnings": [masker.mask(text) for text in item.warnings],
        "kind": item.kind.value if item.kind else None,
        "logs": masker.mask(item.logs),
        "health": [
            {"ended": check.ended, "exit_code": check.exit_code, "output": masker.mask(check.output)}
            for check in item.checks
        ],
        "seconds": round(item.seconds, 3),
    }


def _row(row: StatusRow, masker: Masker) -> Json:
    return {
        "address": masker.mask(str(row.address)),
        "name": masker.mask(row.name),
        "want": masker.mask(row.want),
        "state": masker.mask(row.state),
        "health": masker.mask(row.health),
        "image": masker.mask(row.image),
        "ports": [masker.mask(port) for port in row.ports],
        "since": masker.mask(row.since),
        "note": masker.mask(row.note),
        "drift": [_field(field, masker) for field in row.drift],
    }


def _diagnostics(items: Iterable[Diagnostic], masker: Masker) -> list[Json]:
    return [
        {
            "severity": item.severity.value,
            "path": masker.mask(item.path),
            "summary": masker.mask(item.summary),
            "fix": masker.mask(item.fix),
            "file": masker.mask(item.span.file) if item.span else None,
            "line": item.span.line if item.span else None,
            "column": item.span.column if item.span else None,
        }
        for item in sorted(items, key=lambda item: item.sort_key)
    ]
