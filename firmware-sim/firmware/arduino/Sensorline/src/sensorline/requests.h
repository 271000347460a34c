/* What the gateway asks: the Q lines, and K. */
#pragma once

/* `body`: of a good line; it is written on. */
void sl_request(char *body);
