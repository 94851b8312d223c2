"""The client: a method per operation of the API."""

import ssl
import uuid
from types import TracebackType
from typing import Optional, Sequence, Type, cast
from urllib.parse import quote

from .caller import Caller
from .domains import Domains
from .retry import RetryPolicy
from .types import (
    BatchReply,
    Bulk,
    BulkReply,
    Email,
    EmailDetails,
    KeyRotation,
    Profile,
    ProfileChange,
    SendReply,
    SmtpCredentialsReply,
    SmtpRotation,
    Timestamp,
)


class Postrider:
    """An account at a server: `Postrider("https://mail.example.org", "ml_live_…")`.

    `timeout` is in seconds, for connecting and for each wait for data. Certificates are verified against the system's
    list unless `ssl_context` says otherwise. Threads may share a client; `close` it, or use it in a `with`.
    """

    domains: Domains

    def __init__(
        self,
        url: str,
        key: str,
        *,
        timeout: float = 30.0,
        retry: RetryPolicy = RetryPolicy(),
        ssl_context: Optional[ssl.SSLContext] = None,
    ) -> None:
        self._caller = Caller(url, key, timeout, retry, ssl_context)
        self.domains = Domains(self._caller)

    def send(self, email: Email, *, idempotency_key: Optional[str] = None) -> SendReply:
        """Sends one e-mail. With a key of your own it is sent once, however often you call within 24 hours."""
        return cast(SendReply, self._caller.keyed("/api/send", email, idempotency_key or str(uuid.uuid4())))

    def batch(self, emails: Sequence[Email], *, idempotency_key: Optional[str] = None) -> BatchReply:
        """Sends up to 500 e-mails. Each is judged alone: look at `results`."""
        body = {"emails": list(emails)}
        return cast(BatchReply, self._caller.keyed("/api/batch", body, idempotency_key or str(uuid.uuid4())))

    def bulk_send(self, bulk: Bulk, *, idempotency_key: Optional[str] = None) -> BulkReply:
        """Sends one template to up to 10 000 recipients. Each is judged alone: look at `errors`."""
        return cast(BulkReply, self._caller.keyed("/api/bulk-send", bulk, idempotency_key or str(uuid.uuid4())))

    def get_email(self, email_id: str) -> EmailDetails:
        """Where an e-mail stands, recipient by recipient."""
        return cast(EmailDetails, self._caller.repeatable("GET", f"/api/emails/{quote(email_id, safe='')}"))

    def cancel_email(self, email_id: str) -> None:
        """Stops what has not left. `Conflict` when nothing can be stopped any more, or when an earlier try whose reply
        was lost has stopped it: `get_email` tells."""
        self._caller.repeatable("DELETE", f"/api/emails/{quote(email_id, safe='')}")

    def profile(self) -> Profile:
        return cast(Profile, self._caller.repeatable("GET", "/api/customer/profile"))

    def update_profile(self, change: ProfileChange) -> Profile:
        return cast(Profile, self._caller.repeatable("PATCH", "/api/customer/profile", change))

    def rotate_key(self) -> KeyRotation:
        """A new key; the old one is dead at once. This client goes on with the new one: store it first."""
        rotation = cast(KeyRotation, self._caller.once("POST", "/api/customer/rotate-key"))
        self._caller.key = rotation["api_key"]
        return rotation

    def smtp_credentials(self) -> SmtpCredentialsReply:
        return cast(SmtpCredentialsReply, self._caller.repeatable("GET", "/api/smtp-credentials"))

    def rotate_smtp_credentials(self, *, expires_at: Optional[Timestamp] = None) -> SmtpRotation:
        """A new SMTP password, shown only here; the old one is dead at once."""
        body = None if expires_at is None else {"expires_at": expires_at}
        return cast(SmtpRotation, self._caller.once("POST", "/api/smtp-credentials/rotate", body))

    def close(self) -> None:
        """Closes idle connections."""
        self._caller.close()

    def __enter__(self) -> "Postrider":
        return self

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None:
        self.close()
