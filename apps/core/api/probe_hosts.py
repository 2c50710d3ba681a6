"""The host of health checks and scrapers, which ask a container by its address."""

from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest
from django.http.request import split_domain_port, validate_host

PROBES = ("/api/v1/health/", "/metrics")


def admit_probe(request: HttpRequest) -> None:
    """Let health and metrics answer to an IP address as the host.

    An orchestrator asks 127.0.0.1 and Prometheus asks the address of each replica, and ALLOWED_HOSTS names neither. A
    name is still refused there, which keeps DNS rebinding out, and all other paths refuse addresses too.
    """
    if request.path.startswith(PROBES) and _is_refused_address(request.META.get("HTTP_HOST", "")):
        request.META["HTTP_HOST"] = settings.ALLOWED_HOSTS[0].removeprefix(".")


def _is_refused_address(host: str) -> bool:
    domain, _ = split_domain_port(host)
    try:
        ip_address(domain.strip("[]"))
    except ValueError:
        return False
    return bool(settings.ALLOWED_HOSTS) and not validate_host(domain, settings.ALLOWED_HOSTS)
