"""Nothing of the machine's yt-dlp set-up has a say: no plug-in, no configuration, no cookies, no cache."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from collectors.interface import CaptureLimits, CaptureRequest
from collectors.ytdlp.extraction import Messages, options_of

PLUGIN = "from pathlib import Path\nPath({marker!r}).write_text('ran')\n"
CAPTURE = """
import json, sys
from pathlib import Path
from collectors.ytdlp.capture import work
request = json.loads(sys.argv[1])
out = Path(sys.argv[2]); out.mkdir()
print(json.dumps(work(request, out, out)["outcome"]))
"""


def plant(home: Path, marker: Path) -> None:
    """Everything that yt-dlp would pick up from a user's folders."""
    for folder in (".config/yt-dlp/plugins/mine", ".yt-dlp/plugins/mine", ".config/yt-dlp-plugins/mine", "path"):
        kinds = home / folder / "yt_dlp_plugins"
        for kind in ("extractor", "postprocessor"):
            (kinds / kind).mkdir(parents=True)
            (kinds / kind / "planted.py").write_text(PLUGIN.format(marker=str(marker)))
    (home / ".config/yt-dlp/config").write_text(f"--exec 'touch {marker}'\n--cookies {home}/cookies.txt\n")
    (home / ".netrc").write_text("machine youtube login a password b\n")


def test_planted_plugins_and_configuration_do_not_run(site, broker, tmp_path):
    home, marker = tmp_path / "home", tmp_path / "marker"
    plant(home, marker)
    limits = {"max_bytes": 1 << 24, "max_decoded_bytes": 1 << 24, "deadline_s": 20, "connect_timeout_s": 5}
    request = {
        "locator": site.page("/watch.html", '<video src="/a.mp4"></video>'),
        "limits": {**limits, "minimum_rate_bytes_s": 0, "minimum_rate_window_s": 30, "max_redirects": 5},
        "user_agent": "T",
        "accept_language": "en",
        "proxy": broker,
    }
    root = Path(__file__).parents[2]
    environment = {
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / ".config"),
        "PATH": os.environ["PATH"],
        "PYTHONPATH": f"{root}:{home / 'path'}",
    }
    asked = [sys.executable, "-c", CAPTURE, json.dumps(request), str(tmp_path / "out")]
    ended = subprocess.run(asked, env=environment, capture_output=True, text=True, check=True, cwd=tmp_path)
    assert json.loads(ended.stdout) == "captured"
    assert not marker.exists()
    left = {path.relative_to(home) for path in home.rglob("*") if path.is_file() and path.suffix != ".pyc"}
    assert not any("cache" in str(path) for path in left)


def test_the_options_leave_nothing_to_run_or_to_read():
    limits = CaptureLimits(
        max_bytes=1, max_decoded_bytes=1, deadline_s=1, connect_timeout_s=1,
        minimum_rate_bytes_s=1, minimum_rate_window_s=1, max_redirects=1,
    )  # fmt: skip
    request = CaptureRequest(
        locator="x", limits=limits, user_agent="u", accept_language="l", proxy="http://127.0.0.1:1"
    )
    options = options_of(request, Messages())
    assert options["cachedir"] is False
    assert options["noplaylist"] is True
    assert options["usenetrc"] is False
    assert options["cookiefile"] is None
    assert options["enable_file_urls"] is False
    assert options["geo_bypass"] is False
    assert options["ignoreerrors"] is False
    assert options["postprocessors"] == []
    assert not {"exec_cmd", "external_downloader", "netrc_cmd", "writelink", "plugin_dirs"} & options.keys()
