"""Plays systemd's end of the notify socket.

notified.py SOCKET OUT: every datagram is a line of OUT, behind the seconds
since the start, with "|" for its line breaks.  "@name" is an abstract socket.
"""
import socket
import sys
import time

sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
sock.bind(sys.argv[1].replace("@", "\0", 1))
begin = time.monotonic()
with open(sys.argv[2], "w") as out:
    while True:
        text = sock.recv(65536).decode().replace("\n", "|")
        print(f"{time.monotonic() - begin:.2f}", text, file=out, flush=True)
