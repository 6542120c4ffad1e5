"""The Military Grid Reference System on WGS 84, from 80° south to 84° north. Pure.

The grid is that of NGA.STND.0037 (Universal Grids and Grid Reference Systems); the inverse of the transverse Mercator
projection is Krüger's series to the sixth order (Karney, Transverse Mercator with an accuracy of a few nanometers,
Journal of Geodesy 85, 2011, section 3), which is exact to far below a millimetre within a zone.
"""

from __future__ import annotations

import math
import re

SEMI_MAJOR_M = 6_378_137.0
FLATTENING = 1 / 298.257223563
SCALE = 0.9996
FALSE_EASTING_M, FALSE_NORTHING_M = 500_000.0, 10_000_000.0
SQUARE_M, ROWS_M = 100_000, 2_000_000
BANDS = "CDEFGHJKLMNPQRSTUVWX"
COLUMNS = ("STUVWXYZ", "ABCDEFGH", "JKLMNPQR")
"""By the remainder of the zone by three."""
ROWS = "ABCDEFGHJKLMNPQRSTUV"
LOWEST_NORTHING_M = (
    1_100_000, 2_000_000, 2_800_000, 3_700_000, 4_600_000, 5_500_000, 6_400_000, 7_300_000, 8_200_000, 9_100_000,
    0, 800_000, 1_700_000, 2_600_000, 3_500_000, 4_400_000, 5_300_000, 6_200_000, 7_000_000, 7_900_000,
)  # fmt: skip
"""Below which no point of a band lies, by band: what tells repeating row letters apart."""
NO_ZONES = frozenset({(32, "X"), (34, "X"), (36, "X")})
"""Zones that their neighbours take over around Svalbard."""
REFERENCE = re.compile(r"(\d{1,2})([C-HJ-NP-X])([A-HJ-NP-Z])([A-HJ-NP-V])(\d*)", re.ASCII)

_N = FLATTENING / (2 - FLATTENING)
_RADIUS_M = SEMI_MAJOR_M / (1 + _N) * (1 + _N**2 / 4 + _N**4 / 64 + _N**6 / 256)
_ECCENTRICITY = math.sqrt(FLATTENING * (2 - FLATTENING))
_BETA = (
    _N / 2 - 2 * _N**2 / 3 + 37 * _N**3 / 96 - _N**4 / 360 - 81 * _N**5 / 512 + 96199 * _N**6 / 604800,
    _N**2 / 48 + _N**3 / 15 - 437 * _N**4 / 1440 + 46 * _N**5 / 105 - 1118711 * _N**6 / 3870720,
    17 * _N**3 / 480 - 37 * _N**4 / 840 - 209 * _N**5 / 4480 + 5569 * _N**6 / 90720,
    4397 * _N**4 / 161280 - 11 * _N**5 / 504 - 830251 * _N**6 / 7257600,
    4583 * _N**5 / 161280 - 108847 * _N**6 / 3991680,
    20648693 * _N**6 / 638668800,
)


class NotOnTheGrid(ValueError):
    """Letters and digits that name no square."""


def from_grid(reference: str) -> tuple[float, float, int]:
    """Latitude and longitude in degrees of the middle of the square, and its side in metres.

    `reference` is in capitals without spaces. Raises NotOnTheGrid.
    """
    found = REFERENCE.fullmatch(reference)
    if not found or len(found[5]) % 2 or len(found[5]) > 10:
        raise NotOnTheGrid("a zone, a band, two letters and an even number of digits up to ten are needed")
    zone, band = int(found[1]), found[2]
    if not 1 <= zone <= 60 or (zone, band) in NO_ZONES:
        raise NotOnTheGrid(f"there is no zone {zone}{band}")
    columns = COLUMNS[zone % 3]
    if found[3] not in columns:
        raise NotOnTheGrid(f"zone {zone} has no column {found[3]}; it has {columns}")
    half = len(found[5]) // 2
    cell_m = 10 ** (5 - half)
    east, north = (int(text or "0") * cell_m + cell_m / 2 for text in (found[5][:half], found[5][half:]))
    row = (ROWS.index(found[4]) - (0 if zone % 2 else 5)) % len(ROWS)
    northing = float(row * SQUARE_M)
    while northing < LOWEST_NORTHING_M[BANDS.index(band)]:
        northing += ROWS_M
    latitude, longitude = from_utm(zone, (columns.index(found[3]) + 1) * SQUARE_M + east, northing + north, band >= "N")
    lowest = -80 + 8 * BANDS.index(band)
    highest = lowest + (12 if band == "X" else 8)
    # A coarse square reaches over the edge of its band or zone.
    slack = 0.001 + cell_m / 100_000
    widest = 3 + (6 if band in "VX" else 0) + slack / max(0.1, math.cos(math.radians(latitude)))
    if not lowest - slack <= latitude <= highest + slack or abs(longitude - (6 * zone - 183)) > widest:
        raise NotOnTheGrid(f"square {found[3]}{found[4]} does not reach into {zone}{band}")
    return latitude, longitude, cell_m


def from_utm(zone: int, easting_m: float, northing_m: float, northern: bool) -> tuple[float, float]:
    """Latitude and longitude in degrees of a point of a UTM zone."""
    xi = (northing_m - (0.0 if northern else FALSE_NORTHING_M)) / (SCALE * _RADIUS_M)
    eta = (easting_m - FALSE_EASTING_M) / (SCALE * _RADIUS_M)
    xi_, eta_ = xi, eta
    for order, beta in enumerate(_BETA, start=1):
        xi_ -= beta * math.sin(2 * order * xi) * math.cosh(2 * order * eta)
        eta_ -= beta * math.cos(2 * order * xi) * math.sinh(2 * order * eta)
    tau_conformal = math.sin(xi_) / math.hypot(math.sinh(eta_), math.cos(xi_))
    longitude = math.degrees(math.atan2(math.sinh(eta_), math.cos(xi_))) + 6 * zone - 183
    return math.degrees(math.atan(_geodetic(tau_conformal))), (longitude + 180) % 360 - 180


def _geodetic(conformal: float) -> float:
    """The tangent of the geodetic latitude from that of the conformal one, by Newton's method (Karney, eq. 19-21)."""
    squared = _ECCENTRICITY**2
    tau = conformal / (1 - squared)
    for _round in range(8):
        sigma = math.sinh(_ECCENTRICITY * math.atanh(_ECCENTRICITY * tau / math.hypot(1, tau)))
        seen = tau * math.hypot(1, sigma) - sigma * math.hypot(1, tau)
        step = (conformal - seen) / math.hypot(1, seen) * (1 + (1 - squared) * tau**2)
        tau += step / ((1 - squared) * math.hypot(1, tau))
        if abs(step) < 1e-14:
            break
    return tau
