"""Real SMTP and IMAP clients for tests: Python's own smtplib and imaplib, and dkimpy to verify signatures.

One JSON object a line comes in, one goes out. Sessions have names and stay open between lines, so that a test can change
something in the middle of one. What a server refuses is an answer; what breaks is {"broken": …}.
"""

import concurrent.futures
import imaplib
import itertools
import json
import smtplib
import socket
import ssl
import sys
import time

import dkim

PATIENCE = 20
# How many connections pour mail in, and how many mails one of them carries at most.
POURING = 4
A_CONNECTION = 50
SESSIONS = {}


def no_questions():
    """TLS with whatever certificate: the service makes its own in tests."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def text(raw):
    return raw.decode("utf-8", "replace") if isinstance(raw, bytes) else raw


def reply(answer):
    code, said = answer
    return {"code": code, "text": text(said)}


def smtp_open(session, port, tls="none", helo="client.test"):
    if tls == "implicit":
        made = smtplib.SMTP_SSL("127.0.0.1", port, helo, PATIENCE, context=no_questions())
    else:
        made = smtplib.SMTP("127.0.0.1", port, helo, PATIENCE)
    if tls == "starttls":
        made.ehlo()
        made.starttls(context=no_questions())
    SESSIONS[session] = made
    return reply(made.ehlo())


def smtp_login(session, user, password):
    """By one mechanism only, so that no second try hides how the first was answered."""
    made = SESSIONS[session]
    made.ehlo_or_helo_if_needed()
    if not made.has_extn("auth"):
        return {"code": 0, "text": "it knows no sign-in"}
    made.user, made.password = user, password
    try:
        return reply(made.auth("PLAIN", made.auth_plain))
    except smtplib.SMTPAuthenticationError as refused:
        return reply((refused.smtp_code, refused.smtp_error))


def smtp_say(session, line):
    return reply(SESSIONS[session].docmd(line))


def smtp_send(session, sender, to, message):
    """One mail; the first refusal ends it. Says at which step."""
    made = SESSIONS[session]
    # As programs do, so that who has no room for it says so at once (RFC 1870).
    size = [f"SIZE={len(message.encode())}"] if made.has_extn("size") else []
    steps = [("mail", lambda: made.mail(sender, size))]
    steps += [("rcpt", lambda one=one: made.rcpt(one)) for one in to]
    steps.append(("data", lambda: made.data(message.encode())))
    for step, act in steps:
        try:
            code, said = act()
        except smtplib.SMTPDataError as refused:
            code, said = refused.smtp_code, refused.smtp_error
        if code >= 400:
            if code != 421:
                made.rset()
            return {"step": step, "code": code, "text": text(said)}
    return {"step": "done", "code": code, "text": text(said)}


def smtp_pour(port, user, password, to, count, name, seconds):
    """Sends until so many mails are taken, whatever breaks meanwhile. Says which were: what had no answer was not, as far as we know."""
    taken, numbers, until = [], itertools.count(), time.monotonic() + seconds

    def is_over():
        return len(taken) >= count or time.monotonic() > until

    def send_some(made):
        made.starttls(context=no_questions())
        made.login(user, password)
        for _ in range(A_CONNECTION):
            if is_over():
                return
            mail = f"<{name}.{next(numbers)}@client.test>"
            made.sendmail(user, [to], f"From: {user}\r\nTo: {to}\r\nSubject: {name}\r\nMessage-ID: {mail}\r\n\r\nIt is there.\r\n")
            taken.append(mail)

    def pour():
        while not is_over():
            try:
                made = smtplib.SMTP("127.0.0.1", port, "client.test", PATIENCE)
                try:
                    send_some(made)
                finally:
                    made.close()
            except (OSError, smtplib.SMTPException):
                # Whoever is away is not back sooner for being asked at once.
                time.sleep(0.1)

    with concurrent.futures.ThreadPoolExecutor(POURING) as pool:
        for poured in [pool.submit(pour) for _ in range(POURING)]:
            poured.result()
    return {"taken": taken}


def imap_open(session, port, user, password, tls="implicit"):
    if tls == "implicit":
        made = imaplib.IMAP4_SSL("127.0.0.1", port, ssl_context=no_questions(), timeout=PATIENCE)
    else:
        made = imaplib.IMAP4("127.0.0.1", port, timeout=PATIENCE)
        made.starttls(no_questions())
    try:
        made.login(user, password)
    except imaplib.IMAP4.error as refused:
        return {"ok": False, "text": str(refused)}
    SESSIONS[session] = made
    return {"ok": True}


def imap_wait(session, folder, count, seconds=PATIENCE):
    """The mails of a folder as soon as there are so many of them."""
    made = SESSIONS[session]
    until = time.monotonic() + seconds
    while True:
        state, _ = made.select(folder)
        found = made.search(None, "ALL")[1][0].split() if state == "OK" else []
        if len(found) >= count or time.monotonic() > until:
            break
        time.sleep(0.1)
    return {"mails": [text(made.fetch(number, "(BODY.PEEK[])")[1][0][1]) for number in found]}


def imap_count(session, folder, count, seconds=PATIENCE):
    """How many mails a folder has, as soon as there are so many; without their text."""
    made = SESSIONS[session]
    until = time.monotonic() + seconds
    while True:
        state, said = made.select(folder)
        found = int(said[0]) if state == "OK" else 0
        if found >= count or time.monotonic() > until:
            return {"count": found}
        time.sleep(0.1)


def imap_missing(session, folder, wanted, seconds=PATIENCE):
    """Which of these Message-IDs no mail of a folder has, as soon as none is missing."""
    made, seen, known = SESSIONS[session], set(), 0
    until = time.monotonic() + seconds
    while True:
        state, said = made.select(folder)
        there = int(said[0]) if state == "OK" else 0
        if there > known:
            said = made.fetch(f"{known + 1}:{there}", "(BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)])")[1]
            seen.update(text(part[1]).partition(":")[2].strip() for part in said if isinstance(part, tuple))
            known = there
        missing = sorted(set(wanted) - seen)
        if not missing or time.monotonic() > until:
            return {"missing": missing, "count": there}
        time.sleep(0.2)


def imap_say(session, name, *arguments):
    try:
        state, said = getattr(SESSIONS[session], name)(*arguments)
        return {"state": state, "said": [text(part) for part in said if part is not None and not isinstance(part, tuple)]}
    except (imaplib.IMAP4.abort, OSError, ssl.SSLError) as gone:
        return {"state": "GONE", "said": [str(gone)]}


def close(session):
    made = SESSIONS.pop(session)
    try:
        made.quit() if isinstance(made, smtplib.SMTP) else made.logout()
    except (OSError, smtplib.SMTPException, imaplib.IMAP4.error):
        pass
    return {}


def dkim_verify(message, records):
    """Whether the first signature holds against the records given, by name without a last dot."""
    def look_up(name, timeout=5):
        return records.get(text(name).rstrip(".")).encode()

    raw = message.replace("\r\n", "\n").replace("\n", "\r\n").encode()
    return {"good": dkim.verify(raw, dnsfunc=look_up)}


VERBS = {
    verb.__name__: verb
    for verb in (smtp_open, smtp_login, smtp_say, smtp_send, smtp_pour, imap_open, imap_wait, imap_count, imap_missing, imap_say, close,
                 dkim_verify)
}

for line in sys.stdin:
    asked = json.loads(line)
    verb = asked.pop("verb")
    arguments = asked.pop("arguments", [])
    try:
        answer = VERBS[verb](*arguments, **asked)
    except (OSError, smtplib.SMTPException, imaplib.IMAP4.error, dkim.DKIMException, socket.timeout) as broken:
        answer = {"broken": f"{type(broken).__name__}: {broken}"}
    print(json.dumps(answer), flush=True)
