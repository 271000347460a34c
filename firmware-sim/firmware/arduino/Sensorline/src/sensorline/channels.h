/* The channels: what the hello says of them, when they are due, and what was measured. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "apart.h"
#include "fault.h"

struct sl_channel { /* in flash; the texts are words (docs/protocol.md, section 2) */
    char name[16], kind[16], unit[8], resolution[8], least[10], greatest[10];
    uint8_t measurement;  /* channels with the same number are measured together */
    uint32_t interval_ms; /* between two readings at first; 0: only when asked */
    uint32_t shortest_ms; /* between two measurements; what the sensor needs */
};

struct sl_state { /* in RAM */
    uint32_t interval_ms, due_ms, measured_ms;
    bool measuring; /* it was begun and is not ready */
};

struct sl_channels {
    const struct sl_channel *table;
    struct sl_state *states;
    uint8_t count;
    bool (*measure)(uint8_t measurement); /* gives results; false: not ready, call it again */
};

void sl_channels_start(const struct sl_channels *given);

/* Measure what is due or asked for; whether a line was sent. */
SL_APART bool sl_channels_step(void);

/* What a measurement gives, from within `measure`: only channels that are due or asked for take it. */
void sl_channel_give(uint8_t channel, int32_t hundredths, enum sl_fault fault);

uint8_t sl_channel_find(const char *name); /* as many as there are channels: none of that name */
uint16_t sl_channels_layout(void);         /* a number that is another one with other channels */

void sl_channel_read(uint8_t channel, uint16_t id);
void sl_channel_interval(uint8_t channel, uint16_t id, uint32_t ms);
void sl_channel_lines(uint16_t id); /* the hello's C lines */

void sl_channel_name(uint8_t channel); /* the next field of a line */
void sl_channel_result(int32_t hundredths, enum sl_fault fault);
