"""Who used which share: gathers what the three programs say into one short file that the panel collects.

They all write lines into one pipe: lighttpd and Samba in their own form (lighttpd.conf, smb.conf),
the SFTP server as JSON (`note` below). Only what people of shares did is kept; everything is passed on to the container's log.
What must hold: a line is whole or not there, numbers only grow (the panel asks for what is newer than it knows), the file stays small, and a
full disk stops nobody.
"""

import json
import os
import pathlib
import re
import signal
import sys
import time
from urllib.parse import unquote_to_bytes

import shares

PIPE = "/run/share/access.fifo"
LOG = shares.STATE.parent / "access.log"
# The panel collects every few minutes; of more than this the oldest half is dropped.
LARGEST = 512 * 1024
# The same again within a minute is one use: a file is read in many pieces.
AGAIN = 60
LONGEST = 1000
WEBDAV = {
    "GET": "read", "PUT": "write", "DELETE": "delete", "MOVE": "rename", "COPY": "write", "MKCOL": "make-folder",
    "PROPFIND": "list", "PROPPATCH": "write",
}
SMB = {
    "connect": "list", "pread_recv": "read", "pread": "read", "pwrite_recv": "write", "pwrite": "write", "mkdirat": "make-folder",
    "renameat": "rename", "unlinkat": "delete",
}
ESCAPED = re.compile(rb'\\(x[0-9a-fA-F]{2}|[\\"bnrtv])')
LETTERS = {b"b": b"\b", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"v": b"\v"}


def unescaped(text):
    """As lighttpd escapes what it was asked for."""
    def one(found):
        what = found[1]
        return bytes([int(what[1:], 16)]) if what[:1] == b"x" else LETTERS.get(what, what)
    return ESCAPED.sub(one, text)


def note(login, share, by, what, path, peer):
    """Says one use, from a program of ours. A pipe that is full or gone loses it and holds nobody up."""
    said = {"login": login, "share": share, "by": by, "what": what, "path": path, "from": peer}
    try:
        pipe = os.open(PIPE, os.O_WRONLY | os.O_NONBLOCK)
    except OSError:
        return
    try:
        os.write(pipe, (json.dumps(said) + "\n").encode())
    except OSError:
        pass
    finally:
        os.close(pipe)


def from_webdav(line):
    """webdav|address|login|method|status|path"""
    peer, login, method, status, path = line.split(b"|", 5)[1:]
    # As it was asked for: with both kinds of escapes.
    parts = unquote_to_bytes(unescaped(path)).decode(errors="replace").split("/", 3)
    what = WEBDAV.get(method.decode(errors="replace"))
    if what is None or not status.startswith(b"2") or parts[:2] != ["", "shares"] or len(parts) < 3:
        return None
    inside = parts[3] if len(parts) > 3 else ""
    # A page of a folder is asked for by its name and a slash.
    what = "list" if what == "read" and (not inside or inside.endswith("/")) else what
    return {"login": login.decode(), "share": parts[2], "by": "webdav", "what": what, "path": inside, "from": peer.decode()}


def from_smb(line):
    """smb|login|share|address|operation|ok|…|path"""
    login, share, peer, operation, *rest = line.split("|")[1:]
    what = SMB.get(operation)
    has = shares.applied().get(login.lower(), {}).get("shares", {}).get(share.lower())
    if what is None or has is None or not rest or rest[0] != "ok":
        return None
    top = str(shares.FILES / has["folder"])
    said = "|".join(rest[1:])
    # Of two paths the first is what was there; names may have bars of their own.
    path = said[said.find(top):].split(f"|{top}")[0] if top in said else top
    inside = path[len(top):].strip("/")
    if what == "read" and os.path.isdir(path):
        return None
    return {"login": login.lower(), "share": share.lower(), "by": "smb", "what": what, "path": inside, "from": peer}


def understood(line):
    """The use that a line tells, if it tells one, and the line for the log, if it is one."""
    text = line.decode(errors="replace")
    try:
        if line.startswith(b"{"):
            return json.loads(line), None
        if line.startswith(b"webdav|"):
            peer, login, method, status, path = text.split("|", 5)[1:]
            return from_webdav(line), f'{peer} {login} "{method} {path}" {status}'
        # Samba may begin its lines with spaces.
        if text.lstrip().startswith("smb|"):
            return from_smb(text.strip()), None
    except ValueError:
        pass  # Not ours after all, or cut off.
    return None, text


class Record:
    """The file."""

    def __init__(self):
        self.last = {}
        self.number = 0
        try:
            lines = LOG.read_bytes().splitlines()
            self.number = max((json.loads(line)["n"] for line in lines[-1:]), default=0)
        except (OSError, ValueError, KeyError, TypeError):
            LOG.unlink(missing_ok=True)

    def is_again(self, use, now):
        key = (use["login"], use["share"], use["by"], use["what"], use["path"])
        if now - self.last.get(key, 0) < AGAIN:
            return True
        if len(self.last) > 5000:
            self.last = {one: at for one, at in self.last.items() if now - at < AGAIN}
        self.last[key] = now
        return False

    def add(self, use):
        has = shares.applied().get(use["login"], {}).get("shares", {})
        use["path"] = use["path"].strip("/")[:LONGEST]
        now = time.time()
        if use["share"] not in has or self.is_again(use, now):
            return
        # Grows also when the clock was put back, or an older volume was brought back.
        self.number = max(self.number + 1, int(now * 1000))
        line = json.dumps({"n": self.number, "at": int(now), **use}) + "\n"
        try:
            LOG.parent.mkdir(mode=0o700, exist_ok=True)
            self.shorten()
            with open(LOG, "ab", opener=lambda path, flags: os.open(path, flags, 0o600)) as log:
                log.write(line.encode())
        except OSError:
            pass  # The disk is full, or being taken away: serving goes on.

    def shorten(self):
        if not LOG.exists() or LOG.stat().st_size < LARGEST:
            return
        lines = LOG.read_bytes().splitlines(keepends=True)
        new = LOG.with_suffix(".new")
        new.write_bytes(b"".join(lines[len(lines) // 2:]))
        new.chmod(0o600)
        new.rename(LOG)


def main():
    for sig in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sig, lambda *_: sys.exit(0))
    record, rest = Record(), b""
    # Open for both ways, so that it never ends, whoever comes and goes.
    pipe = os.open(PIPE, os.O_RDWR)
    while True:
        rest += os.read(pipe, 65536)
        *lines, rest = rest.split(b"\n")
        for line in lines:
            use, text = understood(line)
            if use is not None:
                record.add(use)
            if text:
                print(text, flush=True)


if __name__ == "__main__":
    main()
