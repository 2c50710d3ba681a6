"""Usernames in the normal form NFKC, and no hidden characters in names.

Names that break a rule are cleaned; a username that is then another user's gets the end of its id. `accounts_user` and
`accounts_seller` are locked while the constraints read them.
"""

from django.db import migrations, models

from apps.accounts import names

# As `apps.accounts.names` had them.
_PERSIAN = r"[\u0620-\u065f\u066e-\u06d3\u06d5\u06fa-\u06ff]"
HIDDEN = (
    r"[\u0001-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200d-\u200f"
    r"\u2028-\u202e\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    r"\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
    rf"|(?<!{_PERSIAN})\u200c|\u200c(?!{_PERSIAN})"
)
VISIBLE = r"[^\s\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]"

CLEAN = f"""
UPDATE accounts_seller SET company_name = regexp_replace(company_name, '{HIDDEN}', '', 'g')
WHERE company_name ~ '{HIDDEN}';
UPDATE accounts_seller SET company_name = 'Company ' || right(id::text, 8) WHERE company_name !~ '{VISIBLE}';

UPDATE accounts_user SET first_name = regexp_replace(first_name, '{HIDDEN}', '', 'g'),
    last_name = regexp_replace(last_name, '{HIDDEN}', '', 'g')
WHERE first_name ~ '{HIDDEN}' OR last_name ~ '{HIDDEN}';

WITH cleaned AS (
    SELECT id, normalize(regexp_replace(username, '{HIDDEN}', '', 'g'), NFKC) AS name FROM accounts_user
    WHERE username IS NOT NFKC NORMALIZED OR username ~ '{HIDDEN}'
), placed AS (
    SELECT id, name, row_number() OVER (PARTITION BY upper(name) ORDER BY id) AS place FROM cleaned
)
UPDATE accounts_user SET username = CASE
    WHEN length(name) BETWEEN 1 AND 150 AND place = 1 AND NOT EXISTS (
        SELECT FROM accounts_user other WHERE upper(other.username) = upper(name) AND other.id <> placed.id
    ) THEN name
    ELSE left(name, 141) || '-' || right(placed.id::text, 8) END
FROM placed WHERE placed.id = accounts_user.id;
"""  # noqa: S608  (constants of this file)


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0009_doors"),
    ]

    operations = [
        migrations.RunSQL(CLEAN, migrations.RunSQL.noop),
        migrations.AlterField(
            model_name="seller",
            name="company_name",
            field=models.CharField(max_length=200, validators=[names.refuse_hidden], verbose_name="company name"),
        ),
        migrations.AddConstraint(
            model_name="seller",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("company_name__regex", VISIBLE), models.Q(("company_name__regex", HIDDEN), _negated=True)
                ),
                name="seller_company_name_visible",
            ),
        ),
        migrations.AddConstraint(
            model_name="user",
            constraint=models.CheckConstraint(
                condition=models.Q(names.IsNormalized("username")), name="user_username_normalized"
            ),
        ),
        migrations.AddConstraint(
            model_name="user",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("username__regex", HIDDEN), _negated=True),
                    models.Q(("first_name__regex", HIDDEN), _negated=True),
                    models.Q(("last_name__regex", HIDDEN), _negated=True),
                ),
                name="user_names_visible",
                violation_error_message="Characters that cannot be seen are not allowed.",
            ),
        ),
    ]
