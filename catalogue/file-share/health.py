"""All three ways, each asked in its own words: a list of the folder by WebDAV, signed in; SSH's greeting; SMB's answer to
the question which version it speaks."""

import base64
import http.client
import os
import socket
import ssl
import struct
import sys


def webdav():
    context = ssl._create_unverified_context()
    connection = http.client.HTTPSConnection("127.0.0.1", 8443, timeout=4, context=context)
    who = f"{os.environ['SHARE_USER']}:{os.environ['SHARE_PASSWORD']}".encode()
    connection.request("PROPFIND", "/", headers={"Depth": "0", "Authorization": "Basic " + base64.b64encode(who).decode()})
    return connection.getresponse().status == 207


def sftp():
    with socket.create_connection(("127.0.0.1", 2022), timeout=4) as connection:
        return connection.recv(64).startswith(b"SSH-2.0-")


def smb():
    # MS-SMB2 2.2.1.2 and 2.2.3: a header of 64 bytes, then NEGOTIATE with the dialects 3.0 and 3.0.2.
    header = b"\xfeSMB" + struct.pack("<HHIHHIIQIIQ16s", 64, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, bytes(16))
    body = struct.pack("<HHHHI16sQHH", 36, 2, 1, 0, 0, os.urandom(16), 0, 0x0300, 0x0302)
    message = header + body
    with socket.create_connection(("127.0.0.1", 1445), timeout=4) as connection:
        connection.sendall(struct.pack(">I", len(message)) + message)
        answer = connection.recv(256)
    return answer[4:8] == b"\xfeSMB" and answer[12:16] == bytes(4)


for way in (webdav, sftp, smb):
    if not way():
        sys.exit(f"{way.__name__} does not answer as it should")
