"""A mail server (aiosmtpd) on a port of its own, which it prints first; then a line of JSON for each message that it takes.

What a recipient is called decides what happens: gone@ has no mailbox, full@ is asked to come later the first time, and to silent@ it
says nothing the first time, although it has taken the message.
"""
import asyncio
import email
import json
from email.policy import default

from aiosmtpd.smtp import SMTP


class Mailboxes:
    def __init__(self):
        self.known = set()

    def first(self, what):
        first = what not in self.known
        self.known.add(what)
        return first

    async def handle_RCPT(self, server, session, envelope, address, options):
        name = address.split('@')[0]
        if name == 'gone':
            return '550 5.1.1 no such mailbox'
        if name == 'full' and self.first(address):
            return '452 4.2.2 mailbox full'
        envelope.rcpt_tos.append(address)
        return '250 OK'

    async def handle_DATA(self, server, session, envelope):
        message = email.message_from_bytes(envelope.content, policy=default)
        shown = {'from': envelope.mail_from, 'to': envelope.rcpt_tos, 'header_to': message['To'], 'subject': message['Subject'],
                 'id': message['Message-ID'], 'date': message['Date'], 'text': message.get_content()}
        print(json.dumps(shown), flush=True)
        if any(address.startswith('silent@') for address in envelope.rcpt_tos) and self.first('silent'):
            await asyncio.sleep(3600)
        return '250 OK'


async def main():
    mailboxes = Mailboxes()
    server = await asyncio.get_running_loop().create_server(lambda: SMTP(mailboxes), '127.0.0.1', 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main())
