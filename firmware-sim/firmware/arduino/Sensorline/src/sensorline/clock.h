/* Milliseconds since the start, which do not wrap, and when the last measurement was made. */
#pragma once
#include <stdint.h>

uint64_t sl_now(void); /* at least once in 49 days */

void sl_measured_now(void);
uint64_t sl_measured_at(void);
