"""How units are written: sources and people spell one unit in several ways."""

# ℃ and ℉ are single characters of Unicode. The micro sign and the Greek letter look the same.
_SPELLINGS = {"°C": "C", "℃": "C", "°F": "F", "℉": "F", "°K": "K", "lux": "lx", "Lux": "lx", "klux": "klx"}
GREEK_MU, MICRO_SIGN = "\u03bc", "\u00b5"


def spelled(unit: str) -> str:
    """One spelling for one unit, as the drivers' tables have it: `C` for `°C`, `lx` for `lux`, and the micro
    sign for a Greek letter. What is not known stays as it is."""
    unit = unit.strip().replace(GREEK_MU, MICRO_SIGN)
    return _SPELLINGS.get(unit, unit)
