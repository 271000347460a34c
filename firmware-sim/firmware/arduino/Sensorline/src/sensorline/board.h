/* A board that speaks sensorline, version 1 (docs/protocol.md), and keeps readings. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "apart.h"
#include "channels.h"
#include "ring.h"

struct sl_board {
    const char *model, *firmware; /* words, in flash */
    uint32_t identity;
    struct sl_channels channels;
    struct sl_place kept;
};

/* Say hello, as this boot. `lasted`: power did not come on just now, so that what was kept may be there. The board
 * stays the caller's, and in its place. */
SL_APART void sl_board_start(struct sl_board *board, uint32_t boot, bool lasted);

/* Take what has come, measure what is due, send again what is asked for. Call it without pause. */
SL_APART void sl_board_step(void);

void sl_hello(uint16_t id);
