#!/usr/bin/env python3
"""Hands in mails over several connections at once, and waits until all of them can be read: one JSON object in, one out.

The clock runs from the first mail's beginning until the last one is in its mailbox as IMAP sees it. Signing in is not in it, because
the hash of a password is slow on purpose. Afterwards the mailboxes are empty again."""

import imaplib
import json
import smtplib
import ssl
import sys
import threading
import time

PATIENCE = 180
TEXT = "A mail of the usual kind has a few lines of text.\r\n" * 40


def no_questions():
    """TLS with whatever certificate: the service made its own."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def submission(port, user, password):
    made = smtplib.SMTP("127.0.0.1", port, "client.test", PATIENCE)
    made.starttls(context=no_questions())
    made.login(user, password)
    return made


def inbox(port, user, password):
    made = imaplib.IMAP4_SSL("127.0.0.1", port, ssl_context=no_questions(), timeout=PATIENCE)
    made.login(user, password)
    return made


def count(made):
    state, said = made.status("INBOX", "(MESSAGES)")
    return int(said[0].split()[-1].rstrip(b")")) if state == "OK" else 0


def subjects(made):
    made.select("INBOX")
    state, said = made.fetch("1:*", "(BODY.PEEK[HEADER.FIELDS (SUBJECT)])")
    return [part[1].decode().strip().removeprefix("Subject: ") for part in said if isinstance(part, tuple)]


def empty(made):
    made.select("INBOX")
    made.store("1:*", "+FLAGS.SILENT", r"(\Deleted)")
    made.expunge()
    made.close()


def send(made, sender, to, wanted, barrier, refused):
    """Mails one after another, each named by its subject."""
    barrier.wait()
    try:
        for subject in wanted:
            heads = f"From: {sender}\r\nTo: {to}\r\nSubject: {subject}\r\nMessage-ID: <{subject}@client.test>\r\n"
            made.sendmail(sender, [to], f"{heads}\r\n{TEXT}".encode())
    except (OSError, smtplib.SMTPException) as error:
        refused.append(f"{sender}: {type(error).__name__}: {error}")


def main():
    asked = json.load(sys.stdin)
    pairs, password = asked["pairs"], asked["password"]
    outs = [submission(asked["submission"], sender, password) for sender, _ in pairs]
    ins = [inbox(asked["imaps"], to, password) for _, to in pairs]
    wanted = [[f"{asked['turn']}-{at}-{n}" for n in range(asked["messages"] // len(pairs))] for at in range(len(pairs))]
    barrier, refused = threading.Barrier(len(pairs) + 1), []
    threads = [
        threading.Thread(target=send, args=(out, *pair, own, barrier, refused))
        for out, pair, own in zip(outs, pairs, wanted)
    ]
    for thread in threads:
        thread.start()
    barrier.wait()
    begun = time.monotonic()
    for thread in threads:
        thread.join()
    # Asked only from now on, since asking costs what is measured.
    while any(count(made) < len(own) for made, own in zip(ins, wanted)) and time.monotonic() - begun < PATIENCE:
        time.sleep(0.02)
    seconds = time.monotonic() - begun
    found = [subjects(made) for made in ins]
    lost = sum(len(set(own) - set(there)) for own, there in zip(wanted, found))
    for made in ins:
        empty(made)
        made.logout()
    for made in outs:
        made.quit()
    print(json.dumps({"seconds": seconds, "sent": sum(map(len, wanted)), "lost": lost, "refused": refused}))


if __name__ == "__main__":
    main()
