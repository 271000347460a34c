// As many lines as the port takes: two channels, measured anew each millisecond.
#include <Sensorline.h>

SENSORLINE_CHANNELS(
    // name, kind, unit, resolution, least, greatest, measurement, interval ms, shortest interval ms
    {"temp", "temperature", "C", "0.01", "-40", "80", 0, 1, 1},
    {"hum", "humidity", "%", "0.01", "0", "100", 1, 1, 1});
SENSORLINE_KEEP(SENSORLINE_USUAL_KEPT);

bool measure(uint8_t channel) {
    Sensorline.hundredths(channel, 2150);
    return true;
}

void setup() { Sensorline.begin(F("busy-board"), F("1.0"), measure); }

void loop() { Sensorline.step(); }
