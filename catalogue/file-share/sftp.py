"""SFTP into one folder and nothing else: no shell, no forwarding, no way out of the folder.

The process that serves it is the user that owns the files, so who signs in is decided here, by the same list that WebDAV
and SMB have: name and hash of the password, a line each. The owners have the whole folder. Whoever has shares has a root that lists
those, reads and writes as each of them allows, and is out when something is taken away (see shares.py).
"""

import asyncio
import crypt
import hmac
import os
import pathlib
import posixpath
import re
import signal
import subprocess
import sys
import time

import access
import asyncssh
import shares

FILES = b"/srv/share/files"
PID = pathlib.Path("/run/share/sftp.pid")
KEY = "/srv/share/state/sftp_host_key"
USERS = pathlib.Path("/run/share/htpasswd")
# Nobody's hash: whoever is not on the list is answered as slowly as who is.
NOBODY = crypt.crypt("nobody", crypt.mksalt(crypt.METHOD_SHA512))


CONNECTIONS = set()


def say(text):
    print(f"sftp: {text}", flush=True)


def is_right(name, password):
    known = dict(line.split(":", 1) for line in USERS.read_text().splitlines())
    wanted = known.get(name, NOBODY)
    return hmac.compare_digest(crypt.crypt(password, wanted), wanted) and name in known


class Server(asyncssh.SSHServer):
    """Decides who comes in."""

    def connection_made(self, connection):
        self.peer = connection.get_extra_info("peername")[0]
        self.connection = connection
        CONNECTIONS.add(connection)

    def connection_lost(self, error):
        CONNECTIONS.discard(self.connection)

    def begin_auth(self, username):
        return True

    def password_auth_supported(self):
        return True

    async def validate_password(self, username, password):
        right = await asyncio.get_running_loop().run_in_executor(None, is_right, username, password)
        say(f"{username} from {self.peer} {'signed in' if right else 'was refused'}")
        return right


class Files(asyncssh.SFTPServer):
    """The folder. Links are not made, so that none leads out of it, and those that are there are not followed."""

    def __init__(self, channel):
        super().__init__(channel, chroot=FILES)

    def map_path(self, path):
        mapped = super().map_path(path)
        parent = os.path.realpath(os.path.dirname(mapped)) if mapped.rstrip(b"/") != FILES else FILES
        inside = parent == FILES or parent.startswith(FILES + b"/")
        if not inside or os.path.islink(mapped):
            raise asyncssh.SFTPPermissionDenied("links are not followed")
        return mapped

    def symlink(self, oldpath, newpath):
        raise asyncssh.SFTPOpUnsupported("links are not made here")

    def link(self, oldpath, newpath):
        raise asyncssh.SFTPOpUnsupported("links are not made here")


CONTROL = re.compile(rb"[\x00-\x1f\x7f]")
WRITES = asyncssh.FXF_WRITE | asyncssh.FXF_APPEND | asyncssh.FXF_CREAT | asyncssh.FXF_TRUNC | asyncssh.FXF_EXCL


class Shares(Files):
    """A person's shares, as folders of a root that is not a folder. What is changed is below one of them, never one itself."""

    def __init__(self, channel, name):
        super().__init__(channel)
        self.name, self.peer = name, channel.get_extra_info("peername")[0]
        self.shares = {}
        for share, has in shares.applied().get(name, {}).get("shares", {}).items():
            if "sftp" in has["protocols"]:
                self.shares[share.encode()] = (FILES + b"/" + has["folder"].encode(), has["access"] == "write")

    def split(self, path):
        parts = posixpath.normpath(posixpath.join(b"/", path)).lstrip(b"/").split(b"/")
        return parts[0], parts[1:]

    def map_path(self, path):
        share, rest = self.split(path)
        if not share:
            return b"/run/share/empty"
        if share not in self.shares:
            raise asyncssh.SFTPNoSuchFile("there is no such share")
        return super().map_path(b"/".join((b"", self.shares[share][0][len(FILES) + 1:], *rest)))

    def may_change(self, path):
        share, rest = self.split(path)
        if not rest or not self.shares.get(share, (b"", False))[1]:
            raise asyncssh.SFTPPermissionDenied("you may read here, not write")

        if CONTROL.search(path):
            # The record of uses has a line for each; no name may be two.
            raise asyncssh.SFTPPermissionDenied("names have no control characters here")

    def note(self, what, path, target=b""):
        share, rest = self.split(path)
        text = b"/".join(rest) + target
        access.note(self.name, share.decode(errors="replace"), "sftp", what, text.decode(errors="replace"), self.peer)

    def note_renamed(self, oldpath, newpath):
        share, rest = self.split(newpath)
        inside = rest if share == self.split(oldpath)[0] else [share, *rest]
        self.note("rename", oldpath, " \u2192 ".encode() + b"/".join(inside))

    def realpath(self, path):
        return posixpath.normpath(posixpath.join(b"/", path))

    def listdir(self, path):
        if not self.split(path)[0]:
            return [b".", b"..", *self.shares]
        found = super().listdir(path)
        self.note("list", path)
        return found

    def open(self, path, pflags, attrs):
        if pflags & WRITES:
            self.may_change(path)
        opened = super().open(path, pflags, attrs)
        self.note("write" if pflags & WRITES else "read", path)
        return opened

    def open56(self, path, desired_access, flags, attrs):
        raise asyncssh.SFTPOpUnsupported("version 3 is spoken here")

    def setstat(self, path, attrs):
        self.may_change(path)
        super().setstat(path, attrs)
        # Other properties say nothing of what is in it.
        if attrs.size is not None:
            self.note("write", path)

    def fsetstat(self, file_obj, attrs):
        if not file_obj.writable():
            raise asyncssh.SFTPPermissionDenied("this was opened for reading")
        return super().fsetstat(file_obj, attrs)

    def remove(self, path):
        self.may_change(path)
        super().remove(path)
        self.note("delete", path)

    def mkdir(self, path, attrs):
        self.may_change(path)
        super().mkdir(path, attrs)
        self.note("make-folder", path)

    def rmdir(self, path):
        self.may_change(path)
        super().rmdir(path)
        self.note("delete", path)

    def rename(self, oldpath, newpath):
        self.may_change(oldpath)
        self.may_change(newpath)
        super().rename(oldpath, newpath)
        self.note_renamed(oldpath, newpath)

    def posix_rename(self, oldpath, newpath):
        self.may_change(oldpath)
        self.may_change(newpath)
        super().posix_rename(oldpath, newpath)
        self.note_renamed(oldpath, newpath)

    def readlink(self, path):
        raise asyncssh.SFTPOpUnsupported("links are not followed")


def serve(channel):
    name = channel.get_extra_info("username")
    return Files(channel) if name in shares.owners() else Shares(channel, name)


class Watch:
    """Ends what somebody has lost, at a reload and when a person's time is over."""

    def __init__(self):
        self.known = shares.applied()
        self.timer = None
        self.wait()

    def look(self):
        now = shares.applied()
        gone = shares.losers(self.known, now)
        self.known = now
        for connection in list(CONNECTIONS):
            if connection.get_extra_info("username") in gone:
                connection.abort()
        self.wait()

    def wait(self):
        if self.timer is not None:
            self.timer.cancel()
        ends = [person["until"] for person in self.known.values() if person["until"] is not None]
        if ends:
            # An hour at most: a clock that is set meanwhile is not waited for.
            delay = min(max(min(ends) - time.time(), 1), 3600)
            self.timer = asyncio.get_running_loop().call_later(delay, self.reload)

    def reload(self):
        # It comes back as SIGHUP; the timer is set there again.
        subprocess.Popen(["python3", shares.__file__, "reload"], start_new_session=True)


async def main():
    asyncssh.set_log_level("ERROR")
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for sig in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sig, stop.set)
    watch = Watch()
    loop.add_signal_handler(signal.SIGHUP, watch.look)
    PID.write_text(str(os.getpid()))
    # What was applied between the two has no signal.
    watch.look()
    server = await asyncssh.create_server(
        Server, "", 2022, server_host_keys=[KEY], sftp_factory=serve, allow_scp=True, allow_pty=False,
        agent_forwarding=False, x11_forwarding=False, login_timeout=30, keepalive_interval=60,
        public_key_auth=False, kbdint_auth=True)
    say("ready")
    await stop.wait()
    server.close()
    await server.wait_closed()


if sys.argv[1:] == ["make-key"]:
    asyncssh.generate_private_key("ssh-ed25519").write_private_key(KEY + ".new")
    os.replace(KEY + ".new", KEY)
else:
    asyncio.run(main())
