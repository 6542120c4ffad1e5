"""Worker: fetches over TLS by every means that is installed here, with their own defaults, and looks for keys."""

import os
import shutil
import ssl
import subprocess
import urllib.request
from pathlib import Path

import certifi


def work(request, inputs, out):
    locator, media = request["locator"], request["media"]
    return {
        "variables": sorted(name for name in os.environ if "CERT" in name or "BUNDLE" in name),
        "urllib": attempt(lambda: urllib.request.urlopen(locator, timeout=20).read().decode()),
        "certifi": attempt(lambda: with_certifi(locator)),
        "yt-dlp": attempt(lambda: with_ytdlp(locator)),
        "curl": run(["curl", "--silent", "--show-error", "--fail", locator]),
        "ffmpeg": run(["ffmpeg", "-v", "error", "-tls_verify", "1", "-i", media, "-f", "null", "-"]),
        "unverified": attempt(lambda: urllib.request.urlopen(request["unverified"], timeout=20).read().decode()),
        "keys": keys(),
    }


def with_certifi(locator):
    context = ssl.create_default_context(cafile=certifi.where())
    return urllib.request.urlopen(locator, timeout=20, context=context).read().decode()


def with_ytdlp(locator):
    import yt_dlp

    with yt_dlp.YoutubeDL({"quiet": True, "proxy": os.environ["https_proxy"], "cachedir": False}) as dl:
        return dl.urlopen(locator).read().decode()


def attempt(fetch):
    try:
        return fetch()[:60]
    except Exception as error:
        return f"{type(error).__name__}: {error}"[:200]


def run(argv):
    if shutil.which(argv[0]) is None:
        return "not installed"
    ended = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
    return ended.stdout.decode()[:60] if ended.returncode == 0 else ended.stderr.decode()[:200] or "failed"


def keys():
    """Files with a private key in any place where a certificate is, or a spool in any that can be listed."""
    folders = (Path("/etc"), Path(certifi.where()).parent, Path("/out"), Path("/inputs"), Path("/scratch"))
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file() and os.access(path, os.R_OK)]
    return [str(one) for one in files if one.name.startswith("spool-") or b"PRIVATE KEY-" in one.read_bytes()]
