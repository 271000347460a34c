// A DHT22 on pin 2: temperature and humidity every two seconds, which is as often as it measures.
#include <Sensorline.h>
#include <SensorlineDHT.h>

SENSORLINE_CHANNELS(
    // name, kind, unit, resolution, least, greatest, measurement, interval ms, shortest interval ms
    {"temp", "temperature", "C", "0.1", "-40", "80", 0, 2000, 2000},
    {"hum", "humidity", "%", "0.1", "0", "100", 0, 2000, 2000});
SENSORLINE_KEEP(SENSORLINE_USUAL_KEPT);

SensorlineDHT sensor(2, SensorlineDHT::DHT22);

bool measure(uint8_t) { return sensor.measure(0, 1); }

void setup() {
    sensor.begin();
    Sensorline.begin(F("dht22-board"), F("sensorline-" SENSORLINE_VERSION), measure);
}

void loop() { Sensorline.step(); }
