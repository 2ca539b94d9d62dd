"""The table of places where the model wants a text, whatever the scalar there looks like.

`labels: {version: 1.10}` must arrive as "1.10", not as the number 1.1; so plain data made from a document gives
these places the text of the file (see `nodes.plain`). A test ties the table to the model: every text field is in it.

Callers: `nodes` and `document`. Limits: null stays null, and numbers elsewhere are resolved by YAML's rules.
"""

from __future__ import annotations

from typing import TypeAlias

TextRule: TypeAlias = "dict[str, TextRule]"

# Keys of a rule that are no field names: `*` any other key, `[]` list items, `$` scalars here are texts,
# `8` the scalar is a file mode, where a leading zero means octal as it does for every Unix tool.
ANY, ITEM, SCALAR, OCTAL = "*", "[]", "$", "8"

_IMAGE = ("image", "tags.**", "platform", "pull_policy", "push.[]")
_BUILD = (
    "",
    "context",
    "dockerfile",
    "dockerfile_inline",
    "args.**",
    "target",
    "labels.**",
    "network",
    "extra_hosts.**",
    "cache_from.**",
    "cache_to.**",
    "tags.**",
    "isolation",
    "additional_contexts.**",
    "secrets.[]",
    "secrets.[].source",
    "secrets.[].target",
    "ssh.**",
    "platforms.**",
    "entitlements.**",
    "provenance",
    "sbom",
)
_NETWORK = (
    "name",
    "driver",
    "driver_opts.**",
    "labels.**",
    "ipam.driver",
    "ipam.options.**",
    "ipam.config.[].**",
    "scope",
    "config_from",
)
_VOLUME = (
    "name",
    "driver",
    "driver_opts.**",
    "labels.**",
    "cluster.group",
    *(f"cluster.access_mode.{name}" for name in ("scope", "sharing", "mount_volume.fs_type")),
    "cluster.access_mode.mount_volume.mount_flags.**",
    "cluster.accessibility_requirements.requisite.**",
    "cluster.accessibility_requirements.preferred.**",
    "cluster.secrets.[].key",
    "cluster.secrets.[].secret",
    "cluster.availability",
)
_SECRET = ("file", "environment")
_CONFIG = ("file", "environment", "content")
_GRANT = ("[]", "[].source", "[].target")
_ENDPOINT = (
    "aliases.**",
    "ipv4_address",
    "ipv6_address",
    "link_local_ips.**",
    "mac_address",
    "driver_opts.**",
    "interface_name",
)
_PORT = ("", "published", "host_ip", "protocol")
_MOUNT = (
    "",
    "type",
    "source",
    "target",
    "consistency",
    "bind.propagation",
    "bind.recursive",
    "bind.selinux",
    "volume.subpath",
    "volume.labels.**",
    "volume.driver_config.**",
    "tmpfs.options.**",
    "image.subpath",
)
_WAIT = (
    "",
    ".state",
    ".log",
    ".http",
    ".http.path",
    ".http.scheme",
    ".http.method",
    ".http.headers.**",
    ".command.**",
)
_HOOK = ("command.**", "user", "working_dir", "environment.**")
_CONTAINER = (
    "image.**",
    "container_name",
    "hostname",
    "domainname",
    "mac_address",
    "user",
    "working_dir",
    "platform",
    "pull_policy",
    "command.**",
    "entrypoint.**",
    "environment.**",
    "env_file",
    "env_file.[]",
    "env_file.[].path",
    "labels.**",
    "annotations.**",
    *(f"ports.[].{name}" for name in _PORT),
    "expose.**",
    *(f"volumes.[].{name}" for name in _MOUNT),
    "volumes_from.**",
    "volume_driver",
    "tmpfs.**",
    "networks.[]",
    *(f"networks.*.{name}" for name in _ENDPOINT),
    "network_mode",
    "pid",
    "ipc",
    "uts",
    "userns_mode",
    "cgroup",
    "cgroup_parent",
    "runtime",
    "isolation",
    "healthcheck.test.**",
    "cpuset",
    "cpuset_mems",
    *(f"blkio_config.{name}.[].path" for name in ("weight_device", "device_read_bps", "device_write_bps")),
    *(f"blkio_config.{name}.[].path" for name in ("device_read_iops", "device_write_iops")),
    "cap_add.**",
    "cap_drop.**",
    "security_opt.**",
    "masked_paths.**",
    "readonly_paths.**",
    "group_add.**",
    "devices.**",
    "gpus.[].driver",
    "gpus.[].device_ids.**",
    "gpus.[].capabilities.**",
    "gpus.[].options.**",
    "device_cgroup_rules.**",
    "sysctls.**",
    "storage_opt.**",
    "stop_signal",
    "logging.driver",
    "logging.options.**",
    "extra_hosts.**",
    "dns.**",
    "dns_search.**",
    "dns_opt.**",
    "links.**",
    "external_links.**",
    "depends_on.[]",
    "depends_on.*.condition",
    "state",
    "update.on_failure",
    "update.order",
    *(f"update.wait{name}" for name in _WAIT),
    *(f"{stage}.[].{name}" for stage in ("pre_start", "post_start", "pre_stop") for name in _HOOK),
    *(f"{section}.{name}" for section in ("configs", "secrets") for name in _GRANT),
    "ignore_changes.**",
)
TEXT_PATHS: tuple[str, ...] = (
    "stack",
    *(f"images.*.{name}" for name in _IMAGE),
    *(f"images.*.build.{name}" for name in _BUILD),
    *(f"networks.*.{name}" for name in _NETWORK),
    *(f"volumes.*.{name}" for name in _VOLUME),
    *(f"configs.*.{name}" for name in _CONFIG),
    *(f"secrets.*.{name}" for name in _SECRET),
    *(f"containers.*.{name}" for name in _CONTAINER),
)
OCTAL_PATHS: tuple[str, ...] = (
    "containers.*.volumes.[].tmpfs.mode",
    "containers.*.umask",
    "containers.*.configs.[].mode",
    "containers.*.secrets.[].mode",
)


def _everything() -> TextRule:
    rule: TextRule = {}
    rule[SCALAR] = rule[ANY] = rule[ITEM] = rule
    return rule


def compile_rule(texts: tuple[str, ...], octals: tuple[str, ...] = ()) -> TextRule:
    """Turn path patterns into a tree that is walked beside the document.

    Args:
        texts: dotted patterns; `*` is any key, `[]` any item, a trailing `**` all that lies at or below.
        octals: patterns of the file modes.
    """
    root: TextRule = {}
    everything = _everything()
    for pattern in (*texts, *octals):
        *steps, last = [step for step in pattern.split(".") if step]
        rule = root
        for step in steps if last == "**" else (*steps, last):
            parent, name = rule, step
            rule = rule.setdefault(step, {})
        if last == "**":
            parent[name] = everything
        else:
            rule[SCALAR] = {}
        if pattern in octals:
            rule[OCTAL] = {}
    return root


TEXT_RULE: TextRule = compile_rule(TEXT_PATHS, OCTAL_PATHS)
