/* See truth.h; what a good line is: docs/protocol.md, section 1.
 *
 * Copyright (C) 2026 The sig-gateway maintainers
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * This program is free software: you can redistribute it and/or modify it under the terms of the GNU General Public
 * License as published by the Free Software Foundation, either version 3 of the License, or (at your option) any
 * later version. It comes without any warranty; see COPYING, or <https://www.gnu.org/licenses/>.
 */
#include "truth.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { DIGITS = 8, AFTER_BODY = 1 + DIGITS };

bool truth_open(struct truth *truth, const char *path) {
    *truth = (struct truth){.file = -1};
    if (!path) return true;
    truth->file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (truth->file >= 0) return true;
    fprintf(stderr, "%s: cannot open the file for what the board says: %s\n", path, strerror(errno));
    return false;
}

static uint32_t crc32(const char *bytes, size_t count) {
    uint32_t crc = 0xFFFFFFFFu;
    while (count--) {
        crc ^= (uint8_t)*bytes++;
        for (int bit = 0; bit < 8; bit++) crc = crc & 1 ? crc >> 1 ^ 0xEDB88320u : crc >> 1;
    }
    return ~crc;
}

/* From '$' to the checksum, without CR and LF. */
static bool is_good(const char *line, size_t used) {
    if (used < 2 + AFTER_BODY || line[0] != '$' || line[used - AFTER_BODY] != '*') return false;
    char digits[DIGITS + 1];
    snprintf(digits, sizeof digits, "%08X", crc32(line + 1, used - 1 - AFTER_BODY));
    return !memcmp(digits, line + used - DIGITS, DIGITS);
}

static void write_line(struct truth *truth, double utc) {
    char text[TRUTH_ROOM + 32];
    int count = snprintf(text, sizeof text, "%.6f %.*s\n", utc, (int)truth->used, truth->line);
    if (write(truth->file, text, (size_t)count) != count) perror("the file for what the board says");
}

void truth_hears(struct truth *truth, uint8_t byte, double utc) {
    if (byte == '\n') {
        bool good = is_good(truth->line, truth->used);
        truth->lines += good;
        if (good && truth->file >= 0) write_line(truth, utc);
        truth->used = 0;
    } else if (byte == '$') {
        truth->line[0] = '$';
        truth->used = 1;
    } else if (byte != '\r' && truth->used > 0) {
        if (truth->used < TRUTH_ROOM) truth->line[truth->used++] = (char)byte;
        else truth->used = 0;
    }
}
