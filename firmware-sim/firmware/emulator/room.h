/* What the sensors are to measure, and how they behave; the same for all of them.
 *
 * Copyright (C) 2026 The sig-gateway maintainers
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * This program is free software: you can redistribute it and/or modify it under the terms of the GNU General Public
 * License as published by the Free Software Foundation, either version 3 of the License, or (at your option) any
 * later version. It comes without any warranty; see COPYING, or <https://www.gnu.org/licenses/>.
 */
#ifndef ROOM_H
#define ROOM_H

enum manner { SENSOR_OK, SENSOR_ABSENT, SENSOR_BAD_CHECKSUM, MANNERS };
extern const char *const manner_names[MANNERS];

struct room {
    double celsius, percent;
    enum manner manner;
};

#endif
