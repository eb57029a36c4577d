"""Who used which share: gathers what the three programs say into one short file that the panel collects.

They all write lines into one pipe: lighttpd and Samba in their own form, the SFTP server as JSON (`note` below). Each line of theirs begins with
a word that is made anew at each start, because Samba cuts long lines, and what is after the cut a person may have chosen. Only what people of shares did
is kept; everything else is passed on to the container's log. What must hold: no line that comes in ends this program, a line of the file is whole or not there,
numbers only grow (the panel asks for what is newer than it knows), the file stays small and says how much was dropped, and a full disk stops nobody.
"""

import fcntl
import json
import os
import pathlib
import re
import select
import signal
import time
from urllib.parse import unquote_to_bytes

import shares

PIPE = "/run/share/access.fifo"
WORD = pathlib.Path("/run/share/access.word")
LOG = shares.STATE.parent / "access.log"
# The panel collects every few minutes; of more than this the oldest half is dropped.
LARGEST = 2 * 1024 * 1024
# The same again within a minute is one use: a file is read in many pieces.
AGAIN = 60
# What somebody does in the end is told after they were put out.
PARTING = 600
LONGEST = 400
# Of a pipe that is read slowly Samba waits for room, and the others drop lines.
ROOM = 1024 * 1024
WEBDAV = {
    "GET": "read", "PUT": "write", "DELETE": "delete", "MOVE": "rename", "COPY": "write", "MKCOL": "make-folder",
    "PROPFIND": "list", "PROPPATCH": "write",
}
SMB = {
    "connect": "list", "pread_recv": "read", "pread": "read", "pwrite_recv": "write", "pwrite": "write", "ftruncate": "write",
    "mkdirat": "make-folder", "renameat": "rename", "unlinkat": "delete",
}
ESCAPED = re.compile(rb'\\(x[0-9a-fA-F]{2}|[\\"bnrtv])')
LETTERS = {b"b": b"\b", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"v": b"\v"}


def word():
    return WORD.read_text().strip()


def unescaped(text):
    """A path as lighttpd escapes what it was asked for, with both kinds of escapes."""
    def one(found):
        what = found[1]
        return bytes([int(what[1:], 16)]) if what[:1] == b"x" else LETTERS.get(what, what)
    return unquote_to_bytes(ESCAPED.sub(one, text)).decode(errors="replace")


def note(login, share, by, what, path, peer):
    """Says one use, from a program of ours. A pipe that is full or gone loses it and holds nobody up."""
    said = {"login": login, "share": share, "by": by, "what": what, "path": path, "from": peer}
    try:
        pipe = os.open(PIPE, os.O_WRONLY | os.O_NONBLOCK)
    except OSError:
        return
    try:
        os.write(pipe, f"{word()} {json.dumps(said)}\n".encode())
    except OSError:
        pass
    finally:
        os.close(pipe)


class Known:
    """Who has what, and had it a while ago: read anew only when it has changed."""

    def __init__(self):
        self.stamp, self.folders = None, {}

    def folder(self, login, share):
        """The folder of a share that somebody has, or had until ten minutes ago."""
        now = time.monotonic()
        try:
            stamp = shares.APPLIED.stat().st_mtime_ns
        except OSError:
            stamp = None
        if stamp != self.stamp:
            self.stamp = stamp
            self.folders = {key: (folder, until or now + PARTING) for key, (folder, until) in self.folders.items()}
            for name, person in shares.applied().items():
                for one, has in person["shares"].items():
                    self.folders[name, one] = (has["folder"], None)
        folder, until = self.folders.get((login, share), (None, 0))
        return folder if until is None or now < until else None


def from_webdav(rest, known):
    """address, login, method, status, destination, path; lighttpd lets no tab into any of them."""
    peer, login, method, status, to, path = rest.split(b"\t")
    parts = unescaped(path).split("/", 3)
    what = WEBDAV.get(method.decode(errors="replace"))
    if what is None or not status.startswith(b"2") or parts[:2] != ["", "shares"] or len(parts) < 3:
        return None
    inside = parts[3] if len(parts) > 3 else ""
    # A page of a folder is asked for by its name and a slash.
    what = "list" if what == "read" and (not inside or inside.endswith("/")) else what
    top = f"/shares/{parts[2]}/"
    target = unescaped(to).partition(top)[2]
    if method == b"COPY":
        inside = target
    elif method == b"MOVE":
        inside = f"{inside.strip('/')} \u2192 {target.strip('/')}"
    return {"login": login.decode(), "share": parts[2], "by": "webdav", "what": what, "path": inside, "from": peer.decode()}


def from_smb(rest, known):
    """login|share|address|operation|ok|…|path, and for a new name the other path."""
    login, share, peer, operation, *rest = rest.decode(errors="replace").split("|")
    login, share, what = login.lower(), share.lower(), SMB.get(operation)
    folder = known.folder(login, share)
    if what is None or folder is None or not rest or rest[0] != "ok":
        return None
    top = str(shares.FILES / folder)
    # Names may have bars of their own.
    said = "|".join(rest[1:])
    paths = [path[len(top):].strip("/") for path in (said[said.find(top):] if top in said else top).replace(f"|{top}", f"\0{top}").split("\0")]
    if what == "read" and os.path.isdir(f"{top}/{paths[0]}"):
        return None
    return {"login": login, "share": share, "by": "smb", "what": what, "path": " \u2192 ".join(paths), "from": peer}


def from_sftp(rest, known):
    use = json.loads(rest)
    if set(use) != {"login", "share", "by", "what", "path", "from"} or not all(isinstance(text, str) for text in use.values()):
        raise ValueError("not a use")
    return use


FORMS = {b"webdav\t": from_webdav, b"smb|": from_smb, b"{": from_sftp}


def understood(line, secret, known):
    """The use that a line tells, if it tells one, and the line for the log, if it is one."""
    head, _, rest = line.strip().partition(b" ")
    if head != secret:
        return None, line.decode(errors="replace")
    for form, read in FORMS.items():
        if rest.startswith(form):
            try:
                use = read(rest if form == b"{" else rest[len(form):], known)
            except (ValueError, KeyError, TypeError):
                return None, None  # Cut off on its way.
            is_request = form == b"webdav\t" and b"\tPRI\t" not in rest
            return use, rest[len(form):].decode(errors="replace").replace("\t", " ") if is_request else None
    return None, None


class Record:
    """The file."""

    def __init__(self, known):
        self.known, self.last, self.tidied = known, {}, 0
        self.number = 0
        self.cut()
        for line in self.lines()[-1:]:
            self.number = json.loads(line)["n"]

    def lines(self):
        """Those that can be read: the file lies where its owner may have changed it."""
        good = []
        try:
            for line in LOG.read_bytes().splitlines(keepends=True):
                try:
                    if isinstance(json.loads(line)["n"], int):
                        good.append(line)
                except (ValueError, KeyError, TypeError):
                    pass
        except OSError:
            pass
        return good

    def cut(self):
        """A line that a full disk cut off must not become the beginning of the next."""
        try:
            with open(LOG, "r+b") as log:
                text = log.read()
                log.truncate(text.rfind(b"\n") + 1)
        except OSError:
            pass

    def is_again(self, use, now):
        key = (use["login"], use["share"], use["by"], use["what"], use["path"])
        if now - self.last.get(key, 0) < AGAIN:
            return True
        if now - self.tidied >= AGAIN:
            self.tidied = now
            self.last = {one: at for one, at in self.last.items() if now - at < AGAIN}
        self.last[key] = now
        return False

    def add(self, use):
        use["path"] = use["path"].strip("/")[:LONGEST]
        if self.is_again(use, time.monotonic()) or self.known.folder(use["login"], use["share"]) is None:
            return
        try:
            LOG.parent.mkdir(mode=0o700, exist_ok=True)
            self.shorten()
            self.write(use)
        except OSError:
            # The disk is full, or being taken away: serving goes on.
            self.cut()

    def write(self, what):
        # Grows also when the clock was put back, or an older volume was brought back.
        # What comes at once is told apart, so that it keeps its order.
        now = int(time.time() * 1000)
        self.number = max(self.number + 1, now)
        at = self.number if self.number < now + AGAIN * 1000 else now
        line = json.dumps({"n": self.number, "at": at, **what}, ensure_ascii=False) + "\n"
        with open(LOG, "ab", buffering=0, opener=lambda path, flags: os.open(path, flags, 0o600)) as log:
            log.write(line.encode(errors="replace"))

    def shorten(self):
        if not LOG.exists() or LOG.stat().st_size < LARGEST:
            return
        lines = self.lines()
        new = LOG.with_suffix(".new")
        new.write_bytes(b"".join(lines[len(lines) // 2:]))
        new.chmod(0o600)
        new.rename(LOG)
        self.write({"dropped": len(lines) // 2})


def main():
    ending = []
    for sig in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sig, lambda *_: ending.append(True))
    known = Known()
    record, rest, secret = Record(known), b"", word().encode()
    # Open for both ways, so that it never ends, whoever comes and goes.
    pipe = os.open(PIPE, os.O_RDWR | os.O_NONBLOCK)
    fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, ROOM)
    while True:
        try:
            rest += os.read(pipe, 65536)
        except BlockingIOError:
            if ending:
                return
            wait(pipe)
            continue
        *lines, rest = rest.split(b"\n")
        for line in lines:
            use, text = understood(line, secret, known)
            if use is not None:
                record.add(use)
            if text:
                print(text, flush=True)


def wait(pipe):
    """Until there is something, or half a second: a signal may have come just before."""
    waiting = select.poll()
    waiting.register(pipe, select.POLLIN)
    waiting.poll(500)


if __name__ == "__main__":
    main()
