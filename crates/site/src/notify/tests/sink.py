"""An independent SMTP server (aiosmtpd): prints its port, then the first message that it gets as JSON, and ends."""

import asyncio
import json
from email import message_from_bytes, policy

from aiosmtpd.smtp import SMTP


class Handler:
    def __init__(self):
        self.got = asyncio.get_running_loop().create_future()

    async def handle_DATA(self, server, session, envelope):
        message = message_from_bytes(envelope.content, policy=policy.default)
        self.got.set_result(
            {
                "from": envelope.mail_from,
                "to": envelope.rcpt_tos,
                "subject": message["subject"],
                "receivers": message["to"],
                "body": message.get_content(),
            }
        )
        return "250 taken"


async def main():
    handler = Handler()
    server = await asyncio.get_running_loop().create_server(lambda: SMTP(handler), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    print(json.dumps(await asyncio.wait_for(handler.got, 30)), flush=True)
    await asyncio.sleep(0.2)  # the answer goes out


asyncio.run(main())
