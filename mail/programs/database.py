"""What the programs here share: queries in files, as mail_reader, on connections that are made anew when they broke.

The address and the password come by libpq's own variables (PGHOST and so on), which the supervisor sets."""

import functools
import pathlib
import threading

import psycopg2

QUERIES = pathlib.Path("/usr/share/berth-mail/sql")


@functools.cache
def text(name):
    return (QUERIES / f"{name}.sql").read_text()


class Database:
    """A connection for each thread that asks."""

    def __init__(self):
        self._local = threading.local()

    def one(self, name, **values):
        """The first row of a query, or None. An idle connection may have been cut: the second try has a fresh one."""
        query = text(name)
        try:
            return self._ask(query, values)
        except (psycopg2.OperationalError, psycopg2.InterfaceError):
            return self._ask(query, values)

    def _ask(self, query, values):
        connection = getattr(self._local, "connection", None)
        if connection is None:
            connection = psycopg2.connect(connect_timeout=3, application_name="berth-mail", options="-c statement_timeout=5000")
            connection.autocommit = True
            self._local.connection = connection
        try:
            with connection.cursor() as cursor:
                cursor.execute(query, values)
                return cursor.fetchone()
        except psycopg2.Error:
            self._local.connection = None
            connection.close()
            raise
