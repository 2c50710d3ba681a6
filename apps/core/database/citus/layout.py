"""What of the database stands where, as models and apps say: `citus_place` of a model, `citus_functions` of an app.

A table without a place stays an ordinary one of the coordinator, unless a foreign key to a table of every node makes
Citus take it over.
"""

from collections.abc import Iterator, Mapping
from typing import Literal, NamedTuple

from django.apps import apps

Place = Literal["seller", "every node", "coordinator"]
# How the nodes run a function: "node" knows it there, "seller" gets whole calls that name the seller first, and
# "nested" is called in statements on a shard and looks up rows of that shard itself.
Role = Literal["node", "seller", "nested"]

DISTRIBUTION_COLUMN = "seller_id"


class Function(NamedTuple):
    """A function of the database that is called on nodes."""

    name: str
    role: Role


def tables(place: Place) -> list[str]:
    """Return the tables of a place, those first that others refer to."""
    return [model._meta.db_table for model in apps.get_models() if getattr(model, "citus_place", None) == place]


def functions() -> Iterator[Function]:
    """Yield the functions that nodes call."""
    for app in apps.get_app_configs():
        named: Mapping[str, Role] = getattr(app, "citus_functions", {})
        yield from (Function(name, role) for name, role in named.items())
