#!/usr/bin/python3
"""Stands between Postfix and Dovecot where people sign in to send, and passes on what they say, line by line.

But for one line: when its database does not answer, Dovecot says FAIL with code=temp_fail, a field that Postfix (3.7) does not read. It
would say 535, as for a wrong password, and mail programs would ask for another one. What it says 454 to, try again later, is a
connection that breaks, so that is what becomes of this one; Postfix makes a new one for the next sign-in."""

import asyncio
import os

DOVECOT = "/run/berth-mail/auth"
HERE = "/run/berth-mail/sign-in/socket"
# Dovecot's own limit is 16 KiB.
LONGEST = 64 * 1024


def is_put_off(line):
    kind, *fields = line.rstrip(b"\n").split(b"\t")
    # "temp" is how versions before 2.3 said it.
    return kind == b"FAIL" and (b"code=temp_fail" in fields or b"temp" in fields)


async def to_dovecot(postfix, dovecot):
    while said := await postfix.read(LONGEST):
        dovecot.write(said)
        await dovecot.drain()


async def to_postfix(dovecot, postfix):
    while line := await dovecot.readline():
        if is_put_off(line):
            return
        postfix.write(line)
        await postfix.drain()


async def serve(from_postfix, postfix):
    """Whichever end breaks off ends both."""
    dovecot, ways = None, []
    try:
        from_dovecot, dovecot = await asyncio.open_unix_connection(DOVECOT, limit=LONGEST)
        ways = [asyncio.create_task(way) for way in (to_dovecot(from_postfix, dovecot), to_postfix(from_dovecot, postfix))]
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
    except OSError:
        pass  # Dovecot is away, and Postfix says so.
    finally:
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)
        for end in (postfix, dovecot):
            if end:
                end.close()


async def main():
    os.umask(0o077)
    server = await asyncio.start_unix_server(serve, HERE, limit=LONGEST)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
