"""Reasons to give up on one document. Doubtful data is a finding, not one of these."""


class ReportError(Exception):
    """Take one message: what, where, and what the reader can do next. Survives pickling."""

    exit_code = 3


class Unreadable(ReportError):
    """The input is missing, encrypted, truncated, or not what its name says."""
