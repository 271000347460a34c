/* What the board took: each whole good line that its chip has sent, before any fault of the line.
 *
 * Copyright (C) 2026 The sig-gateway maintainers
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * This program is free software: you can redistribute it and/or modify it under the terms of the GNU General Public
 * License as published by the Free Software Foundation, either version 3 of the License, or (at your option) any
 * later version. It comes without any warranty; see COPYING, or <https://www.gnu.org/licenses/>.
 */
#ifndef TRUTH_H
#define TRUTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TRUTH_ROOM = 160 };

struct truth {
    int file; /* -1: nobody wants to know */
    char line[TRUTH_ROOM];
    size_t used;
    uint64_t lines;
};

/* Append to the file at `path`, NULL: write nothing. False: said why on standard error. */
bool truth_open(struct truth *truth, const char *path);

/* The chip has sent a byte, at `utc` seconds. */
void truth_hears(struct truth *truth, uint8_t byte, double utc);

#endif
