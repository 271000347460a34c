/* See ds18b20.h. Commands and times are those of the data sheet. Parasite power and the alarm search are not there.
 *
 * Copyright (C) 2026 The sig-gateway maintainers
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * This program is free software: you can redistribute it and/or modify it under the terms of the GNU General Public
 * License as published by the Free Software Foundation, either version 3 of the License, or (at your option) any
 * later version. It comes without any warranty; see COPYING, or <https://www.gnu.org/licenses/>.
 */
#include "ds18b20.h"

#include <math.h>
#include <string.h>

#include "chip.h"

enum { /* microseconds */
    RESET_US = 400,     /* pulled for longer: a reset; 480 by the data sheet */
    PRESENCE_AFTER_US = 30,
    PRESENCE_US = 120,
    SAMPLED_US = 30,    /* a bit is sampled so long after the chip has begun to pull */
    ZERO_US = 30,       /* so long does the sensor pull for a 0 */
};
enum { SEARCH_ROM = 0xF0, READ_ROM = 0x33, MATCH_ROM = 0x55, SKIP_ROM = 0xCC };
enum { CONVERT = 0x44, READ_SCRATCHPAD = 0xBE, WRITE_SCRATCHPAD = 0x4E, READ_POWER = 0xB4 };
enum { CONFIG = 4, RESOLUTION_12 = 0x7F, CONVERSION_12_US = 750000, FRACTION_BITS = 4 };

static const uint8_t all_ones = 0xFF;

static uint8_t crc8(const uint8_t *bytes, unsigned count) {
    unsigned crc = 0;
    while (count--) {
        crc ^= *bytes++;
        for (int bit = 0; bit < 8; bit++) crc = crc & 1 ? crc >> 1 ^ 0x8C : crc >> 1;
    }
    return (uint8_t)crc;
}

/* 85 degrees, until something has been measured. */
static void power_on(struct ds18b20 *sensor) {
    static const uint8_t rom[7] = {0x28, 0x4B, 0x29, 0x7A, 0x16, 0x03, 0x00};
    static const uint8_t scratchpad[8] = {0x50, 0x05, 0x4B, 0x46, RESOLUTION_12, 0xFF, 0x0C, 0x10};
    memcpy(sensor->rom, rom, sizeof rom);
    sensor->rom[7] = crc8(rom, sizeof rom);
    memcpy(sensor->scratchpad, scratchpad, sizeof scratchpad);
}

static void measure(struct ds18b20 *sensor, uint64_t cycle) {
    unsigned unused = 3 - (sensor->scratchpad[CONFIG] >> 5 & 3); /* bits, of the lower resolutions */
    int raw = (int)lround(sensor->room->celsius * (1 << FRACTION_BITS));
    raw &= ~((1 << unused) - 1);
    sensor->scratchpad[0] = (uint8_t)raw;
    sensor->scratchpad[1] = (uint8_t)(raw >> 8);
    sensor->converted_at = cycle + ((uint64_t)CONVERSION_12_US >> unused) * CYCLES_PER_US;
}

static void say(struct ds18b20 *sensor, const uint8_t *bytes, unsigned bits) {
    sensor->says = bytes;
    sensor->said = 0;
    sensor->to_say = bits;
}

static void expect(struct ds18b20 *sensor, int what) {
    sensor->expects = what;
    sensor->bits = sensor->taken = sensor->turn = 0;
    sensor->says = NULL;
}

static void function(struct ds18b20 *sensor, uint8_t command, uint64_t cycle) {
    expect(sensor, command == WRITE_SCRATCHPAD ? DS18B20_WRITE : DS18B20_IDLE);
    if (command == CONVERT) measure(sensor, cycle);
    if (command == READ_POWER) say(sensor, &all_ones, 1);
    if (command != READ_SCRATCHPAD) return;
    sensor->scratchpad[8] = crc8(sensor->scratchpad, 8) ^ (sensor->room->manner == SENSOR_BAD_CHECKSUM ? 0x55 : 0);
    say(sensor, sensor->scratchpad, 8 * DS18B20_SCRATCHPAD);
}

static void rom_command(struct ds18b20 *sensor, uint8_t command) {
    expect(sensor, command == SKIP_ROM    ? DS18B20_FUNCTION
                   : command == MATCH_ROM ? DS18B20_MATCH
                   : command == SEARCH_ROM ? DS18B20_SEARCH
                                           : DS18B20_IDLE);
    if (command == READ_ROM) {
        sensor->expects = DS18B20_FUNCTION;
        say(sensor, sensor->rom, 64);
    }
}

static void hear_byte(struct ds18b20 *sensor, uint64_t cycle) {
    unsigned at = sensor->taken++;
    if (sensor->expects == DS18B20_ROM) rom_command(sensor, sensor->byte);
    else if (sensor->expects == DS18B20_FUNCTION) function(sensor, sensor->byte, cycle);
    else if (sensor->expects == DS18B20_MATCH && sensor->byte != sensor->rom[at]) expect(sensor, DS18B20_IDLE);
    else if (sensor->expects == DS18B20_MATCH && at == 7) expect(sensor, DS18B20_FUNCTION);
    else if (sensor->expects == DS18B20_WRITE && at < 3) sensor->scratchpad[2 + at] = sensor->byte;
}

static bool rom_bit(const struct ds18b20 *sensor) { return sensor->rom[sensor->taken / 8] >> sensor->taken % 8 & 1; }

static void hear_bit(struct ds18b20 *sensor, bool bit, uint64_t cycle) {
    if (sensor->expects == DS18B20_SEARCH) { /* the third turn: which way the search goes */
        if (bit != rom_bit(sensor)) expect(sensor, DS18B20_IDLE);
        else if (sensor->turn = 0, ++sensor->taken == 64) expect(sensor, DS18B20_FUNCTION);
        return;
    }
    sensor->byte = (uint8_t)(sensor->byte >> 1 | (bit ? 0x80 : 0));
    if (++sensor->bits % 8 == 0) hear_byte(sensor, cycle);
}

/* Whether the slot that begins now is for the sensor to say a bit, and which. */
static bool has_bit(struct ds18b20 *sensor, uint64_t cycle, bool *bit) {
    if (sensor->expects == DS18B20_SEARCH && sensor->turn < 2) {
        *bit = rom_bit(sensor) != (sensor->turn++ == 1);
    } else if (sensor->says && sensor->said < sensor->to_say) {
        *bit = sensor->says[sensor->said / 8] >> sensor->said % 8 & 1;
        sensor->said++;
    } else if (sensor->expects == DS18B20_IDLE && cycle < sensor->converted_at) {
        *bit = false; /* it is still measuring */
    } else {
        return false;
    }
    return true;
}

static void on_pull(void *param, bool pulled, uint64_t cycle) {
    struct ds18b20 *sensor = param;
    if (sensor->room->manner == SENSOR_ABSENT) {
        expect(sensor, DS18B20_IDLE);
        return;
    }
    if (pulled) {
        bool bit;
        sensor->pulled_at = cycle;
        sensor->hears = !has_bit(sensor, cycle, &bit);
        if (sensor->hears || bit) return;
        sensor->pulls_from = cycle;
        sensor->pulls_until = cycle + ZERO_US * CYCLES_PER_US;
        return;
    }
    uint64_t us = (cycle - sensor->pulled_at) / CYCLES_PER_US;
    if (us >= RESET_US) {
        expect(sensor, DS18B20_ROM);
        sensor->pulls_from = cycle + PRESENCE_AFTER_US * CYCLES_PER_US;
        sensor->pulls_until = sensor->pulls_from + PRESENCE_US * CYCLES_PER_US;
    } else if (sensor->hears) {
        hear_bit(sensor, us < SAMPLED_US, cycle);
    }
}

static bool pulls(void *param, uint64_t cycle) {
    const struct ds18b20 *sensor = param;
    return cycle >= sensor->pulls_from && cycle < sensor->pulls_until;
}

void ds18b20_attach(struct ds18b20 *sensor, avr_t *avr, int pin, const struct room *room) {
    *sensor = (struct ds18b20){.room = room};
    power_on(sensor);
    sensor->wire = (struct wire){.on_pull = on_pull, .pulls = pulls, .sensor = sensor};
    wire_attach(&sensor->wire, avr, pin);
}
