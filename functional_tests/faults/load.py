"""Client in a process of its own: it sells until SIGTERM and repeats each charge under its key until it is answered."""

import http.client
import json
import os
import signal
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, TextIO

from functional_tests.faults.journal import Attempt, append

ANSWER_TIMEOUT_SECONDS = 12.0  # longer than the service waits for its database (7), and for a new connection (3)
PAUSE_SECONDS = 0.03
GIVE_UP_AFTER_SECONDS = 8.0  # of trying one charge again after SIGTERM
PHONE = "+989123456789"


@dataclass
class Client:
    """One connection, kept while it works."""

    name: str
    port: int
    token: str
    journal: TextIO
    rng: Random
    deadline: float | None = field(default=None, init=False)
    _connection: http.client.HTTPConnection | None = field(default=None, init=False)

    def run(self) -> None:
        """Sell; now and then repeat what succeeded, or read the balance."""
        number = 0
        while self.deadline is None:
            number += 1
            key, amount = f"{self.name}-{number}", f"{self.rng.randrange(1, 1000) / 100:.2f}"
            if self.sell(key, amount) and self.rng.random() < 0.1:
                self.sell(key, amount)
            if self.rng.random() < 0.1:
                self.send("GET", "/api/v1/sellers/me/balance/")

    def sell(self, key: str, amount: str) -> bool:
        """Send a charge until it is answered with something else than `try again`; tell whether it was sold."""
        while True:
            status = self.send("POST", "/api/v1/charges/", key, amount)
            if status not in (0, http.client.SERVICE_UNAVAILABLE):
                return status == http.client.CREATED
            if self.deadline is not None and time.monotonic() > self.deadline:
                return False
            time.sleep(PAUSE_SECONDS)

    def send(self, method: str, path: str, key: str = "", amount: str = "") -> int:
        """Send one request, note its outcome in the journal, and return the status, or 0 without an answer."""
        began_at = time.monotonic()
        try:
            status, body = self._exchange(method, path, key, amount)
        except (OSError, http.client.HTTPException, ValueError) as error:
            self._connection = None
            status, body = 0, {"code": type(error).__name__}
        attempt = Attempt(
            client=self.name,
            at=time.monotonic(),
            began_at=began_at,
            key=key,
            amount=amount,
            status=status,
            code=str(body.get("code", "")),
            entry_id=str(body.get("id", "")),
            is_unknown=body.get("code") == "outcome_unknown",
        )
        append(self.journal, attempt)
        return status

    def _exchange(self, method: str, path: str, key: str, amount: str) -> tuple[int, dict[str, Any]]:
        if self._connection is None:
            self._connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=ANSWER_TIMEOUT_SECONDS)
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        if key:
            headers["Idempotency-Key"] = key
        body = json.dumps({"phone_number": PHONE, "amount": amount}) if key else None
        self._connection.request(method, path, body, headers)
        response = self._connection.getresponse()
        return response.status, json.loads(response.read())


def main() -> None:
    """Run a client; the token is in the environment, where no list of processes shows it."""
    name, port, journal, seed = sys.argv[1:]
    with Path(journal).open("w") as file:
        client = Client(name, int(port), os.environ["FAULTS_TOKEN"], file, Random(seed))

        def stop(*_: object) -> None:
            client.deadline = time.monotonic() + GIVE_UP_AFTER_SECONDS

        signal.signal(signal.SIGTERM, stop)
        client.run()


if __name__ == "__main__":
    main()
