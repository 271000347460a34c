/* A DHT22 (AM2302) on a wire.
 *
 * Copyright (C) 2026 The sig-gateway maintainers
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * This program is free software: you can redistribute it and/or modify it under the terms of the GNU General Public
 * License as published by the Free Software Foundation, either version 3 of the License, or (at your option) any
 * later version. It comes without any warranty; see COPYING, or <https://www.gnu.org/licenses/>.
 */
#ifndef DHT22_H
#define DHT22_H

#include "room.h"
#include "wire.h"

struct dht22 {
    struct wire wire;
    const struct room *room;
    uint64_t pulled_at, measured_at, answers_at; /* cycles; 0: never */
    uint8_t data[5];
};

void dht22_attach(struct dht22 *sensor, avr_t *avr, int pin, const struct room *room);

#endif
