"""Steps that two users take together.

Locks: SHARE ROW EXCLUSIVE on users while the foreign keys are made, an instant.
"""

import django.db.models.deletion
import uuid_utils.compat
from django.conf import settings
from django.db import migrations, models

# The terms of a proposal stay, and its confirmation is added once: a second person cannot be made up afterwards.
FINAL = """
CREATE FUNCTION proposal_check_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.confirmed_at IS NULL AND
       (NEW.id, NEW.action, NEW.subject, NEW.subject_id, NEW.subject_name, NEW.terms, NEW.proposed_by_id, NEW.proposed_at)
       IS NOT DISTINCT FROM
       (OLD.id, OLD.action, OLD.subject, OLD.subject_id, OLD.subject_name, OLD.terms, OLD.proposed_by_id, OLD.proposed_at)
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'a proposal is only confirmed, once: % of % is refused', TG_OP, OLD.id
        USING ERRCODE = 'check_violation', CONSTRAINT = 'proposal_is_only_confirmed';
END $$;
CREATE TRIGGER proposal_is_only_confirmed BEFORE UPDATE OR DELETE ON accounts_proposal
FOR EACH ROW EXECUTE FUNCTION proposal_check_change();
"""
DROP = """
DROP TRIGGER proposal_is_only_confirmed ON accounts_proposal;
DROP FUNCTION proposal_check_change();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0010_names"),
    ]

    operations = [
        migrations.CreateModel(
            name="Proposal",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("action", models.CharField(max_length=64, verbose_name="action")),
                ("subject", models.CharField(max_length=64, verbose_name="kind")),
                ("subject_id", models.CharField(max_length=64, verbose_name="its id")),
                ("subject_name", models.CharField(max_length=200, verbose_name="of what")),
                ("terms", models.CharField(max_length=1000, verbose_name="terms")),
                ("proposed_at", models.DateTimeField(auto_now_add=True, verbose_name="proposed at")),
                ("confirmed_at", models.DateTimeField(null=True, verbose_name="confirmed at")),
                (
                    "confirmed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="confirmed by",
                    ),
                ),
                (
                    "proposed_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="proposed by",
                    ),
                ),
            ],
            options={
                "verbose_name": "proposal",
                "verbose_name_plural": "proposals",
                "ordering": ("-id",),
                "indexes": [models.Index(fields=["subject_id", "action"], name="proposal_by_subject")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("confirmed_at__isnull", True), ("confirmed_by__isnull", True)),
                            models.Q(
                                ("confirmed_at__isnull", False),
                                ("confirmed_by__isnull", False),
                                models.Q(("confirmed_by", models.F("proposed_by")), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="proposal_two_differ",
                    )
                ],
            },
        ),
        migrations.RunSQL(FINAL, DROP),
    ]
