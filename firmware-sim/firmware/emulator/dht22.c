/* See dht22.h. Timings are those of the AM2302's data sheet. What it does not do is to answer with the measurement
 * before, as some of them do.
 *
 * Copyright (C) 2026 The sig-gateway maintainers
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * This program is free software: you can redistribute it and/or modify it under the terms of the GNU General Public
 * License as published by the Free Software Foundation, either version 3 of the License, or (at your option) any
 * later version. It comes without any warranty; see COPYING, or <https://www.gnu.org/licenses/>.
 */
#include "dht22.h"

#include <math.h>

#include "chip.h"

enum {
    SHORTEST_PULL_US = 800, /* by the chip, before it lets go */
    FIRST_PAUSE_US = 30,    /* until the sensor pulls, in which the pull-up has the wire high */
    PREAMBLE_US = 80,       /* low, and as long high */
    LOW_US = 50,            /* before each bit, and after the last */
    ZERO_US = 27,
    ONE_US = 71,
    BITS = 40,
    REST_MS = 2000, /* between two measurements: sooner it answers with the one that it has */
};

static void encode(struct dht22 *sensor) {
    const struct room *room = sensor->room;
    unsigned humidity = (unsigned)lround(fmin(fmax(room->percent, 0), 100) * 10);
    unsigned size = (unsigned)lround(fmin(fabs(room->celsius), 125) * 10);
    uint8_t *data = sensor->data;
    data[0] = (uint8_t)(humidity >> 8);
    data[1] = (uint8_t)humidity;
    data[2] = (uint8_t)(size >> 8 | (room->celsius < 0 && size ? 0x80 : 0));
    data[3] = (uint8_t)size;
    data[4] = (uint8_t)(data[0] + data[1] + data[2] + data[3]);
    if (room->manner == SENSOR_BAD_CHECKSUM) data[4] ^= 0x55;
}

static void on_pull(void *param, bool pulled, uint64_t cycle) {
    struct dht22 *sensor = param;
    if (pulled) {
        sensor->pulled_at = cycle;
        sensor->answers_at = 0;
    } else if (cycle - sensor->pulled_at >= SHORTEST_PULL_US * CYCLES_PER_US && sensor->room->manner != SENSOR_ABSENT) {
        if (!sensor->measured_at || cycle - sensor->measured_at >= (uint64_t)REST_MS * CYCLES_PER_MS) {
            sensor->measured_at = cycle;
            encode(sensor);
        }
        sensor->answers_at = cycle + FIRST_PAUSE_US * CYCLES_PER_US;
    }
}

static bool pulls(void *param, uint64_t cycle) {
    const struct dht22 *sensor = param;
    if (!sensor->answers_at || cycle < sensor->answers_at) return false;
    int64_t us = (int64_t)(cycle - sensor->answers_at) / CYCLES_PER_US;
    if (us > 2 * PREAMBLE_US + (BITS + 1) * (LOW_US + ONE_US)) return false;
    if ((us -= PREAMBLE_US) < 0) return true;
    if ((us -= PREAMBLE_US) < 0) return false;
    for (int bit = 0; bit < BITS; bit++) {
        if ((us -= LOW_US) < 0) return true;
        if ((us -= sensor->data[bit / 8] >> (7 - bit % 8) & 1 ? ONE_US : ZERO_US) < 0) return false;
    }
    return us < LOW_US;
}

void dht22_attach(struct dht22 *sensor, avr_t *avr, int pin, const struct room *room) {
    *sensor = (struct dht22){.room = room};
    sensor->wire = (struct wire){.on_pull = on_pull, .pulls = pulls, .sensor = sensor};
    wire_attach(&sensor->wire, avr, pin);
}
