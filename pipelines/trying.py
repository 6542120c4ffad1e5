"""Attempts as people are told of them: with what can be done, also where the record holds the cause alone."""

from __future__ import annotations

from dataclasses import replace

from casefile.records.queries import AttemptRecord
from casefile.vocabulary import Cause
from collectors.outcomes import advice


def with_advice(attempt: AttemptRecord) -> AttemptRecord:
    """The attempt with the advice that goes with its cause, unless its record has one of its own."""
    if attempt.advice or not attempt.cause:
        return attempt
    return replace(attempt, advice=advice(Cause(attempt.cause)))
