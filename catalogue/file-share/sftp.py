"""SFTP into one folder and nothing else: no shell, no forwarding, no way out of the folder.

The process that serves it is the user that owns the files, so who signs in is decided here, by the same list that WebDAV
and SMB have: name and hash of the password, a line each.
"""

import asyncio
import crypt
import hmac
import os
import pathlib
import signal
import sys

import asyncssh

FILES = b"/srv/share/files"
KEY = "/srv/share/state/sftp_host_key"
USERS = pathlib.Path("/run/share/htpasswd")
# Nobody's hash: whoever is not on the list is answered as slowly as who is.
NOBODY = crypt.crypt("nobody", crypt.mksalt(crypt.METHOD_SHA512))


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


async def main():
    asyncssh.set_log_level("ERROR")
    stop = asyncio.Event()
    for sig in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(sig, stop.set)
    server = await asyncssh.create_server(
        Server, "", 2022, server_host_keys=[KEY], sftp_factory=Files, allow_scp=True, allow_pty=False,
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
