"""Names that Kubernetes, DNS and Compose accept, made from names that people chose.

RFC 1123 labels: lower-case letters, digits and hyphens, beginning and ending with a letter or
digit. Two different names never become the same one: where anything was changed or cut, a digest
of the whole name is appended.
"""

from __future__ import annotations

import hashlib
import re

__all__ = ["LABEL_VALUE", "LONGEST_BASE", "QUALIFIED_KEY", "dns_label", "label_value"]

LONGEST_BASE = 38
"""Characters of a base name. A StatefulSet's name may have 52 (its pods carry a hash of 11 more in
a label of 63), and ``-r9999`` and ``-workers`` have to fit behind it."""

LABEL_VALUE = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?")
QUALIFIED_KEY = re.compile(
    r"(?:[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?/)?[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?"
)


def dns_label(*parts: str, longest: int = LONGEST_BASE) -> str:
    """One RFC 1123 label of ``parts`` joined by hyphens, of at most ``longest`` characters.

    It begins with a letter, as the names of Services have to (RFC 1035).
    """
    joined = "-".join(parts)
    plain = re.sub(r"[^a-z0-9]+", "-", joined.lower()).strip("-")
    if plain and not plain[0].isalpha():
        plain = f"n{plain}"
    if plain == joined and plain and len(plain) <= longest:
        return plain
    digest = hashlib.sha256("\0".join(parts).encode(errors="surrogatepass")).hexdigest()[:6]
    kept = plain[: longest - 7].rstrip("-") or "n"
    return f"{kept}-{digest}"


def label_value(text: str) -> str:
    """``text`` as the value of a label: other characters become hyphens, at most 63 characters."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", text)[:63].strip("._-")
