// The hardware of board.c on an Arduino: a clock, the USB port, and a DHT22 on pin 2 (library "DHT sensor library").
// Put this file and board.c into one folder called "board", and open that in the Arduino IDE.
#include <DHT.h>
#include <EEPROM.h>

DHT sensor(2, DHT22);

extern "C" {
void board_start(uint32_t boot_number);
void board_step(void);

uint64_t now_ms(void) {  // millis() wraps after 49.7 days; this does not
    static uint32_t last, high;
    uint32_t ms = millis();
    if (ms < last) high++;
    last = ms;
    return ((uint64_t)high << 32) | ms;
}

int receive(void) { return Serial.read(); }

void transmit(const char *bytes, size_t count) { Serial.write(bytes, count); }

bool measure(int channel, int32_t *hundredths) {
    float value = channel == 0 ? sensor.readTemperature() : sensor.readHumidity();
    if (isnan(value)) return false;
    *hundredths = lround(value * 100);
    return true;
}
}

void setup() {
    uint32_t boot;
    EEPROM.get(0, boot);
    boot = boot == 0xFFFFFFFF ? 1 : boot + 1;
    EEPROM.put(0, boot);
    Serial.begin(115200);
    sensor.begin();
    board_start(boot);
}

void loop() { board_step(); }
