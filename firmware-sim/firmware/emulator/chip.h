/* The ATmega328P: its program, its power, its resets, its memories.
 *
 * Copyright (C) 2026 The sig-gateway maintainers
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * This program is free software: you can redistribute it and/or modify it under the terms of the GNU General Public
 * License as published by the Free Software Foundation, either version 3 of the License, or (at your option) any
 * later version. It comes without any warranty; see COPYING, or <https://www.gnu.org/licenses/>.
 */
#ifndef CHIP_H
#define CHIP_H

#include <stdbool.h>
#include <stdint.h>

#include <simavr/sim_avr.h>

#include "chance.h"

enum { HERTZ = 16000000, CYCLES_PER_MS = HERTZ / 1000, CYCLES_PER_US = HERTZ / 1000000, EEPROM_SIZE = 1024 };

enum cause { RESET_POWER, RESET_KEY, RESET_BROWN_OUT, RESET_WATCHDOG, CAUSES };
extern const char *const cause_names[CAUSES];

struct mended;

struct chip {
    avr_t *avr;
    struct chance chance;
    bool powered;
    uint64_t power_back;      /* the cycle at which the power returns, 0: not by itself */
    uint64_t boot_loader;     /* cycles for which the boot loader waits after a reset by its key; 0: there is none */
    uint64_t boot_loader_end; /* until then it is the boot loader that runs */
    unsigned resets[CAUSES];
    int eeprom_file;          /* -1: none */
    uint8_t eeprom_written[EEPROM_SIZE];
    void (*run)(avr_t *);     /* what simavr runs when no watchdog has fired */
    struct mended *mended;
};

/* Load the program, without running it. False: said why on standard error. */
bool chip_load(struct chip *chip, const char *elf, const char *eeprom, uint64_t seed);

/* Registers and inputs and outputs as after a reset of this cause; SRAM is kept, but for loss of power. */
void chip_reset(struct chip *chip, enum cause cause);

/* Take the power away; it returns at the cycle `back`, 0: not by itself. */
void chip_power_off(struct chip *chip, uint64_t back);

/* One instruction, or, while there is no power or the boot loader runs, the time until `cycle` at most. */
void chip_step(struct chip *chip, uint64_t cycle);

/* Bring what the program has written to its EEPROM into the file. */
void chip_save_eeprom(struct chip *chip);

/* Whether the program runs: not without power, nor in the boot loader. */
bool chip_runs(const struct chip *chip);

/* The input or output module of simavr of that kind. */
avr_io_t *chip_module(avr_t *avr, const char *kind);

#endif
