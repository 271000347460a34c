"""Every bound of a connection, with its arithmetic. Carriers take a `Limits`, so that all may be changed."""

from __future__ import annotations

from dataclasses import dataclass

KIB = 1024
MIB = 1024 * KIB


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one connection; times in seconds, sizes in bytes.

    Memory of one connection is at most max_message (being received) + max_queue (to be sent) + a message or
    64 KiB (being sent) + max_jobs signals and max_requests requests (received, not yet handled).
    """

    # A message is a reading of 100 bytes, or the answer to a request for history: 1 MiB is 10,000 readings.
    max_message: int = MIB
    # Before the peer has shown its token it may send `auth`, and no more.
    max_message_unauthorized: int = 4 * KIB
    # 4 messages of the largest size, or 30,000 events of 140 bytes: a second's worth at 30,000 events/s.
    max_queue: int = 4 * MIB
    # Signals on their way that the peer has not yet worked off. At 25,000/s it covers 80 ms of a peer
    # that was not scheduled, and is 280 kB on the wire.
    window: int = 2048
    # (The smaller one of both ends' counts; what is worked off is reported in eighths of it.)
    # A peer that keeps to the window never has more than `window` signals here; twice that is an offence.
    max_jobs: int = 4096
    # One slow device with 40 callers must not refuse any of them, while 16 threads are not yet a burden.
    workers: int = 16
    max_requests: int = 64
    # Calls to one peer that wait for its answer: 16 workers here, and those of all other peers relayed.
    max_pending: int = 1024
    # Each takes two threads and some 100 kB when busy: what a Pi Zero 2 can carry. Fewer where the system
    # allows only few open files.
    max_clients: int = 256
    # Strangers, who have not shown the token yet (or said anything, where none is wanted), are no clients.
    # While one has said nothing it costs a descriptor. At 2,000 new ones a second of one address each has
    # 64 ms for its first word, which is a millisecond's work, and some more on a busy machine.
    max_silent: int = 256
    max_silent_of_address: int = 128
    # Of those who have spoken, so many may wait, and so many, with a thread each, show who they are: as many
    # clients as a script starts at once, or as come back at the same moment after a restart.
    max_strangers: int = 64
    max_strangers_of_address: int = 32
    # File descriptors that connections leave to the rest of the process: 25 boards of four, a broker, a
    # database.
    spare_files: int = 128
    # Senders and, separately, subscriptions that one peer may have.
    max_names: int = 10_000
    # Events and methods that the senders of one peer may have together: four of each for every sender.
    max_events: int = 80_000
    # Characters of a name of any of them: a topic of MQTT with some levels. The most of them, with names of
    # the most, are 100 MB, from a peer that may come in.
    max_name: int = 512
    # A silent peer is asked after ping, and given up after dead: found in 25 s + 1 s tick < 30 s.
    ping_s: float = 10.0
    dead_s: float = 25.0
    # How often the reader looks up from an idle connection, to ping and to expire calls.
    tick_s: float = 1.0
    # How long a call waits for its answer unless its caller says otherwise, and at the most.
    timeout_s: float = 10.0
    max_timeout_s: float = 3600.0
    # TCP connect, TLS handshake, auth and hello, each.
    handshake_s: float = 5.0
    # How long `trigger` in a client waits for room when it produces faster than the connection takes.
    full_wait_s: float = 5.0
    # How long those who pass on signals wait for one listener's queue to empty from a half to a quarter: at
    # least 0.5 MiB/s, some 3,700 events/s; and for anything to leave it, as long as a healthy one may have
    # to wait for its turn on a busy machine. Once, then the queue is left to overflow.
    relief_s: float = 2.0
    progress_s: float = 0.25
    # How long stop() and disconnect() wait for what is queued to be sent, and for user code to return.
    drain_s: float = 0.5
    join_s: float = 2.0
    # After a reply to a peer that takes one object a read (pysig), unless its next call shows that it was
    # read: enough for a process that has to wait for its turn on a busy machine.
    plain_gap_s: float = 0.05
    # How long replies wait for such a peer's answer to our call. pysig reads nothing meanwhile.
    plain_hold_s: float = 1.0
    # What such a peer reads at a time.
    plain_max_message: int = 4096


DEFAULT = Limits()
