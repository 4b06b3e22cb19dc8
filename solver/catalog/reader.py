"""Read catalogs: the shipped one, a user's file, or the tables inside an instance."""

from __future__ import annotations

from pathlib import Path

from solver.catalog.collection import Catalog
from solver.catalog.entries import parse_document, parse_entries
from solver.catalog.shipped import shipped_catalog
from solver.errors import CatalogError
from solver.plain_files import special_file

__all__ = ["parse_entries", "read_catalog_file", "shipped_catalog"]


def read_catalog_file(path: Path, *, base: Catalog | None = None) -> Catalog:
    """A user's catalog file on top of ``base`` (by default the shipped catalog).

    Parameters
    ----------
    path
        A TOML file with ``schema = 1`` and any of the three kinds of tables.

    Raises
    ------
    CatalogError
        With every fault of the file: unreadable, not TOML, unknown keys, bad values, unknown names.
    """
    special = special_file(path, where=str(path))
    if special is not None:
        raise CatalogError(special)
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise CatalogError.one(
            f"cannot be read: {error.strerror}", where=str(path), mend="Give a readable TOML file"
        ) from error
    except UnicodeDecodeError as error:
        raise CatalogError.one(
            "not UTF-8 text", where=str(path), mend="Give a TOML file saved as UTF-8"
        ) from error
    except ValueError as error:
        raise CatalogError.one(
            f"is no path ({error})", where=repr(str(path)), mend="Name a readable TOML file"
        ) from error
    return parse_document(text, where=str(path), base=base or shipped_catalog())
