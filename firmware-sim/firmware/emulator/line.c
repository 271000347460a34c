/* See line.h.
 *
 * Copyright (C) 2026 The sig-gateway maintainers
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * This program is free software: you can redistribute it and/or modify it under the terms of the GNU General Public
 * License as published by the Free Software Foundation, either version 3 of the License, or (at your option) any
 * later version. It comes without any warranty; see COPYING, or <https://www.gnu.org/licenses/>.
 */
#include "line.h"

static uint8_t disturbed(struct line *line, uint8_t byte) {
    if (line->noise <= 0) return byte;
    for (unsigned bit = 1; bit < 256; bit <<= 1) {
        if (chance_fraction(&line->chance) >= line->noise) continue;
        byte ^= (uint8_t)bit;
        line->flipped++;
    }
    return byte;
}

void line_sends(struct line *line, uint8_t byte, uint64_t cycle) {
    if (cycle < line->cut_end) {
        line->cut++;
        return;
    }
    if (line->sent == LINE_ROOM) line_exchange(line, cycle);
    line->to_port[line->sent++] = disturbed(line, byte);
}

void line_arrives(struct line *line, uint64_t cycle) {
    if (line->first == line->last || cycle < line->arrives) return;
    uint8_t byte = line->to_chip[line->first++];
    line->arrives += CYCLES_PER_BYTE;
    if (cycle < line->cut_end || cycle < line->deaf_end) line->cut++;
    else uart_arrive(line->uart, disturbed(line, byte));
}

void line_exchange(struct line *line, uint64_t cycle) {
    if (line->sent) {
        port_write(line->port, line->to_port, line->sent);
        line->sent = 0;
    }
    if (line->first != line->last) return; /* the rest waits in the kernel, as in a driver */
    line->first = 0;
    line->last = port_read(line->port, line->to_chip, LINE_ROOM);
    if (line->arrives < cycle + CYCLES_PER_BYTE) line->arrives = cycle + CYCLES_PER_BYTE;
}
