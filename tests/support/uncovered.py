"""For programs that a test looks into, or times, or only needs as a tool: without coverage, which imports
SQLite and more, doubles what a start takes, and writes what it has found at the end."""

UNCOVERED = {"COVERAGE_PROCESS_START": "", "COVERAGE_PROCESS_CONFIG": ""}
"""What its hook is started by."""
