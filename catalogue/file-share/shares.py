"""Shares: folders that are served to people of their own, who see nothing else.

The panel writes STATE and says `shares.py reload`; `start` says `shares.py apply`, so that what was written while the server
stood still holds too. Everything here is made anew from STATE: what it does not name is gone. What must hold: when STATE
cannot be read, nobody but the owners comes in; what a person has lost is lost to the sessions that are open, too.
"""

import fcntl
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import time

FILES = pathlib.Path("/srv/share/files")
STATE = pathlib.Path("/srv/share/state/shares/shares.json")
RUN = pathlib.Path("/run/share")
# What was applied last: who had what, so that a reload knows who has lost something.
APPLIED = RUN / "shares.applied"
SESSIONS = RUN / "sessions"
SMB = ["-s", "/etc/berth/smb.conf"]
NAME = re.compile(r"[a-z][a-z0-9_-]{0,30}")
# None of these means something in smb.conf or lighttpd.conf; ways up and hidden folders begin with a full stop.
PART = re.compile(r"""(?!\.)[^\x00-\x1f\x7f-\xa0"\\%$`/;#*?<>|:{}\[\]]{1,100}(?<![ .])""")
# Other spellings of a way up, and what ends a path.
TRICKS = r"(?://|/\.\.?(?:/|$)|%[01][0-9a-fA-F]|%2[eEfF]|%5[cC]|%7[fF]|\\|[?#])"
READING = "^(?:GET|HEAD|OPTIONS|PROPFIND)$"


class Broken(Exception):
    """STATE is not what the panel writes."""


def check(share):
    parts = share["folder"].split("/")
    if not NAME.fullmatch(share["name"]) or not all(PART.fullmatch(part) and part.strip() == part for part in parts):
        raise Broken(f"the share {share['name']!r} has a name or folder that cannot be served")
    return share


def read():
    try:
        state = json.loads(STATE.read_text())
    except FileNotFoundError:
        return {"people": {}, "shares": []}
    except ValueError as error:
        raise Broken(str(error)) from error
    try:
        for share in state["shares"]:
            check(share)
        if not all(NAME.fullmatch(name) for name in state["people"]):
            raise Broken("a person's name cannot be served")
    except (KeyError, TypeError, AttributeError) as error:
        raise Broken(f"{error!r} is missing or not what it should be") from error
    return state


def owners():
    return [line.split(":")[0] for line in (RUN / "owners.htpasswd").read_text().splitlines()]


def standing(now=None):
    """Who has what now: name -> hashes and, by share, folder, protocols and access. The owners' names stay theirs."""
    state, now = read(), now or time.time()
    taken = owners()
    people = {}
    for name, person in state["people"].items():
        until = person.get("until")
        if name in taken or (until is not None and until <= now):
            continue
        has = {
            share["name"]: {"folder": share["folder"], "protocols": sorted(share["protocols"]), "access": share["people"][name]}
            for share in state["shares"] if name in share["people"]
        }
        if has:
            people[name] = {"crypt": person["crypt"], "nt": person["nt"], "until": until, "shares": has}
    return people


def has_lost(before, now):
    """Whether somebody may do less than before; another password counts."""
    if now is None or any(before[key] != now[key] for key in ("crypt", "nt")):
        return True
    for name, old in before["shares"].items():
        new = now["shares"].get(name)
        if new is None or new["folder"] != old["folder"] or not set(old["protocols"]) <= set(new["protocols"]):
            return True
        if old["access"] == "write" != new["access"]:
            return True
    return False


def losers(before, now):
    return [name for name, person in before.items() if has_lost(person, now.get(name))]


def applied():
    try:
        return json.loads(APPLIED.read_text())
    except FileNotFoundError:
        return {}


def by_share(people, protocol):
    """Name -> folder, readers and writers, of the shares that somebody reaches by this protocol."""
    shares = {}
    for person, has in people.items():
        for name, share in has["shares"].items():
            if protocol in share["protocols"]:
                one = shares.setdefault(name, {"folder": share["folder"], "read": [], "write": []})
                one[share["access"]].append(person)
    return dict(sorted(shares.items()))


def smb_text(people, taken):
    # An empty list would let everybody in, but there is always an owner, and a share without people is not here.
    lines = ["[files]", f"valid users = {' '.join(taken)}"]
    for name, share in by_share(people, "smb").items():
        if name == "files":
            continue
        lines += [
            f"[{name}]", f"path = {FILES / share['folder']}", "read only = yes", "force user = share",
            "create mask = 0644", "directory mask = 0755", "veto files = /.DAV/", "vfs objects = full_audit",
            # Only a name that has signed in gets here, and those have no letters that a shell minds.
            f"preexec = touch {SESSIONS}/%d.%U",
            f"valid users = {' '.join(share['read'] + share['write'])}",
        ]
        if share["write"]:
            lines.append(f"write list = {' '.join(share['write'])}")
    return "\n".join(lines) + "\n"


def require(names):
    return f'auth.require = ("" => ("method" => "basic", "realm" => "Files", "require" => "{"|".join("user=" + n for n in names)}"))'


def webdav_text(people, taken):
    lines = [require(taken)]
    for name, share in by_share(people, "webdav").items():
        prefix = f"/shares/{name}"
        # mod_webdav checks who may touch what it is asked for, and nothing about where a MOVE or COPY goes: only plain names
        # inside of the same share pass, and no other spelling of a way out.
        inside = rf"^(?:https?://[^/?#@]+)?{prefix}(?!.*{TRICKS})(?:/[^/]+)+/?$"
        lines += [
            f'$HTTP["url"] =~ "^{prefix}(?:/|$)" {{',
            f'alias.url = ("{prefix}" => "{FILES / share["folder"]}")',
            require(share["read"] + share["write"]),
            f'$HTTP["request-method"] !~ "{READING}" {{',
            require(share["write"]) if share["write"] else 'url.access-deny = ("")',
            "}",
            # It would answer with what is in a file, and say so nowhere.
            '$HTTP["request-method"] == "POST" { url.access-deny = ("") }',
            # The folder itself is the panel's to move and to remove.
            '$HTTP["request-method"] =~ "^(?:DELETE|MOVE|COPY)$" {',
            f'$HTTP["url"] =~ "^{prefix}/?$" {{ url.access-deny = ("") }}',
            "}",
            '$HTTP["request-method"] =~ "^(?:MOVE|COPY)$" {',
            f'$REQUEST_HEADER["Destination"] !~ "{inside}" {{ url.access-deny = ("") }}',
            "}",
            "}",
        ]
    return "\n".join(lines) + "\n"


def put(name, text, mode=0o600):
    """Whole or not at all."""
    new = RUN / (name + ".new")
    new.write_text(text)
    new.chmod(mode)
    new.rename(RUN / name)


def numbers(people):
    """A number for each name that no other name has had since the start: what Samba keeps by it stays one person's."""
    path = RUN / "numbers.json"
    known = json.loads(path.read_text()) if path.exists() else {}
    for name in people:
        known.setdefault(name, 10000 + len(known))
    put("numbers.json", json.dumps(known))
    return known


def keep_passdb(people, before):
    for name in before:
        if name not in people:
            subprocess.run(["pdbedit", *SMB, "-x", "-u", name], capture_output=True, check=False)
    known = numbers(people)
    fresh = [name for name in people if before.get(name, {}).get("nt") != people[name]["nt"]]
    if fresh:
        lines = [f"{name}:{known[name]}:{'X' * 32}:{people[name]['nt'].upper()}:[U          ]:LCT-00000001:\n" for name in fresh]
        put("smbpasswd", "".join(lines))
        done = subprocess.run(["pdbedit", *SMB, "-i", f"smbpasswd:{RUN}/smbpasswd", "-e", f"tdbsam:{RUN}/passdb.tdb"],
                              capture_output=True, text=True, check=False)
        (RUN / "smbpasswd").unlink()
        if done.returncode:
            raise Broken(f"Samba does not take the people: {done.stderr.strip()}")


def make_folders(people):
    for person in people.values():
        for share in person["shares"].values():
            folder = FILES
            for part in share["folder"].split("/"):
                folder = folder / part
                if folder.is_symlink():
                    raise Broken("a share's folder is a link")
                folder.mkdir(mode=0o755, exist_ok=True)


def write(people):
    """Lays everything out for the three programs."""
    taken, before = owners(), applied()
    make_folders(people)
    known = numbers(people)
    lines = [f"{name}:x:{known[name]}:1000::/nonexistent:/usr/sbin/nologin\n" for name in people]
    put("passwd", (RUN / "owners.passwd").read_text() + "".join(lines), 0o644)
    hashes = [f"{name}:{person['crypt']}\n" for name, person in people.items()]
    put("htpasswd", (RUN / "owners.htpasswd").read_text() + "".join(hashes))
    put("shares.conf", smb_text(people, taken))
    put("webdav.conf", webdav_text(people, taken))
    keep_passdb(people, before)
    put("shares.applied", json.dumps(people))


def is_samba(process):
    try:
        return b"smbd" in pathlib.Path(f"/proc/{process}/cmdline").read_bytes()
    except OSError:
        return False


def children_of(names):
    """The processes that serve these people by SMB, as smb.conf lets them note it at each connection to a share: who is
    signed in only root may ask Samba."""
    for note in SESSIONS.iterdir():
        process, _, name = note.name.partition(".")
        if not is_samba(process):
            note.unlink(missing_ok=True)
        elif name.lower() in names:
            yield int(process)


def tell(pidfile, sig):
    """Whether there is such a process to be told."""
    try:
        os.kill(int((RUN / pidfile).read_text()), sig)
    except (FileNotFoundError, ValueError, ProcessLookupError):
        return False
    return True


def end_sessions(names):
    for process in list(children_of(names)):
        try:
            os.kill(process, signal.SIGTERM)
        except ProcessLookupError:
            pass  # It ended by itself.


def main(verb):
    # There from a change on until all programs have been told of it, so that what was cut off is made good by the next word.
    pending = RUN / "shares.pending"
    (RUN / "apply.lock").touch(mode=0o600)
    with open(RUN / "apply.lock") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        before, broken, people = applied(), None, {}
        try:
            people = standing()
        except (Broken, OSError) as error:
            broken = error
        if verb == "apply" or before != people:
            pending.touch()
            try:
                write(people)
            except (Broken, OSError) as error:
                broken, people = error, {}
                write(people)
        if verb == "reload" and pending.exists():
            told = [tell("smbd.pid", signal.SIGHUP), tell("lighttpd.pid", signal.SIGUSR1), tell("sftp.pid", signal.SIGHUP)]
            end_sessions(losers(before, people))
            if not all(told):
                sys.exit("berth: it is about to start: say it again")
        pending.unlink(missing_ok=True)
    if broken:
        sys.exit(f"berth: the shares are closed: {broken}")
    print(f"berth: shares for {len(people)} people", flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
