/* See emulator.h.
 *
 * Copyright (C) 2026 The sig-gateway maintainers
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * This program is free software: you can redistribute it and/or modify it under the terms of the GNU General Public
 * License as published by the Free Software Foundation, either version 3 of the License, or (at your option) any
 * later version. It comes without any warranty; see COPYING, or <https://www.gnu.org/licenses/>.
 */
#include "emulator.h"

#include <time.h>

static const int64_t MOST_BEHIND_NS = 10000000000; /* a machine that slept does not have to catch up with all of it */

static int64_t now_ns(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

int64_t monotonic_ns(void) { return now_ns(CLOCK_MONOTONIC); }

void emulator_set_speed(struct emulator *emulator, double speed) {
    emulator->speed = speed;
    emulator->origin_cycle = emulator->chip.avr->cycle;
    emulator->origin_ns = monotonic_ns();
    emulator->origin_utc_ns = now_ns(CLOCK_REALTIME);
}

/* How long after the origin the chip's clock is where it is. */
static int64_t since_origin_ns(const struct emulator *emulator) {
    uint64_t cycles = emulator->chip.avr->cycle - emulator->origin_cycle;
    return (int64_t)((double)cycles * (1e9 / HERTZ) / emulator->speed);
}

double emulator_utc(const struct emulator *emulator) {
    return (double)(emulator->origin_utc_ns + since_origin_ns(emulator)) / 1e9;
}

static void replug_if_due(struct emulator *emulator) {
    if (!emulator->replug || emulator->chip.avr->cycle < emulator->replug) return;
    emulator->replug = 0;
    port_plug(&emulator->port);
}

static void run_until(struct emulator *emulator, uint64_t cycle) {
    avr_t *avr = emulator->chip.avr;
    struct line *line = &emulator->line;
    while (avr->cycle < cycle) {
        bool one_comes = line->first != line->last && line->arrives < cycle;
        chip_step(&emulator->chip, one_comes ? line->arrives : cycle);
        if (one_comes) line_arrives(line, avr->cycle);
    }
}

int64_t emulator_turn(struct emulator *emulator) {
    avr_t *avr = emulator->chip.avr;
    replug_if_due(emulator);
    if (port_look(&emulator->port) && emulator->dtr && emulator->chip.powered)
        chip_reset(&emulator->chip, RESET_KEY);
    line_exchange(&emulator->line, avr->cycle);
    int64_t ahead_ns = since_origin_ns(emulator) - (monotonic_ns() - emulator->origin_ns);
    if (-ahead_ns > emulator->most_behind_ns) emulator->most_behind_ns = -ahead_ns;
    if (-ahead_ns > MOST_BEHIND_NS) {
        emulator->origin_ns -= ahead_ns;
        emulator->origin_utc_ns -= ahead_ns;
        emulator->slipped_ns -= ahead_ns;
        ahead_ns = 0;
    }
    if (ahead_ns > 0) return ahead_ns;
    run_until(emulator, avr->cycle + CYCLES_PER_MS);
    line_exchange(&emulator->line, avr->cycle);
    chip_save_eeprom(&emulator->chip);
    return 0;
}
