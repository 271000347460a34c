/* See uart.h. simavr's own receiver holds 64 bytes, and lets the program have them one a byte's time.
 *
 * Copyright (C) 2026 The sig-gateway maintainers
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * This program is free software: you can redistribute it and/or modify it under the terms of the GNU General Public
 * License as published by the Free Software Foundation, either version 3 of the License, or (at your option) any
 * later version. It comes without any warranty; see COPYING, or <https://www.gnu.org/licenses/>.
 */
#include "uart.h"

#include "chip.h"

enum { NONE = -1, BITS = 10 /* start, eight, stop; simavr counts a parity bit, too */ };

static bool receives(const struct uart *uart) { return avr_regbit_get(uart->avr, uart->simavr->rxen); }

static bool says_so(const struct uart *uart) { return avr_regbit_get(uart->avr, uart->simavr->rxc.raised); }

/* The program, or a reset, has switched the receiver off meanwhile: what waited is gone. */
static void forget_if_off(struct uart *uart) {
    if (receives(uart) && (!uart->count || says_so(uart))) return;
    uart->count = 0;
    uart->shift = NONE;
}

void uart_arrive(struct uart *uart, uint8_t byte) {
    forget_if_off(uart);
    if (!receives(uart)) {
        uart->unheard++;
        return;
    }
    uart->received++;
    if (uart->count < 2) {
        uart->waiting[uart->count++] = byte;
    } else {
        if (uart->shift != NONE) {
            uart->overruns++;
            avr_regbit_set(uart->avr, uart->simavr->dor);
        }
        uart->shift = byte;
    }
    avr_raise_interrupt(uart->avr, &uart->simavr->rxc);
}

static uint8_t read_data(avr_t *avr, avr_io_addr_t address, void *param) {
    struct uart *uart = param;
    forget_if_off(uart);
    if (!uart->count) return 0;
    uint8_t byte = avr->data[address] = uart->waiting[0];
    uart->waiting[0] = uart->waiting[1];
    uart->count--;
    if (uart->shift != NONE) {
        uart->waiting[uart->count++] = (uint8_t)uart->shift;
        uart->shift = NONE;
    }
    avr_regbit_clear(avr, uart->simavr->dor);
    if (uart->count) {
        avr_raise_interrupt(avr, &uart->simavr->rxc);
    } else {
        avr_clear_interrupt(avr, &uart->simavr->rxc);
        avr_regbit_clear(avr, uart->simavr->rxc.raised);
    }
    return byte;
}

static void has_sent(avr_irq_t *irq, uint32_t value, void *param) {
    struct uart *uart = param;
    (void)irq;
    avr_t *avr = uart->avr;
    uint32_t divisor = (avr_regbit_get(avr, uart->simavr->ubrrl) | avr_regbit_get(avr, uart->simavr->ubrrh) << 8) + 1u;
    uart->simavr->cycles_per_byte = BITS * divisor * (avr_regbit_get(avr, uart->simavr->u2x) ? 8 : 16);
    uart->sent++;
    uart->on_sent(uart->param, (uint8_t)value);
}

void uart_attach(struct uart *uart, avr_t *avr, void (*on_sent)(void *, uint8_t), void *param) {
    *uart = (struct uart){.avr = avr, .shift = NONE, .on_sent = on_sent, .param = param};
    uart->simavr = (avr_uart_t *)chip_module(avr, "uart");
    avr_irq_register_notify(avr_io_getirq(avr, AVR_IOCTL_UART_GETIRQ('0'), UART_IRQ_OUTPUT), has_sent, uart);
    uint32_t flags = 0; /* by default simavr prints what is sent, and sleeps when the program polls */
    avr_ioctl(avr, AVR_IOCTL_UART_SET_FLAGS('0'), &flags);
    avr->io[AVR_DATA_TO_IO(uart->simavr->r_udr)].r.c = read_data;
    avr->io[AVR_DATA_TO_IO(uart->simavr->r_udr)].r.param = uart;
}
