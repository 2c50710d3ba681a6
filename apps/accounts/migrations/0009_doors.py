"""Where users have logged in, counts of refused logins, and whether an owner deactivated a user.

Adds two tables, and a column with a constant default to `accounts_user`, which is locked for a moment to get it and
for one scan to check its constraint. `accounts_session.network` leaves the model only: the release before this one
writes it, so a later migration drops it.
"""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

# Where API sessions began and from where staff logged in to the back office. A deactivation is the owner's if the
# newest line about it names a user of the same seller; without a line it is staff's.
COPY = """
INSERT INTO accounts_loginorigin (user_id, network, last_login_at)
SELECT user_id, network, max(at) FROM (
    SELECT user_id, network, created_at FROM accounts_session WHERE network <> ''
    UNION ALL
    SELECT actor_id, CASE family(address) WHEN 4 THEN host(address) ELSE network(set_masklen(address, 64))::text END, at
    FROM accounts_auditevent WHERE action = 'log in' AND address IS NOT NULL AND actor_id IS NOT NULL
) logins (user_id, network, at) GROUP BY user_id, network;

UPDATE accounts_user SET deactivated_by_owner = TRUE
WHERE NOT is_active AND seller_id = (
    SELECT owner.seller_id FROM accounts_auditevent line JOIN accounts_user owner ON owner.id = line.actor_id
    WHERE line.subject = 'accounts.user' AND line.subject_id = accounts_user.id::text
      AND (line.action = 'deactivate' OR line.detail LIKE '%is_active: True -> %')
    ORDER BY line.id DESC LIMIT 1
);
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0008_require_idempotency_key"),
    ]

    operations = [
        migrations.CreateModel(
            name="LoginOrigin",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("network", models.CharField(max_length=64)),
                ("last_login_at", models.DateTimeField()),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="login_origins",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("user", "network"), name="login_origin_unique")],
            },
        ),
        migrations.CreateModel(
            name="RefusedLogins",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("ends_at", models.DateTimeField()),
                ("times", models.PositiveIntegerField(default=1)),
                (
                    "user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="user",
            name="deactivated_by_owner",
            field=models.BooleanField(db_default=False, default=False, editable=False),
        ),
        migrations.RunSQL(COPY, migrations.RunSQL.noop),
        migrations.AddConstraint(
            model_name="user",
            constraint=models.CheckConstraint(
                condition=models.Q(("deactivated_by_owner", False), ("is_active", False), _connector="OR"),
                name="user_deactivated_by_owner",
            ),
        ),
        migrations.SeparateDatabaseAndState(
            state_operations=[migrations.RemoveField(model_name="session", name="network")],
        ),
    ]
