"""The gateway as a service of systemd: its unit as text, and what is asked of `systemctl`."""
