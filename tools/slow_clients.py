#!/usr/bin/env python3
"""Clients that are slow on purpose: each sends a request's head a byte at a time, for ever.

    tools/slow_clients.py PORT [COUNT]      default: 2000; ends on SIGTERM

A connection that the server closes is opened anew. Prints "ready" when all were connected once.
"""
import selectors
import socket
import sys
import time

HEAD = b"GET / HTTP/1.1\r\nHost: slow\r\nX-Padding: " + b"x" * 8000


def connect(port):
    one = socket.create_connection(("127.0.0.1", port))
    one.setblocking(False)
    return one


def main():
    port = int(sys.argv[1])
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 2000
    ready = selectors.DefaultSelector()
    for _ in range(count):
        ready.register(connect(port), selectors.EVENT_READ, 0)
    print("ready", flush=True)
    while True:
        begun = time.monotonic()
        for key in list(ready.get_map().values()):
            try:
                key.fileobj.send(HEAD[key.data:key.data + 1])
                ready.modify(key.fileobj, selectors.EVENT_READ, key.data + 1)
            except OSError:
                ready.unregister(key.fileobj)
                key.fileobj.close()
                ready.register(connect(port), selectors.EVENT_READ, 0)
        for key, _ in ready.select(timeout=0):  # answered or closed: begin again
            ready.unregister(key.fileobj)
            key.fileobj.close()
            ready.register(connect(port), selectors.EVENT_READ, 0)
        time.sleep(max(0.0, 1.0 - (time.monotonic() - begun)))


if __name__ == "__main__":
    main()
