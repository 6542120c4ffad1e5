"""Worker: the product's own examination, with a way out that it never has."""

from verification.technical.examine import work as examine


def work(request, inputs, out):
    asked = {name: value for name, value in request.items() if name != "proxy"}
    return examine(asked, inputs, out)
