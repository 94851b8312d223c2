"""Verifies every DKIM signature of the message on standard input with dkimpy: verify.py DNS_HOST DNS_PORT

Public keys are asked for at that name service. Prints each signature's algorithm; fails when one does not hold.
"""

import re
import sys

import dkim
import dns.resolver

resolver = dns.resolver.Resolver(configure=False)
resolver.nameservers = [sys.argv[1]]
resolver.port = int(sys.argv[2])


def txt(name, timeout=5):
    name = name.decode() if isinstance(name, bytes) else name
    return b"".join(resolver.resolve(name, "TXT", lifetime=30)[0].strings)


message = sys.stdin.buffer.read()
verifier = dkim.DKIM(message)
count = len(re.findall(rb"(?mi)^dkim-signature:", message.split(b"\r\n\r\n", 1)[0]))
for index in range(count):
    if not verifier.verify(idx=index, dnsfunc=txt):
        sys.exit(f"signature {index} does not hold")
    print(verifier.signature_fields[b"a"].decode())
