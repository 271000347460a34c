/* A wire with a pull-up between a pin of the chip and a sensor: low as long as one of them pulls it.
 *
 * Copyright (C) 2026 The sig-gateway maintainers
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * This program is free software: you can redistribute it and/or modify it under the terms of the GNU General Public
 * License as published by the Free Software Foundation, either version 3 of the License, or (at your option) any
 * later version. It comes without any warranty; see COPYING, or <https://www.gnu.org/licenses/>.
 */
#ifndef WIRE_H
#define WIRE_H

#include <stdbool.h>

#include <simavr/avr_ioport.h>

struct wire {
    avr_t *avr;
    const avr_ioport_t *port;
    uint8_t mask;
    bool pulled; /* by the chip */
    /* The chip begins to pull (true), or lets go. */
    void (*on_pull)(void *sensor, bool pulled, uint64_t cycle);
    /* Whether the sensor pulls at this cycle. */
    bool (*pulls)(void *sensor, uint64_t cycle);
    void *sensor;
    struct wire *next;
    uint8_t direction, output; /* of the chip's port */
};

/* `pin`: as an Arduino counts them, 0 to 19. The functions and the sensor of `wire` are set already. */
void wire_attach(struct wire *wire, avr_t *avr, int pin);

enum { PINS = 20, FIRST_ANALOG_PIN = 14 };

#endif
