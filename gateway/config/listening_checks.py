"""Checks of the sections that say where to listen: a token where others can come, certificates that work."""

from __future__ import annotations

from typing import Any

from gateway.config.address import parse_address
from gateway.config.certificates import check_certificate, find
from gateway.config.context import Context
from gateway.config.document import Document
from gateway.config.models import HttpSection, RouterSection


def check_router(router: RouterSection | None, context: Context) -> None:
    """A token when other machines can connect; certificates that work. `router` is None if it has errors."""
    _check_listening("router", router, context)


def check_http(http: HttpSection | None, context: Context) -> None:
    """As `check_router`; and another address than the router's."""
    _check_listening("http", http, context)
    router = context.section("router")
    listen = router.get("listen") if isinstance(router, dict) else None
    default = RouterSection.model_fields["listen"].default
    if http is not None and http.listen == (default if listen is None else listen):
        text = f"{http.listen} is where router.listen is; choose another port for one of the two"
        context.document.complain(("http", "listen"), text)


def _check_listening(name: str, made: RouterSection | HttpSection | None, context: Context) -> None:
    section, document = context.section(name), context.document
    if isinstance(section, dict):
        _check_token_needed(name, section, document)
    if made is None or made.tls is None:
        return
    names = {"cert": made.tls.cert, "key": made.tls.key}
    paths, readable = find(names, context, name)
    if readable:
        check_certificate(paths["cert"], paths["key"], document, (name, "tls"))


def _check_token_needed(name: str, section: dict[str, Any], document: Document) -> None:
    """From what was written, so that this is found together with other errors of the section."""
    listen = section.get("listen")
    if section.get("token") is not None or (name, "token") in document.broken or not isinstance(listen, str):
        return
    try:
        local = parse_address(listen).local
    except ValueError:
        return
    if not local:
        text = f"{listen} can be reached from other machines, and that needs a token"
        document.complain((name, "listen"), f"{text}; write below it: token: !env SIG_GATEWAY_TOKEN")
