"""Which split a brief belongs to: a hash of its identity and the recipe's seed, and of nothing else. Pure.

So a brief never changes its split when later data arrives, and it is in the same split of every recipient's release;
all rows of a brief are in one. Strata (stage, kind, outcome) are as even as whole briefs drawn by lot make them: a
quota would have to move briefs when others arrive.
"""

import hashlib
import re
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from itertools import accumulate
from pathlib import PurePosixPath
from uuid import UUID

from loop.kernel.errors import NotValidError

TRAIN, VALIDATION, TEST = "train", "validation", "test"
FIRST = (TRAIN, VALIDATION, TEST)  # the others follow by name: the order of splits is not the caller's to choose
RESERVED = frozenset({"all"})  # of `datasets`: every split at once
NAME = re.compile(r"[a-z][a-z0-9_]{0,31}")
LONGEST_SEED = 64
BITS = 56
FINEST = Decimal("0.000001")

Shares = tuple[tuple[str, str], ...]
"""(name, share as a decimal in text) in the order of the files. Empty: one split, named train."""

# The twin of `place_of`; parameters in order: seed, `thresholds`.
PLACE_SQL = (
    "width_bucket(('x' || encode(substr(sha256(convert_to(%s || '|' || b.uid::text, 'UTF8')), 1, 7), 'hex'))"
    "::bit(56)::bigint, %s::bigint[])"
)


def read_splits(text: str) -> Shares:
    """`train=0.8,validation=0.1,test=0.1` as shares; "" and the whole for train are the one split there always is.

    Raises NotValidError with the field `splits`, what was expected and what was found.
    """
    if not text.strip():
        return ()
    shares: dict[str, Decimal] = {}
    for part in text.split(","):
        name, equals, share = (piece.strip() for piece in part.partition("="))
        if not equals:
            raise _bad(f"expected name=share, as in train=0.9,test=0.1, found {part.strip()!r}")
        if not NAME.fullmatch(name) or name in RESERVED:
            raise _bad(
                f"expected a name of lower-case letters, digits and _, up to 32, and not all, found {name[:40]!r}"
            )
        if name in shares:
            raise _bad(f"expected each name once, found {name} twice")
        shares[name] = _share(name, share)
    if sum(shares.values()) != 1:
        raise _bad(f"expected shares that sum to 1, found {sum(shares.values())}")
    if set(shares) == {TRAIN}:
        return ()
    ordered = sorted(shares, key=lambda name: (FIRST.index(name) if name in FIRST else len(FIRST), name))
    return tuple((name, f"{shares[name].normalize():f}") for name in ordered)


def check_seed(seed: str, shares: Shares) -> str:
    """The seed. Raises NotValidError for one that is too long, or that draws nothing."""
    if len(seed) > LONGEST_SEED or not seed.isprintable():
        raise NotValidError(
            f"split_seed: expected up to {LONGEST_SEED} printable characters, found {len(seed)}", field="split_seed"
        )
    if seed and not shares:
        raise NotValidError("split_seed: expected splits to draw with it, found one split", field="split_seed")
    return seed


def said(shares: Shares) -> str:
    """The text that `read_splits` reads; "" for the one split."""
    return ",".join(f"{name}={share}" for name, share in shares)


def names(shares: Shares) -> tuple[str, ...]:
    """The names in the order of the files."""
    return tuple(name for name, _ in shares) or (TRAIN,)


def thresholds(shares: Shares) -> list[int]:
    """Where each split but the first begins, in the 2**56 places of the lot."""
    sums = accumulate(Decimal(share) for _, share in shares)
    return [int(total * 2**BITS) for total in sums][:-1]


def place_of(brief: UUID, shares: Shares, seed: str) -> int:
    """Which of the splits (0, 1 ...) the brief is in."""
    lot = int.from_bytes(hashlib.sha256(f"{seed}|{brief}".encode()).digest()[: BITS // 8])
    return sum(lot >= begins for begins in thresholds(shares))


def split_of_file(path: str) -> str:
    """The split of a file of rows, by its name: `data/sft/test-00000-of-00001.parquet` is of `test`."""
    return PurePosixPath(path).name.rsplit("-", 3)[0]


def by_split(paths: Sequence[str]) -> dict[str, list[str]]:
    """The files of each split, in the order given."""
    found: dict[str, list[str]] = {}
    for path in paths:
        found.setdefault(split_of_file(path), []).append(path)
    return found


def _share(name: str, text: str) -> Decimal:
    try:
        share = Decimal(text)
    except InvalidOperation:
        raise _bad(f"expected a share for {name} as a decimal, found {text[:40]!r}") from None
    if not share.is_finite() or not 0 < share <= 1 or share % FINEST:
        raise _bad(f"expected a share for {name} above 0 and up to 1, of at most 6 decimals, found {text[:40]!r}")
    return share


def _bad(message: str) -> NotValidError:
    return NotValidError(f"splits: {message}", field="splits")
