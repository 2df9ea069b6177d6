"""Runs a program with sockets that it inherits as descriptors of a number.

inherit.py [names=A:B] FD=WHAT... -- COMMAND...   WHAT: tcp, unix:PATH, idle (bound, not
listening), datagram, file, port=N.  Writes "FD PORT" lines to the file
"inherited".  With names it is what systemd passes: LISTEN_FDS and so on.
"""
import os
import socket
import sys


def make(what):
    if what == "file":
        return os.open("/dev/null", os.O_RDWR)
    if what.startswith("unix:"):
        sock = socket.socket(socket.AF_UNIX)
        sock.bind(what[5:])
    elif what.startswith("port="):
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(("127.0.0.1", int(what[5:])))
    else:
        kind = socket.SOCK_DGRAM if what == "datagram" else socket.SOCK_STREAM
        sock = socket.socket(socket.AF_INET, kind)
        sock.bind(("127.0.0.1", 0))
    if what not in ("idle", "datagram"):
        sock.listen()
    return sock.detach()


def main(argv):
    split = argv.index("--")
    wanted = {}
    for text in argv[:split]:
        number, _, what = text.partition("=")
        if number == "names":
            os.environ["LISTEN_FDNAMES"] = what
            os.environ["LISTEN_PID"] = str(os.getpid())
            os.environ["LISTEN_FDS"] = str(split - 1)
            continue
        # Out of the way of all numbers that are asked for.
        fd = make(what)
        wanted[int(number)] = os.dup2(fd, 100 + int(number))
        os.close(fd)
    with open("inherited", "w") as out:
        for number, fd in wanted.items():
            try:
                name = socket.socket(fileno=os.dup(fd)).getsockname()
            except OSError:
                continue
            if isinstance(name, tuple):
                print(number, name[1], file=out)
    os.closerange(3, 103)
    for number, fd in wanted.items():
        os.dup2(fd, number)
        os.close(fd)
    os.execv(argv[split + 1], argv[split + 1:])


main(sys.argv[1:])
