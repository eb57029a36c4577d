#!/usr/bin/python3
"""Process 1 of the mail service: writes what varies (from the environment), starts the programs, and starts each that ends again.

A program whose first process was killed leaves others that hold its ports. They are ended before it starts again; mail that they
had accepted is on disk, and what they had not is tried again by whoever sent it."""

import grp
import os
import pathlib
import pwd
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time

import psycopg2

RUN = pathlib.Path("/run/berth-mail")
DATA = pathlib.Path("/var/mail/berth")
SHIPPED = pathlib.Path("/usr/share/berth-mail")
MOUNTED_TLS = pathlib.Path("/etc/berth-mail/tls")
RELAYED = RUN / "postgresql"
ENVIRONMENT = RUN / "database.env"
# A program that ends sooner than this after its start, again and again, is given a rest.
SOON = 5.0
LONGEST_REST = 5.0


def say(text):
    print(f"supervise: {text}", file=sys.stderr, flush=True)


def die(text):
    say(text)
    sys.exit(1)


def setting(name, default="", pattern=r"[^\s\x00-\x1f]*"):
    value = os.environ.get(f"BERTH_MAIL_{name}", "") or default
    if not re.fullmatch(pattern, value):
        die(f"BERTH_MAIL_{name} is not usable: {value!r}" if "PASSWORD" not in name else f"BERTH_MAIL_{name} is not usable")
    return value


def password():
    """Plain characters only: it is written into files of several syntaxes."""
    file = setting("DATABASE_PASSWORD_FILE", pattern=r"[^\x00-\x1f]*")
    text = os.environ.get("BERTH_MAIL_DATABASE_PASSWORD", "")
    if file:
        try:
            text = pathlib.Path(file).read_text().strip()
        except OSError as error:
            die(f"BERTH_MAIL_DATABASE_PASSWORD_FILE: {error}")
    if not re.fullmatch(r"[A-Za-z0-9._~-]*", text):
        die("the database's password has characters other than letters, digits and ._~-")
    return text


class Settings:
    def __init__(self):
        self.host = setting("HOST", "localhost", r"[A-Za-z0-9.-]{1,253}")
        self.database_host = setting("DATABASE_HOST", "/run/postgresql", r"[A-Za-z0-9._:/-]+")
        self.port = setting("DATABASE_PORT", "5432", r"[0-9]{1,5}")
        self.name = setting("DATABASE_NAME", "berth", r"[A-Za-z0-9_-]+")
        self.user = setting("DATABASE_USER", "mail_reader", r"[A-Za-z0-9_-]+")
        self.password = password()
        self.relay = setting("RELAY", pattern=r"(\[?[A-Za-z0-9.:-]+\]?(:[0-9]{1,5})?)?")
        self.networks = setting("NETWORKS", pattern=r"[0-9a-fA-F.:/\[\], ]*")
        self.mib = int(setting("MAX_MESSAGE_MIB", "50", r"[0-9]{1,4}"))
        self.dns = setting("DNS", pattern=r"([0-9a-fA-F.:\[\]]+)?")
        self.penalty = setting("AUTH_PENALTY", "yes", r"yes|no")
        self.webmail = setting("WEBMAIL", pattern=r"[0-9a-fA-F.:/ ]*")
        # A socket may be in a folder that none but root and its owner may enter, so root hands it on: see PROGRAMS.
        self.is_relayed = self.database_host.startswith("/")
        self.connect_host = str(RELAYED) if self.is_relayed else self.database_host
        self.connect_port = "5432" if self.is_relayed else self.port


def write(path, text, mode=0o644, group=None):
    path = pathlib.Path(path)
    new = path.with_name(path.name + ".new")
    new.write_text(text)
    new.chmod(mode)
    if group:
        os.chown(new, 0, grp.getgrnam(group).gr_gid)
    new.rename(path)


def folder(path, mode=0o755, user="root", group=None):
    path.mkdir(parents=True, exist_ok=True)
    path.chmod(mode)
    os.chown(path, pwd.getpwnam(user).pw_uid, grp.getgrnam(group or "root").gr_gid)


def folders():
    folder(RUN)
    folder(RELAYED)
    folder(RUN / "redis", 0o755, "redis", "redis")
    folder(RUN / "sign-in", 0o700, "postfix", "postfix")
    folder(DATA)
    folder(DATA / "mailboxes", 0o700, "vmail", "vmail")
    folder(DATA / "redis", 0o700, "redis", "redis")
    folder(DATA / "tls", 0o700)
    folder(DATA / "queue", 0o755)
    folder(pathlib.Path("/var/lib/rspamd"), 0o750, "_rspamd", "_rspamd")


def certificate(host):
    """The operator's pair, or one made at the first start."""
    own = DATA / "tls"
    if not (MOUNTED_TLS / "cert.pem").exists() and not (own / "cert.pem").exists():
        say(f"making a certificate for {host}")
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "36500",
             "-subj", f"/CN={host[:64]}", "-addext", f"subjectAltName=DNS:{host}",
             "-keyout", own / "key.pem", "-out", own / "cert.pem.new"],
            check=True, stderr=subprocess.DEVNULL)
        (own / "key.pem").chmod(0o600)
        (own / "cert.pem.new").rename(own / "cert.pem")
    link = RUN / "tls"
    link.unlink(missing_ok=True)
    link.symlink_to(MOUNTED_TLS if (MOUNTED_TLS / "cert.pem").exists() else own)


def write_postfix(s):
    shutil.copy(SHIPPED / "postfix/master.cf", "/etc/postfix/master.cf")
    shutil.copy(SHIPPED / "postfix/submission_headers", "/etc/postfix/submission_headers")
    varies = [
        f"myhostname = {s.host}",
        "myorigin = $myhostname",
        f"mynetworks = 127.0.0.0/8 [::1]/128 {s.networks}",
        f"relayhost = {s.relay}",
        f"message_size_limit = {s.mib * 1048576}",
    ]
    write("/etc/postfix/main.cf", (SHIPPED / "postfix/main.cf").read_text() + "\n".join(varies) + "\n")
    hosts = f"unix:{s.connect_host}" if s.is_relayed else f"inet:{s.connect_host}:{s.connect_port}"
    where = f"hosts = {hosts}\nuser = {s.user}\npassword = {s.password}\ndbname = {s.name}\n"
    folder(pathlib.Path("/etc/postfix/sql"), 0o750, "root", "postfix")
    for file in (SHIPPED / "postfix/sql").glob("*.cf"):
        text = file.read_text().replace("$max_message_mib", str(s.mib))
        write(f"/etc/postfix/sql/{file.name}", text + where, 0o640, "postfix")


def write_dovecot(s):
    shutil.copy(SHIPPED / "dovecot/dovecot.conf", "/etc/dovecot/dovecot.conf")
    where = f"connect = host={s.connect_host} port={s.connect_port} dbname={s.name} user={s.user} connect_timeout=5 maxconns=3"
    if s.password:
        where += f" password={s.password}"
    folder(pathlib.Path("/etc/dovecot/sql"), 0o750, "root", "dovecot")
    for file in (SHIPPED / "dovecot/sql").glob("*.conf.ext"):
        write(f"/etc/dovecot/sql/{file.name}", file.read_text() + where + "\n", 0o640, "dovecot")
    varies = [f"hostname = {s.host}", f"postmaster_address = postmaster@{s.host}"]
    # It says of each sign-in whose it is, so that who guesses passwords there slows down nobody else.
    if s.webmail:
        varies.append(f"login_trusted_networks = {s.webmail}")
    if s.penalty == "no":
        varies.append("service anvil {\n  unix_listener anvil-auth-penalty {\n    mode = 0\n  }\n}")
    write(RUN / "dovecot.conf", "\n".join(varies) + "\n")


def write_rspamd(s):
    shutil.copytree(SHIPPED / "rspamd", "/etc/rspamd", dirs_exist_ok=True)
    write(RUN / "rspamd-options.inc", f'dns {{\n  nameserver = ["{s.dns}"];\n}}\n' if s.dns else "")
    # Who may send without signing in is one of the house: no record of DNS names them as senders.
    networks = re.findall(r"[0-9a-fA-F.:/]+", s.networks.replace("[", "").replace("]", ""))
    listed = ", ".join(f'"{one}"' for one in networks)
    write(RUN / "rspamd-local.inc", f"local_addrs = [{listed}];\n" if networks else "")


def database_environment(s):
    found = {"PGHOST": s.connect_host, "PGPORT": s.connect_port, "PGDATABASE": s.name, "PGUSER": s.user}
    if s.password:
        found["PGPASSWORD"] = s.password
    write(ENVIRONMENT, "".join(f"{name}={value}\n" for name, value in found.items()), 0o600)
    return found


class Program:
    """One that is to run for ever. `files` is what those call themselves that it starts and that must not outlive it."""

    def __init__(self, name, command, files, user=None, environment=None):
        self.name, self.command, self.files, self.user = name, command, files, user
        self.environment = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8",
                            **(environment or {})}
        self.process = None
        self.started = 0.0
        self.rest = 0.0
        self.due = 0.0

    def start(self, told):
        self.end_leftovers(told)
        self.started = time.monotonic()
        self.process = subprocess.Popen(
            self.command, stdin=subprocess.DEVNULL, env=self.environment, cwd="/", user=self.user, group=self.user,
            extra_groups=[] if self.user else None, start_new_session=True)

    def ended(self, status):
        lived = time.monotonic() - self.started
        self.process = None
        self.rest = 0.0 if lived > SOON else min(LONGEST_REST, self.rest * 2 or 0.1)
        self.due = time.monotonic() + self.rest
        say(f"{self.name} ended ({'signal' if os.WIFSIGNALED(status) else 'exit'} "
            f"{os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)}) and is started again")

    def end_leftovers(self, told):
        for _ in range(50):
            found = named(self.files)
            if not found:
                return
            send_signal(found, signal.SIGKILL)
            reap(told)
            time.sleep(0.02)


def reap(told):
    """Takes in every process that ended: this is process 1."""
    while True:
        try:
            process, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if process == 0:
            return
        told(process, status)


def programs(s, environment):
    redis = ["/usr/bin/redis-server", "--port", "0", "--unixsocket", RUN / "redis/redis.sock", "--unixsocketperm", "777",
             "--dir", DATA / "redis", "--save", "300 10", "--maxmemory", "128mb", "--maxmemory-policy", "allkeys-lru",
             "--loglevel", "warning", "--daemonize", "no"]
    postfix = ["/usr/lib/postfix/sbin/", *os.listdir("/usr/lib/postfix/sbin")]
    found = [
        Program("redis", redis, ["/usr/bin/redis-server"], "redis"),
        Program("keys", ["/usr/bin/python3", "-u", SHIPPED / "programs/keys.py"], [], "keys", environment),
        Program("sign-in", ["/usr/bin/python3", "-u", SHIPPED / "programs/sign_in.py"], [], "postfix"),
        Program("rspamd", ["/usr/bin/rspamd", "-f", "-u", "_rspamd", "-g", "_rspamd"], ["/usr/bin/rspamd", "rspamd:"]),
        Program("dovecot", ["/usr/sbin/dovecot", "-F"], ["/usr/sbin/dovecot", "dovecot/"]),
        Program("postfix", ["/usr/sbin/postfix", "start-fg"], postfix),
    ]
    if s.is_relayed:
        relay = ["/usr/bin/socat", "-ly", f"UNIX-LISTEN:{RELAYED}/.s.PGSQL.5432,fork,unlink-early,mode=666", f"UNIX-CONNECT:{s.database_host}/.s.PGSQL.{s.port}"]
        found.insert(0, Program("relay", relay, ["/usr/bin/socat"]))
    return found


def named(names):
    """The processes that call themselves one of these; what ends with / or : is a beginning."""
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            command = (entry / "cmdline").read_bytes().split(b"\0")[0].decode(errors="replace")
        except OSError:
            continue
        if any(command == name or (name[-1] in "/:" and command.startswith(name)) for name in names):
            found.append(int(entry.name))
    return found


def send_signal(processes, number):
    for process in processes:
        try:
            os.kill(process, number)
        except ProcessLookupError:
            pass


# They do not try again for up to a minute (proxymap) or half an hour (Dovecot) after the database did not answer, or remember that.
SULKING = ["proxymap", "trivial-rewrite"]


def forget_absence():
    """Makes all look up anew, and tries what was put off. Whoever is in the middle of something finishes it first (reload)."""
    send_signal(named(SULKING), signal.SIGTERM)
    for command in (["/usr/bin/doveadm", "reload"], ["/usr/sbin/postfix", "reload"], ["/usr/bin/sleep", "1"],
                    ["/usr/sbin/postqueue", "-f"]):
        subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def watch_database(where):
    """Has a connection, notices when it breaks, and when there is one again, makes those look up anew who had given up."""
    was_away = is_told = False
    # The relay is up by then.
    time.sleep(1)
    while True:
        try:
            connection = psycopg2.connect(
                host=where["PGHOST"], port=where["PGPORT"], dbname=where["PGDATABASE"], user=where["PGUSER"],
                password=where.get("PGPASSWORD"), connect_timeout=3, application_name="berth-mail watch", keepalives_idle=10,
                keepalives_interval=5, keepalives_count=3)
        except psycopg2.Error as error:
            if not is_told:
                say(f"the database does not answer: {' '.join(str(error).split())}")
            was_away = is_told = True
            time.sleep(0.2)
            continue
        if was_away:
            say("the database answers again")
            forget_absence()
        is_told = False
        # Nothing is asked, so what comes is its end.
        select.select([connection], [], [])
        connection.close()
        was_away = True


def stamp():
    """Changes when the certificate does."""
    try:
        return os.stat(RUN / "tls/cert.pem").st_mtime_ns
    except OSError:
        return None


class Supervisor:
    def __init__(self, found):
        self.programs = found
        self.is_ending = False
        self.certificate = stamp()
        self.looked = time.monotonic()
        self.woken, waker = socket.socketpair()
        for end in (self.woken, waker):
            end.setblocking(False)
        signal.set_wakeup_fd(waker.detach(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self.end)

    def told(self, process, status):
        for program in self.programs:
            if program.process and program.process.pid == process:
                program.process.returncode = status
                if not self.is_ending:
                    program.ended(status)
                else:
                    program.process = None

    def run(self):
        for program in self.programs:
            program.start(self.told)
        while not self.is_ending:
            # A byte for each signal; nothing for a while is fine, too.
            if select.select([self.woken], [], [], 0.5)[0]:
                self.woken.recv(4096)
            reap(self.told)
            now = time.monotonic()
            for program in self.programs:
                if program.process is None and program.due <= now:
                    program.start(self.told)
            if now - self.looked > 10:
                self.looked = now
                self.renew()

    def renew(self):
        if stamp() != self.certificate and stamp() is not None:
            self.certificate = stamp()
            say("the certificate has changed")
            for command in (["/usr/sbin/postfix", "reload"], ["/usr/bin/doveadm", "reload"]):
                subprocess.Popen(command, stdin=subprocess.DEVNULL)

    def end(self, *_):
        self.is_ending = True

    def finish(self):
        """Those that take mail first, and what they need last."""
        for program in reversed(self.programs):
            if program.process:
                program.process.terminate()
        until = time.monotonic() + 8
        while any(program.process for program in self.programs) and time.monotonic() < until:
            reap(self.told)
            time.sleep(0.05)


def main():
    os.umask(0o022)
    s = Settings()
    folders()
    certificate(s.host)
    write_postfix(s)
    write_dovecot(s)
    write_rspamd(s)
    where = database_environment(s)
    supervisor = Supervisor(programs(s, where))
    threading.Thread(target=watch_database, args=(where,), daemon=True).start()
    supervisor.run()
    supervisor.finish()


if __name__ == "__main__":
    main()
