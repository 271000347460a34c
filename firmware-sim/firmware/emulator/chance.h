/* The random numbers of one seed: bit errors, what memory holds after a power cut.
 *
 * Copyright (C) 2026 The sig-gateway maintainers
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * This program is free software: you can redistribute it and/or modify it under the terms of the GNU General Public
 * License as published by the Free Software Foundation, either version 3 of the License, or (at your option) any
 * later version. It comes without any warranty; see COPYING, or <https://www.gnu.org/licenses/>.
 */
#ifndef CHANCE_H
#define CHANCE_H

#include <stdint.h>

struct chance {
    uint64_t state;
};

static inline void chance_seed(struct chance *chance, uint64_t seed) {
    chance->state = seed * 0x9E3779B97F4A7C15u + 0x2545F4914F6CDD1Du;
}

/* The next 64 bits: splitmix64, by Sebastiano Vigna (public domain). */
static inline uint64_t chance_next(struct chance *chance) {
    uint64_t z = chance->state += 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

/* At least 0, below 1. */
static inline double chance_fraction(struct chance *chance) {
    return (double)(chance_next(chance) >> 11) / 9007199254740992.0; /* 2^53 */
}

#endif
