"""Made-up media for the example: drawn landscapes, altered copies of one of them, and two short films.

Everything is drawn by arithmetic from a seed, so that nobody's picture is shipped and every run sees the same scenes.
Nothing here is Casefile: this is the web as an investigator finds it, with re-uploads that are not quite the original.
"""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont, ImageOps

SIZE = (1280, 960)
FILM = (640, 360)
FILM_SECONDS = 4

Plane = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Shot:
    """What a camera would have written beside the picture; all of it invented."""

    make: str
    model: str
    taken: str
    latitude: float
    longitude: float


LAKE = Shot("Example Optics", "Pocket 3", "2026:05:04 10:21:37", 47.6101, 9.4203)
SQUARE = Shot("Example Optics", "Pocket 3", "2026:05:04 11:02:10", 47.6222, 9.4010)


def noise(random: np.random.Generator, width: int, height: int, octaves: int = 6) -> Plane:
    """Clouds of value noise, (height, width) between 0 and 1: each octave twice as fine and half as strong."""
    total = np.zeros((height, width))
    for octave in range(octaves):
        cells = 3 * 2**octave
        grid = Image.fromarray(random.random((cells, cells)).astype(np.float32))
        total += np.asarray(grid.resize((width, height), Image.Resampling.BICUBIC)) / 2**octave
    low, high = total.min(), total.max()
    return np.asarray((total - low) / (high - low))


def draw_scene(seed: int, size: tuple[int, int] = SIZE) -> Image.Image:
    """A landscape: sky and clouds, ridges one behind the other, textured ground, a row of houses."""
    random = np.random.default_rng(seed)
    width, height = size
    rows = np.linspace(0, 1, height)[:, None, None]
    top, bottom = random.uniform(40, 150, 3), random.uniform(140, 240, 3)
    canvas = (1 - rows) * top + rows * bottom + np.zeros((height, width, 3))
    clouds = np.clip(noise(random, width, height) * 2.2 - 0.9, 0, 1)[:, :, None]
    canvas = canvas * (1 - 0.75 * clouds) + 245 * 0.75 * clouds
    texture = noise(random, width, height, 8)[:, :, None]
    for layer in range(4):
        ridge = _ridge(random, width) * height * 0.22 + height * (0.28 + 0.16 * layer)
        colour = random.uniform(20, 130, 3) + 12 * layer
        below = (np.arange(height)[:, None] > ridge[None, :])[:, :, None]
        canvas = np.where(below, colour * (0.55 + 0.9 * texture), canvas)
    picture = Image.fromarray(np.clip(canvas + random.normal(0, 3, canvas.shape), 0, 255).astype(np.uint8))
    _draw_houses(picture, random)
    return picture


def _ridge(random: np.random.Generator, width: int) -> Plane:
    line = np.zeros(width)
    for octave in range(6):
        points = random.random(3 * 2**octave + 1)
        line += np.interp(np.linspace(0, len(points) - 1, width), np.arange(len(points)), points) / 2**octave
    return np.asarray((line - line.min()) / (line.max() - line.min()))


def _draw_houses(picture: Image.Image, random: np.random.Generator) -> None:
    pen = ImageDraw.Draw(picture)
    width, height = picture.size
    left = int(random.integers(0, width // 6))
    while left < width * 0.9:
        across, tall = (int(random.integers(width // 18, width // 8)), int(random.integers(height // 8, height // 3)))
        ground = int(height * random.uniform(0.78, 0.9))
        wall = tuple(int(one) for one in random.uniform(60, 220, 3))
        pen.rectangle((left, ground - tall, left + across, ground), fill=wall, outline=(30, 30, 30))
        for x in range(left + 8, left + across - 10, 18):
            for y in range(ground - tall + 10, ground - 14, 22):
                lit = random.random() > 0.5
                pen.rectangle((x, y, x + 8, y + 12), fill=(250, 225, 140) if lit else (40, 50, 70))
        left += across + int(random.integers(6, width // 7))


def save_photo(picture: Image.Image, path: Path, shot: Shot | None = None, quality: int = 90) -> None:
    """A JPEG; with `shot`, as a camera would have written it: maker, model, time, offset and position in EXIF."""
    path.parent.mkdir(parents=True, exist_ok=True)
    exif = Image.Exif()
    if shot is not None:
        exif[0x010F], exif[0x0110], exif[0x0132] = shot.make, shot.model, shot.taken
        taken = exif.get_ifd(0x8769)
        taken[0x9003], taken[0x9011] = shot.taken, "+02:00"
        place = exif.get_ifd(0x8825)
        place[1], place[2], place[3], place[4] = "N", _degrees(shot.latitude), "E", _degrees(shot.longitude)
    picture.save(path, "JPEG", quality=quality, exif=exif)


def _degrees(value: float) -> tuple[float, float, float]:
    minutes, seconds = divmod(value * 3600, 60)
    return float(minutes // 60), float(minutes % 60), round(seconds, 2)


def altered_copies(original: Image.Image) -> dict[str, Image.Image]:
    """What happens to a picture on its way through other people's accounts, by the name of what was done to it."""
    width, height = original.size
    overlaid = original.copy()
    pen = ImageDraw.Draw(overlaid, "RGBA")
    pen.text((width * 0.62, height * 0.05), "@reposted", font=ImageFont.load_default(56), fill=(255, 255, 255, 190))
    pen.ellipse((30, height - 130, 130, height - 30), fill=(200, 30, 40, 200))
    caption = Image.new("RGB", (width, int(height * 1.25)), (255, 255, 255))
    caption.paste(original, (0, height // 4))
    words = ImageDraw.Draw(caption)
    words.text((40, 50), "you will not believe what they saw at the lake", font=ImageFont.load_default(48), fill=0)
    return {
        "recompressed": original.resize((width * 3 // 4, height * 3 // 4), Image.Resampling.LANCZOS),
        "mirrored": ImageOps.mirror(original),
        "overlaid": overlaid,
        "cropped by a fifth": original.crop((width // 5, height // 5, width, height)),
        "caption bar": caption,
    }


def make_film(scene: Image.Image, path: Path, tone_hz: int) -> None:
    """An H.264 and AAC film in MP4: a slow pan over `scene` with a tone. Raises CalledProcessError."""
    still = path.with_suffix(".png")
    scene.resize((FILM[0] * 2, FILM[1] * 2)).save(still)
    _ffmpeg(
        *("-loop", "1", "-framerate", "25", "-t", str(FILM_SECONDS), "-i", str(still)),
        *("-f", "lavfi", "-t", str(FILM_SECONDS), "-i", f"sine=frequency={tone_hz}"),
        *("-vf", f"crop={FILM[0]}:{FILM[1]}:t*{FILM[0] // FILM_SECONDS}:t*{FILM[1] // FILM_SECONDS},format=yuv420p"),
        *("-c:v", "libx264", "-preset", "veryfast", "-g", "25", "-c:a", "aac", "-shortest", "-movflags", "+faststart"),
        str(path),
    )
    still.unlink()


def make_stream(film: Path, folder: Path) -> None:
    """`film` as an HLS stream: a master playlist, a media playlist and transport-stream segments of two seconds."""
    folder.mkdir(parents=True, exist_ok=True)
    _ffmpeg(
        *("-i", str(film), "-c", "copy", "-f", "hls", "-hls_time", "2", "-hls_playlist_type", "vod"),
        *("-hls_segment_filename", str(folder / "part%03d.ts"), "-master_pl_name", "master.m3u8"),
        str(folder / "film.m3u8"),
    )


def _ffmpeg(*arguments: str) -> None:
    subprocess.run(["ffmpeg", "-nostdin", "-y", "-loglevel", "error", *arguments], check=True)
