/* See port.h.
 *
 * Copyright (C) 2026 The sig-gateway maintainers
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * This program is free software: you can redistribute it and/or modify it under the terms of the GNU General Public
 * License as published by the Free Software Foundation, either version 3 of the License, or (at your option) any
 * later version. It comes without any warranty; see COPYING, or <https://www.gnu.org/licenses/>.
 */
#define _GNU_SOURCE
#include "port.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

/* Of one that was killed: a link that leads nowhere any more. To be looked at before a terminal of ours is there. */
static void clear_stale(const char *link) {
    struct stat found;
    if (lstat(link, &found) == 0 && S_ISLNK(found.st_mode) && stat(link, &found) != 0) unlink(link);
}

static bool make_link(const char *target, const char *link) {
    if (symlink(target, link) == 0) return true;
    fprintf(stderr, "%s: cannot make the port's link: %s\n", link, strerror(errno));
    return false;
}

/* The descriptor of the other end is closed again, so that the kernel tells whether somebody else has it open. */
static bool make_raw(const char *name) {
    struct termios settings;
    int slave = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (slave < 0 || tcgetattr(slave, &settings) != 0) return false;
    cfmakeraw(&settings);
    cfsetspeed(&settings, B115200);
    bool done = tcsetattr(slave, TCSANOW, &settings) == 0;
    close(slave);
    return done;
}

bool port_plug(struct port *port) {
    clear_stale(port->link);
    port->master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    port->opened = false;
    const char *name = NULL;
    if (port->master >= 0 && grantpt(port->master) == 0 && unlockpt(port->master) == 0) name = ptsname(port->master);
    if (name && make_raw(name) && make_link(name, port->link)) return true;
    if (!name) perror("cannot make a pseudo-terminal");
    if (port->master >= 0) close(port->master);
    port->master = -1;
    return false;
}

void port_unplug(struct port *port) {
    if (port->master < 0) return;
    unlink(port->link);
    close(port->master);
    port->master = -1;
    port->opened = false;
}

bool port_look(struct port *port) {
    if (port->master < 0) return false;
    struct pollfd end = {.fd = port->master};
    bool before = port->opened;
    port->opened = poll(&end, 1, 0) == 0 || !(end.revents & POLLHUP);
    return port->opened && !before;
}

size_t port_read(struct port *port, uint8_t *bytes, size_t room) {
    if (port->master < 0) return 0;
    ssize_t count = read(port->master, bytes, room);
    return count < 0 ? 0 : (size_t)count;
}

void port_write(struct port *port, const uint8_t *bytes, size_t count) {
    ssize_t written = port->opened ? write(port->master, bytes, count) : 0;
    port->lost += count - (written < 0 ? 0 : (size_t)written);
}
