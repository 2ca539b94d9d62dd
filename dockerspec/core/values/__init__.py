"""One grammar for every scalar that a spec can hold: text to canonical value, and back where a value is shown.

Called by the spec model, the rules between fields, and the renderers. Each reader is a pure function that raises
ValueError with a sentence in two parts: what is wrong; what to write instead.
"""

from __future__ import annotations

from dockerspec.core.values.addresses import (
    network_of,
    parse_cidr,
    parse_extra_host,
    parse_extra_hosts,
    parse_ip,
    parse_mac,
)
from dockerspec.core.values.durations import (
    MILLISECOND,
    format_duration,
    parse_duration,
    parse_microseconds,
    parse_quota,
)
from dockerspec.core.values.images import ImageRef, parse_image, parse_platform, parse_pull_policy, pull_period
from dockerspec.core.values.mounts import check_target, is_path, parse_mount, parse_tmpfs
from dockerspec.core.values.pairs import parse_environment, parse_names, parse_pairs, parse_texts, yaml_text
from dockerspec.core.values.ports import (
    format_port_range,
    parse_expose,
    parse_port,
    parse_port_range,
)
from dockerspec.core.values.process import (
    CDI_NAME,
    SIGNALS,
    check_container_name,
    check_device,
    check_permissions,
    check_resource_name,
    check_stack_name,
    parse_bool,
    parse_cpus,
    parse_cpuset,
    parse_device,
    parse_gpu_count,
    parse_gpus,
    parse_int,
    parse_mode,
    parse_ratio,
    parse_restart,
    parse_signal,
    parse_ulimit,
)
from dockerspec.core.values.shown import shown
from dockerspec.core.values.sizes import UNLIMITED, format_size, parse_size, parse_size_or_unlimited
from dockerspec.core.values.waits import (
    HTTP_TEXT,
    STATUS,
    check_expression,
    parse_exit_codes,
    parse_http_probe,
    parse_ports,
    parse_statuses,
    parse_words,
)

__all__ = [
    "CDI_NAME",
    "HTTP_TEXT",
    "MILLISECOND",
    "SIGNALS",
    "STATUS",
    "UNLIMITED",
    "ImageRef",
    "check_container_name",
    "check_device",
    "check_expression",
    "check_permissions",
    "check_resource_name",
    "check_stack_name",
    "check_target",
    "format_duration",
    "format_port_range",
    "format_size",
    "is_path",
    "network_of",
    "parse_bool",
    "parse_cidr",
    "parse_cpus",
    "parse_cpuset",
    "parse_device",
    "parse_duration",
    "parse_environment",
    "parse_exit_codes",
    "parse_expose",
    "parse_extra_host",
    "parse_extra_hosts",
    "parse_gpu_count",
    "parse_gpus",
    "parse_http_probe",
    "parse_image",
    "parse_int",
    "parse_ip",
    "parse_mac",
    "parse_microseconds",
    "parse_mode",
    "parse_mount",
    "parse_names",
    "parse_pairs",
    "parse_platform",
    "parse_port",
    "parse_port_range",
    "parse_ports",
    "parse_pull_policy",
    "parse_quota",
    "parse_ratio",
    "parse_restart",
    "parse_signal",
    "parse_size",
    "parse_size_or_unlimited",
    "parse_statuses",
    "parse_texts",
    "parse_tmpfs",
    "parse_ulimit",
    "parse_words",
    "pull_period",
    "shown",
    "yaml_text",
]
