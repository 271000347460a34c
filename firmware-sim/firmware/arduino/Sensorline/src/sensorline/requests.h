/* What the gateway asks: the Q lines, and K. */
#pragma once
#include "apart.h"

/* `body`: of a good line; it is written on. */
SL_APART void sl_request(char *body);
