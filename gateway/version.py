"""The version that is installed."""

from importlib.metadata import PackageNotFoundError, version


def package_version() -> str:
    """Such as `0.1.0`; `unknown` where the source is used without being installed."""
    try:
        return version("sig-gateway")
    except PackageNotFoundError:
        return "unknown"
