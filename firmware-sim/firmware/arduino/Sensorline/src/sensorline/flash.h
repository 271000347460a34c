/* Constants that lie in flash, not in RAM, where a chip tells the two apart (AVR). */
#pragma once

#if defined(__AVR__)
#include <avr/pgmspace.h>
#elif defined(ARDUINO)
#include <Arduino.h>
#else
#include <string.h>
#define PROGMEM
#define PSTR(text) (text)
#define pgm_read_byte(at) (*(const uint8_t *)(at))
#define memcpy_P memcpy
#define strcmp_P strcmp
#endif
