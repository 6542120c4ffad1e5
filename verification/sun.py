"""Where the sun stands and how shadows fall: the algorithm of NOAA's solar calculator. Pure.

After Meeus, Astronomical Algorithms (2nd edition, 1998), chapters 25 and 28, in the low-accuracy form that NOAA's
calculator uses. From 1901 to 2099 it is within 0.02 degrees of the sun's true place, refraction aside, which is that
of a standard atmosphere and uncertain near the horizon. The tests compare with an independent implementation.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime

from verification.refusing import refused

FIRST_YEAR, LAST_YEAR = 1901, 2099
NO_MOMENT = "the sun needs a moment with its offset, such as 2026-05-04T10:21+02:00"
HORIZON_DEGREES = -0.833
"""The sun's centre when its upper edge is on the horizon, with usual refraction."""


@dataclass(frozen=True, slots=True)
class Sun:
    """The sun as seen from a place: degrees above the horizon and degrees clockwise from true north.

    `elevation` is without the atmosphere, `apparent` with it.
    """

    elevation: float
    apparent: float
    azimuth: float

    @property
    def is_up(self) -> bool:
        """Whether any of the sun is above a level horizon."""
        return self.elevation > HORIZON_DEGREES

    @property
    def shadow_azimuth(self) -> float:
        """The direction in which shadows point, in degrees clockwise from true north."""
        return (self.azimuth + 180) % 360

    @property
    def shadow_ratio(self) -> float | None:
        """The length of a shadow on level ground by the height of what casts it; None where the sun gives none."""
        return 1 / math.tan(math.radians(self.apparent)) if self.apparent > 0 else None


def sun_at(moment: datetime, latitude: float, longitude: float) -> Sun:
    """The sun over a place in degrees at a moment with an offset. Raises FieldRefused for years out of range."""
    if moment.tzinfo is None:
        raise refused("when", NO_MOMENT)
    utc = moment.astimezone(UTC)
    if not FIRST_YEAR <= utc.year <= LAST_YEAR:
        raise refused("when", f"the sun is calculated from {FIRST_YEAR} to {LAST_YEAR}")
    minutes = utc.hour * 60 + utc.minute + utc.second / 60 + utc.microsecond / 60_000_000
    century = (utc.toordinal() + 1721424.5 + minutes / 1440 - 2451545.0) / 36525
    declination, equation_minutes = _declination_and_equation(century)
    hour_angle = math.radians(((minutes + equation_minutes + 4 * longitude) % 1440) / 4 - 180)
    phi = math.radians(latitude)
    sine = math.sin(phi) * math.sin(declination) + math.cos(phi) * math.cos(declination) * math.cos(hour_angle)
    elevation = math.degrees(math.asin(max(-1.0, min(1.0, sine))))
    azimuth = math.atan2(
        math.sin(hour_angle), math.cos(hour_angle) * math.sin(phi) - math.tan(declination) * math.cos(phi)
    )
    return Sun(elevation, elevation + _refraction(elevation), (math.degrees(azimuth) + 180) % 360)


def moment_of(text: str) -> datetime:
    """A moment with its offset; raises FieldRefused."""
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise refused("when", NO_MOMENT) from error
    if moment.tzinfo is None:
        raise refused("when", NO_MOMENT)
    return moment


def _declination_and_equation(century: float) -> tuple[float, float]:
    """The sun's declination in radians and the equation of time in minutes, at so many centuries after J2000.0."""
    mean_longitude = math.radians((280.46646 + century * (36000.76983 + century * 0.0003032)) % 360)
    anomaly = math.radians(357.52911 + century * (35999.05029 - 0.0001537 * century))
    eccentricity = 0.016708634 - century * (0.000042037 + 0.0000001267 * century)
    centre = (
        math.sin(anomaly) * (1.914602 - century * (0.004817 + 0.000014 * century))
        + math.sin(2 * anomaly) * (0.019993 - 0.000101 * century)
        + math.sin(3 * anomaly) * 0.000289
    )
    node = math.radians(125.04 - 1934.136 * century)
    apparent = math.radians(math.degrees(mean_longitude) + centre - 0.00569 - 0.00478 * math.sin(node))
    seconds = 21.448 - century * (46.815 + century * (0.00059 - century * 0.001813))
    obliquity = math.radians(23 + (26 + seconds / 60) / 60 + 0.00256 * math.cos(node))
    half = math.tan(obliquity / 2) ** 2
    equation = (
        half * math.sin(2 * mean_longitude)
        - 2 * eccentricity * math.sin(anomaly)
        + 4 * eccentricity * half * math.sin(anomaly) * math.cos(2 * mean_longitude)
        - half**2 / 2 * math.sin(4 * mean_longitude)
        - 1.25 * eccentricity**2 * math.sin(2 * anomaly)
    )
    return math.asin(math.sin(obliquity) * math.sin(apparent)), 4 * math.degrees(equation)


def _refraction(elevation: float) -> float:
    """How much the atmosphere lifts the sun, in degrees, by NOAA's piecewise formula."""
    if elevation > 85:
        return 0.0
    tangent = math.tan(math.radians(elevation))
    if elevation > 5:
        seconds = 58.1 / tangent - 0.07 / tangent**3 + 0.000086 / tangent**5
    elif elevation > -0.575:
        seconds = 1735 + elevation * (-518.2 + elevation * (103.4 + elevation * (-12.79 + elevation * 0.711)))
    else:
        seconds = -20.774 / tangent
    return seconds / 3600
