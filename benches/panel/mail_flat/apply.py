#!/usr/bin/python3
"""Runs in a container of the shipped image, before it is started again: from then on everything that would be asked of PostgreSQL is
asked of the flat files beside this one. What is not swapped is as it is shipped, and what can't be swapped ends this."""

import pathlib
import re
import shutil
import sys

FLAT = pathlib.Path(__file__).parent
SHIPPED = pathlib.Path("/usr/share/berth-mail")
POSTGRESQL = r"proxy:pgsql:/etc/postfix/sql/(\w+)\.cf"


def swap(text, old, new):
    if old not in text:
        sys.exit(f"the shipped configuration has no {old!r} any more")
    return text.replace(old, new)


def postfix():
    """Each look-up stays where it is, and is of the flat file of the same name."""
    path = SHIPPED / "postfix/main.cf"
    text = path.read_text()
    for name in re.findall(POSTGRESQL, text):
        if not (FLAT / "maps" / name).exists():
            sys.exit(f"there is no flat file for {name}")
    path.write_text(re.sub(POSTGRESQL, rf"texthash:{FLAT}/maps/\1", text))


def dovecot():
    path = SHIPPED / "dovecot/dovecot.conf"
    text, swapped = re.subn(r"^(passdb|userdb|dict) \{\n(?:  .*\n)*\}\n", "", path.read_text(), flags=re.MULTILINE)
    if swapped != 5:
        sys.exit(f"the shipped dovecot.conf has {swapped} blocks that ask PostgreSQL, not 5")
    text = swap(text, "sieve_before = dict:proxy::sieve;name=active;bindir=~/sieve-compiled",
                f"sieve_before = file:{FLAT}/sieve/default.sieve")
    # Nobody is told what a mailbox holds: flat files have no such place.
    text = swap(text, "mail_plugins = quota quota_clone", "mail_plugins = quota")
    text = swap(text, "  quota_clone_dict = proxy::quota\n", "")
    path.write_text(text + (FLAT / "dovecot.conf").read_text())
    # Dovecot keeps the compiled script beside it.
    shutil.chown(FLAT / "sieve", "vmail", "vmail")


postfix()
dovecot()
shutil.copy(FLAT / "database.py", SHIPPED / "programs/database.py")
