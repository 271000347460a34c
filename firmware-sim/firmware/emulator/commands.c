/* See commands.h, and README.md for what each of them does.
 *
 * Copyright (C) 2026 The sig-gateway maintainers
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * This program is free software: you can redistribute it and/or modify it under the terms of the GNU General Public
 * License as published by the Free Software Foundation, either version 3 of the License, or (at your option) any
 * later version. It comes without any warranty; see COPYING, or <https://www.gnu.org/licenses/>.
 */
#include "commands.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <simavr/avr_adc.h>

#include "control.h"

enum { WORDS = 4 };

const char *const manner_names[MANNERS] = {"ok", "absent", "bad-checksum"};

struct asked {
    struct emulator *emulator;
    const char *words[WORDS + 1]; /* those that are not there are NULL */
    char *answer;
};

static void say(struct asked *asked, const char *format, ...) {
    va_list given;
    va_start(given, format);
    vsnprintf(asked->answer, ANSWER_ROOM, format, given);
    va_end(given);
}

/* A number in a range; else an error is the answer. */
static bool number(struct asked *asked, int word, const char *name, double least, double most, double *value) {
    const char *text = asked->words[word];
    char *end = NULL;
    double given = text ? strtod(text, &end) : 0;
    if (end && end != text && !*end && given >= least && given <= most) {
        *value = given;
        return true;
    }
    say(asked, "error %s: expected %s, a number from %g to %g, got %s", asked->words[0], name, least, most,
        text ? text : "nothing");
    return false;
}

/* A time from now in milliseconds of the board's; `missing` when there is none, below 0: it has to be there. */
static bool from_now(struct asked *asked, double missing, uint64_t *cycle) {
    double ms = missing;
    if ((asked->words[1] || missing < 0) && !number(asked, 1, "milliseconds", 1, 86400000, &ms)) return false;
    *cycle = asked->emulator->chip.avr->cycle + (uint64_t)(ms * CYCLES_PER_MS);
    return true;
}

/* Which of the names a word is; else an error is the answer. */
static int one_of(struct asked *asked, int word, const char *const *names, int count) {
    char all[128] = "";
    for (int i = 0; i < count; i++) {
        if (asked->words[word] && !strcmp(asked->words[word], names[i])) return i;
        strcat(strcat(all, i ? ", " : ""), names[i]);
    }
    say(asked, "error %s: expected one of %s, got %s", asked->words[0], all,
        asked->words[word] ? asked->words[word] : "nothing");
    return -1;
}

static void temperature(struct asked *asked) {
    if (number(asked, 1, "degrees Celsius", -55, 125, &asked->emulator->room.celsius))
        say(asked, "ok it is %g C", asked->emulator->room.celsius);
}

static void humidity(struct asked *asked) {
    if (number(asked, 1, "percent", 0, 100, &asked->emulator->room.percent))
        say(asked, "ok it is %g %%", asked->emulator->room.percent);
}

static void millivolts(struct asked *asked) {
    static const char *const pins[] = {"A0", "A1", "A2", "A3", "A4", "A5"};
    double mv;
    int pin = one_of(asked, 1, pins, 6);
    if (pin < 0 || !number(asked, 2, "millivolts", 0, 5000, &mv)) return;
    avr_raise_irq(avr_io_getirq(asked->emulator->chip.avr, AVR_IOCTL_ADC_GETIRQ, pin), (uint32_t)mv);
    say(asked, "ok %s has %u mV", pins[pin], (unsigned)mv);
}

static void sensor(struct asked *asked) {
    int manner = one_of(asked, 1, manner_names, MANNERS);
    if (manner < 0) return;
    asked->emulator->room.manner = (enum manner)manner;
    say(asked, "ok sensor %s", manner_names[manner]);
}

static void reset(struct asked *asked) {
    int cause = one_of(asked, 1, cause_names, CAUSES);
    if (cause < 0) return;
    if (!asked->emulator->chip.powered) {
        say(asked, "error reset: there is no power");
        return;
    }
    chip_reset(&asked->emulator->chip, (enum cause)cause);
    say(asked, "ok reset by %s", cause_names[cause]);
}

static void off(struct asked *asked) {
    uint64_t back;
    if (!from_now(asked, -1, &back)) return;
    chip_power_off(&asked->emulator->chip, back);
    say(asked, "ok without power");
}

static void unplug(struct asked *asked) {
    struct emulator *emulator = asked->emulator;
    uint64_t back = 0;
    if (asked->words[1] && !from_now(asked, -1, &back)) return;
    port_unplug(&emulator->port);
    emulator->replug = back;
    say(asked, "ok unplugged");
}

static void plug(struct asked *asked) {
    struct emulator *emulator = asked->emulator;
    emulator->replug = 0;
    if (emulator->port.master >= 0 || port_plug(&emulator->port)) say(asked, "ok plugged in");
    else say(asked, "error plug: see standard error");
}

static void cut(struct asked *asked) {
    if (from_now(asked, -1, &asked->emulator->line.cut_end)) say(asked, "ok cut");
}

static void deaf(struct asked *asked) {
    enum { BOOT_LOADER_MS = 1600 };
    if (from_now(asked, BOOT_LOADER_MS, &asked->emulator->line.deaf_end)) say(asked, "ok deaf");
}

static void noise(struct asked *asked) {
    if (number(asked, 1, "the chance of a bit", 0, 1, &asked->emulator->line.noise))
        say(asked, "ok noise %g", asked->emulator->line.noise);
}

static void speed(struct asked *asked) {
    double times;
    if (!number(asked, 1, "times real time", 0.01, 1000, &times)) return;
    emulator_set_speed(asked->emulator, times);
    say(asked, "ok speed %g", times);
}

static const char *yes(bool is) { return is ? "true" : "false"; }

static void status(struct asked *asked) {
    const struct emulator *e = asked->emulator;
    const struct chip *chip = &e->chip;
    double behind_s = (double)(monotonic_ns() - e->origin_ns) / 1e9 -
                      (double)(chip->avr->cycle - e->origin_cycle) / HERTZ / e->speed;
    say(asked,
        "ok {\"cycles\": %llu, \"seconds\": %.6f, \"utc\": %.6f, \"powered\": %s, \"runs\": %s, \"plugged\": %s, "
        "\"opened\": %s, \"resets\": {\"power\": %u, \"key\": %u, \"brown-out\": %u, \"watchdog\": %u}, "
        "\"sent\": %llu, \"received\": %llu, \"overruns\": %llu, \"unheard\": %llu, \"lost\": %llu, \"cut\": %llu, "
        "\"flipped\": %llu, \"lines\": %llu, \"speed\": %g, \"behind_s\": %.3f, \"most_behind_s\": %.3f, \"slipped_s\": %.3f, \"seed\": %llu, "
        "\"temperature\": %g, \"humidity\": %g, \"sensor\": \"%s\", \"noise\": %g}",
        (unsigned long long)chip->avr->cycle, (double)chip->avr->cycle / HERTZ, emulator_utc(e), yes(chip->powered),
        yes(chip_runs(chip)), yes(e->port.master >= 0), yes(e->port.opened), chip->resets[RESET_POWER],
        chip->resets[RESET_KEY], chip->resets[RESET_BROWN_OUT], chip->resets[RESET_WATCHDOG],
        (unsigned long long)e->uart.sent, (unsigned long long)e->uart.received, (unsigned long long)e->uart.overruns,
        (unsigned long long)e->uart.unheard, (unsigned long long)e->port.lost, (unsigned long long)e->line.cut,
        (unsigned long long)e->line.flipped, (unsigned long long)e->truth.lines, e->speed, behind_s > 0 ? behind_s : 0,
        (double)e->most_behind_ns / 1e9,
        (double)e->slipped_ns / 1e9, (unsigned long long)e->seed, e->room.celsius, e->room.percent,
        manner_names[e->room.manner], e->line.noise);
}

static void quit(struct asked *asked) {
    asked->emulator->ended = true;
    say(asked, "ok");
}

static void help(struct asked *asked);

static const struct {
    const char *name, *arguments;
    int most; /* words after the name */
    void (*carry_out)(struct asked *);
} commands[] = {
    {"temperature", " X", 1, temperature},
    {"humidity", " X", 1, humidity},
    {"millivolts", " PIN X", 2, millivolts},
    {"sensor", " ok|absent|bad-checksum", 1, sensor},
    {"reset", " power|key|brown-out|watchdog", 1, reset},
    {"off", " MS", 1, off},
    {"unplug", " [MS]", 1, unplug},
    {"plug", "", 0, plug},
    {"cut", " MS", 1, cut},
    {"deaf", " [MS]", 1, deaf},
    {"noise", " RATE", 1, noise},
    {"speed", " X", 1, speed},
    {"status", "", 0, status},
    {"help", "", 0, help},
    {"quit", "", 0, quit},
};
enum { COMMANDS = sizeof commands / sizeof *commands };

static void help(struct asked *asked) {
    char all[ANSWER_ROOM] = "";
    for (int i = 0; i < COMMANDS; i++)
        strcat(strcat(strcat(all, i ? ", " : ""), commands[i].name), commands[i].arguments);
    say(asked, "ok %s", all);
}

void carry_out(void *emulator, char *command, char *answer) {
    struct asked asked = {.emulator = emulator, .answer = answer};
    int count = 0;
    char *rest = NULL;
    for (char *word = strtok_r(command, " \t\r", &rest); word; word = strtok_r(NULL, " \t\r", &rest))
        if (count <= WORDS) asked.words[count++ < WORDS ? count - 1 : WORDS] = word;
    for (int i = 0; count && i < COMMANDS; i++) {
        if (strcmp(asked.words[0], commands[i].name)) continue;
        if (count - 1 <= commands[i].most) commands[i].carry_out(&asked);
        else say(&asked, "error %s: expected%s, got more", commands[i].name,
                 commands[i].most ? commands[i].arguments : " nothing after it");
        return;
    }
    say(&asked, "error %s: there is no such command; see help", count ? asked.words[0] : "nothing");
}
