"""Worker: uses each tool in the most careless way there is, on locators and on files, as an exploited one would."""

import contextlib
import subprocess
import warnings

PROGRAM_S = 20
EVERY_PROTOCOL = (
    "async,cache,concat,crypto,data,ffrtmphttp,file,ftp,gopher,hls,http,httpproxy,https,icecast,mmsh,mmst,pipe,rtmp,"
    "rtmpe,rtmps,rtmpt,rtp,rtsp,sctp,srtp,subfile,tcp,tls,udp,unix"
)


def work(request, inputs, out):
    for tool in ("httpx", "av", "pillow"):
        for one in request.get(tool, []):
            with contextlib.suppress(Exception), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                TOOLS[tool](one, inputs)
    ended = [
        run([one.replace("{inputs}", str(inputs)).replace("{every}", EVERY_PROTOCOL) for one in argv])
        for argv in request.get("programs", [])
    ]
    return {"ended": ended}


def by_httpx(locator, inputs):
    import httpx

    httpx.get(locator, follow_redirects=True, timeout=PROGRAM_S)


def by_av(locator, inputs):
    import av

    options = {"protocol_whitelist": EVERY_PROTOCOL, "allowed_extensions": "ALL", "timeout": "2000000"}
    with av.open(locator.replace("{inputs}", str(inputs)), options=options, timeout=(5, 5)) as container:
        next(container.decode(), None)


def by_pillow(name, inputs):
    from PIL import Image

    with Image.open(inputs / name) as picture:
        picture.load()


def run(argv):
    try:
        return subprocess.run(
            argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=PROGRAM_S
        ).returncode
    except subprocess.TimeoutExpired:
        return -1


TOOLS = {"httpx": by_httpx, "av": by_av, "pillow": by_pillow}
