"""The two exceptions a user of vaekit meets."""


class BadInput(ValueError):
    """Something the user gave is wrong; the message names it and the fix. Exit code 2."""


class Interrupted(RuntimeError):
    """Training was asked to stop and did so after a checkpoint. Exit code 130."""
