/* What is sent again: kept readings as B, lost ones as G, one line at a time. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "apart.h"

/* Send everything again; gives the fields of the answer to `again`: boot, first, newest of each boot. */
void sl_again_all(void);

/* Of that boot the readings `from` to `to` did not come. */
void sl_again_some(uint32_t boot, uint32_t from, uint32_t to);

/* Send the next line, if there is one. */
SL_APART void sl_again_step(uint32_t now_ms);
