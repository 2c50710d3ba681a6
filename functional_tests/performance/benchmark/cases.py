"""The cases that are measured, each with its requests."""

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from apps.core.database.embedded.server import EmbeddedPostgres
from functional_tests.performance.benchmark.drive import Driver
from functional_tests.performance.benchmark.pages import deep_page
from functional_tests.performance.benchmark.pgbench import Pgbench
from functional_tests.performance.benchmark.sellers import Member
from functional_tests.performance.benchmark.sites import Site
from functional_tests.performance.benchmark.wrk import NUMBER, Workload, Wrk, render_request, shuffled

CHARGES = "/api/v1/charges/"
BULK = "/api/v1/charges/bulk/"
BALANCE = "/api/v1/sellers/me/balance/"
HISTORY = "/api/v1/transactions/"
REQUESTS_PER_CASE = 200
ZIPF_PICKS = 20_000


@dataclass(frozen=True, slots=True)
class Case:
    """One thing to measure; each request makes so many charges."""

    name: str
    title: str
    site: Site
    drive: Driver
    charges_per_request: float = 0.0
    most_charges: int = 0


class CaseBook:
    """Builds the cases of one site. `run_id` keeps the keys apart from those of earlier runs."""

    def __init__(self, site: Site, folder: Path, run_id: str) -> None:
        self._site, self.folder, self._run_id = site, folder, run_id
        self._random = random.Random(1)

    def http(self, name: str, title: str, workload: Workload, charges: float = 0.0, most: int = 0) -> Case:
        """Return a case that sends `workload`; `charges` is what a request makes on average, `most` at most."""
        file = self.folder / f"{self._site.database}-{name}.requests"
        drive = Wrk(self._site.server.base_url, file, workload)
        return Case(name, title, self._site, drive, charges, most or round(charges))

    def ceiling(self, members: Sequence[Member]) -> Case:
        """Return the case without a database."""
        requests = [self._charge(member, path="/api/v1/ceiling/") for member in members]
        return self.http("ceiling", "no-database view", Workload(requests, shuffled(len(requests))))

    def charges(self, name: str, title: str, members: Sequence[Member]) -> Case:
        """Return the case of charges that are spread evenly over `members`."""
        requests = self._charges(members)
        return self.http(name, title, Workload(requests, shuffled(len(requests))), 1.0)

    def zipf(self, members: Sequence[Member]) -> Case:
        """Return the case of charges over sellers of which a few sell most."""
        requests = [self._charge(member) for member in members]
        weights = [1 / rank for rank in range(1, len(members) + 1)]
        order = self._random.choices(range(len(requests)), weights, k=ZIPF_PICKS)
        return self.http("zipf", f"charges, {len(members):,} sellers, Zipf", Workload(requests, order), 1.0)

    def replays(self, member: Member) -> Case:
        """Return the case of one charge that is sent over and over; the warm-up makes it."""
        request = self._charge(member, key=f"{self._run_id}-storm")
        return self.http("replays", "replays of one key", Workload([request], [0]), most=1)

    def mixed(self, members: Sequence[Member]) -> Case:
        """Return the case of four charges to one read."""
        charges = self._charges(members)
        reads = [render_request("GET", path, token=member.token) for member in members for path in (BALANCE, HISTORY)]
        reads = (reads * len(charges))[: len(charges) // 4]
        requests = [*charges, *reads]
        share = len(charges) / len(requests)
        workload = Workload(requests, shuffled(len(requests)))
        return self.http("mixed", "80 % charges, 20 % reads", workload, share, most=1)

    def bulk(self, members: Sequence[Member], size: int) -> Case:
        """Return the case of bulk requests with `size` charges each."""
        requests = [self._bulk(member, size) for member in members]
        workload = Workload(requests, shuffled(len(requests)))
        return self.http(f"bulk_{size}", f"bulk of {size:,}", workload, float(size))

    def reads(self, name: str, title: str, members: Sequence[Member], path: str) -> Case:
        """Return the case of one address that is read over and over."""
        requests = [render_request("GET", path, token=member.token) for member in members]
        return self.http(name, title, Workload(requests, shuffled(len(requests))))

    def deep_read(self, name: str, title: str, members: Sequence[Member], page: int) -> Case:
        """Return the case of one page of the first member's history, or of its last full one."""
        path, number = deep_page(HISTORY, members[0].seller_id, page)
        return self.reads(name, f"{title}, page {number:,}", members[:1], path)

    def _charges(self, members: Sequence[Member]) -> list[bytes]:
        each = max(1, REQUESTS_PER_CASE // len(members))
        return [self._charge(member) for member in members for _ in range(each)]

    def _charge(self, member: Member, *, path: str = CHARGES, key: str = "") -> bytes:
        headers = {"Idempotency-Key": key or f"{self._run_id}-{NUMBER}"}
        return render_request("POST", path, token=member.token, body=json.dumps(self._sale()), headers=headers)

    def _bulk(self, member: Member, size: int) -> bytes:
        charges = [{**self._sale(), "idempotency_key": f"{self._run_id}-{NUMBER}-{index}"} for index in range(size)]
        body = json.dumps({"charges": charges}, ensure_ascii=False)
        # json escapes control characters; the mark is to stand as itself until it becomes a number.
        body = body.replace(json.dumps(NUMBER)[1:-1], NUMBER)
        return render_request("POST", BULK, token=member.token, body=body)

    def _sale(self) -> dict[str, str]:
        number, thousands = self._random.randrange(10**7), self._random.randrange(1, 51)
        return {"phone_number": f"0912{number:07d}", "amount": f"{thousands * 1000}.00"}


def pgbench_case(
    name: str, title: str, site: Site, postgres: EmbeddedPostgres, folder: Path, members: Sequence[Member]
) -> Case:
    """Return the case of the same work in SQL."""
    own_folder = folder / name
    own_folder.mkdir()
    return Case(name, title, site, Pgbench(postgres, own_folder, members), charges_per_request=1.0, most_charges=1)
