/* Slave 1 on a serial device, with libmodbus: libmodbus_slave DEVICE. Its registers are an XY-MD02's. */
#include <errno.h>
#include <modbus.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    uint8_t query[MODBUS_RTU_MAX_ADU_LENGTH];
    modbus_t *bus = argc == 2 ? modbus_new_rtu(argv[1], 9600, 'N', 8, 1) : NULL;
    modbus_mapping_t *map = modbus_mapping_new(0, 0, 16, 16);

    if (!bus || !map || modbus_set_slave(bus, 1) || modbus_connect(bus)) {
        fprintf(stderr, "libmodbus_slave: %s\n", modbus_strerror(errno));
        return 1;
    }
    map->tab_input_registers[1] = 305;
    map->tab_input_registers[2] = 546;
    map->tab_registers[4] = 0x41CC; /* 25.5, high word first */
    modbus_set_float(-3.25f, &map->tab_registers[6]); /* low word first */
    puts("serving");
    fflush(stdout);
    for (;;) {
        int length = modbus_receive(bus, query);
        if (length > 0)
            modbus_reply(bus, query, length, map);
        else if (length < 0 && (errno == EIO || errno == ENODEV || errno == EBADF))
            return 0;
        else
            modbus_flush(bus); /* else the rest is taken for the beginning of the next question */
    }
}
