"""Adapters: how each kind of operator is called. `ADAPTERS` names them; docs/operators.md says how to add one."""

from collections.abc import Callable, Mapping
from typing import Any

from apps.delivery.adapters.http_json import HttpJsonAdapter
from apps.delivery.adapters.protocol import Adapter

# By the name that an operator's row gives; called with its settings and its secret.
ADAPTERS: Mapping[str, Callable[[Mapping[str, Any], str], Adapter]] = {"http_json": HttpJsonAdapter}
