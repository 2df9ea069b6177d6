"""Accepts as a super-server does, and starts a program for each connection.

accept_each.py PORT HOW COMMAND...   HOW: socket, systemd's StandardInput=socket;
null, its default; all, as inetd: standard input, output and error.  But for
the last the connection is descriptor 3, too, as LISTEN_FDS says.
"""
import os
import signal
import socket
import sys

PORT, HOW, COMMAND = int(sys.argv[1]), sys.argv[2], sys.argv[3:]


def become(connection):
    fd = os.dup2(connection, 100)
    null = os.open("/dev/null", os.O_RDWR)
    os.dup2(null if HOW == "null" else fd, 0)
    if HOW == "all":
        os.dup2(fd, 1)
        os.dup2(fd, 2)
    os.closerange(3, 100)
    if HOW != "all":
        os.dup2(fd, 3)
        os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()),
                          LISTEN_FDNAMES="connection")
    os.close(fd)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.execv(COMMAND[0], COMMAND)


signal.signal(signal.SIGCHLD, signal.SIG_IGN)
listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind(("127.0.0.1", PORT))
listener.listen(100)
while True:
    accepted, _ = listener.accept()
    if os.fork() == 0:
        become(accepted.fileno())
    accepted.close()
