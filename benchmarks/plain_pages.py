"""The plain process of `pages`: yt-dlp, both digests, ExifTool and one perceptual hash, nothing contained or recorded.

Arguments: an empty folder, the path of ExifTool, and the pages.
"""

from __future__ import annotations

import sys
from pathlib import Path

import av
import exiftool
import imagehash
import yt_dlp
from PIL import Image

from casefile.digests import digest_file


def main(folder: str, program: str, locators: list[str]) -> None:
    """Downloads and looks at every page's film, one after the other."""
    options = {"outtmpl": f"{folder}/%(id).80B.%(ext)s", "quiet": True, "no_warnings": True, "cachedir": False}
    with yt_dlp.YoutubeDL(options) as downloader:
        downloader.download(locators)
    with exiftool.ExifToolHelper(executable=program) as metadata:
        for film in sorted(Path(folder).iterdir()):
            digest_file(film)
            metadata.get_metadata(str(film))
            with av.open(str(film)) as container:
                container.streams.video[0].codec_context.skip_frame = "NONKEY"
                for frame in container.decode(video=0):
                    imagehash.phash(Image.fromarray(frame.to_ndarray(format="rgb24")))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
