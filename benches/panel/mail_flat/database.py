"""What programs/database.py is in the shipped image, answered from a flat file that is read once."""

import json
import pathlib

FILE = pathlib.Path("/flat/keys.json")


class Database:
    def __init__(self):
        told = json.loads(FILE.read_text())
        self._senders, self._keys = told["senders"], told["keys"]

    def one(self, name, **values):
        if name == "author":
            login, authors = values["login"], values["authors"]
            if any(login not in self._senders.get(author, []) for author in authors):
                return (False, None, None)
            return (True, *self._keys.get(authors[0].rpartition("@")[2], (None, None)))
        if name == "send":
            return ("DUNNO",)
        if name == "has_mailbox":
            return (values["address"] in self._senders,)
        return (1,)
