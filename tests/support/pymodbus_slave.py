"""Slaves 1 and 2 of pymodbus' server, as a program: `python -m tests.support.pymodbus_slave PORT`.

PORT is a serial device, or `tcp:NUMBER`, `rtu-over-tcp:NUMBER`. Of an id that it does not have it says
exception 4 at once, other than a device, which is silent.
"""

import asyncio
import sys

from pymodbus import FramerType
from pymodbus.server import ModbusSerialServer, ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

# As an XY-MD02 has them from address 1 on: 30.5 °C, 54.6 %; and a float32 at 10.
FIRST = [0, 305, 546, 0, 0, 0, 0, 0, 0, 0, 0x41CC, 0x0000]
# As an RS-WS-N01 from address 0 on: 65.8 %, -10.1 °C.
SECOND = [658, 0xFF9B]


async def serve(port: str) -> None:
    """Until the program is ended."""
    devices = [
        SimDevice(number, simdata=[SimData(0, values=list(values), datatype=DataType.REGISTERS)])
        for number, values in ((1, FIRST), (2, SECOND))
    ]
    kind, _, number = port.rpartition(":")
    server: ModbusSerialServer | ModbusTcpServer
    if kind:
        framer = FramerType.SOCKET if kind == "tcp" else FramerType.RTU
        server = ModbusTcpServer(devices, framer=framer, address=("127.0.0.1", int(number)))
    else:
        server = ModbusSerialServer(devices, framer=FramerType.RTU, port=port, baudrate=9600)
    await server.serve_forever(background=True)
    print("serving", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1]))
