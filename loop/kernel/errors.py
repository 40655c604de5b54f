"""The root of every refusal. A refusal states what was expected and what was found; one place maps it to HTTP."""


class LoopError(Exception):
    """A refusal a caller can act on. `code` is for machines, the message for people, `facts` are its values."""

    code = "refused"

    def __init__(self, message: str, **facts: object) -> None:
        super().__init__(message)
        self.facts = facts


class NotValidError(LoopError):
    """What was given is malformed or contradicts itself; `field` names where."""

    code = "not_valid"

    def __init__(self, message: str, *, field: str = "", **facts: object) -> None:
        super().__init__(message, field=field, **facts)
        self.field = field


class NotFoundError(LoopError):
    """Nothing of that name exists, or the asker may not know that it does."""

    code = "not_found"


class NotAllowedError(LoopError):
    """The actor may see the thing, yet not do this to it."""

    code = "not_allowed"


class ConflictError(LoopError):
    """The request contradicts what is already recorded."""

    code = "conflict"
