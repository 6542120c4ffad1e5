"""A real time authority on loopback: certificates by `openssl`, tokens by `openssl ts`, some that lie or fail.

`python tests/custody/authority.py DIR` makes the certificates and serves the good one until it is ended.
"""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

if __name__ == "__main__":
    sys.path[:0] = [str(Path(__file__).resolve().parents[2])]

from preservation import der
from preservation.timestamps import SHA256, Question

POLICY = "1.2.3.4.1"
CONFIG = """
[tsa]
default_tsa = one
[one]
serial = {folder}/serial
default_policy = 1.2.3.4.1
other_policies = 1.2.3.4.2
digests = sha256
signer_digest = sha256
accuracy = {accuracy}
ess_cert_id_alg = sha256
[ca]
default_ca = here
[here]
database = {folder}/index.txt
rand_serial = yes
unique_subject = no
new_certs_dir = {folder}
default_md = sha256
policy = any
[any]
commonName = supplied
[root]
basicConstraints = critical, CA:true
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[between]
basicConstraints = critical, CA:true, pathlen:0
keyUsage = critical, keyCertSign
subjectKeyIdentifier = hash
[stamping]
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, timeStamping
subjectKeyIdentifier = hash
[not_critical]
keyUsage = critical, digitalSignature
extendedKeyUsage = timeStamping
subjectKeyIdentifier = hash
[two_uses]
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, timeStamping, codeSigning
subjectKeyIdentifier = hash
"""
FAR_PAST, PAST, FUTURE = "20200101000000Z", "20210101000000Z", "20660101000000Z"


def info_of(question: Question, time: str, *, accuracy_s: int = 1, serial: int = 7) -> bytes:
    """A TSTInfo that answers the question, with a time of our choosing, as in 20200601000000Z."""
    algorithm = der.element(der.SEQUENCE, der.identifier(SHA256), der.element(der.NULL))
    return der.element(
        der.SEQUENCE,
        der.integer(1),
        der.identifier(POLICY),
        der.element(der.SEQUENCE, algorithm, der.element(der.OCTET_STRING, question.digest)),
        der.integer(serial),
        der.element(der.GENERALIZED_TIME, time.encode()),
        der.element(der.SEQUENCE, der.integer(accuracy_s)),
        der.integer(question.nonce),
    )


def openssl(folder: Path, *arguments: object) -> bytes:
    """What openssl prints; raises when it fails."""
    command = ["openssl", *map(str, arguments)]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, stdin=subprocess.DEVNULL).stdout


class Certificates:
    """A root of its own, an authority below it, and a signer below that."""

    def __init__(self, folder: Path, name: str = "good", *, kind: str = "stamping", until: str = FUTURE) -> None:
        folder.mkdir(parents=True)
        self.folder = folder
        self.name = name
        (folder / "openssl.cnf").write_text(CONFIG.format(folder=folder, accuracy="secs:1, millisecs:500"))
        (folder / "index.txt").touch()
        (folder / "serial").write_text("01\n")
        self._issue("root", "root", "", FUTURE)
        self._issue("between", "between", "root", FUTURE)
        self._issue("signer", kind, "between", until)
        (folder / "chain.pem").write_bytes((folder / "between.pem").read_bytes())

    @property
    def roots(self) -> Path:
        """What an investigator configures as this authority's roots."""
        return self.folder / "root.pem"

    def _issue(self, one: str, kind: str, by: str, until: str) -> None:
        curve = "ec_paramgen_curve:P-256"
        openssl(self.folder, "genpkey", "-algorithm", "EC", "-pkeyopt", curve, "-out", f"{one}.key")
        subject = f"/CN={self.name} {one}"
        openssl(self.folder, "req", "-new", "-key", f"{one}.key", "-subj", subject, "-out", f"{one}.csr")
        signing = ["-cert", f"{by}.pem", "-keyfile", f"{by}.key"] if by else ["-selfsign", "-keyfile", f"{one}.key"]
        common = ["-config", "openssl.cnf", "-batch", "-notext", "-extensions", kind, "-startdate", FAR_PAST]
        openssl(self.folder, "ca", *common, *signing, "-enddate", until, "-in", f"{one}.csr", "-out", f"{one}.pem")

    def handmade(self, info: bytes, *, bound: bool = True) -> bytes:
        """A granted response over a TSTInfo of ours, signed by `openssl cms`: what no honest authority would sign.

        Unless it is `bound`, nothing that is signed names the signer's certificate.
        """
        unique = threading.get_ident()
        said, made = self.folder / f"{unique}.info", self.folder / f"{unique}.cms"
        said.write_bytes(info)
        signing = ["-signer", "signer.pem", "-inkey", "signer.key", "-certfile", "chain.pem", "-md", "sha256"]
        kind = ["-binary", "-nodetach", "-nosmimecap", "-econtent_type", "1.2.840.113549.1.9.16.1.4"]
        written = ["-in", said, "-outform", "DER", "-out", made]
        openssl(self.folder, "cms", "-sign", *kind, *(["-cades"] if bound else []), *signing, *written)
        return der.element(der.SEQUENCE, der.element(der.SEQUENCE, der.integer(0)), made.read_bytes())

    def answer(self, query: bytes, *, signer: str = "signer", arguments: Sequence[str] = ()) -> bytes:
        """The response to a query, made by `openssl ts` with the chain in it."""
        unique = threading.get_ident()
        asked, given = self.folder / f"{unique}.tsq", self.folder / f"{unique}.tsr"
        asked.write_bytes(query)
        signing = ["-signer", f"{signer}.pem", "-inkey", f"{signer}.key", "-chain", "chain.pem"]
        made = ["ts", "-reply", "-config", "openssl.cnf", "-section", "one", "-queryfile", asked, "-out", given]
        openssl(self.folder, *made, *signing, *arguments)
        return given.read_bytes()


class Authority:
    """A server on loopback that answers queries as `answering` does, and keeps what it was asked."""

    def __init__(self, answering: Callable[[bytes], bytes]) -> None:
        self.asked: list[tuple[dict[str, str], bytes]] = []
        self.answering = answering
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                query = self.rfile.read(int(self.headers["Content-Length"]))
                outer.asked.append((dict(self.headers), query))
                answer = outer.answering(query)
                self.send_response(200)
                self.send_header("Content-Type", "application/timestamp-reply")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_arguments: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()

    @property
    def place(self) -> str:
        """Host and port."""
        return f"127.0.0.1:{self._server.server_address[1]}"

    @property
    def url(self) -> str:
        """Where it is asked."""
        return f"http://{self.place}/stamp"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def main(folder: Path) -> None:
    certificates = Certificates(folder / "certificates")
    authority = Authority(certificates.answer)
    print(authority.url, certificates.roots, flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main(Path(sys.argv[1]).absolute())
