/* An emulated Arduino Uno: options, start, the loop, end. See README.md.
 *
 * Copyright (C) 2026 The sig-gateway maintainers
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * This program is free software: you can redistribute it and/or modify it under the terms of the GNU General Public
 * License as published by the Free Software Foundation, either version 3 of the License, or (at your option) any
 * later version. It comes without any warranty; see COPYING, or <https://www.gnu.org/licenses/>.
 */
#define _GNU_SOURCE
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "commands.h"
#include "control.h"

enum { LOOK_AT_PARENT_TURNS = 100, NO_PIN = -1, WRONG_USAGE = 2 };

static struct emulator emulator;

struct options {
    const char *elf, *link, *control, *eeprom, *truth;
    int dht22, ds18b20;
    bool sht31;
    double boot_loader_ms, speed;
};

static const char usage[] =
    "usage: emulator --port PATH --control PATH [options] PROGRAM.elf\n"
    "  --port PATH      the serial port, a symbolic link to a pseudo-terminal\n"
    "  --control PATH   the control socket\n"
    "  --eeprom FILE    keep the EEPROM in this file\n"
    "  --truth FILE     append each whole line that the chip sends: seconds UTC, the line\n"
    "  --dtr            the opening of the port resets the chip\n"
    "  --boot-loader MS after a reset by the key or DTR, the boot loader runs for so long\n"
    "  --dht22 PIN      a DHT22 on this pin, 0 to 19\n"
    "  --ds18b20 PIN    a DS18B20 on this pin\n"
    "  --sht31          an SHT31 on the I2C bus\n"
    "  --speed X        times real time, 1 by default\n"
    "  --seed N         of noise, and of what memory holds after a power cut\n";

static void end(int signal) {
    (void)signal;
    emulator.ended = true;
}

static bool number(const char *name, const char *text, double least, double most, double *value) {
    char *rest;
    *value = strtod(text, &rest);
    if (rest != text && !*rest && *value >= least && *value <= most) return true;
    fprintf(stderr, "--%s: expected a number from %g to %g, got %s\n", name, least, most, text);
    return false;
}

static bool understand(int count, char **arguments, struct options *options) {
    static const struct option known[] = {
        {"port", 1, 0, 'p'},  {"control", 1, 0, 'c'},     {"eeprom", 1, 0, 'e'}, {"truth", 1, 0, 't'}, {"dtr", 0, 0, 'd'},
        {"sht31", 0, 0, 's'}, {"boot-loader", 1, 0, 'b'}, {"dht22", 1, 0, 'h'},  {"ds18b20", 1, 0, 'w'},
        {"speed", 1, 0, 'x'}, {"seed", 1, 0, 'n'},
        {0, 0, 0, 0},
    };
    int letter, which = 0;
    double value;
    while ((letter = getopt_long(count, arguments, "", known, &which)) != -1) {
        const char *name = known[which].name;
        if (letter == 'p') options->link = optarg;
        else if (letter == 'c') options->control = optarg;
        else if (letter == 'e') options->eeprom = optarg;
        else if (letter == 't') options->truth = optarg;
        else if (letter == 'd') emulator.dtr = true;
        else if (letter == 's') options->sht31 = true;
        else if (letter == 'b' && number(name, optarg, 0, 60000, &options->boot_loader_ms)) continue;
        else if (letter == 'x' && number(name, optarg, 0.01, 1000, &options->speed)) continue;
        else if (letter == 'h' && number(name, optarg, 0, PINS - 1, &value)) options->dht22 = (int)value;
        else if (letter == 'w' && number(name, optarg, 0, PINS - 1, &value)) options->ds18b20 = (int)value;
        else if (letter == 'n' && number(name, optarg, 0, 1e15, &value)) emulator.seed = (uint64_t)value;
        else return false;
    }
    options->elf = arguments[optind];
    return options->link && options->control && options->elf && optind == count - 1;
}

static void has_sent(void *param, uint8_t byte) {
    struct emulator *it = param;
    truth_hears(&it->truth, byte, emulator_utc(it));
    line_sends(&it->line, byte, it->chip.avr->cycle);
}

static bool build(const struct options *options) {
    struct emulator *it = &emulator;
    it->room = (struct room){.celsius = 21.5, .percent = 40, .manner = SENSOR_OK};
    it->port.link = options->link;
    it->port.master = -1;
    it->chip.boot_loader = (uint64_t)(options->boot_loader_ms * CYCLES_PER_MS);
    if (!truth_open(&it->truth, options->truth) || !chip_load(&it->chip, options->elf, options->eeprom, it->seed))
        return false;
    avr_t *avr = it->chip.avr;
    uart_attach(&it->uart, avr, has_sent, it);
    it->line.port = &it->port;
    it->line.uart = &it->uart;
    chance_seed(&it->line.chance, it->seed + 1);
    if (options->dht22 != NO_PIN) dht22_attach(&it->dht22, avr, options->dht22, &it->room);
    if (options->ds18b20 != NO_PIN) ds18b20_attach(&it->ds18b20, avr, options->ds18b20, &it->room);
    if (options->sht31) sht31_attach(&it->sht31, avr, &it->room);
    emulator_set_speed(it, options->speed);
    return true;
}

/* Until a signal, `quit`, or the end of whoever has started it. */
static void loop(struct control *control, pid_t parent) {
    struct pollfd fds[CONTROL_FDS];
    for (unsigned turn = 0; !emulator.ended; turn++) {
        int64_t left_ns = emulator_turn(&emulator);
        struct timespec wait = {.tv_nsec = left_ns < 1000000 ? left_ns : 1000000};
        if (ppoll(fds, control_fds(control, fds), &wait, NULL) > 0) control_serve(control);
        if (turn % LOOK_AT_PARENT_TURNS == 0 && getppid() != parent) return;
    }
}

int main(int count, char **arguments) {
    pid_t parent = getppid();
    struct options options = {.dht22 = NO_PIN, .ds18b20 = NO_PIN, .speed = 1};
    emulator.seed = (uint64_t)time(NULL);
    if (!understand(count, arguments, &options)) {
        fputs(usage, stderr);
        return WRONG_USAGE;
    }
    struct sigaction ends = {.sa_handler = end};
    sigaction(SIGTERM, &ends, NULL);
    sigaction(SIGINT, &ends, NULL);
    signal(SIGPIPE, SIG_IGN);
    struct control control = {.carry_out = carry_out, .param = &emulator};
    if (!build(&options) || !control_open(&control, options.control)) return WRONG_USAGE;
    bool plugged = port_plug(&emulator.port);
    if (plugged) {
        printf("port: %s\ncontrol: %s\n", options.link, options.control);
        fflush(stdout);
        loop(&control, parent);
        port_unplug(&emulator.port);
    }
    control_close(&control);
    chip_save_eeprom(&emulator.chip);
    return plugged ? EXIT_SUCCESS : WRONG_USAGE;
}
