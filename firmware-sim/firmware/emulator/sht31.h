/* An SHT31 on the I2C bus, at address 0x44.
 *
 * Copyright (C) 2026 The sig-gateway maintainers
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * This program is free software: you can redistribute it and/or modify it under the terms of the GNU General Public
 * License as published by the Free Software Foundation, either version 3 of the License, or (at your option) any
 * later version. It comes without any warranty; see COPYING, or <https://www.gnu.org/licenses/>.
 */
#ifndef SHT31_H
#define SHT31_H

#include <simavr/avr_twi.h>

#include "room.h"

struct sht31 {
    avr_t *avr;
    avr_irq_t *bus;
    const struct room *room;
    bool selected;
    uint8_t command[2], data[6];
    unsigned received, sent, ready;
    uint64_t measured_at; /* the cycle from which on there is something to read, 0: nothing */
};

void sht31_attach(struct sht31 *sensor, avr_t *avr, const struct room *room);

#endif
