"""Archives as other tools make them, written here from their documented forms. All of it is invented."""

from __future__ import annotations

import hashlib
import json
import zipfile
from pathlib import Path

PHOTO = b"\xff\xd8\xff\xe0 a photograph"
OTHER = b"\xff\xd8\xff\xe0 another one"
SHA256 = hashlib.sha256(PHOTO).hexdigest()
LATER = hashlib.sha256(OTHER).hexdigest()

MHTML = (
    b"From: <Saved by Blink>\r\nSnapshot-Content-Location: https://site.example/page\r\n"
    b"Subject: =?utf-8?Q?Bericht_=C3=BCber_Regen?=\r\nDate: Sun, 22 Nov 2026 01:02:03 -0000\r\nMIME-Version: 1.0\r\n"
    b'Content-Type: multipart/related;\r\n\ttype="text/html";\r\n\tboundary="----b"\r\n\r\n'
    b"------b\r\nContent-Type: text/html\r\nContent-Transfer-Encoding: quoted-printable\r\n"
    b"Content-Location: https://site.example/page\r\n\r\n<p>It was raining.</p>\r\n"
    b"------b\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n"
    b"Content-Location: https://site.example/a.png\r\n\r\niVBORw0KGgo=\r\n------b--\r\n"
)
SINGLEFILE = (
    b"<!DOCTYPE html> <html lang=en><!--\n Page saved with SingleFile \n url: https://site.example/page \n"
    b" saved date: Sun Nov 22 2026 01:02:03 GMT+0000 (UTC)\n--><meta charset=utf-8><p>It was raining."
)
HAR = {
    "log": {
        "version": "1.2",
        "creator": {"name": "Firefox", "version": "145"},
        "pages": [{"id": "p1", "title": "A report", "startedDateTime": "2026-11-22T01:02:03.000Z"}],
        "entries": [
            {
                "startedDateTime": "2026-11-22T01:02:03.100Z",
                "request": {"method": "GET", "url": "https://site.example/page"},
                "response": {
                    "status": 200,
                    "content": {"size": size, "mimeType": "text/html", "text": "aXQgcmFpbmVk", "encoding": "base64"},
                },
                "serverIPAddress": "192.0.2.7",
            }
            for size in (9, 10)
        ],
    }
}
CHAT = {
    "name": "Weather",
    "type": "public_channel",
    "id": 1234,
    "messages": [
        {
            "id": 7, "type": "message", "date": "2026-11-22T03:02:03", "date_unixtime": "1795309323",
            "from": "Weather", "from_id": "channel1234",
            "text": ["It was ", {"type": "bold", "text": "raining"}, "."],
            "photo": "photos/photo_1.jpg", "photo_file_size": len(PHOTO),
        },
        {
            "id": 8, "type": "message", "date": "2026-11-22T03:05:00", "from": "Weather", "text": "",
            "file": "(File not included. Change data exporting settings to download.)", "mime_type": "video/mp4",
            "reply_to_message_id": 7,
        },
        {"id": 9, "type": "message", "from": "Weather", "text": "gone", "file": "../../etc/passwd"},
    ],
}  # fmt: skip
HUNCHLY = {
    "case_data/pages.json": [
        {"id": 3, "url": "https://site.example/page", "title": "A report", "timestamp_created": "2026-11-22 01:02:03",
         "content_hash": "00" * 32},
    ],
    "case_data/notes.json": [{"ID": 1, "PageId": 3, "Note": "Look at the sky.", "NoteDate": "2026-11-22 02:00:00"}],
    "case_data/tagged_photos.json": [
        {"ID": 1, "PageId": 3, "Caption": "rain", "PhotoUrl": "https://site.example/a.jpg", "LocalFile": name,
         "PhotoHash": SHA256}
        for name in ("1.jpg", "2.jpg", "3.jpg")
    ],
    "tagged_photos/1.jpg": PHOTO,
    "tagged_photos/2.jpg": OTHER,
}  # fmt: skip
ROOT = "atlos-export-2026-11-22/RAIN-1"
ATLOS = {
    f"{ROOT}/metadata.json": {"slug": "RAIN-1", "attr_description": "Rain", "attr_status": "Unclaimed",
                              "inserted_at": "2026-11-22T01:02:03"},
    f"{ROOT}/updates.json": [{"type": "comment", "explanation": "It rained.", "user": {"username": "ana"},
                              "inserted_at": "2026-11-22T01:05:00"}],
    f"{ROOT}/RAIN-1-1/metadata.json": {
        "source_url": "https://site.example/video", "status": "complete", "inserted_at": "2026-11-22T01:03:00",
        "artifacts": [
            {"type": "upload", "mime_type": "image/jpeg", "file_hash_sha256": one} for one in (SHA256, LATER)
        ],
    },
    f"{ROOT}/RAIN-1-1/upload_RAIN-1-1.jpg": PHOTO,
}  # fmt: skip
ATLOS_SHEET = (
    "slug,inserted_at,updated_at,latitude,longitude,status,description,source_1,source_2\n"
    "RAIN-1,2026-11-22T01:02:03,2026-11-23T01:02:03,48.1,11.5,Completed,Rain,https://a.example/1,https://a.example/2\n"
)
ARCHIVER_SHEET = (
    "Link,Archive status,Destination folder,Archive location,Archive date,Hash\n"
    f"https://site.example/a,success,x,files/a.jpg,2026-11-22T01:02:03,SHA-256:{SHA256}\n"
    f"https://site.example/b,nothing archived,x,files/b.jpg,2026-11-22T01:03:00,SHA-256:{'0' * 64}\n"
)
ARCHIVER_OWN = (
    "status,metadata,media\n"
    "generic: success,\"{'url': 'https://site.example/a', 'title': 'Rain', '_processed_at': "
    'datetime.datetime(2026, 11, 22, 1, 2, 3, 5, tzinfo=datetime.timezone.utc)}",'
    f"\"[{{'filename': '/tmp/x/a.jpg', '_mimetype': 'image/jpeg', 'properties': {{'hash': 'SHA-256:{SHA256}'}}}}, "
    f"{{'filename': 'b.jpg', 'properties': {{'hash': 'SHA-256:{SHA256}'}}}}]\"\n"
)


def zipped(path: Path, members: dict[str, object]) -> Path:
    """A zip of these members; what is no bytes becomes JSON."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, one in members.items():
            archive.writestr(name, one if isinstance(one, bytes) else json.dumps(one))
    return path
