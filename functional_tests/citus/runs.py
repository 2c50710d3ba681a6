"""Runs on a distributed ledger under load: selling, moving shards, killed nodes; each with a verdict."""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from apps.core.database.roles import open_database
from functional_tests.citus.cluster import Node, await_answer
from functional_tests.citus.stage import DATABASE, Stage, manage
from functional_tests.faults.journal import Attempt
from functional_tests.faults.scene import attempts_in, await_sales, clients_selling, sold_entries
from functional_tests.faults.verdict import judge, recovery_seconds, summarise
from functional_tests.ledger_complaints import ledger_complaints
from functional_tests.performance.benchmark.gunicorn_server import serve

SELLERS_OF_A_NODE = 3
LOAD_SECONDS = 15.0
DOWN_SECONDS = 6.0
_SHARDS = """
SELECT s.shardid, n.nodename, n.nodeport FROM pg_dist_shard s JOIN pg_dist_placement p USING (shardid)
JOIN pg_dist_node n USING (groupid)
WHERE s.logicalrelid = 'transactions_wallet'::regclass ORDER BY 1"""
_SHARD_OF = "SELECT get_shard_id_for_distribution_column('transactions_wallet', %s)"


@dataclass(frozen=True)
class SellerOnNode:
    """A seller with money, its token, and where its rows are."""

    token: str
    shard: int
    port: int


@dataclass
class Run:
    """One run: what acts on the cluster while clients sell, and what it notes."""

    name: str
    stage: Stage
    sellers: Sequence[SellerOnNode]
    journals: Path
    port: int
    note: str = ""

    def superuser(self) -> dict[str, str]:
        """Return the superuser's login at the coordinator."""
        return self.stage.cluster.coordinator.login("superuser", DATABASE, self.stage.cluster.passwords)

    def ask(self, sql: str, *values: object) -> list[tuple[object, ...]]:
        """Run a statement as the superuser at the coordinator and return its rows."""
        with open_database(self.superuser()) as database, database.cursor() as cursor:
            cursor.execute(sql, values)
            return cursor.fetchall() if cursor.description else []


def sell(run: Run) -> list[str]:
    """Sell for a while, and let the operators' commands read the books meanwhile."""
    until, complaints = time.monotonic() + LOAD_SECONDS, list[str]()
    times = 0
    while time.monotonic() < until:
        complaints += _faults_of_the_books()
        manage("summarize_ledger")
        times += 1
    run.note = f"books read {times} times meanwhile"
    return complaints


def move_shards(run: Run) -> list[str]:
    """Move the shards of all selling sellers from their worker to the other one."""
    ports = [node.port for node in run.stage.cluster.nodes[1:]]
    took = list[float]()
    for shard, port in {(seller.shard, seller.port) for seller in run.sellers}:
        [other] = [one for one in ports if one != port]
        began = time.monotonic()
        run.ask(
            "SELECT citus_move_shard_placement(%s, '127.0.0.1', %s, '127.0.0.1', %s, 'force_logical')",
            shard, port, other,
        )  # fmt: skip
        took.append(time.monotonic() - began)
    manage("distribute_ledger", role="owner")  # the guards against TRUNCATE, and the trial of all
    run.note = f"{len(took)} shards of selling sellers moved, each in {min(took):.1f} to {max(took):.1f} s"
    return []


def kill_worker(run: Run) -> list[str]:
    """Kill a worker; its sellers are answered 503, all others go on; then start it again."""
    node = run.stage.cluster.nodes[1]
    killed, lifted = _kill(run, node)
    down = [one for one in attempts_in(run.journals) if killed + 1 < one.began_at and one.at < lifted and one.key]
    theirs, others = _by_node(run, down, node)
    run.note = f"{DOWN_SECONDS:.0f} s down: its sellers got {_statuses(theirs)}; the others {_statuses(others)}"
    complaints = [] if {one.status for one in theirs} == {503} else [f"its sellers got {_statuses(theirs)}"]
    if {one.status for one in others} != {201}:
        complaints.append(f"sellers of the other node got {_statuses(others)}")
    return complaints


def kill_coordinator(run: Run) -> list[str]:
    """Kill the coordinator between two halves of commits; prepared transactions are settled afterwards."""
    _kill(run, run.stage.cluster.coordinator)
    time.sleep(6)  # citus.recover_2pc_interval is 5 s here
    left = run.ask("SELECT sum(result::int) FROM run_command_on_workers('SELECT count(*) FROM pg_prepared_xacts')")
    run.note = f"prepared transactions left on workers: {left[0][0]}"
    return []


RUNS: dict[str, Callable[[Run], list[str]]] = {
    "load": sell, "worker": kill_worker, "coordinator": kill_coordinator, "moves": move_shards,
}  # fmt: skip


def run_all(stage: Stage, only: Sequence[str]) -> list[str]:
    """Run them one after the other; return the names of those that failed."""
    sellers, failed = _make_sellers(stage), list[str]()
    with serve(stage.folder / "gunicorn.log", {}) as server:
        for name in (name for name in RUNS if name in only):
            journals = stage.folder / name
            journals.mkdir()
            if not _run(Run(name, stage, sellers, journals, server.port)):
                failed.append(name)
    return failed


def _run(run: Run) -> bool:
    name, journals = run.name, run.journals
    tokens = [seller.token for seller in run.sellers for _ in range(2)]
    with clients_selling(name, run.port, tokens, Random(name), journals) as complaints:
        await_sales(journals, len(tokens), since=0)
        complaints += RUNS[name](run)
        lifted_at = time.monotonic()
        await_sales(journals, len(tokens), since=lifted_at)
    attempts = attempts_in(journals)
    entries = sold_entries(run.superuser(), f"{name}-")
    recovery = recovery_seconds(attempts, lifted_at)
    complaints += judge(attempts, entries) + _faults_of_the_books()
    if recovery is None:
        complaints.append("not every client could sell again")
    print(f"\n{name}: {run.note}; {len(entries):,} charges in the ledger")
    print(f"  clients saw: {summarise(attempts)}")
    print(f"  healthy again after {'-' if recovery is None else f'{recovery:.2f}'} s")
    print("  verdict: " + ("; ".join(complaints[:5]) or "nothing lost, nothing doubled"), flush=True)
    return not complaints


def _faults_of_the_books() -> list[str]:
    """Return what the operators' commands find, on a new connection: the former one's node may have been killed."""
    from django.db import connections

    connections.close_all()
    return ledger_complaints()


def _kill(run: Run, node: Node) -> tuple[float, float]:
    """Kill a node for a while; return the moments at which it was gone and was back."""
    cluster = run.stage.cluster
    node.stop("immediate")
    killed = time.monotonic()
    time.sleep(DOWN_SECONDS)
    lifted = time.monotonic()
    node.start(cluster.settings)
    await_answer(node.login("superuser", DATABASE, cluster.passwords))
    return killed, lifted


def _make_sellers(stage: Stage) -> list[SellerOnNode]:
    """Make sellers until each worker has `SELLERS_OF_A_NODE`."""
    from functional_tests.performance.benchmark.sellers import make_members, make_staff

    superuser = stage.cluster.coordinator.login("superuser", DATABASE, stage.cluster.passwords)
    found: dict[int, list[SellerOnNode]] = {node.port: [] for node in stage.cluster.nodes[1:]}
    staff = make_staff()
    with open_database(superuser) as database, database.cursor() as cursor:
        cursor.execute(_SHARDS)
        places = {shard: port for shard, _host, port in cursor.fetchall()}
        while any(len(sellers) < SELLERS_OF_A_NODE for sellers in found.values()):
            [member] = make_members(1, staff)
            cursor.execute(_SHARD_OF, [str(member.seller_id)])
            [shard] = cursor.fetchone() or [0]
            found[places[shard]].append(SellerOnNode(member.token, shard, places[shard]))
    return [seller for sellers in found.values() for seller in sellers[:SELLERS_OF_A_NODE]]


def _by_node(run: Run, attempts: Sequence[Attempt], node: Node) -> tuple[list[Attempt], list[Attempt]]:
    """Part attempts into those of sellers of `node` and the others; a client is named by its number."""
    theirs, others = list[Attempt](), list[Attempt]()
    for attempt in attempts:
        seller = run.sellers[int(attempt.client.rpartition("-")[2]) // 2]
        (theirs if seller.port == node.port else others).append(attempt)
    return theirs, others


def _statuses(attempts: Sequence[Attempt]) -> str:
    counted = Counter(attempt.status for attempt in attempts)
    return ", ".join(f"{status} x {count:,}" for status, count in sorted(counted.items())) or "nothing"
