"""Pictures and videos made for the tests, and a bench that runs the checks on working copies of them."""

from __future__ import annotations

import hashlib
import subprocess
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from casefile.vocabulary import Role
from verification.interface import (
    CheckName,
    Examined,
    ExamineLimits,
    ExamineRequest,
    FileExamination,
    Finding,
    Specimen,
)
from verification.technical import examine


def painted(seed: int, width: int = 640, height: int = 480) -> Image.Image:
    """A textured picture with structure at every scale, as photographs have; the same for the same seed."""
    random = np.random.default_rng(seed)
    layers = np.zeros((height, width, 3))
    for cells in (3, 5, 9, 17, 33, 65):
        grid = (random.random((cells, cells, 3)) * 255).astype(np.uint8)
        layer = Image.fromarray(grid).resize((width, height), Image.Resampling.BICUBIC)
        layers += np.asarray(layer, dtype=np.float64) / cells**0.5
    layers -= layers.min()
    return Image.fromarray((layers * (255 / layers.max())).astype(np.uint8))


def card(text: str, ground: str = "black", ink: str = "white") -> Image.Image:
    """A title card: a line of text in the middle of a plain ground."""
    image = Image.new("RGB", (640, 360), ground)
    drawing = ImageDraw.Draw(image)
    font = ImageFont.load_default(40)
    drawing.text(((640 - drawing.textlength(text, font=font)) / 2, 150), text, fill=ink, font=font)
    return image


def encoded(image: Image.Image, form: str = "JPEG", **options: object) -> bytes:
    """The bytes of a picture in a file format."""
    buffer = BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def loaded(path: Path) -> Image.Image:
    """A picture read into memory, its file closed."""
    with Image.open(path) as image:
        return image.convert("RGB")


@dataclass(slots=True)
class Bench:
    """A folder of working copies and an output folder; every file is named by its digest."""

    inputs: Path
    out: Path
    exiftool: str
    ffprobe: str
    calls: int = field(default=0)

    def put(self, content: bytes) -> str:
        """A working copy of these bytes; its name."""
        name = hashlib.sha256(content).hexdigest()
        (self.inputs / name).write_bytes(content)
        return name

    def examine(
        self, *specimens: Specimen, checks: tuple[CheckName, ...] = tuple(CheckName), **limits: int
    ) -> Examined:
        """The worker's answer, the worker running in this process."""
        self.calls += 1
        out = self.out / str(self.calls)
        out.mkdir()
        asked = ExamineRequest(
            files=specimens,
            checks=checks,
            exiftool=self.exiftool,
            ffprobe=self.ffprobe,
            limits=ExamineLimits(**limits),
        )
        return Examined.model_validate(examine.work(dict(asked.plain()), self.inputs, out))

    def picture(self, content: bytes, **said: str) -> FileExamination:
        """The examination of one still picture."""
        return self.examine(Specimen(file=self.put(content), role=Role.PICTURE, **said)).files[0]

    def video(self, content: bytes, **said: str) -> FileExamination:
        """The examination of one video."""
        return self.examine(Specimen(file=self.put(content), role=Role.VIDEO, **said)).files[0]


def finding(file: FileExamination, check: CheckName) -> Finding:
    """The one finding of this check."""
    (found,) = [one for one in file.findings if one.check is check]
    return found


@dataclass(frozen=True, slots=True)
class Studio:
    """Makes videos out of painted scenes."""

    folder: Path
    ffmpeg: str

    def film(self, name: str, *arguments: str) -> Path:
        """The file that ffmpeg makes of these arguments."""
        path = self.folder / name
        command = [self.ffmpeg, "-v", "error", "-nostdin", "-y", *arguments, str(path)]
        subprocess.run(command, check=True, cwd=self.folder)
        return path

    def scenes(self, name: str, *seeds: int, options: tuple[str, ...] = ()) -> Path:
        """A video of one second for each seed, each second another scene."""
        for place, seed in enumerate(seeds):
            painted(seed, 320, 180).save(self.folder / f"{name}-{place:03d}.png")
        return self.film(
            name,
            "-framerate", "1", "-i", f"{name}-%03d.png", "-vf", "fps=10", "-g", "10",
            "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", *options,
        )  # fmt: skip
