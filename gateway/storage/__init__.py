"""An SQLite file that a power cut does not harm, its migrations, and what can be saved of a damaged one."""
