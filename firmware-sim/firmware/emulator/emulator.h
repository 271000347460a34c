/* The emulator: a board, whose clock goes as fast as it is told to by the clock of this machine.
 *
 * Copyright (C) 2026 The sig-gateway maintainers
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * This program is free software: you can redistribute it and/or modify it under the terms of the GNU General Public
 * License as published by the Free Software Foundation, either version 3 of the License, or (at your option) any
 * later version. It comes without any warranty; see COPYING, or <https://www.gnu.org/licenses/>.
 */
#ifndef EMULATOR_H
#define EMULATOR_H

#include "chip.h"
#include "dht22.h"
#include "ds18b20.h"
#include "line.h"
#include "port.h"
#include "room.h"
#include "sht31.h"
#include "truth.h"
#include "uart.h"

struct emulator {
    struct chip chip;
    struct uart uart;
    struct line line;
    struct port port;
    struct truth truth;
    struct room room;
    struct dht22 dht22;
    struct sht31 sht31;
    struct ds18b20 ds18b20;
    uint64_t seed;
    bool dtr;                /* the opening of the port resets the chip */
    uint64_t replug;         /* the cycle at which it is plugged in again, 0: not by itself */
    double speed;            /* how many times as fast as a real one */
    uint64_t origin_cycle;   /* was at this time of the monotonic clock, in ns, and at this one of the day's */
    int64_t origin_ns, origin_utc_ns;
    int64_t most_behind_ns;  /* so far */
    int64_t slipped_ns;      /* what this machine was too slow for, and was given up */
    volatile bool ended;
};

/* From now on the chip's clock goes `speed` times as fast as that of this machine. */
void emulator_set_speed(struct emulator *emulator, double speed);

/* Run until the chip's time is that of this machine, or for a millisecond of the chip's at most; the nanoseconds that are
 * left until the next turn, 0: it is behind. */
int64_t emulator_turn(struct emulator *emulator);

/* The chip's time, in seconds of the day's clock (UTC). */
double emulator_utc(const struct emulator *emulator);

int64_t monotonic_ns(void);

#endif
