/* Milliseconds since the start, which do not wrap. 64 bits would cost an 8-bit chip 1 KiB of code. */
#pragma once
#include <stdint.h>

struct sl_time {
    uint32_t ms;
    uint8_t high; /* how often `ms` has wrapped: 255 times 49.7 days are 34 years */
};

uint32_t sl_now(void);            /* the lower part; at least once in 49 days */
struct sl_time sl_time_now(void);
