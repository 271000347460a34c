"""What the sensors say, and what lies over the recording."""

from firmware_sim.faults import parse_faults
from firmware_sim.recording import Recording
from firmware_sim.sensors import NS, Sensors


def test_row_of_the_moment(sensors: Sensors) -> None:
    """The current row lasts its step; after the last comes the first."""
    moments = [0, NS - 1, NS, 2 * NS, 3 * NS, 300_000_000 * NS + 1]
    assert [sensors.measure("temp", now) for now in moments] == ["20", "20", "20.5", "21", "20", "20"]


def test_speed_keeps_the_place(sensors: Sensors) -> None:
    """A new speed goes on in the middle of the row where it was."""
    sensors.set_speed(NS + NS // 2, 2.0)
    assert sensors.step_ns == NS // 2
    assert sensors.measure("temp", NS + NS // 2 + NS // 4 - 1) == "20.5"
    assert sensors.measure("temp", NS + NS // 2 + NS // 4) == "21"


def test_speed_never_stops_the_clock(recording: Recording) -> None:
    """At any speed a row lasts at least a nanosecond."""
    assert Sensors(recording, 0, 1e12, "").step_ns == 1


def test_silence_ends_by_itself_or_by_hand(sensors: Sensors) -> None:
    """A silence lasts until its time, or until it is undone."""
    sensors.silence("temp", 2 * NS)
    sensors.silence("hum")
    assert sensors.measure("temp", 2 * NS - 1) is None
    assert sensors.silent(2 * NS - 1) == ["hum", "temp"]
    assert sensors.measure("temp", 2 * NS) == "21"
    assert sensors.silent(2 * NS) == ["hum"]
    sensors.unsilence("hum")
    assert sensors.measure("hum", 0) == "40"


def test_the_strongest_comes_first(sensors: Sensors) -> None:
    """Silence hides a fault, a fault a spike, a spike a held value, a held value the recording."""
    sensors.hold("temp", "1")
    assert sensors.measure("temp", 0) == "1"
    sensors.spike("temp", "2")
    sensors.fault("temp", "absent")
    sensors.silence("temp")
    assert sensors.measure("temp", 0) is None
    sensors.unsilence("temp")
    assert sensors.measure("temp", 0) == "!absent"
    sensors.fault("temp", None)
    assert [sensors.measure("temp", 0) for _ in range(2)] == ["2", "1"]
    sensors.hold("temp", None)
    assert sensors.measure("temp", 0) == "20"


def test_faults_of_a_specification(recording: Recording) -> None:
    """Silences and spikes of a specification come, the same ones for a seed, and go with it."""

    def temps(seed: str) -> list[str | None]:
        sensors = Sensors(recording, 0, 1.0, seed)
        sensors.use(parse_faults("silent=hum,spike=0.3:temp:99,spike=0.1:temp:-99"))
        assert sensors.measure("hum", 0) is None
        values = [sensors.measure("temp", 0) for _ in range(1000)]
        sensors.use(parse_faults("none"))
        assert sensors.measure("hum", 0) == "40"
        assert sensors.measure("temp", 0) == "20"
        return values

    values = temps("1")
    assert values == temps("1")
    assert values != temps("2")
    assert 230 < values.count("99") < 370
    assert 30 < values.count("-99") < 120
