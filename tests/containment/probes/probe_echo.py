"""Answers what it was asked, and where it is."""

import os


def work(request, inputs, out):
    if request.get("write"):
        (out / "a.txt").write_text("x")
    return {"got": request, "inputs": sorted(os.listdir(inputs)), "cwd": os.getcwd(), "uid": os.getuid()}
