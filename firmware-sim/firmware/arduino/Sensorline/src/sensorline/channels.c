#include "channels.h"

#include <stddef.h>

#include "checksum.h"
#include "clock.h"
#include "flash.h"
#include "out.h"
#include "ring.h"

enum { LONGEST_WAIT_MS = 700 }; /* an answer must come within 800 ms */
static const uint32_t LONGEST_MS = 86400000; /* between two readings: a day */

static const struct sl_channels *channels;
static struct sl_time measured; /* when the measurement that runs was made */
static bool said; /* whether the measurement that runs has sent a line */
static struct {   /* the `read` that waits for a measurement */
    uint16_t id;  /* 0: none */
    uint8_t channel;
    uint32_t since_ms;
} asked;

static const char fault_words[][12] PROGMEM = {"", "absent", "range", "checksum", "busy"};

void sl_channel_name(uint8_t channel) {
    sl_out_constant(channels->table[channel].name);
}

void sl_channel_result(int32_t hundredths, enum sl_fault fault) {
    if (!fault) sl_out_value(hundredths);
    else sl_out_fault(fault_words[fault]);
}

static uint32_t shortest(uint8_t channel) {
    uint32_t ms;
    memcpy_P(&ms, &channels->table[channel].shortest_ms, sizeof ms);
    return ms;
}

static uint8_t measurement(uint8_t channel) {
    return pgm_read_byte(&channels->table[channel].measurement);
}

uint8_t sl_channel_find(const char *name) {
    uint8_t i = 0;
    while (i < channels->count && strcmp_P(name, channels->table[i].name)) i++;
    return i;
}

uint16_t sl_channels_layout(void) {
    uint16_t layout = 0;
    for (uint8_t i = 0; i < channels->count; i++)
        for (const char *at = channels->table[i].name; at < channels->table[i].least; at++) {
            uint8_t byte = pgm_read_byte(at);
            layout = sl_crc16(layout, &byte, 1);
        }
    return layout;
}

void sl_channels_start(const struct sl_channels *given) {
    channels = given;
    uint32_t now = sl_now();
    for (uint8_t i = 0; i < channels->count; i++) {
        struct sl_state *state = &channels->states[i];
        memcpy_P(&state->interval_ms, &channels->table[i].interval_ms, sizeof state->interval_ms);
        state->due_ms = state->measured_ms = now; /* a sensor that has just got power needs its time, too */
        state->measuring = false;
    }
}

void sl_channel_lines(uint16_t id) {
    for (uint8_t i = 0; i < channels->count; i++) {
        const struct sl_channel *channel = &channels->table[i];
        sl_out_line('C');
        sl_out_number(id);
        sl_out_number(i);
        sl_out_constant(channel->name);
        sl_out_constant(channel->kind);
        sl_out_constant(channel->unit);
        sl_out_constant(channel->resolution);
        sl_out_constant(channel->least);
        sl_out_constant(channel->greatest);
        sl_out_number(channels->states[i].interval_ms);
        sl_out_end();
    }
}

static bool is_due(uint8_t channel, uint32_t now) {
    const struct sl_state *state = &channels->states[channel];
    return state->interval_ms && (int32_t)(now - state->due_ms) >= 0;
}

static bool is_asked(uint8_t channel) {
    return asked.id && asked.channel == channel;
}

/* `again_ms`: when to ask again, 0 where that is not known. */
static void answer_busy(uint32_t again_ms) {
    sl_out_line('E');
    sl_out_number(asked.id);
    sl_out_constant(PSTR("busy"));
    if (again_ms) {
        sl_out_number(again_ms);
        sl_out_constant(PSTR("ms:"));
    }
    sl_out_constant(PSTR("the sensor needs its time"));
    sl_out_end();
    asked.id = 0;
}

static void answer_fault(enum sl_fault fault) {
    sl_out_line('E');
    sl_out_number(asked.id);
    sl_out_constant(PSTR("sensor_fault"));
    sl_out_constant(fault_words[fault]);
    sl_out_end();
}

/* A reading, or the answer to the `read` with that id. */
static void tell(uint8_t channel, uint16_t id, int32_t hundredths, enum sl_fault fault) {
    uint32_t seq = sl_ring_keep(channel, measured, hundredths, fault);
    sl_out_line(id ? 'A' : 'R');
    if (id) sl_out_number(id);
    sl_channel_name(channel);
    sl_out_number(seq);
    sl_out_time(measured);
    sl_channel_result(hundredths, fault);
    sl_out_end();
}

void sl_channel_give(uint8_t channel, int32_t hundredths, enum sl_fault fault) {
    if (channel >= channels->count) return;
    struct sl_state *state = &channels->states[channel];
    uint32_t now = measured.ms; /* not after the measurement: the next one is due an interval after its beginning */
    bool due = is_due(channel, now), answers = is_asked(channel);
    if (!due && !answers) return;
    if (!fault && !sl_ring_fits(hundredths)) fault = SL_RANGE;
    if (due) {
        state->due_ms += state->interval_ms;
        if ((int32_t)(now - state->due_ms) >= 0) state->due_ms = now + state->interval_ms;
    }
    if (answers && fault) answer_fault(fault);
    else if (answers) tell(channel, asked.id, hundredths, SL_NONE);
    if (answers) asked.id = 0;
    if (due && (!answers || fault)) tell(channel, 0, hundredths, fault);
    said = true;
}

static void measure(uint8_t number) {
    measured = sl_time_now();
    uint32_t begun = measured.ms;
    bool ready = channels->measure(number);
    for (uint8_t i = 0; i < channels->count; i++) {
        struct sl_state *state = &channels->states[i];
        if (measurement(i) != number) continue;
        if (!state->measuring) state->measured_ms = begun;
        state->measuring = !ready;
        if (ready) sl_channel_give(i, 0, SL_ABSENT); /* if it still waits for a value */
    }
}

static bool may_measure(uint8_t channel, uint32_t now) {
    const struct sl_state *state = &channels->states[channel];
    if (state->measuring) return true;
    return (is_due(channel, now) || is_asked(channel)) && now - state->measured_ms >= shortest(channel);
}

bool sl_channels_step(void) {
    said = false;
    if (asked.id && sl_now() - asked.since_ms > LONGEST_WAIT_MS) answer_busy(0);
    int16_t measured_just_now = -1;
    for (uint8_t i = 0; i < channels->count; i++) {
        uint8_t number = measurement(i);
        if (number == measured_just_now || !may_measure(i, sl_now())) continue;
        measure(number);
        measured_just_now = number;
    }
    return said;
}

void sl_channel_read(uint8_t channel, uint16_t id) {
    const struct sl_state *state = &channels->states[channel];
    uint32_t now = sl_now();
    if (asked.id && asked.id != id) answer_busy(0);
    asked.id = id;
    asked.channel = channel;
    asked.since_ms = now;
    uint32_t since = now - state->measured_ms, needed = shortest(channel);
    if (!state->measuring && since < needed && needed - since > LONGEST_WAIT_MS)
        answer_busy(needed - since - LONGEST_WAIT_MS / 2); /* then it waits here, and is before a reading that is due */
}

void sl_channel_interval(uint8_t channel, uint16_t id, uint32_t ms) {
    struct sl_state *state = &channels->states[channel];
    if (ms && ms < shortest(channel)) ms = shortest(channel);
    if (ms > LONGEST_MS) ms = LONGEST_MS;
    state->interval_ms = ms;
    state->due_ms = sl_now() + ms;
    sl_out_line('A');
    sl_out_number(id);
    sl_channel_name(channel);
    sl_out_number(ms);
    sl_out_end();
}
