"""Options that several commands have."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast
from urllib.parse import quote

import click

from gateway.cli.arguments import Seconds
from gateway.cli.common import DEFAULT_CONFIG

F = TypeVar("F", bound=Callable[..., Any])

DEFAULT_URL = "tcp://127.0.0.1:7300"


def connect_options(command: F) -> F:
    """The command gets `url` and `token`."""

    @functools.wraps(command)
    def with_token(
        *args: Any, url: str, token: str | None, token_file: Path | None, tls_dir: Path | None, **options: Any
    ) -> Any:
        if token_file is not None:
            source = click.get_current_context().get_parameter_source("token")
            if source is click.core.ParameterSource.COMMANDLINE:
                raise click.UsageError("--token and --token-file: give one of them")
            from gateway.cli.client import read_token

            token = read_token(token_file)
        if tls_dir is not None and url.startswith("fleet:"):
            url += f"{'&' if '?' in url else '?'}tls={quote(str(tls_dir))}"
        return command(*args, url=url, token=token, **options)

    for option in (
        click.option(
            "--tls-dir",
            type=click.Path(path_type=Path),
            envvar="SIG_GATEWAY_FLEET_TLS",
            show_envvar=True,
            help="Of a fleet: the folder with our certificate, as `fleet enrol` has written it.",
        ),
        click.option(
            "--token-file",
            type=click.Path(path_type=Path),
            help="A file that holds the gateway's token, on one line.",
        ),
        click.option(
            "--token",
            envvar="SIG_GATEWAY_TOKEN",
            help="The gateway's token; better given as $SIG_GATEWAY_TOKEN, or in a file.",
        ),
        click.option(
            "--connect",
            "url",
            metavar="URL",
            envvar="SIG_GATEWAY_CONNECT",
            default=DEFAULT_URL,
            show_default=True,
            help="Where the gateway listens: tcp://host[:port], tls://host[:port] or unix:/path; "
            "or a fleet's routers: fleet:tls://host,tls://host.",
        ),
    ):
        option(with_token)
    return cast(F, with_token)


def url_of_one(url: str) -> str | None:
    """Of a command that looks at a config's gateway: where another one is, as was said. None for that of the
    config: by default, and where it is the environment that names a fleet, for other commands."""
    source = click.get_current_context().get_parameter_source("url")
    by_config = source is click.core.ParameterSource.DEFAULT
    of_others = source is click.core.ParameterSource.ENVIRONMENT and url.startswith("fleet:")
    return None if by_config or of_others else url


config_option = click.option(
    "-c",
    "--config",
    "path",
    type=click.Path(path_type=Path),
    default=None,
    help=f"The config file.  [default: {DEFAULT_CONFIG}]",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
WHEN = "RFC 3339 with an offset, or a span that reaches back from now"
timeout_option = click.option(
    "--timeout",
    "timeout_s",
    type=Seconds(0.001, 3600),
    metavar="S",
    help="How long to wait for the answer: seconds, or a span such as 5s.",
)
