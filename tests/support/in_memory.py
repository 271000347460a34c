"""A folder where a sync takes no time, for tests of which the disk is no part."""

from pathlib import Path

IN_MEMORY = next((folder for folder in ("/dev/shm",) if Path(folder).is_dir()), None)
"""None where there is no such folder: then the usual one for temporary files is taken."""
