/* See chip.h. Where simavr 1.6 is not as the chip is, it says so here.
 *
 * Copyright (C) 2026 The sig-gateway maintainers
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * This program is free software: you can redistribute it and/or modify it under the terms of the GNU General Public
 * License as published by the Free Software Foundation, either version 3 of the License, or (at your option) any
 * later version. It comes without any warranty; see COPYING, or <https://www.gnu.org/licenses/>.
 */
#include "chip.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <simavr/avr_eeprom.h>
#include <simavr/avr_twi.h>
#include <simavr/avr_watchdog.h>
#include <simavr/sim_elf.h>

enum { MCUSR_ADDRESS = 0x54, PORF = 1, EXTRF = 2, BORF = 4, WDRF = 8, FIRST_SRAM = 0x100, VOLTS_MV = 5000 };
enum { CYCLES_A_STEP = 32 }; /* 2 us, by which a byte may come in late; one at a time costs more of a core */

const char *const cause_names[CAUSES] = {"power", "key", "brown-out", "watchdog"};
static const uint8_t cause_flags[CAUSES] = {PORF, EXTRF, BORF, WDRF};

/* Modules whose registers are written through a function of ours, and those of simavr's. */
struct mended {
    avr_watchdog_t *watchdog;
    avr_twi_t *twi;
    avr_io_write_t write_watchdog, write_twi;
};

avr_io_t *chip_module(avr_t *avr, const char *kind) {
    avr_io_t *module = avr->io_port;
    while (module && strcmp(module->kind, kind)) module = module->next;
    return module;
}

/* simavr 1.6 compares the prescaler with itself, so a new one would count from the next `wdr` on only: here it counts
 * from its writing on. */
static void write_watchdog(avr_t *avr, avr_io_addr_t address, uint8_t value, void *param) {
    struct mended *ours = param;
    ours->write_watchdog(avr, address, value, ours->watchdog);
    avr_ioctl(avr, AVR_IOCTL_WATCHDOG_RESET, NULL);
}

/* simavr 1.6 tells who addresses a device to write the status of a data byte, and never clears TWINT for who polls it. */
static void write_twi(avr_t *avr, avr_io_addr_t address, uint8_t value, void *param) {
    struct mended *ours = param;
    if (!(ours->twi->state & TWI_COND_ADDR)) ours->twi->state &= (uint8_t)~TWI_COND_WRITE;
    ours->write_twi(avr, address, value, ours->twi);
    if (value & ours->twi->twi.raised.mask << ours->twi->twi.raised.bit) avr_regbit_clear(avr, ours->twi->twi.raised);
}

static avr_io_write_t replace_write(avr_t *avr, avr_io_addr_t address, avr_io_write_t ours, void *param) {
    avr_io_write_t simavrs = avr->io[AVR_DATA_TO_IO(address)].w.c;
    avr->io[AVR_DATA_TO_IO(address)].w.c = ours;
    avr->io[AVR_DATA_TO_IO(address)].w.param = param;
    return simavrs;
}

static void never_sleep(avr_t *avr, avr_cycle_count_t cycles) { (void)avr, (void)cycles; }

static uint8_t *eeprom_of(avr_t *avr) { return ((avr_eeprom_t *)chip_module(avr, "eeprom"))->eeprom; }

static bool open_eeprom(struct chip *chip, const char *path) {
    chip->eeprom_file = -1;
    if (!path) return true;
    chip->eeprom_file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (chip->eeprom_file < 0) {
        fprintf(stderr, "%s: cannot open the EEPROM's file: %s\n", path, strerror(errno));
        return false;
    }
    ssize_t count = pread(chip->eeprom_file, eeprom_of(chip->avr), EEPROM_SIZE, 0);
    if (count != 0 && count != EEPROM_SIZE) {
        fprintf(stderr, "%s: expected an EEPROM's file of %d bytes, got %zd\n", path, EEPROM_SIZE, count);
        return false;
    }
    return true;
}

static bool load(avr_t *avr, const char *elf) {
    elf_firmware_t program = {0};
    if (elf_read_firmware(elf, &program) != 0 || !program.flashsize) {
        fprintf(stderr, "%s: expected a program for the ATmega328P as an ELF file\n", elf);
        return false;
    }
    if (program.flashbase + program.flashsize > avr->flashend + 1) {
        fprintf(stderr, "%s: expected at most %u bytes of flash, got %u\n", elf, avr->flashend + 1, program.flashsize);
        return false;
    }
    avr_load_firmware(avr, &program);
    return true;
}

/* What simavr says is not for who runs this program: it loads, it has a module too few. */
static void say_nothing(avr_t *avr, const int level, const char *format, va_list given) {
    (void)avr, (void)level, (void)format, (void)given;
}

/* Put ours before those functions of simavr that are not as the chip is. */
static void mend(struct chip *chip, avr_t *avr) {
    static struct mended ours;
    ours.watchdog = (avr_watchdog_t *)chip_module(avr, "watchdog");
    ours.twi = (avr_twi_t *)chip_module(avr, "twi");
    ours.write_watchdog = replace_write(avr, ours.watchdog->wdce.reg, write_watchdog, &ours);
    ours.write_twi = replace_write(avr, ours.twi->r_twcr, write_twi, &ours);
    chip->mended = &ours;
}

bool chip_load(struct chip *chip, const char *elf, const char *eeprom, uint64_t seed) {
    avr_global_logger_set(say_nothing);
    avr_t *avr = chip->avr = avr_make_mcu_by_name("atmega328p");
    if (!avr) return false;
    avr_init(avr);
    if (!load(avr, elf)) return false;
    avr->frequency = HERTZ;
    avr->vcc = avr->avcc = avr->aref = VOLTS_MV;
    avr->sleep = never_sleep;
    chip->run = avr->run;
    chance_seed(&chip->chance, seed);
    mend(chip, avr);
    if (!open_eeprom(chip, eeprom)) return false;
    chip->powered = true;
    chip_reset(chip, RESET_POWER);
    return true;
}

/* The flags of earlier resets stay until the program clears them, or the power goes. */
void chip_reset(struct chip *chip, enum cause cause) {
    avr_t *avr = chip->avr;
    uint8_t flags = cause == RESET_POWER ? 0 : avr->data[MCUSR_ADDRESS];
    chip->resets[cause]++;
    avr->run = chip->run;
    if (cause == RESET_POWER)
        for (unsigned address = FIRST_SRAM; address <= avr->ramend; address++)
            avr->data[address] = (uint8_t)chance_next(&chip->chance);
    chip->mended->watchdog->reset_context.avr_run = chip->run;
    chip->mended->watchdog->reset_context.wdrf = cause == RESET_WATCHDOG && !chip->boot_loader; /* it goes on, 16 ms */
    avr_reset(avr);
    avr->run_cycle_limit = CYCLES_A_STEP;
    flags |= cause_flags[cause];
    /* optiboot waits after EXTRF only, and leaves neither flags nor a watchdog that runs. */
    chip->boot_loader_end = flags & EXTRF ? avr->cycle + chip->boot_loader : 0;
    avr->data[MCUSR_ADDRESS] = chip->boot_loader ? 0 : flags;
}

void chip_power_off(struct chip *chip, uint64_t back) {
    chip_save_eeprom(chip);
    chip->powered = false;
    chip->power_back = back;
    chip->boot_loader_end = 0;
    avr_reset(chip->avr); /* no pin is driven, no port listens */
}

bool chip_runs(const struct chip *chip) { return chip->powered && chip->avr->cycle >= chip->boot_loader_end; }

void chip_step(struct chip *chip, uint64_t cycle) {
    avr_t *avr = chip->avr;
    if (!chip->powered) {
        if (chip->power_back && chip->power_back < cycle) cycle = chip->power_back;
        if (avr->cycle < cycle) avr->cycle = cycle;
        if (avr->cycle != chip->power_back) return;
        chip->powered = true;
        chip_reset(chip, RESET_POWER);
    } else if (avr->cycle < chip->boot_loader_end) {
        avr->cycle = chip->boot_loader_end < cycle ? chip->boot_loader_end : cycle;
    } else {
        avr_run(avr);
        if (avr->run != chip->run) chip_reset(chip, RESET_WATCHDOG);
        else if (avr->state != cpu_Running && avr->state != cpu_Sleeping) /* it waits for a reset, as a chip would */
            avr->cycle = avr->cycle < cycle ? cycle : avr->cycle + 1;
    }
}

void chip_save_eeprom(struct chip *chip) {
    const uint8_t *eeprom = eeprom_of(chip->avr);
    if (chip->eeprom_file < 0 || !memcmp(chip->eeprom_written, eeprom, EEPROM_SIZE)) return;
    memcpy(chip->eeprom_written, eeprom, EEPROM_SIZE);
    if (pwrite(chip->eeprom_file, eeprom, EEPROM_SIZE, 0) != EEPROM_SIZE) perror("the EEPROM's file");
}
