"""Whose certificates signed commits: heads with what git says of them in, with the names in their certificates out. Asks git.

Git and the program that it calls say whether a signature fits, and whether an authority that is trusted here made the
certificate. Who it is that may sign is said in reconciler.yaml, by the names that Sigstore's tools ask for as well: git
has no word for it.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Sequence
from io import BytesIO

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.serialization import pkcs7

from reconciler.record.git.process import Git
from reconciler.record.signatures import Head, Identity, Verdict

SSH = "SHA256:"  # how git writes an SSH key's fingerprint
ASKED = (Verdict.GOOD, Verdict.UNSIGNED)  # gitsign says nothing of what it cannot verify, which git then calls unsigned
PEM = "SIGNED MESSAGE"  # as git writes what others call PKCS7
# Fulcio's extensions in which the OIDC issuer stands: as DER, and as it was before.
ISSUER, OLD_ISSUER = x509.ObjectIdentifier("1.3.6.1.4.1.57264.1.8"), x509.ObjectIdentifier("1.3.6.1.4.1.57264.1.1")


def certified(git: Git, folder: str, heads: Sequence[Head], allowed: Sequence[Identity]) -> tuple[Head, ...]:
    """The same heads; one with a certificate is good where its name is `allowed`, else unknown. Raises RecordError."""
    looked = [head.commit for head in heads if head.verdict in ASKED and not head.key.startswith(SSH)]
    texts = dict(_commits(git.must(folder, "cat-file", "--batch", given="\n".join(looked).encode()))) if looked else {}
    return tuple(_judged(head, _signature(texts.get(head.commit, "")), allowed) for head in heads)


def _commits(output: bytes) -> Iterator[tuple[str, str]]:
    """What `cat-file --batch` tells: a line of the id, the kind and the size, then so many bytes and the end of a line."""
    told = BytesIO(output)
    for line in told:
        commit, _, size = line.decode().split()
        yield commit, told.read(int(size) + 1).decode("utf-8", "replace")


def _signature(commit: str) -> str:
    """The certificate's signature in the header of a commit; empty where it is of another kind."""
    found = re.search(
        rf"^gpgsig(?:-sha256)? (-----BEGIN {PEM}-----\n(?: .*\n)*)", commit.partition("\n\n")[0] + "\n", re.MULTILINE
    )
    return re.sub("^ ", "", found[1], flags=re.MULTILINE).replace(PEM, "PKCS7") if found else ""


def _judged(head: Head, signature: str, allowed: Sequence[Identity]) -> Head:
    if not signature:
        return head
    if head.verdict is Verdict.UNSIGNED:
        return head._replace(verdict=Verdict.UNKNOWN, key="a certificate that could not be checked")
    names = [*_names(signature, head.key), *([Identity(head.by)] if head.by else [])]  # gpgsm says the subject, also of a root
    by = next((name for name in names if name in allowed), None)
    if by is not None and head.letter == "G":  # another letter is of a chain that ends at nobody who is trusted, or is over
        return head._replace(by=str(by))
    shown = str(names[0]) if names else head.key
    return head._replace(verdict=Verdict.UNKNOWN, by="", key=f"a certificate of {shown}")


def _names(signature: str, fingerprint: str) -> Iterator[Identity]:
    """Whom the certificate names that made a signature, which others may lie beside; nobody where it is not there."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # gpgsm writes BER, which is no fault of who reads this
            certificates = pkcs7.load_pem_pkcs7_certificates(signature.encode())
        for certificate in certificates:
            if certificate.fingerprint(SHA1()).hex() == fingerprint.lower():  # by which gpgsm's status lines name it
                issuer = _issuer(certificate.extensions)
                yield from (Identity(name, issuer) for name in _subjects(certificate))
    except ValueError:
        return


def _subjects(certificate: x509.Certificate) -> Iterator[str]:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        yield certificate.subject.rfc4514_string()
        return
    yield from names.get_values_for_type(x509.UniformResourceIdentifier)
    yield from names.get_values_for_type(x509.RFC822Name)


def _issuer(extensions: x509.Extensions) -> str:
    """The OIDC issuer, as Fulcio writes it; empty in a certificate of anybody else."""
    said = {item.oid: item.value.value for item in extensions if isinstance(item.value, x509.UnrecognizedExtension)}
    if (der := said.get(ISSUER)) is not None:  # an UTF8String: its tag, its length (below 128, or in one byte more), its text
        return der[3 if der[1:2] == b"\x81" else 2 :].decode("utf-8", "replace")
    return said.get(OLD_ISSUER, b"").decode("utf-8", "replace")
