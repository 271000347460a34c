// A photoresistor (GL5528 or the like) from 5 V to A0, 10 kOhm from A0 to ground: light in lux, to a fifth or so.
#include <Sensorline.h>

SENSORLINE_CHANNELS(
    // name, kind, unit, resolution, least, greatest, measurement, interval ms, shortest interval ms
    {"lux", "light", "lx", "1", "0", "100000", 0, 1000, 10});
SENSORLINE_KEEP_WIDE(SENSORLINE_USUAL_KEPT);  // 7 bytes a reading would end at 327 lx

const float FIXED_OHM = 10000;
// Of the part's data sheet: so many ohm at 10 lx, and the slope of its line on double logarithmic paper.
const float OHM_AT_10_LUX = 15000, GAMMA = 0.7;

bool measure(uint8_t) {
    int step = analogRead(A0);  // 0..1023 of 5 V
    if (step >= 1023) {
        Sensorline.fault(0, SL_RANGE);  // bright beyond measure, or A0 lies at 5 V
        return true;
    }
    if (step < 1) {
        Sensorline.value(0, 0);  // dark
        return true;
    }
    float ohm = FIXED_OHM * (1023 - step) / step;
    Sensorline.value(0, 10 * pow(OHM_AT_10_LUX / ohm, 1 / GAMMA));
    return true;
}

void setup() { Sensorline.begin(F("light-board"), F("sensorline-" SENSORLINE_VERSION), measure); }

void loop() { Sensorline.step(); }
