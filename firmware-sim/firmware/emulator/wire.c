/* See wire.h. The level is worked out when the program reads the port, so there is nothing to be late.
 *
 * Copyright (C) 2026 The sig-gateway maintainers
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * This program is free software: you can redistribute it and/or modify it under the terms of the GNU General Public
 * License as published by the Free Software Foundation, either version 3 of the License, or (at your option) any
 * later version. It comes without any warranty; see COPYING, or <https://www.gnu.org/licenses/>.
 */
#include "wire.h"

#include <string.h>

/* Those of one port are a chain that the reading of the port is given. */
static struct wire *wires[3];
static avr_io_read_t read_port[3];

static uint8_t read_pins(avr_t *avr, avr_io_addr_t address, void *param) {
    struct wire **chain = param;
    for (struct wire *wire = *chain; wire; wire = wire->next) {
        bool pulled = avr->data[wire->port->r_ddr] & ~avr->data[wire->port->r_port] & wire->mask;
        bool low = pulled || wire->pulls(wire->sensor, avr->cycle);
        uint8_t others = avr->data[address] & (uint8_t)~wire->mask;
        avr->data[address] = others | (low ? 0 : wire->mask);
    }
    return read_port[chain - wires](avr, address, (void *)(*chain)->port);
}

static void look(struct wire *wire) {
    bool pulled = wire->direction & ~wire->output & wire->mask;
    if (pulled == wire->pulled) return;
    wire->pulled = pulled;
    wire->on_pull(wire->sensor, pulled, wire->avr->cycle);
}

static void on_direction(avr_irq_t *irq, uint32_t value, void *param) {
    struct wire *wire = param;
    (void)irq;
    wire->direction = (uint8_t)value;
    look(wire);
}

static void on_output(avr_irq_t *irq, uint32_t value, void *param) {
    struct wire *wire = param;
    (void)irq;
    wire->output = (uint8_t)value;
    look(wire);
}

static const avr_ioport_t *port_named(avr_t *avr, char name) {
    for (avr_io_t *module = avr->io_port; module; module = module->next)
        if (!strcmp(module->kind, "port") && ((avr_ioport_t *)module)->name == name) return (avr_ioport_t *)module;
    return NULL;
}

void wire_attach(struct wire *wire, avr_t *avr, int pin) {
    char name = pin < 8 ? 'D' : pin < FIRST_ANALOG_PIN ? 'B' : 'C';
    wire->avr = avr;
    wire->port = port_named(avr, name);
    wire->mask = (uint8_t)(1u << (pin < 8 ? pin : pin < FIRST_ANALOG_PIN ? pin - 8 : pin - FIRST_ANALOG_PIN));
    struct wire **chain = &wires[name - 'B'];
    if (!*chain) {
        avr_io_addr_t address = AVR_DATA_TO_IO(wire->port->r_pin);
        read_port[name - 'B'] = avr->io[address].r.c;
        avr->io[address].r.c = read_pins;
        avr->io[address].r.param = chain;
    }
    wire->next = *chain;
    *chain = wire;
    uint32_t of_port = AVR_IOCTL_IOPORT_GETIRQ(name);
    avr_irq_register_notify(avr_io_getirq(avr, of_port, IOPORT_IRQ_DIRECTION_ALL), on_direction, wire);
    avr_irq_register_notify(avr_io_getirq(avr, of_port, IOPORT_IRQ_REG_PORT), on_output, wire);
}
