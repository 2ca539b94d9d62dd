"""What takes more than a yes: only the consents that nobody gave are asked for."""

from __future__ import annotations

from dockerspec.core.address import Address
from dockerspec.core.plan.consent import Consent, Guard, Guarded
from tests.unit.render.samples import change, plan


def at(address: str, name: str, why: str = "") -> Guarded:
    return Guarded(Address.parse(address), name, why)


VALUE = plan(
    change("volume.data", "delete", "no longer in the spec", data_loss=True),
    change("container.old", "delete", "no longer in the spec"),
    change("container.tool", "delete", "no longer in the spec"),
    guards=(
        Guard(Consent.VOLUME_DELETE, (at("volume.data", "shop_data"),), given=True),
        Guard(Consent.SERVICE_DOWN, (at("container.old", "shop-old-1"), at("container.tool", "tool\x1b[1m"))),
        Guard(Consent.FOREIGN, (at("container.tool", "tool\x1b[1m", "it knows `hunter22`"),)),
    ),
)
OPTIONS = {"mask": frozenset({"hunter22"})}
