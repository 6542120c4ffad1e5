"""Checks a package without a line of Casefile or of check_package.py: `python3 -I -S check_bag.py FOLDER [EARLIER]`.

It reads the whole package into memory and goes the other way round: from the signatures to the log, from the log to
the objects, from the objects to the files, and last to the manifests. Exit code 0 or 5; it says what is wrong first.
"""

import base64
import hashlib
import json
import os
import stat
import sys
import uuid
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from check_leaf import parse, serialize
from check_proof import root, verifies

DER = bytes.fromhex("302a300506032b6570032100")


class Wrong(Exception):
    pass


def need(condition, what):
    if not condition:
        raise Wrong(what)


def load(folder):
    """Every file by its path; nothing but plain files with plain names may be there."""
    found = {}
    for above, folders, names in os.walk(folder):
        need(folders or names, f"{above}: an empty folder")
        for name in folders + names:
            path = Path(above, name)
            mode = path.lstat().st_mode
            need(stat.S_ISDIR(mode) if name in folders else stat.S_ISREG(mode), f"{path}: no plain file")
        for name in names:
            path = Path(above, name)
            need(path.stat().st_size < 1 << 30, f"{path}: larger than this program reads")
            found[str(path.relative_to(folder))] = path.read_bytes()
    lowered = [path.lower() for path in found]
    need(len(set(lowered)) == len(lowered), "two names that differ in case only")
    return found


def note(content):
    """The text of a signed note and its signatures."""
    text, _gap, below = content.decode("utf-8").rpartition("\n\n")
    need(text and below.endswith("\n"), "a note without text or signature")
    lines = [line.split(" ") for line in below[:-1].split("\n")]
    need(all(len(line) == 3 and line[0] == "\u2014" for line in lines), "a line of a note that is no signature")
    return text + "\n", [(name, base64.b64decode(encoded, validate=True)) for _dash, name, encoded in lines]


def signed_by(content, name, key):
    text, signatures = note(content)
    known = hashlib.sha256(name.encode() + b"\n\x01" + key).digest()[:4]
    claimed = [made[4:] for who, made in signatures if who == name and made[:4] == known]
    need(claimed and all(verifies(key, made, text.encode()) for made in claimed), f"{name} did not sign")
    again = text + "\n" + "".join(f"\u2014 {who} {base64.b64encode(made).decode()}\n" for who, made in signatures)
    need(again.encode() == content, "a note in another form")
    return text


def fingerprint(key):
    return "sha256:" + hashlib.sha256(DER + key).hexdigest()


def keys(log, size, events, parts):
    """The root key and the log's key at that size, by the statements that the root key signed."""
    root_key = log_key = b""
    for event in events:
        body = parts.get((event["id"], "body"))
        if event["type"] != "key.stated" or not body:
            continue
        key = bytes.fromhex(body["public_key"])
        before = root_key if body["purpose"] == "root" else log_key
        text = (
            f"casefile key statement\nlog {log}\npurpose {body['purpose']}\nkey ed25519 {key.hex()}\n"
            f"fingerprint {fingerprint(key)}\nreplaces {fingerprint(before) if before else 'nothing'}\n"
        ) + (f"second ml-dsa-44 {body['second']}\n" if "second" in body else "")
        confirming = root_key or key
        try:
            if signed_by(body["statement"].encode(), f"casefile/{log}/root", confirming) != text:
                continue
        except (Wrong, ValueError):
            continue
        if body["purpose"] == "root":
            root_key = key
        elif event["index"] < size:
            log_key = key
    need(log_key, "no event states the log's key")
    for event in events:
        body = parts.get((event["id"], "body"))
        if event["type"] == "key.revoked" and body and body["fingerprint"] == fingerprint(log_key):
            need(size <= body["last_trusted"], "the log's key was revoked")
    return log_key


def read_log(files):
    head = files["data/log/checkpoint"]
    origin, size, top = note(head)[0].split("\n")[:3]
    log, size, top = origin.removeprefix("casefile/"), int(size), base64.b64decode(top, validate=True)
    proofs = sorted(path for path in files if path.startswith("data/log/proofs/"))
    lines = files["data/log/entries.jsonl"].split(b"\n")
    need(lines.pop() == b"" and len(lines) == len(proofs), "events and proofs do not match")
    events = []
    for line, path in zip(lines, proofs, strict=True):
        event = parse(line)
        above, _gap, rest = files[path].partition(b"\n\n")
        header, index, *hashes = above.decode("ascii").split("\n")
        need(header == "c2sp.org/tlog-proof@v1" and rest == head, f"{path}: no proof of this head")
        event["index"] = int(index.removeprefix("index "))
        need(path == f"data/log/proofs/{event['index']:016d}.tlog-proof", f"{path}: another index")
        siblings = [base64.b64decode(one, validate=True) for one in hashes]
        need(hashes == [base64.b64encode(one).decode() for one in siblings], f"{path}: another form")
        leaf = hashlib.sha256(b"\x00" + line).digest()
        need(event["index"] < size and root(leaf, event["index"], size, siblings) == top, f"{path}: not in the log")
        need(event["log"] == log, "an event of another log")
        events.append(event)
    stated = {event["id"]: event["parts"] for event in events}
    need(len(stated) == len(events), "an event is there twice")
    parts = {}
    for line in files["data/log/parts.jsonl"].split(b"\n")[:-1]:
        one = parse(line)
        commitment = hashlib.sha256(bytes.fromhex(one["salt"]) + one["content"].encode()).hexdigest()
        need(stated[one["event"]][one["part"]] == "sha256:" + commitment, "a part that no event commits to")
        parts[one["event"], one["part"]] = parse(one["content"].encode())
    need(files["data/log/parts.jsonl"].endswith(b"\n"), "the parts end within a line")
    return log, size, top, events, parts


def stated(capture, parts):
    """How the capture was sealed; where something was erased from it, what the erasure says is left."""
    body = parts.get((capture["event"], "body"), {})
    return body if "inventory" in body else parts[capture["event"], "personal"]


def redacted(capture, inventory, events, parts):
    """Path, digest and places of each file that leaves in another form, by the last event that says so."""
    listed = capture.get("redacted", [])
    if not listed:
        return
    about = [e for e in events if e["type"] == "capture.redacted" and e["subject"][0]["id"] == capture["id"]]
    last = [event["id"] for event in about if (event["id"], "body") in parts][-1]
    said = {file["path"]: file for file in parts[last, "body"]["files"]}
    sealed = {path: digest for digest, paths in json.loads(inventory)["manifest"].items() for path in paths}
    for one in listed:
        file = said[one["path"]]
        need(one["event"] == last, "a redaction that was replaced")
        need(file["source"] == "sha512:" + sealed["v1/content/" + one["path"]], "a redaction of another file")
        need(one["path"] in [kept["path"] for kept in capture["withheld"]], "redacted and not withheld")
        need(file.get("sha256", "") == one.get("sha256", ""), "another derivative")
        yield one["path"], one.get("sha256", ""), file["spans"]


def elsewhere(capture, described):
    """Whether another volume has the object; the number of this one is the place of its id among those of all."""
    if "volumes" not in described:
        need("volume" not in capture, "a volume of a package that has none")
        return False
    ids = described["volumes"]["ids"]
    need(len(set(ids)) == len(ids), "two volumes of one id")
    if capture.get("earlier"):
        need("volume" not in capture, "an earlier object in a volume")
        return False
    need(0 < capture["volume"] <= len(ids), "a volume that is not there")
    return ids[capture["volume"] - 1] != described["package"]


def check_objects(files, described, events, parts):
    seen = {"data/objects/0=ocfl_1.1"}
    for capture in described["captures"]:
        if elsewhere(capture, described):
            continue
        if capture.get("earlier"):
            need(capture["object"] == "objects/" + capture["id"], "an earlier object that is not whole")
            need(not capture.get("withheld") and not capture.get("redacted"), "an earlier object with files left out")
            continue
        withheld = {"v1/content/" + one["path"] for one in capture.get("withheld", ())}
        need(capture["object"] == ("partial/" if withheld else "objects/") + capture["id"], "an object elsewhere")
        base = f"data/{capture['object']}/"
        body = stated(capture, parts)
        inventory = files[base + "inventory.json"]
        digest = hashlib.sha512(inventory).hexdigest()
        need(body["inventory"] == "sha512:" + digest, f"{base}: another inventory than the event names")
        need(body["object_id"] == "urn:uuid:" + capture["id"], f"{base}: another object")
        fixed = {
            "0=ocfl_object_1.1": b"ocfl_object_1.1\n",
            "inventory.json": inventory,
            "v1/inventory.json": inventory,
            "inventory.json.sha512": f"{digest} inventory.json\n".encode(),
            "v1/inventory.json.sha512": f"{digest} inventory.json\n".encode(),
        }
        for path, content in fixed.items():
            need(files[base + path] == content, f"{base}{path}: other bytes")
        for digest, paths in json.loads(inventory)["manifest"].items():
            for path in paths:
                if path in withheld:
                    need(base + path not in files, f"{base}{path}: withheld and there")
                    withheld.remove(path)
                    continue
                need(hashlib.sha512(files[base + path]).hexdigest() == digest, f"{base}{path}: other bytes")
                seen.add(base + path)
        seen.update(base + path for path in fixed)
        lengths = {file["path"]: file["bytes"] for file in body["record"]["files"]}
        for path, digest, spans in redacted(capture, inventory, events, parts):
            place = f"{base}redacted/{path}"
            need(not digest or "sha256:" + hashlib.sha256(files[place]).hexdigest() == digest, f"{place}: other bytes")
            need(bool(digest) == (place in files), f"{place}: there although it was to stay")
            seen.update([place] if digest else [])
            if digest:
                need(len(files[place]) == lengths.get(path, len(files[place])), f"{place}: another length")
                shown = [files[place][span["at"] : span["at"] + span["length"]] for span in spans]
                stars = [b"*" * span["length"] for span in spans]
                need(shown == stars and b"" not in stars and stars, f"{place}: something shows")
        need(not withheld, f"{base}: a file that no inventory names is withheld")
    need(
        seen == {path for path in files if path.startswith(("data/objects/", "data/partial/"))},
        "a file that no inventory names",
    )


def check_items(files, described, parts):
    events = {capture["id"]: capture["event"] for capture in described["captures"]}
    places = {capture["id"]: capture["object"] for capture in described["captures"]}
    masked = {capture["id"]: [one["path"] for one in capture.get("redacted", ())] for capture in described["captures"]}
    earlier = {
        capture["id"]: capture.get("earlier", False) or elsewhere(capture, described)
        for capture in described["captures"]
    }
    for item in described["items"]:
        record = stated({"event": events[item["capture"]]}, parts)["record"]
        (said,) = [one for one in record["items"] if one["position"] == item["position"]]
        need(str(uuid.uuid5(uuid.UUID(item["capture"]), str(item["position"]))) == item["id"], "another item's id")
        listed = []
        recorded = {file["path"]: file for file in record["files"]}
        for path in said["files"]:
            if path in masked[item["capture"]] or earlier[item["capture"]]:
                listed.append({name: recorded[path][name] for name in ("bytes", "path", "sha256")})
                continue
            content = files[f"data/{places[item['capture']]}/v1/content/{path}"]
            digest = "sha256:" + hashlib.sha256(content).hexdigest()
            listed.append({"bytes": len(content), "path": path, "sha256": digest})
        whole = "sha256:" + hashlib.sha256(serialize(listed).encode()).hexdigest()
        found = listed[0]["sha256"] if len(listed) == 1 else whole
        need(found == said["sha256"] == item["sha256"], f"{item['number']}: another digest")


def check_lists(described, size, events, parts):
    counted = {}
    for event in events:
        counted[event["type"]] = counted.get(event["type"], 0) + 1
    need(counted == described["included"], "other events than it says")
    need(sum(described["totals"].values()) == size, "the totals are not the head's size")
    for name, count in described["totals"].items():
        need(counted.get(name, 0) <= count, f"more events {name} than there are")
        need(not name.startswith("key.") or counted.get(name) == count, f"not all events {name}")
    withheld = {(one["event"], one["part"]) for one in described["withheld"]}
    named = {(event["id"], part) for event in events for part in event["parts"]}
    need(named == withheld | set(parts) and not withheld & set(parts), "a part neither there nor withheld")
    known = {one["id"] for name in ("items", "captures", "omitted") for one in described[name]}
    known |= {one["id"] for capture in described["captures"] for one in capture["accompanying"]}
    for event in events:
        for subject in event["subject"]:
            need(subject["kind"] not in ("item", "capture") or subject["id"] in known, "something is not listed")
            for position in range(subject.get("count", 0)):
                item = str(uuid.uuid5(uuid.UUID(subject["id"]), str(position)))
                need(item in known, "an item of a range is not listed")


def check_manifests(files):
    need(files["bagit.txt"] == b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n", "no bag")
    above = {"tagmanifest-sha256.txt", "tagmanifest-sha512.txt", "signature.note"}
    for name, inside in (("manifest", True), ("tagmanifest", False)):
        for algorithm in ("sha256", "sha512"):
            paths = sorted(path for path in files if path.startswith("data/") is inside and path not in above)
            lines = [f"{hashlib.new(algorithm, files[path]).hexdigest()}  {path}\n" for path in paths]
            need(files[f"{name}-{algorithm}.txt"] == "".join(lines).encode(), f"{name}-{algorithm}.txt: other files")


def check_earlier(described, parts, folder):
    """What is in an earlier package is there as this log names it; nothing is said of it where none is given."""
    captures = [capture for capture in described["captures"] if capture.get("earlier")]
    need(not captures or "since" in described, "an earlier package that has no name")
    if "since" in described:
        identity, signature = described["since"]["package"], described["since"]["signature"]
        need(str(uuid.UUID(identity)) == identity, "an earlier package without an id")
        need(signature == "sha256:" + bytes.fromhex(signature[7:]).hex() and len(signature) == 71, "no sha256 of it")
    if folder is None or "since" not in described:
        return
    check(folder)
    files = load(folder)
    signature = hashlib.sha256(files["signature.note"]).hexdigest()
    need("sha256:" + signature == described["since"]["signature"], "another earlier package")
    before = parse(files["data/package.json"])
    need(before["package"] == described["since"]["package"], "another earlier package by its id")
    there = [one for one in before["captures"] if not elsewhere(one, before)]
    whole = [one["id"] for one in there if not one.get("earlier") and not one.get("withheld")]
    for capture in captures:
        need(capture["id"] in whole, "an object that is not whole in the earlier package")
        digest = hashlib.sha512(files[f"data/{capture['object']}/inventory.json"]).hexdigest()
        need(stated(capture, parts)["inventory"] == "sha512:" + digest, "another object in the earlier package")


def check_volumes(files, described, others):
    """That other volumes hold, and have the same record and description."""
    for folder in others:
        check(folder)
        there = load(folder)
        said = parse(there["data/package.json"])
        need(said["package"] in described.get("volumes", {}).get("ids", ()), "a volume of another package")
        need(said | {"package": ""} == described | {"package": ""}, "a volume that is described otherwise")
        for path in files:
            need(not path.startswith("data/log/") or there.get(path) == files[path], "another log in a volume")
    if others:
        ids = [parse(load(folder)["data/package.json"])["package"] for folder in others]
        need({*ids, described["package"]} == set(described["volumes"]["ids"]), "not all volumes")


def check(folder, since=None, others=()):
    """Whether the package, which holds, adds to another one; `others` are the folders of its other volumes."""
    files = load(folder)
    log, size, top, events, parts = read_log(files)
    log_key = keys(log, size, events, parts)
    signed_by(files["data/log/checkpoint"], f"casefile/{log}", log_key)
    described = parse(files["data/package.json"])
    head = base64.b64encode(top).decode()
    need(described["head"] == {"root": head, "size": size} and described["log"] == log, "described otherwise")
    digests = [hashlib.sha512(files[f"tagmanifest-{one}.txt"]).hexdigest() for one in ("sha256", "sha512")]
    text = (
        f"casefile package\npackage {described['package']}\nlog {log}\nhead {size} {head}\n"
        f"tagmanifest-sha256.txt sha512:{digests[0]}\ntagmanifest-sha512.txt sha512:{digests[1]}\n"
    )
    need(signed_by(files["signature.note"], f"casefile/{log}/package", log_key) == text, "another package was signed")
    need(len(note(files["signature.note"])[1]) == 1, "more than one signature")
    check_objects(files, described, events, parts)
    check_earlier(described, parts, since)
    check_volumes(files, described, others)
    check_items(files, described, parts)
    check_lists(described, size, events, parts)
    check_manifests(files)
    labels = dict(line.split(": ", 1) for line in files["bag-info.txt"].decode().splitlines())
    need(labels["External-Identifier"] == described["package"], "labelled otherwise")
    if "volumes" in described:
        ids = described["volumes"]["ids"]
        count = f"{ids.index(described['package']) + 1} of {len(ids)}"
        need(labels["Bag-Count"] == count, "another number than bag-info.txt says")
    sizes = [len(content) for path, content in files.items() if path.startswith("data/")]
    need(labels["Payload-Oxum"] == f"{sum(sizes)}.{len(sizes)}", "another length than bag-info.txt says")
    return "since" in described


def main():
    earlier = Path(sys.argv[2]) if len(sys.argv) > 2 else None
    try:
        cites = check(Path(sys.argv[1]), earlier)
    except (Wrong, ValueError, KeyError, TypeError, IndexError, OSError) as error:
        print(f"FAILED: {type(error).__name__}: {error}")
        return 5
    print("NOT CHECKED: what the earlier package has" if cites and earlier is None else "OK")
    return 0


if __name__ == "__main__":
    sys.exit(main())
