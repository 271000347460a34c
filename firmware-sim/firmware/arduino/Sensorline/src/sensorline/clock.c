#include "clock.h"

#include "hardware.h"

static uint32_t last;
static uint8_t high; /* 255 times 49.7 days: 34 years */
static uint64_t measured;

uint64_t sl_now(void) {
    uint32_t ms = sl_millis();
    if (ms < last) high++;
    last = ms;
    return (uint64_t)high << 32 | ms;
}

void sl_measured_now(void) {
    measured = sl_now();
}

uint64_t sl_measured_at(void) {
    return measured;
}
