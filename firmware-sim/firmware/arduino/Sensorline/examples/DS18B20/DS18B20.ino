// A DS18B20 on pin 3, 4.7 kOhm from there to 5 V: temperature every two seconds.
#include <Sensorline.h>
#include <SensorlineDS18B20.h>

SENSORLINE_CHANNELS(
    // name, kind, unit, resolution, least, greatest, measurement, interval ms, shortest interval ms
    {"temp", "temperature", "C", "0.125", "-55", "125", 0, 2000, 500});
SENSORLINE_KEEP(SENSORLINE_USUAL_KEPT);

SensorlineDS18B20 sensor(3);

bool measure(uint8_t) { return sensor.measure(0); }

void setup() {
    sensor.begin();
    Sensorline.begin(F("ds18b20-board"), F("sensorline-" SENSORLINE_VERSION), measure);
}

void loop() { Sensorline.step(); }
