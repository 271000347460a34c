/* A line to the gateway, sent byte by byte as it is made: its checksum grows on the way, no line lies in memory.
 *
 *     sl_out_line('R'); sl_out_text(name); sl_out_number(seq); sl_out_end();
 *
 * Each field brings the space before it. A body ends at 148 bytes; what is beyond is not sent. */
#pragma once
#include <stdint.h>

#include "clock.h"

void sl_out_line(char letter);
void sl_out_text(const char *text);      /* in RAM */
void sl_out_constant(const char *text);  /* in flash */
void sl_out_fault(const char *word);     /* in flash; brings the '!' */
void sl_out_number(uint32_t number);
void sl_out_time(struct sl_time time);
void sl_out_value(int32_t hundredths);
void sl_out_end(void);
uint8_t sl_out_room(void);               /* bytes that the body may still get */
