// An SHT31 at I2C address 0x44: temperature and humidity once a second.
#include <Sensorline.h>
#include <SensorlineSHT31.h>

SENSORLINE_CHANNELS(
    // name, kind, unit, resolution, least, greatest, measurement, interval ms, shortest interval ms
    {"temp", "temperature", "C", "0.01", "-40", "125", 0, 1000, 100},
    {"hum", "humidity", "%", "0.01", "0", "100", 0, 1000, 100});
SENSORLINE_KEEP(SENSORLINE_USUAL_KEPT);

SensorlineSHT31 sensor;

bool measure(uint8_t) { return sensor.measure(0, 1); }

void setup() {
    sensor.begin();
    Sensorline.begin(F("sht31-board"), F("sensorline-" SENSORLINE_VERSION), measure);
}

void loop() { Sensorline.step(); }
