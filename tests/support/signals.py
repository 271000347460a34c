"""The signals of the process that runs the tests, and so of every program that it starts."""

import signal

# Python itself ignores SIGPIPE, and has programs that it starts not do so.
_ENDING = (signal.SIGHUP, signal.SIGTERM, signal.SIGQUIT)


def as_on_a_terminal() -> None:
    """None blocked, none ignored: in the background of a script SIGINT is, under nohup SIGHUP is, and what
    such a process starts inherits that. On the main thread alone."""
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    for number in _ENDING:
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
