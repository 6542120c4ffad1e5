"""Stands in for a method's worker: it answers which methods it was told that its requests may have."""


def work(request, inputs, out):
    return {"methods": " ".join(request["methods"])}
