/* The line between port and chip: the pace of what comes, and what goes wrong on the way.
 *
 * Copyright (C) 2026 The sig-gateway maintainers
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * This program is free software: you can redistribute it and/or modify it under the terms of the GNU General Public
 * License as published by the Free Software Foundation, either version 3 of the License, or (at your option) any
 * later version. It comes without any warranty; see COPYING, or <https://www.gnu.org/licenses/>.
 */
#ifndef LINE_H
#define LINE_H

#include "chance.h"
#include "port.h"
#include "uart.h"

enum { LINE_ROOM = 4096, BAUD = 115200, CYCLES_PER_BYTE = 16000000u * 10 / BAUD };

struct line {
    struct port *port;
    struct uart *uart;
    struct chance chance;
    double noise;       /* the chance of each bit to be flipped, both ways */
    uint64_t cut_end;   /* the cycle until which bytes of both directions are lost */
    uint64_t deaf_end;  /* the same, of those to the chip only */
    uint64_t arrives;   /* the cycle at which the first byte that waits has come in */
    uint8_t to_chip[LINE_ROOM], to_port[LINE_ROOM];
    size_t first, last; /* of to_chip */
    size_t sent;        /* in to_port */
    uint64_t cut, flipped;
};

/* The chip has sent a byte at this cycle. */
void line_sends(struct line *line, uint8_t byte, uint64_t cycle);

/* Deliver to the chip what has come in by this cycle. */
void line_arrives(struct line *line, uint64_t cycle);

/* Move what waits at the port onto the line, and what the chip has sent to the port. */
void line_exchange(struct line *line, uint64_t cycle);

#endif
