// A board that speaks sensorline: readings that arrive with the time of their measurement, none lost on the wire.
//
// A sketch says what its channels are, how many readings are kept, and how it measures:
//
//     #include <Sensorline.h>
//
//     SENSORLINE_CHANNELS(
//         // name, kind, unit, resolution, least, greatest, measurement, interval ms, shortest interval ms
//         {"temp", "temperature", "C", "0.1", "-40", "80", 0, 2000, 2000},
//         {"hum", "humidity", "%", "0.1", "0", "100", 0, 2000, 2000});
//     SENSORLINE_KEEP(100);
//
//     bool measure(uint8_t) {
//         Sensorline.value(0, 21.5);
//         Sensorline.value(1, 40.2);
//         return true;
//     }
//
//     void setup() { Sensorline.begin(F("greenhouse-uno"), F("1.0"), measure); }
//     void loop() { Sensorline.step(); }
//
// Channels with the same *measurement* (a small number) are measured by one call, and get one time.
#pragma once
#include <Arduino.h>

extern "C" {
#include "sensorline/board.h"
}

typedef enum sl_fault SensorlineFault;  // SL_ABSENT, SL_RANGE, SL_CHECKSUM, SL_BUSY

// The library's own version, for whoever asks which firmware a board has.
#define SENSORLINE_VERSION "1.0.0"

// What the sketch defines with the two macros below.
extern const struct sl_channel sensorline_channels[];
extern struct sl_state sensorline_states[];
struct SensorlineMemory {
    uint8_t channels, value_bytes;
    sl_count capacity;
    void *memory;
};
extern const struct SensorlineMemory sensorline_memory;

// Readings that are kept where the sketch does not say how many: what leaves 600 bytes for it on 2 KiB.
#if defined(__AVR__) && RAMEND < 0x900
#define SENSORLINE_USUAL_KEPT 100
#elif defined(__AVR__)
#define SENSORLINE_USUAL_KEPT 250
#else
#define SENSORLINE_USUAL_KEPT 1000
#endif

// Memory that a reset does not clear. Elsewhere it is cleared, and what was kept is lost with a reset.
#if defined(__AVR__)
#define SENSORLINE_LASTING __attribute__((section(".noinit")))
#elif defined(ARDUINO_ARCH_ESP32)
#include <esp_attr.h>
#define SENSORLINE_LASTING RTC_NOINIT_ATTR
#elif defined(ARDUINO_ARCH_RP2040)
#define SENSORLINE_LASTING __attribute__((section(".uninitialized_data.sensorline")))
#else
#define SENSORLINE_LASTING
#endif

// The channels, in the order of the hello. Once in a sketch.
#define SENSORLINE_CHANNELS(...)                                      \
    const struct sl_channel sensorline_channels[] PROGMEM = {__VA_ARGS__}; \
    enum { SENSORLINE_COUNT = sizeof sensorline_channels / sizeof *sensorline_channels }; \
    struct sl_state sensorline_states[SENSORLINE_COUNT]

// How many readings are kept until the gateway has them; after SENSORLINE_CHANNELS, once in a sketch.
// SENSORLINE_KEEP: 7 bytes each, for values within -327.60..327.67. SENSORLINE_KEEP_WIDE: 9 bytes each, for
// values up to 21 million (lux).
#define SENSORLINE_KEEP(readings) SENSORLINE_KEEP_BYTES(readings, 2)
#define SENSORLINE_KEEP_WIDE(readings) SENSORLINE_KEEP_BYTES(readings, 4)
#define SENSORLINE_KEEP_BYTES(readings, bytes)                                                                  \
    static uint32_t sensorline_ring[(SL_MEMORY_BYTES(readings, bytes, SENSORLINE_COUNT) + 3) / 4] SENSORLINE_LASTING; \
    const struct SensorlineMemory sensorline_memory = {SENSORLINE_COUNT, bytes, readings, sensorline_ring}

class SensorlineBoard {
   public:
    // Says hello. `model` and `firmware`: words without a space. `measure` gives what it measured with `value` or
    // `fault` and returns true; or it returns false, as the sensor is not ready, and is called again at each step.
    void begin(const __FlashStringHelper *model, const __FlashStringHelper *firmware, bool (*measure)(uint8_t),
               unsigned long baud = 115200);

    // Call it in loop(), as often as can be: what blocks longer than 5 ms may cost a request.
    void step() { sl_board_step(); }

    // The result of a measurement, by the channel's place in SENSORLINE_CHANNELS; in the channel's unit.
    void value(uint8_t channel, float value);
    void hundredths(uint8_t channel, int32_t hundredths) { sl_channel_give(channel, hundredths, SL_NONE); }

    // There is none, and why.
    void fault(uint8_t channel, SensorlineFault fault) { sl_channel_give(channel, 0, fault); }
};

extern SensorlineBoard Sensorline;
