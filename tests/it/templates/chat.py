"""A chat client: HOST PORT ADDRESS send TO TEXT, or HOST PORT ADDRESS read; the password is in CHAT_PASSWORD."""

import asyncio
import os
import ssl
import sys

import slixmpp


class Client(slixmpp.ClientXMPP):
    def __init__(self, address, act):
        super().__init__(address, os.environ["CHAT_PASSWORD"])
        self.register_plugin("xep_0313")
        self.act = act
        self.done = asyncio.get_event_loop().create_future()
        self.ssl_context.check_hostname = False
        self.ssl_context.verify_mode = ssl.CERT_NONE
        self.add_event_handler("session_start", self.start)
        self.add_event_handler("failed_all_auth", lambda _: self.end("refused"))
        self.add_event_handler("connection_failed", lambda why: self.end(f"not connected: {why}"))

    def end(self, trouble=None):
        if not self.done.done():
            self.done.set_result(trouble)

    async def start(self, _):
        try:
            await self.get_roster()
            for contact in self.client_roster:
                print("contact", contact)
            if self.act[0] == "send":
                self.send_message(mto=self.act[1], mbody=self.act[2], mtype="chat")
                # Whatever is answered after a message was sent, the server has it.
                await self.get_roster()
            else:
                archive = await self["xep_0313"].retrieve(iterator=False)
                for message in archive["mam"]["results"]:
                    print("message", message["mam_result"]["forwarded"]["stanza"]["body"])
            self.end()
        except slixmpp.exceptions.XMPPError as error:
            self.end(repr(error))


async def main():
    host, port, address, *act = sys.argv[1:]
    client = Client(address, act)
    client.connect((host, int(port)))
    trouble = await asyncio.wait_for(client.done, 15)
    client.abort()
    if trouble:
        sys.exit(trouble)


asyncio.get_event_loop().run_until_complete(main())
