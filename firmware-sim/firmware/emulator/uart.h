/* The serial port of the chip: two bytes and one in the shift register wait for the program; each takes its time.
 *
 * Copyright (C) 2026 The sig-gateway maintainers
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * This program is free software: you can redistribute it and/or modify it under the terms of the GNU General Public
 * License as published by the Free Software Foundation, either version 3 of the License, or (at your option) any
 * later version. It comes without any warranty; see COPYING, or <https://www.gnu.org/licenses/>.
 */
#ifndef UART_H
#define UART_H

#include <simavr/avr_uart.h>

struct uart {
    avr_t *avr;
    avr_uart_t *simavr;
    uint8_t waiting[2];
    int count;
    int shift; /* the byte that has come when two wait, -1: none */
    uint64_t received, sent, overruns, unheard;
    void (*on_sent)(void *param, uint8_t byte);
    void *param;
};

/* `on_sent` is called for each byte that the program sends. */
void uart_attach(struct uart *uart, avr_t *avr, void (*on_sent)(void *, uint8_t), void *param);

/* The last bit of a byte has come in just now. */
void uart_arrive(struct uart *uart, uint8_t byte);

#endif
