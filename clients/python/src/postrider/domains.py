"""The sending domains of an account."""

from typing import Any, cast
from urllib.parse import quote

from .caller import Caller
from .types import Domain, DomainChange, DomainList

_PATH = "/api/customer/domains"


class Domains:
    """`Postrider.domains`."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def list(self, *, page: int = 1, limit: int = 50) -> DomainList:
        return cast(DomainList, self._caller.repeatable("GET", f"{_PATH}?page={page:d}&limit={limit:d}"))

    def add(self, domain: str) -> Domain:
        """The reply has the DNS records to publish. 409 when the account has the domain already."""
        return _domain(self._caller.once("POST", _PATH, {"domain": domain}))

    def get(self, domain_id: str) -> Domain:
        return _domain(self._caller.repeatable("GET", _one(domain_id)))

    def update(self, domain_id: str, change: DomainChange) -> Domain:
        return _domain(self._caller.repeatable("PATCH", _one(domain_id), change))

    def delete(self, domain_id: str) -> None:
        """`NotFound` may also mean that an earlier try deleted it and its reply was lost."""
        self._caller.repeatable("DELETE", _one(domain_id))

    def verify(self, domain_id: str) -> Domain:
        """Looks the DNS records up now; each one in the reply says what was found and what to do."""
        return _domain(self._caller.repeatable("POST", _one(domain_id) + "/verify"))

    def rotate_dkim(self, domain_id: str) -> Domain:
        """Makes keys under a new selector; they are used as soon as DNS has them."""
        return _domain(self._caller.once("POST", _one(domain_id) + "/rotate-dkim"))


def _one(domain_id: str) -> str:
    return f"{_PATH}/{quote(domain_id, safe='')}"


def _domain(reply: Any) -> Domain:
    return cast(Domain, reply["domain"])
