"""The running server that the tests talk to, as the environment names it."""

import os
import uuid

from postrider import Email, Postrider

NEEDED = {
    "POSTRIDER_URL": "the address of a running server, such as http://127.0.0.1:8080",
    "POSTRIDER_KEY": "a live key (ml_live_...)",
    "POSTRIDER_TEST_KEY": "a sandbox key (ml_test_...) of the same account",
    "POSTRIDER_DOMAIN": "a verified domain of the account",
}


def require() -> None:
    """Fails, rather than skips, when there is no server to test against."""
    missing = [f"{name}: {what}" for name, what in NEEDED.items() if not os.environ.get(name)]
    if missing:
        raise AssertionError("these tests need a running server; set " + "; ".join(missing))


def client(key: str = "POSTRIDER_KEY") -> Postrider:
    return Postrider(os.environ["POSTRIDER_URL"], os.environ[key])


def recipient() -> str:
    return os.environ.get("POSTRIDER_TO") or "delivered@sim.postrider.invalid"


def email() -> Email:
    """A plain e-mail that is fine in every respect, unlike any other by its subject."""
    return {
        "to": recipient(),
        "from": f"python@{os.environ['POSTRIDER_DOMAIN']}",
        "subject": f"Python {uuid.uuid4()}",
        "html": "<p>Hello</p>",
        "text": "Hello",
    }
