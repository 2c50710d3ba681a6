"""The platform in plain Python: the answer and effect of each use case, without a database, locks or hashes."""

from dataclasses import dataclass, field
from decimal import Decimal

ZERO = Decimal(0)


@dataclass(eq=False)
class ModelRequest:
    """A credit request."""

    seller: "ModelSeller"
    amount: Decimal
    status: str = "pending"

    def decide(self, status: str) -> str:
        """Approve, reject or cancel it; return `ok` or the code of the refusal."""
        if self.status != "pending":
            return "credit_request_already_processed"
        self.status = status
        self.seller.open_requests -= 1
        if status == "approved":
            self.seller.enter("credit_increase", self.amount)
        return "ok"


@dataclass(eq=False)
class ModelEntry:
    """A ledger entry; `change` is what the balance grew by."""

    seller: "ModelSeller"
    type: str
    change: Decimal
    is_reversed: bool = False

    def reverse(self) -> str:
        """Undo it; return `ok` or the code of the refusal."""
        if self.type == "reversal":
            return "not_reversible"
        if self.is_reversed:
            return "already_reversed"
        if self.seller.balance < self.change:
            return "insufficient_balance"
        self.is_reversed = True
        self.seller.enter("reversal", -self.change)
        if self.type == "charge_sale":
            self.seller.spent = max(ZERO, self.seller.spent + self.change)
        return "ok"


@dataclass(eq=False)
class ModelSeller:
    """A seller with its wallet and its chain of entries. All happens on one day."""

    status: str = "pending"
    limit: Decimal | None = None
    spent: Decimal = ZERO
    open_requests: int = 0
    entries: list[ModelEntry] = field(default_factory=list)
    keys: dict[str, tuple[str, Decimal]] = field(default_factory=dict)

    @property
    def balance(self) -> Decimal:
        """The sum of the entries."""
        return sum((entry.change for entry in self.entries), ZERO)

    def enter(self, type: str, change: Decimal) -> None:
        """Add an entry."""
        self.entries.append(ModelEntry(self, type, change))

    def request(self) -> str:
        """Ask for credit; return `ok` or the code of the refusal."""
        if self.status == "suspended":
            return "seller_not_active"
        if self.open_requests >= (3 if self.status == "pending" else 100):
            return "open_request_limit_reached"
        self.open_requests += 1
        return "ok"

    def charge(self, phone_number: str, amount: Decimal, key: str) -> str:
        """Sell; return `ok`, `replayed` or the code of the refusal."""
        if key in self.keys:
            return "replayed" if self.keys[key] == (phone_number, amount) else "idempotency_key_reused"
        if self.status != "active":
            return "seller_not_active"
        if amount > self.balance:
            return "insufficient_balance"
        if self.limit is not None and self.spent + amount > self.limit:
            return "daily_limit_exceeded"
        self.enter("charge_sale", -amount)
        self.spent += amount
        if key:
            self.keys[key] = (phone_number, amount)
        return "ok"

    def step(self, source: str, target: str) -> str:
        """Verify, suspend or reactivate; return `ok` or the code of the refusal."""
        if self.status != source:
            return "invalid_status_transition"
        self.status = target
        return "ok"
