"""Worker: fetches what it is told to, the way tools do, and directly, the way an exploited one would."""

import os
import socket
import subprocess
import urllib.error
import urllib.request


def work(request, inputs, out):
    answer = {"proxy": request.get("proxy", ""), "variable": os.environ.get("https_proxy", "")}
    answer["fetched"] = [fetch(one) for one in request.get("locators", [])]
    answer["reached"] = [reach(host, port) for host, port in request.get("direct", [])]
    answer["programs"] = [run(argv) for argv in request.get("programs", [])]
    if request.get("packets"):
        answer["packets"] = packets()
    if request.get("crash"):
        raise RuntimeError("after fetching")
    return answer


def fetch(locator):
    try:
        with urllib.request.urlopen(locator, timeout=20) as response:
            return f"{response.status} {response.read().decode()}"
    except urllib.error.HTTPError as error:
        with error:
            return f"{error.code} {error.headers.get('Casefile-Refused') or error.headers.get('Casefile-Cause') or ''}"
    except (urllib.error.URLError, OSError, ValueError) as error:
        return type(error).__name__


def reach(host, port):
    try:
        with socket.create_connection((host, port), timeout=5) as one:
            one.sendall(b"GET / HTTP/1.0\r\n\r\n")
        return True
    except OSError:
        return False


def run(argv):
    return subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, timeout=60).returncode


def packets():
    """What every interface that is to be seen has received and sent."""
    with open("/proc/net/dev") as table:
        lines = [line.split() for line in table.read().replace(":", " ").splitlines()[2:]]
    return {line[0]: int(line[2]) + int(line[10]) for line in lines}
