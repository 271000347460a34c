/* See sht31.h. Commands and times are those of Sensirion's data sheet: single measurements, status, resets; the periodic
 * modes and clock stretching are not there (a stretched measurement is ready at once).
 *
 * Copyright (C) 2026 The sig-gateway maintainers
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * This program is free software: you can redistribute it and/or modify it under the terms of the GNU General Public
 * License as published by the Free Software Foundation, either version 3 of the License, or (at your option) any
 * later version. It comes without any warranty; see COPYING, or <https://www.gnu.org/licenses/>.
 */
#include <stdbool.h>

#include "sht31.h"

#include <math.h>
#include <string.h>

#include "chip.h"

enum { ADDRESS = 0x44, STRETCHED = 0x2C, SINGLE = 0x24, STATUS = 0xF32D, SOFT_RESET = 0x30A2 };

/* Of high, medium and low repeatability, by the command's second byte, in microseconds. */
static unsigned duration_us(uint8_t how) { return how == 0x00 ? 15000 : how == 0x0B ? 6000 : 4000; }

static uint8_t crc8(const uint8_t *bytes) {
    unsigned crc = 0xFF;
    for (int i = 0; i < 2; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++) crc = crc & 0x80 ? (crc << 1 ^ 0x31) & 0xFF : crc << 1;
    }
    return (uint8_t)crc;
}

static void word(struct sht31 *sensor, unsigned value) {
    uint8_t *at = sensor->data + sensor->ready;
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
    at[2] = crc8(at) ^ (sensor->room->manner == SENSOR_BAD_CHECKSUM ? 0x55 : 0);
    sensor->ready += 3;
}

static unsigned scaled(double share) { return (unsigned)lround(fmin(fmax(share, 0), 1) * 65535); }

static void carry_out(struct sht31 *sensor) {
    unsigned command = (unsigned)sensor->command[0] << 8 | sensor->command[1];
    bool stretched = sensor->command[0] == STRETCHED;
    if (command == SOFT_RESET) sensor->ready = 0;
    if (command == STATUS) {
        sensor->ready = 0;
        word(sensor, 0);
        sensor->measured_at = sensor->avr->cycle;
    }
    if (!stretched && sensor->command[0] != SINGLE) return;
    sensor->ready = 0;
    word(sensor, scaled((sensor->room->celsius + 45) / 175));
    word(sensor, scaled(sensor->room->percent / 100));
    unsigned us = stretched ? 0 : duration_us(sensor->command[1]);
    sensor->measured_at = sensor->avr->cycle + (uint64_t)us * CYCLES_PER_US;
}

static void say(struct sht31 *sensor, uint8_t what, uint8_t address, uint8_t data) {
    avr_raise_irq(sensor->bus + TWI_IRQ_INPUT, avr_twi_irq_msg(what, address, data));
}

static void begin(struct sht31 *sensor, uint8_t address) {
    bool reads = address & 1;
    bool has_it = sensor->ready && sensor->avr->cycle >= sensor->measured_at;
    sensor->selected = address >> 1 == ADDRESS && sensor->room->manner != SENSOR_ABSENT && (!reads || has_it);
    sensor->received = sensor->sent = 0;
    if (sensor->selected) say(sensor, TWI_COND_ACK, address, 1);
}

static void on_bus(avr_irq_t *irq, uint32_t value, void *param) {
    struct sht31 *sensor = param;
    avr_twi_msg_irq_t message = {.u.v = value};
    uint8_t what = message.u.twi.msg, address = message.u.twi.addr;
    (void)irq;
    if (what & TWI_COND_STOP) sensor->selected = false;
    if (what & TWI_COND_START) begin(sensor, address);
    if (!sensor->selected) return;
    if (what & TWI_COND_WRITE) {
        if (sensor->received < 2) sensor->command[sensor->received] = message.u.twi.data;
        if (++sensor->received == 2) carry_out(sensor);
        say(sensor, TWI_COND_ACK, address, 1);
    } else if (what & TWI_COND_READ) {
        uint8_t byte = sensor->sent < sensor->ready ? sensor->data[sensor->sent] : 0xFF;
        if (++sensor->sent == sensor->ready) sensor->ready = 0; /* what was read is gone */
        say(sensor, TWI_COND_READ, address, byte);
    }
}

void sht31_attach(struct sht31 *sensor, avr_t *avr, const struct room *room) {
    *sensor = (struct sht31){.avr = avr, .room = room};
    sensor->bus = avr_io_getirq(avr, AVR_IOCTL_TWI_GETIRQ(0), 0);
    avr_irq_register_notify(sensor->bus + TWI_IRQ_OUTPUT, on_bus, sensor);
}
