"""A receiver built on aiosmtpd with STARTTLS: receive.py HOST PORT CERTIFICATE KEY FOLDER

Writes each message to FOLDER/N.eml, with its envelope and whether it came encrypted in two lines before it.
Prints "ready" when it listens.
"""

import pathlib
import signal
import ssl
import sys

from aiosmtpd.controller import Controller

host, port, certificate, key, folder = sys.argv[1:]
folder = pathlib.Path(folder)


class Keep:
    count = 0

    async def handle_DATA(self, server, session, envelope):
        self.count += 1
        facts = f"{envelope.mail_from} {' '.join(envelope.rcpt_tos)}\n{'tls' if session.ssl else 'clear'}\n"
        unfinished = folder / f"{self.count}.tmp"
        unfinished.write_bytes(facts.encode() + envelope.original_content)
        unfinished.rename(folder / f"{self.count}.eml")
        return "250 2.0.0 kept"


context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate, key)
controller = Controller(Keep(), hostname=host, port=int(port), tls_context=context, enable_SMTPUTF8=True)
controller.start()
print("ready", flush=True)
signal.pause()
