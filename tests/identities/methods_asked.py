"""Stands in for a method's worker: it answers which methods it was told that its requests may have."""


def work(request, inputs, out):
    return {"outcome": "failed", "cause": "tool-failed", "detail": " ".join(request["methods"])}
