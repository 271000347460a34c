/* A DS18B20 on a wire, with a supply of its own: the only one on it.
 *
 * Copyright (C) 2026 The sig-gateway maintainers
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * This program is free software: you can redistribute it and/or modify it under the terms of the GNU General Public
 * License as published by the Free Software Foundation, either version 3 of the License, or (at your option) any
 * later version. It comes without any warranty; see COPYING, or <https://www.gnu.org/licenses/>.
 */
#ifndef DS18B20_H
#define DS18B20_H

#include "room.h"
#include "wire.h"

enum { DS18B20_SCRATCHPAD = 9 };

struct ds18b20 {
    struct wire wire;
    const struct room *room;
    uint64_t pulled_at;                     /* the cycle at which the chip began to pull */
    uint64_t pulls_from, pulls_until;       /* and between which cycles we do */
    uint64_t converted_at;                  /* the cycle from which on the measurement is there, 0: none is made */
    uint8_t scratchpad[DS18B20_SCRATCHPAD]; /* the last is the checksum */
    uint8_t rom[8];
    enum { DS18B20_IDLE, DS18B20_ROM, DS18B20_MATCH, DS18B20_SEARCH, DS18B20_FUNCTION, DS18B20_WRITE } expects;
    bool hears;          /* the slot is for the chip to say a bit */
    unsigned bits;       /* of what it hears */
    uint8_t byte;        /* being heard */
    unsigned taken;      /* whole bytes, of what MATCH ROM and WRITE SCRATCHPAD carry; bits of SEARCH ROM */
    unsigned turn;       /* of SEARCH ROM: the bit, its complement, the answer */
    const uint8_t *says; /* NULL: nothing */
    unsigned said, to_say; /* bits */
};

void ds18b20_attach(struct ds18b20 *sensor, avr_t *avr, int pin, const struct room *room);

#endif
