// The board's hardware on an Arduino: its clock, its port, and what lasts without power.
#include "Sensorline.h"

#include <EEPROM.h>

#if defined(__AVR__)
#include <avr/wdt.h>
#endif
#if defined(ARDUINO_ARCH_ESP8266)
#include <esp8266_peri.h>  // RANDOM_REG32
#endif

extern "C" {
#include "sensorline/checksum.h"
#include "sensorline/hardware.h"
#include "sensorline/identity.h"
}

SensorlineBoard Sensorline;
static struct sl_board board;

#if defined(ARDUINO_ARCH_ESP8266) || defined(ARDUINO_ARCH_ESP32) || defined(ARDUINO_ARCH_RP2040)
#define SENSORLINE_EEPROM_IN_FLASH  // a copy in RAM, which `commit` writes
#endif

extern "C" {
uint32_t sl_millis(void) { return millis(); }

int sl_receive(void) { return Serial.read(); }

void sl_send(uint8_t byte) { Serial.write(byte); }

// 70 bytes of a B line and 64 that wait are 12 ms at 115,200 baud: an answer after them is in time.
bool sl_port_has_room(void) { return Serial.availableForWrite() >= 32; }

uint8_t sl_lasting_read(uint16_t at) { return EEPROM.read(at); }

void sl_lasting_write(uint16_t at, uint8_t value) {
    if (EEPROM.read(at) != value) EEPROM.write(at, value);
}

void sl_lasting_done(void) {
#if defined(SENSORLINE_EEPROM_IN_FLASH)
    EEPROM.commit();
#endif
}

uint32_t sl_random(void) {
#if defined(ARDUINO_ARCH_ESP32)
    return esp_random();
#elif defined(ARDUINO_ARCH_ESP8266)
    return RANDOM_REG32;
#else
    // What RAM held when power came on, noise of open inputs, and when each was read.
    uint32_t crc = SL_CRC32_START;
    const uint8_t *memory = (const uint8_t *)sensorline_memory.memory;
    for (uint16_t i = 0; i < sizeof(struct sl_memory); i++) crc = sl_crc32(crc, memory[i]);
    for (uint16_t i = 0; i < 1024; i++) {
        crc = sl_crc32(crc, (uint8_t)analogRead(A0 + i % 4));
        crc = sl_crc32(crc, (uint8_t)micros());
    }
    return crc;
#endif
}
}

// Whether power came on just now. A boot loader may have cleared what tells it (optiboot does): then the checksum of
// what was kept must tell.
#if defined(__AVR__) && defined(MCUSR)
static uint8_t reset_cause __attribute__((section(".noinit")));

// Before anything else: after a watchdog's reset the watchdog runs on, with 16 ms, and cannot be stopped while MCUSR
// says that it was the cause.
extern "C" __attribute__((naked, used, section(".init3"))) void sensorline_note_reset() {
    reset_cause = MCUSR;
    MCUSR = 0;
    wdt_disable();
}

static bool power_came_on() { return reset_cause & _BV(PORF); }
#else
static bool power_came_on() { return false; }
#endif

void SensorlineBoard::begin(const __FlashStringHelper *model, const __FlashStringHelper *firmware,
                            bool (*measure)(uint8_t), unsigned long baud) {
#if defined(SENSORLINE_EEPROM_IN_FLASH)
    EEPROM.begin(SL_LASTING_BYTES);
#endif
    Serial.begin(baud);
    board.model = (const char *)model;
    board.firmware = (const char *)firmware;
    board.identity = sl_identity();
    board.channels.table = sensorline_channels;
    board.channels.states = sensorline_states;
    board.channels.count = sensorline_memory.channels;
    board.channels.measure = measure;
    board.kept.memory = (struct sl_memory *)sensorline_memory.memory;
    board.kept.capacity = sensorline_memory.capacity;
    board.kept.value_bytes = sensorline_memory.value_bytes;
    sl_board_start(&board, sl_next_boot(), !power_came_on());
}

void SensorlineBoard::value(uint8_t channel, float value) {
    if (isnan(value) || value > 2e7f || value < -2e7f)
        fault(channel, SL_RANGE);
    else
        hundredths(channel, lround(value * 100));
}
