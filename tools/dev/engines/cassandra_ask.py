#!/usr/bin/env python3
"""Asks a Cassandra on this machine one statement: cassandra_ask.py PORT USER PASSWORD STATEMENT

CQL's binary protocol, version 4. Says whether it was answered by its status alone, or with one sentence why not.
"""
import socket
import struct
import sys

ERROR, STARTUP, AUTHENTICATE, QUERY, AUTH_RESPONSE = 0x00, 0x01, 0x03, 0x07, 0x0F
QUORUM = 4


def exactly(line, size):
    data = b""
    while len(data) < size:
        more = line.recv(size - len(data))
        if not more:
            sys.exit("the line was closed")
        data += more
    return data


def ask(line, kind, body):
    line.sendall(struct.pack(">BBhBi", 4, 0, 1, kind, len(body)) + body)
    _, _, _, told, size = struct.unpack(">BBhBi", exactly(line, 9))
    answer = exactly(line, size)
    if told == ERROR:
        sys.exit(answer[6:].decode(errors="replace"))
    return told


def main(port, user, password, statement):
    try:
        line = socket.create_connection(("127.0.0.1", int(port)), timeout=20)
    except OSError as error:
        sys.exit(str(error))
    with line:
        version = b"".join(struct.pack(">h", len(word)) + word for word in (b"CQL_VERSION", b"3.0.0"))
        if ask(line, STARTUP, struct.pack(">h", 1) + version) == AUTHENTICATE:
            token = b"\0" + user.encode() + b"\0" + password.encode()
            ask(line, AUTH_RESPONSE, struct.pack(">i", len(token)) + token)
        words = statement.encode()
        ask(line, QUERY, struct.pack(">i", len(words)) + words + struct.pack(">hB", QUORUM, 0))


main(*sys.argv[1:])
