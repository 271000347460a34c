/* The board's port as others see it: a pseudo-terminal with a name of its own.
 *
 * Copyright (C) 2026 The sig-gateway maintainers
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * This program is free software: you can redistribute it and/or modify it under the terms of the GNU General Public
 * License as published by the Free Software Foundation, either version 3 of the License, or (at your option) any
 * later version. It comes without any warranty; see COPYING, or <https://www.gnu.org/licenses/>.
 */
#ifndef PORT_H
#define PORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct port {
    const char *link;
    int master;  /* -1: unplugged */
    bool opened; /* somebody has it open */
    uint64_t lost; /* bytes for which nobody was there, or had no room */
};

/* Plug in: the link points to a new pseudo-terminal. False: said why on standard error. */
bool port_plug(struct port *port);

/* Who has it open gets an error; the link is gone. */
void port_unplug(struct port *port);

/* Look who is there. True: somebody has opened it since. */
bool port_look(struct port *port);

/* What came from whoever has it open. */
size_t port_read(struct port *port, uint8_t *bytes, size_t room);

void port_write(struct port *port, const uint8_t *bytes, size_t count);

#endif
