"""What every group of settings is, and what they have in common."""

from __future__ import annotations

import re

from pydantic import BaseModel, ConfigDict

AUTHORITY_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,31}", re.ASCII)
"""Names of time authorities are names of files too."""


class Group(BaseModel):
    """Settings under one name: unknown ones are refused, and none changes after they were read."""

    model_config = ConfigDict(frozen=True, extra="forbid")
