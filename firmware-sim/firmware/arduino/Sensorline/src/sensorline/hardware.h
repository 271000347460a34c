/* What the board needs of its hardware. Sensorline.cpp has it for Arduinos, extras/linux/ for a program on Linux. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

uint32_t sl_millis(void);     /* since the start; wraps after 49.7 days */
int sl_receive(void);         /* the next byte from the gateway, -1: there is none */
void sl_send(uint8_t byte);   /* to the gateway; waits while the port's buffer is full */
bool sl_port_has_room(void);  /* whether a line can be sent and an answer still be in time */
uint32_t sl_random(void);     /* for the identity, at the first start */

uint8_t sl_lasting_read(uint16_t at);              /* of EEPROM; 0xFF where nothing was written */
void sl_lasting_write(uint16_t at, uint8_t value); /* one byte, only if it differs */
void sl_lasting_done(void);                        /* what was written is to last from here on */
