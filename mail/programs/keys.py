#!/usr/bin/python3
"""Tells rspamd (rspamd.local.lua) whether a mailbox may be the author of a mail, and with which key it is signed.

Asks PostgreSQL each time and keeps nothing. A database that does not answer is a 503, and the mail is put off."""

import http.server
import json
import queue
import socket
import socketserver
import sys
import threading

import psycopg2

from database import Database

ADDRESS = ("127.0.0.1", 11390)
WORKERS = 4
LARGEST = 64 * 1024
MOST_RECIPIENTS = 1000
database = Database()


def judge(login, authors):
    """What rspamd is told. Without a From, which Postfix adds, the mailbox itself is the author."""
    authors = authors or [login]
    # "me@mine.example"@yours.example comes without its quotes.
    if any(author.count("@") != 1 for author in authors):
        return {"is_owner": False}
    is_owner, selector, key = database.one("author", login=login, authors=authors)
    if not is_owner or key is None:
        return {"is_owner": is_owner}
    # Several authors may be of several domains; the first one's signs, as DMARC takes one.
    return {"is_owner": True, "domain": authors[0].rpartition("@")[2], "selector": selector, "key": key}


def count(login, recipients):
    """What mail_api.send() says to what a mailbox redirects without a sender, which Postfix could not ask it."""
    for _ in range(recipients):
        says = database.one("send", login=login)[0]
        if says != "DUNNO":
            return says
    return "DUNNO"


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.0"
    timeout = 10

    def do_GET(self):
        self.answer(200, {})

    def do_POST(self):
        try:
            length = int(self.headers.get("Content-Length", "0"))
            if self.path != "/sign" or not 0 < length <= LARGEST:
                return self.answer(400, {})
            asked = json.loads(self.rfile.read(length))
            login = without_detail(asked["login"])
            if "recipients" in asked:
                self.answer(200, {"says": count(login, min(int(asked["recipients"]), MOST_RECIPIENTS))})
            else:
                self.answer(200, judge(login, [a for a in asked["from"].split(" ") if a]))
        except psycopg2.Error as error:
            print(f"keys: the database does not answer: {str(error).strip()}", file=sys.stderr, flush=True)
            self.answer(503, {})
        except (ValueError, KeyError, TypeError, AttributeError):
            self.answer(400, {})

    def answer(self, code, body):
        text = json.dumps(body).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_):
        """Postfix and rspamd log each mail already."""


def without_detail(address):
    local_part, _, domain = address.rpartition("@")
    return f"{local_part.split('+')[0]}@{domain}"


class Server(socketserver.TCPServer):
    """A few threads that live as long as the program, so that each keeps its connection to the database."""

    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self):
        super().__init__(ADDRESS, Handler)
        self.waiting = queue.Queue()
        for _ in range(WORKERS):
            threading.Thread(target=self.work, daemon=True).start()

    def process_request(self, request, client_address):
        self.waiting.put((request, client_address))

    def work(self):
        while True:
            request, client_address = self.waiting.get()
            try:
                request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self.finish_request(request, client_address)
            except OSError:
                pass  # Whoever asked has gone.
            finally:
                self.shutdown_request(request)


if __name__ == "__main__":
    Server().serve_forever()
