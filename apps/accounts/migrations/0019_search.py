"""Indexes for the search box of the back office, and for the last logins of a user.

Built beside the logins and steps that go on. Dropping the index of the foreign key `session.user`, whose place the new
one takes, locks the table of sessions for an instant. If it fails, drop the invalid index and migrate again.
"""

import django.db.models.deletion
from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.operations import AddIndexConcurrently
from django.contrib.postgres.search import SearchVector
from django.db import migrations, models
from django.db.models.functions import Collate, Upper


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("accounts", "0018_words_and_sessions")]

    operations = [
        AddIndexConcurrently("session", models.Index(fields=["user", "id"], name="session_by_user")),
        migrations.AlterField(
            model_name="session",
            name="user",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="sessions",
                to=settings.AUTH_USER_MODEL,
                verbose_name="user",
            ),
        ),
        AddIndexConcurrently("auditevent", models.Index(fields=["request_id"], name="audit_by_request")),
        AddIndexConcurrently(
            "seller",
            GinIndex(SearchVector("company_name", config="simple"), fastupdate=False, name="seller_by_words"),
        ),
        AddIndexConcurrently(
            "seller",
            models.Index(
                condition=models.Q(("phone_number", ""), _negated=True), fields=["phone_number"], name="seller_by_phone"
            ),
        ),
        AddIndexConcurrently("user", models.Index(Collate(Upper("username"), "C"), name="user_by_beginning")),
    ]
