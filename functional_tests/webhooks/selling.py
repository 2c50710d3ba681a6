"""Sales at a steady rate, until it is ended: `python -m … CHARGES_PER_SECOND`."""

import sys
import time
from decimal import Decimal
from threading import Thread

SELLERS = 4


def main() -> None:
    """Sell with a thread for each seller."""
    import django

    django.setup()
    from functional_tests.performance.benchmark.sellers import make_members, make_staff

    interval = SELLERS / int(sys.argv[1])
    threads = [Thread(target=sell, args=(member.token, interval)) for member in make_members(SELLERS, make_staff())]
    for thread in threads:
        thread.start()


def sell(token: str, interval: float) -> None:
    """Sell for ever, a charge each `interval` seconds."""
    from apps.accounts.sessions.tokens import read_access
    from apps.testing.api import PHONE
    from apps.transactions.charges.services import sell_charge

    claims, next_at = read_access(token.encode()), time.monotonic()
    while True:
        sell_charge(claims=claims, phone_number=PHONE, amount=Decimal("1.00"))
        next_at += interval
        time.sleep(max(0.0, next_at - time.monotonic()))


if __name__ == "__main__":
    main()
