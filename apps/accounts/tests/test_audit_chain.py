"""The audit trail is chained by hashes: forged, changed, removed and moved lines are found, each by its actor."""

from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import psycopg2
import pytest
from django.db import transaction
from psycopg2.errors import CheckViolation, InsufficientPrivilege, LockNotAvailable

from apps.accounts import audit
from apps.accounts.models import AuditAction, AuditEvent, User
from apps.core.values.ids import moment_of
from apps.testing.command_calls import run_command
from apps.testing.constraints import database_as
from apps.testing.factories import make_seller, make_staff
from apps.testing.tampering import change_by_hand, superuser_without_triggers
from apps.testing.verdicts import verify

pytestmark = pytest.mark.django_db(transaction=True)

TRAIL, HEADS = "accounts_auditevent", "accounts_audithead"
COLUMNS = "id, at, actor_id, action, subject, subject_id, subject_name, detail, request_id, sequence"
NO_ACTOR = str(UUID(int=0))


@pytest.fixture
def actor() -> User:
    """A member of staff with four lines, beside another with one and a line without an actor."""
    staff, other = make_staff("admin"), make_staff("admin")
    for number in range(4):
        audit.record(AuditAction.VERIFY, make_seller(), actor_id=staff.pk, detail=f"step {number}")
    audit.record(AuditAction.LOG_IN, actor_id=other.pk)
    audit.record(AuditAction.LOG_IN_REFUSED, actor_id=None)
    return staff


def found(*arguments: object) -> list[tuple[str, int, set[str]]]:
    code, document = verify(*arguments)
    problems = document["audit_problems"]
    assert code == (1 if problems else 0)
    assert document["verified"] is not bool(problems)
    return [(problem["actor"], problem["sequence"], set(problem["faults"])) for problem in problems]


def change(actor: User, sequence: int, assignments: str) -> None:
    change_by_hand(f"UPDATE {TRAIL} SET {assignments} WHERE actor_id = %s AND sequence = %s", actor.pk, sequence)


def remove(actor: User, sequence: int) -> None:
    change_by_hand(f"DELETE FROM {TRAIL} WHERE actor_id = %s AND sequence = %s", actor.pk, sequence)


def forge(actor: User, sequence: int, line_hash: str = f"'{'00' * 32}'") -> None:
    change_by_hand(
        f"INSERT INTO {TRAIL} ({COLUMNS}, line_hash) "
        f"SELECT gen_random_uuid(), now(), %s, 'approve', '', '', '', 'forged', '-', {sequence}, "
        f"decode({line_hash}, 'hex')",
        actor.pk,
    )


def forge_with_its_hash(actor: User) -> None:
    forge(actor, 5)
    change_by_hand(
        f"UPDATE {TRAIL} e SET line_hash = audit_hash(p.line_hash, e) FROM {TRAIL} p "
        "WHERE p.actor_id = e.actor_id AND p.sequence = e.sequence - 1 AND e.actor_id = %s AND e.sequence = 5",
        actor.pk,
    )


def swap(actor: User, one: int, other: int) -> None:
    for source, target in ((one, 99), (other, one), (99, other)):
        change(actor, source, f"sequence = {target}")


def remove_all(actor: User) -> None:
    with superuser_without_triggers() as statement:
        statement.execute(f"DELETE FROM {TRAIL} WHERE actor_id = %s", [str(actor.pk)])


TAMPERINGS: dict[str, tuple[Callable[[User], None], int, set[str]]] = {
    "forged at the end": (lambda actor: forge(actor, 5), 5, {"hash"}),
    "forged at the end with its hash": (forge_with_its_hash, 5, {"removed"}),
    "forged in between": (lambda actor: forge(actor, 2), 3, {"sequence"}),
    "other detail": (lambda actor: change(actor, 2, "detail = 'other'"), 2, {"hash"}),
    "other action": (lambda actor: change(actor, 2, "action = 'log in'"), 2, {"hash"}),
    "other subject": (lambda actor: change(actor, 2, f"subject_id = '{NO_ACTOR}'"), 2, {"hash"}),
    "other time": (lambda actor: change(actor, 2, "at = at - interval '1 hour'"), 2, {"hash"}),
    "no time": (lambda actor: change(actor, 2, "at = 'infinity'"), 2, {"hash"}),
    "other address": (lambda actor: change(actor, 2, "address = '203.0.113.9'"), 2, {"hash"}),
    "other id": (lambda actor: change(actor, 2, "id = gen_random_uuid()"), 2, {"hash"}),
    "other request": (lambda actor: change(actor, 2, "request_id = 'x'"), 2, {"hash"}),
    "removed first": (lambda actor: remove(actor, 1), 1, {"sequence"}),
    "removed in between": (lambda actor: remove(actor, 3), 3, {"sequence"}),
    "removed last": (lambda actor: remove(actor, 4), 4, {"removed"}),
    "removed all": (remove_all, 1, {"removed"}),
    "reordered": (lambda actor: swap(actor, 2, 3), 2, {"hash"}),
}


def test_an_honest_trail_has_no_fault(actor: User) -> None:
    audit.record(
        AuditAction.CHANGE, actor, actor_id=actor.pk, detail='["a\\", é]\n\t\x01\x7f\u2028 \U0001f600 </script>'
    )
    assert found() == []
    code, document = verify()
    assert (code, document["audit_lines"]) == (0, 7)
    assert "7 lines of the audit trail: no fault." in run_command("verify_ledger")[1]


@pytest.mark.parametrize("tampering", TAMPERINGS)
def test_tampering_is_named(actor: User, tampering: str) -> None:
    tamper, sequence, faults = TAMPERINGS[tampering]
    tamper(actor)
    assert found() == [(str(actor.pk), sequence, faults)]
    code, text = run_command("verify_ledger")
    assert code == 1
    assert f"audit trail of {actor.pk}, line {sequence}: " in text
    assert verify("--seller-id", make_seller().pk)[0] == 0  # of one seller's entries only


def test_a_line_that_was_given_to_another_actor_is_named_at_both(actor: User) -> None:
    other = make_staff()
    change_by_hand(f"UPDATE {TRAIL} SET actor_id = %s WHERE actor_id = %s AND sequence = 4", other.pk, actor.pk)
    assert {who for who, _, _ in found()} == {str(actor.pk), str(other.pk)}


def rewrite(actor: User) -> None:
    """Change line 2 and recompute all hashes after it, and the head."""
    change(actor, 2, "detail = 'other'")
    for sequence in (2, 3, 4):
        change_by_hand(
            f"UPDATE {TRAIL} e SET line_hash = audit_hash(p.line_hash, e) FROM {TRAIL} p "
            "WHERE p.actor_id = e.actor_id AND p.sequence = e.sequence - 1 AND e.actor_id = %s AND e.sequence = %s",
            actor.pk, sequence,
        )  # fmt: skip
    end_with(actor, 4)


def end_with(actor: User, sequence: int) -> None:
    change_by_hand(
        f"UPDATE {HEADS} h SET sequence = e.sequence, line_hash = e.line_hash FROM {TRAIL} e "
        "WHERE h.actor = e.actor_id AND e.actor_id = %s AND e.sequence = %s",
        actor.pk, sequence,
    )  # fmt: skip


def test_a_rewritten_trail_is_found_by_a_seal(actor: User, tmp_path: Path) -> None:
    found("--seal", tmp_path / "seal")
    rewrite(actor)
    assert found() == []
    assert found("--against", tmp_path / "seal") == [(str(actor.pk), 4, {"seal"})]


def test_a_trail_cut_short_is_found_by_a_seal(actor: User, tmp_path: Path) -> None:
    found("--seal", tmp_path / "seal")
    remove(actor, 4)
    end_with(actor, 3)
    assert found() == []
    assert found("--against", tmp_path / "seal") == [(str(actor.pk), 4, {"seal"})]


def test_a_trail_that_is_gone_with_its_head_is_found_by_a_seal(actor: User, tmp_path: Path) -> None:
    found("--seal", tmp_path / "seal")
    remove_all(actor)
    change_by_hand(f"DELETE FROM {HEADS} WHERE actor = %s", actor.pk)
    assert found() == []
    assert found("--against", tmp_path / "seal") == [(str(actor.pk), 1, {"removed"})]


def test_a_broken_trail_is_not_sealed(actor: User, tmp_path: Path) -> None:
    remove(actor, 3)
    assert found("--seal", tmp_path / "seal")
    assert not (tmp_path / "seal").exists()


def test_the_database_dates_numbers_and_hashes_what_the_application_inserts(actor: User) -> None:
    with database_as("app") as cursor:
        cursor.execute(
            f"INSERT INTO {TRAIL} ({COLUMNS}) VALUES (%s, '2020-01-01', %s, 'approve', '', '', '', 'forged', '-', 1) "
            "RETURNING clock_timestamp()",
            [NO_ACTOR, str(actor.pk)],
        )
        [now] = cursor.fetchone()
    line = AuditEvent.objects.latest("pk")
    assert (line.detail, line.sequence) == ("forged", 5)
    assert abs((line.at - now).total_seconds()) < 60
    assert moment_of(line.pk) == line.at.replace(microsecond=line.at.microsecond // 1000 * 1000)
    assert line.pk.version == 7
    assert found() == []


@pytest.mark.parametrize(
    "statement",
    [
        f"UPDATE {HEADS} SET sequence = 0", f"DELETE FROM {HEADS}", f"TRUNCATE {HEADS}",
        f"INSERT INTO {HEADS} VALUES (gen_random_uuid(), 0, '')", f"ALTER TABLE {TRAIL} DISABLE TRIGGER ALL",
    ],
)  # fmt: skip
def test_the_application_may_not_touch_the_heads(actor: User, statement: str) -> None:
    with pytest.raises(InsufficientPrivilege), database_as("app") as cursor:
        cursor.execute(statement)
    assert found() == []


def test_the_owner_may_not_empty_the_heads(actor: User) -> None:
    with pytest.raises(CheckViolation), database_as("owner") as cursor:
        cursor.execute(f"TRUNCATE {HEADS}")


def test_lines_of_different_actors_do_not_wait_for_each_other(actor: User) -> None:
    line = f"INSERT INTO {TRAIL} (actor_id, action, subject, subject_id, subject_name, detail, request_id) VALUES "
    with transaction.atomic():
        audit.record(AuditAction.VERIFY, actor_id=actor.pk)
        for other, waits in ((make_staff().pk, False), (None, False), (actor.pk, True)):
            refused: Exception | None = None
            try:
                with database_as("app") as cursor:
                    cursor.execute("SET lock_timeout = '100ms'")
                    cursor.execute(f"{line} (%s, '', '', '', '', '', '-')", [other and str(other)])
            except psycopg2.Error as error:
                refused = error
            assert isinstance(refused, LockNotAvailable) is waits, refused
