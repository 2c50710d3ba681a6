"""Production, with one more address: the ceiling that the other figures are compared with."""

from datetime import timedelta

from config.settings.production import *  # noqa: F403  (a settings module is its base plus what differs)
from config.settings.production import SIMPLE_JWT as PRODUCTION_JWT

ROOT_URLCONF = "functional_tests.performance.benchmark.urls"
# A run takes longer than 15 minutes; checking a token costs the same however long it lasts.
SIMPLE_JWT = {**PRODUCTION_JWT, "ACCESS_TOKEN_LIFETIME": timedelta(days=1)}
# Sellers of the benchmark are funded with one request.
CREDIT_APPROVAL_SECOND_REVIEW_AMOUNT = None
# Its staff have no phone.
REQUIRE_SECOND_FACTOR = False
