"""`make mutation-test`: break one rule of the service at a time, in a copy, and name the test that fails.

Exits with 1 if a broken rule went unnoticed, or if a mutation no longer fits the code.
"""

import re
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
TIMEOUT_SECONDS = 400


@dataclass(frozen=True, slots=True)
class Mutation:
    """A rule that is broken: `before` becomes `after` in `file`. `tests`: those that should fail."""

    name: str
    file: str
    before: str
    after: str
    tests: str


MUTATIONS = (
    Mutation(
        "no row lock",
        "apps/transactions/ledger/locking.py",
        'Wallet.objects.select_for_update(of=("self",), no_key=True)',
        "Wallet.objects.all()",
        "apps/transactions/charges/tests/test_charge_races.py",
    ),
    Mutation(
        "the key is looked up after the checks of the sale",
        "apps/transactions/charges/services.py",
        "    if wallet.earlier_entry is not None:\n",
        "    _check_seller(wallet)\n    _draft_sale(wallet, order, claims)\n    if wallet.earlier_entry is not None:\n",
        "apps/transactions/charges/tests/test_charge_keys.py",
    ),
    Mutation(
        "a program's token works from everywhere",
        "apps/accounts/sessions/authentication.py",
        "        check_network(claims.networks)\n",
        "",
        "apps/accounts/clients/tests/test_use.py",
    ),
    Mutation(
        "a secret works for ever after its rotation",
        "apps/accounts/clients/services.py",
        " and timezone.now() < ends_at",
        "",
        "apps/accounts/clients/tests/test_clients.py",
    ),
    Mutation(
        "a time-out of the operator gives the money back",
        "apps/delivery/services.py",
        "    Outcome.UNKNOWN: DeliveryStatus.UNKNOWN,\n",
        "    Outcome.UNKNOWN: DeliveryStatus.FAILED,\n",
        "functional_tests/deliveries",
    ),
    Mutation(
        "a worker that died is followed by a blind second submission",
        "apps/delivery/calls.py",
        "    if not step.is_first:\n",
        "    if False:\n",
        "apps/delivery/tests/test_steps.py",
    ),
    Mutation(
        "two workers take the same step",
        "apps/delivery/calls.py",
        "ORDER BY next_step_at LIMIT %s FOR NO KEY UPDATE SKIP LOCKED",
        "ORDER BY next_step_at LIMIT %s",
        "apps/delivery/tests/test_steps.py -k twice",
    ),
    Mutation(
        "an operator delivers the price instead of the face value",
        "apps/delivery/calls.py",
        "coalesce(entry.face_value, entry.amount)",
        "entry.amount",
        "apps/delivery/tests/test_prices.py",
    ),
    Mutation(
        "a new price makes a repeat another charge",
        "apps/transactions/charges/services.py",
        "(earlier.phone_number, earlier.worth) != (",
        "(earlier.phone_number, earlier.amount) != (",
        "apps/delivery/tests/test_prices.py",
    ),
    Mutation(
        "a callback needs no signature",
        "apps/delivery/adapters/signing.py",
        "    return hmac.compare_digest(sign(secret, subject, body, moment), signature)",
        "    return True",
        "apps/delivery/tests/test_callbacks.py",
    ),
    Mutation(
        "a status of the 400s is a refusal",
        "apps/delivery/adapters/http_json.py",
        "_SAID[str(status)] if known else Outcome.UNKNOWN",
        "_SAID[str(status)] if known else Outcome.REFUSED",
        "apps/delivery/tests/test_adapters.py",
    ),
    Mutation(
        "acknowledged before it is committed",
        "functional_tests/performance/benchmark/stage.py",
        '"synchronous_commit": "on"',
        '"synchronous_commit": "off"',
        "functional_tests/faults/tests/test_faults.py",
    ),
    Mutation(
        "a lost commit is called nothing",
        "apps/core/database/backend/base.py",
        "            if self.is_lost or leaves_commit_open(error):\n                raise OutcomeUnknown",
        "            if False:\n                raise OutcomeUnknown",
        "functional_tests/faults/tests/test_lost_commit.py",
    ),
    Mutation(
        "every role of staff approves",
        "apps/accounts/roles.py",
        "APPROVERS = ADMINS | {StaffRole.CREDIT_APPROVER.value}",
        "APPROVERS = STAFF",
        "apps/testing/tests/test_authorisation_matrix.py -k approve",
    ),
    Mutation(
        "a revoked session lives on",
        "apps/accounts/sessions/services.py",
        "AND accounts_session.revoked_at IS NULL AND",
        "AND",
        "apps/accounts/sessions/tests/test_tokens.py -k family",
    ),
    Mutation(
        "sellers see each other",
        "apps/accounts/permissions.py",
        "return None if user.staff_roles else user.seller_id",
        "return None",
        "apps/testing/tests/test_authorisation_matrix.py -k foreign_entry",
    ),
    Mutation(
        "sold without a commit",
        "apps/transactions/charges/services.py",
        "            write_entries(wallet, [sale.entry])\n",
        "            write_entries(wallet, [sale.entry])\n            transaction.set_rollback(True)\n",
        "apps/transactions/charges/tests/test_charge_races.py",
    ),
    Mutation(
        "a silent database is waited for without end",
        "apps/core/database/backend/watchdog.py",
        "twin.shutdown(socket.SHUT_RDWR)",
        "pass",
        "functional_tests/faults/tests/test_lost_commit.py -k says_nothing",
    ),
    Mutation(
        "swagger.json does not say what may be null",
        "apps/core/apidocs/swagger.py",
        "(NullableReferenceInspector, *SwaggerAutoSchema.field_inspectors)",
        "(*SwaggerAutoSchema.field_inspectors,)",
        "functional_tests/fuzzing",
    ),
    Mutation(
        "a name that does not exist costs no hashing",
        "apps/accounts/sessions/services.py",
        "    user = authenticate(username=username, password=password)\n",
        "    known = User.objects.filter(username__iexact=username).exists()\n"
        "    user = authenticate(username=username, password=password) if known else None\n",
        "apps/accounts/sessions/tests/test_guessing.py",
    ),
    Mutation(
        "passwords are guessed for ever from many addresses",
        "apps/accounts/sessions/throttles.py",
        "if counted.exceeds(anywhere[1]) and not has_logged_in_from(username, address):",
        "if False:",
        "apps/accounts/sessions/tests/test_guessing.py",
    ),
    Mutation(
        "a new password leaves old logins alive",
        "apps/accounts/models.py",
        "            if is_new_password:",
        "            if False:",
        "apps/accounts/sessions/tests/test_access_ends.py",
    ),
    Mutation(
        "the standby is asked for wallets and sessions",
        "apps/core/database/replica.py",
        "_reading.get() and model._meta.label in settings.REPLICA_MODELS",
        "_reading.get()",
        "apps/core/database/tests/replica -k router",
    ),
    Mutation(
        "a standby that lags answers",
        "apps/core/database/replica.py",
        "pg_is_in_recovery() AND coalesce(pg_last_wal_replay_lsn() >= %s::pg_lsn, false)",
        "pg_is_in_recovery() OR %s IS NULL",
        "apps/core/database/tests/replica -k lags",
    ),
    Mutation(
        "a dead standby is asked by every request",
        "apps/core/database/replica.py",
        "time.monotonic() + PAUSE_SECONDS, trouble",
        "0.0, trouble",
        "apps/core/database/tests/replica -k dead",
    ),
    Mutation(
        "a message that cannot be parsed ends the transaction in silence",
        "apps/core/database/backend/messages.py",
        "                connection.unsent = [_BEGIN]\n",
        "                pass\n",
        "apps/core/database/tests/test_messages.py",
    ),
    Mutation(
        "what was put off outlives its transaction",
        "apps/core/database/backend/messages.py",
        "has_begun, self.unsent = _BEGIN not in self.unsent, []",
        "has_begun = _BEGIN not in self.unsent",
        "apps/core/database/tests/test_messages.py",
    ),
    Mutation(
        "a group sells for a revoked session",
        "apps/transactions/charges/services.py",
        "        _check_actor(caller.actor_role)\n",
        "",
        "apps/transactions/charges/tests/test_combining.py -k revoked",
    ),
    Mutation(
        "an error of one sale is that of its group",
        "apps/transactions/charges/combining.py",
        "outcomes = [_sell_alone(waiter) for waiter in group]",
        "outcomes = [error for _ in group]",
        "apps/transactions/charges/tests/test_combining.py -k error_of_one",
    ),
    Mutation(
        "a sale that gave up waiting is sold later",
        "apps/transactions/charges/combining.py",
        "                waiting.remove(own)\n",
        "",
        "apps/transactions/charges/tests/test_combining.py -k too_long",
    ),
    Mutation(
        "what a group has committed is called nothing",
        "apps/transactions/charges/combining.py",
        "        connection.committed_in = request_id.current()",
        "        assert request_id.current()",
        "apps/transactions/charges/tests/test_combining.py -k after_the_group",
    ),
    Mutation(
        "a thread that is ended leaves its group without an answer",
        "apps/transactions/charges/combining.py",
        'waiter.outcome or OutcomeUnknown("the sale was given up")',
        "waiter.outcome",
        "apps/transactions/charges/tests/test_combining.py -k ended_while",
    ),
)


def main() -> int:
    """Try every mutation, or those whose name holds the argument."""
    wanted = sys.argv[1] if len(sys.argv) > 1 else ""
    survivors = []
    with tempfile.TemporaryDirectory(prefix="sharj-mutation-") as scratch:
        copy = Path(scratch) / "copy"
        _git("worktree", "add", "--detach", "--quiet", str(copy))
        try:
            for mutation in MUTATIONS:
                if wanted in mutation.name and not _is_caught(mutation, copy):
                    survivors.append(mutation.name)
        finally:
            _git("worktree", "remove", "--force", str(copy))
    print(f"SURVIVED: {', '.join(survivors)}" if survivors else "every mutation was caught")
    return 1 if survivors else 0


def _is_caught(mutation: Mutation, copy: Path) -> bool:
    file = copy / mutation.file
    original = file.read_text()
    if original.count(mutation.before) != 1:
        print(f"{mutation.name}: does not fit {mutation.file} any more")
        return False
    began = time.monotonic()
    file.write_text(original.replace(mutation.before, mutation.after))
    try:
        output, code = _run_tests(mutation.tests, copy)
    finally:
        file.write_text(original)
    failed = re.findall(r"^FAILED \S+::(.+?)(?: - |$)", output, re.MULTILINE)
    # 1 is pytest's "tests failed"; anything else, such as a copy that cannot start, proves nothing.
    is_caught = code == 1 and bool(failed)
    verdict = f"caught by {failed[0]}" + f" and {len(failed) - 1} more" * (len(failed) > 1) if is_caught else "SURVIVED"
    print(f"{mutation.name}: {verdict} ({time.monotonic() - began:.0f} s)", flush=True)
    if not is_caught:
        print(output[-2000:])
    return is_caught


def _run_tests(tests: str, copy: Path) -> tuple[str, int]:
    command = [sys.executable, "-m", "pytest", "-q", "--tb=no", "--show-capture=no", *tests.split()]
    try:
        run = subprocess.run(command, cwd=copy, capture_output=True, text=True, timeout=TIMEOUT_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return "it took too long", -1
    return run.stdout + run.stderr, run.returncode


def _git(*arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=REPOSITORY, check=True)


if __name__ == "__main__":
    sys.exit(main())
