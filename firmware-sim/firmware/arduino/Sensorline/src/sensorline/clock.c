#include "clock.h"

#include "hardware.h"

static struct sl_time latest;

uint32_t sl_now(void) {
    uint32_t ms = sl_millis();
    if (ms < latest.ms) latest.high++;
    latest.ms = ms;
    return ms;
}

struct sl_time sl_time_now(void) {
    sl_now();
    return latest;
}
