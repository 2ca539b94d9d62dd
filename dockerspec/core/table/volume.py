"""The field table of volumes. A volume can't be edited, and making it anew loses its data: only with consent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dockerspec.core.facts import EngineFacts, Value
from dockerspec.core.table.base import Body, Context, Json, Row, as_texts, dig, plain, replace, simple
from dockerspec.core.table.process import foreign_labels, trim_labels


def _put_options(body: Body, spec: Any, _context: Context) -> None:
    if spec.driver_opts:
        body["DriverOpts"] = plain(as_texts(spec.driver_opts))


def _put_labels(body: Body, spec: Any, _context: Context) -> None:
    if spec.labels:
        body["Labels"] = dict(spec.labels)


_CLUSTER_PARTS = ("AccessMode", "AccessibilityRequirements", "CapacityRange")


class _Verbatim(dict[str, Value]):
    """Options of a driver that adds none of its own."""


def _have_options(raw: Json, _engine: EngineFacts) -> Value:
    options = as_texts(raw.get("Options") or {})
    assert isinstance(options, dict)
    return _Verbatim(options) if raw.get("Driver") == "local" else options


def _holds_options(want: Value, have: Value) -> bool:
    if isinstance(have, _Verbatim):
        return want == have
    assert isinstance(want, Mapping)
    assert isinstance(have, Mapping)
    return all(have.get(key) == value for key, value in want.items())


def _full(values: Mapping[str, Any]) -> dict[str, Any]:
    """A mapping without its empty values."""
    return {key: value for key, value in values.items() if value not in (None, "", (), [], {}, 0)}


def _cluster_body(spec: Any) -> Body:
    """`ClusterVolumeSpec` of a spec."""
    own = spec.access_mode
    access: Body = {"Scope": own.scope, "Sharing": own.sharing} if own else {"Scope": "single", "Sharing": "none"}
    if own and own.block_volume:
        access["BlockVolume"] = {}
    else:
        mount = own and own.mount_volume
        access["MountVolume"] = _full({"FsType": mount.fs_type, "MountFlags": list(mount.mount_flags)}) if mount else {}
    places, sizes = spec.accessibility_requirements, spec.capacity_range
    body = {
        "Group": spec.group,
        "Secrets": [{"Key": item.key, "Secret": item.secret} for item in spec.secrets],
        "AccessibilityRequirements": places
        and _full({"Requisite": list(map(dict, places.requisite)), "Preferred": list(map(dict, places.preferred))}),
        "CapacityRange": sizes and _full({"RequiredBytes": sizes.required_bytes, "LimitBytes": sizes.limit_bytes}),
        "Availability": spec.availability,
    }
    return {"AccessMode": access, **_full(body)}


def _cluster(body: Json) -> Value:
    """The normal form of a `ClusterVolumeSpec`."""
    if not body:
        return {}
    access, places, sizes = (body.get(key) or {} for key in _CLUSTER_PARTS)
    mount = access.get("MountVolume") or {}
    return _full(
        {
            "group": body.get("Group"),
            "access_mode": _full(
                {
                    "scope": access.get("Scope") or "single",
                    "sharing": access.get("Sharing") or "none",
                    "block_volume": access.get("BlockVolume") is not None,
                    "fs_type": mount.get("FsType"),
                    "mount_flags": tuple(mount.get("MountFlags") or ()),
                }
            ),
            "secrets": tuple(
                {"key": item.get("Key"), "secret": item.get("Secret")} for item in body.get("Secrets") or ()
            ),
            "requisite": tuple(dict(item) for item in places.get("Requisite") or ()),
            "preferred": tuple(dict(item) for item in places.get("Preferred") or ()),
            "required_bytes": sizes.get("RequiredBytes"),
            "limit_bytes": sizes.get("LimitBytes"),
            "availability": body.get("Availability") or "active",
        }
    )


def _put_cluster(body: Body, spec: Any, _context: Context) -> None:
    if spec.cluster is not None:
        body["ClusterVolumeSpec"] = _cluster_body(spec.cluster)


ROWS: tuple[Row[Any], ...] = (
    simple("driver", "Driver", default="local"),
    Row(
        key="driver_opts",
        engine=("DriverOpts",),
        want=lambda spec, _context: as_texts(spec.driver_opts),
        have=_have_options,
        put=_put_options,
        way=replace,
        holds=_holds_options,
        polluted=True,
    ),
    Row(
        key="cluster",
        engine=(
            "ClusterVolumeSpec.Group",
            "ClusterVolumeSpec.AccessMode.Scope",
            "ClusterVolumeSpec.AccessMode.Sharing",
            "ClusterVolumeSpec.AccessMode.MountVolume.FsType",
            "ClusterVolumeSpec.AccessMode.MountVolume.MountFlags",
            "ClusterVolumeSpec.AccessMode.BlockVolume",
            "ClusterVolumeSpec.AccessibilityRequirements.Requisite",
            "ClusterVolumeSpec.AccessibilityRequirements.Preferred",
            "ClusterVolumeSpec.CapacityRange.RequiredBytes",
            "ClusterVolumeSpec.CapacityRange.LimitBytes",
            "ClusterVolumeSpec.Secrets",
            "ClusterVolumeSpec.Availability",
        ),
        want=lambda spec, _context: _cluster(_cluster_body(spec.cluster)) if spec.cluster is not None else {},
        have=lambda raw, _engine: _cluster(dig(raw, ("ClusterVolume", "Spec"))),
        put=_put_cluster,
        way=replace,
        since=(1, 42),
    ),
    Row(
        key="labels",
        engine=("Labels",),
        want=lambda spec, _context: foreign_labels(spec.labels),
        have=lambda raw, _engine: foreign_labels(raw.get("Labels")),
        put=_put_labels,
        way=replace,
        trim=trim_labels,
    ),
)


def create_body(spec: Any, context: Context, name: str) -> Body:
    """The engine's create body for a volume spec."""
    body: Body = {"Name": name}
    for row in ROWS:
        row.put(body, spec, context)
    return body
