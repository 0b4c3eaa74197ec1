"""Refuses every connection that leaves this machine.

Python imports a module of this name at start, so with this folder on PYTHONPATH the kernels that run
notebooks are offline too, not only the test process.
"""

import ipaddress
import sys


def refuse_network(event, arguments):
    """Audit hook: let loopback and local sockets pass, and raise for any other address."""
    if event == "socket.connect":
        host = arguments[1][0] if isinstance(arguments[1], tuple) else "localhost"
    elif event == "socket.getaddrinfo":
        host = arguments[0] or "localhost"
    else:
        return
    name = host.decode() if isinstance(host, bytes) else str(host)
    try:
        local = ipaddress.ip_address(name).is_loopback or ipaddress.ip_address(name).is_unspecified
    except ValueError:
        local = name == "localhost"
    if not local:
        raise RuntimeError(f"tests run without network, got a connection to {name}")


sys.addaudithook(refuse_network)
