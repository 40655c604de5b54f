"""Figures for Prometheus, told to this machine only."""

import os

from django.http import Http404, HttpRequest, HttpResponse
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

REQUESTS = Counter("circled_requests_total", "Requests answered", ["method", "route", "status"])
REQUEST_SECONDS = Histogram("circled_request_seconds", "Seconds until the response was ready", ["route"])

LOOPBACK = frozenset({"127.0.0.1", "::1", ""})  # "" is a Unix socket
FORWARDED = ("X-Forwarded-For", "Forwarded", "X-Real-Ip")


def metrics(request: HttpRequest) -> HttpResponse:
    """The figures of all web processes. 404 for whoever is not on this machine, a proxy's clients included."""
    is_forwarded = any(name in request.headers for name in FORWARDED)
    if request.META.get("REMOTE_ADDR", "") not in LOOPBACK or is_forwarded:
        raise Http404
    registry = REGISTRY
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # the library left this one out
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)
