"""Threads that stop at named points, and a seed that decides who goes on: an interleaving that can be had again.

A point is a function of the product, wrapped for the test: `watch(monkeypatch, POINTS)`. A thread outside `Turns.play`
passes all points without stopping. Whoever waits for a lock in the database cannot reach its next point; the others go
on meanwhile, as they would.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from random import Random
from threading import Event, local
from typing import Any

import pytest
from django.db import connection

FIRST_LOOK_S = 0.004  # most steps need less; after it the database is asked whether the thread waits for a lock
LOOK_AGAIN_S = 0.002
TOO_LONG_S = 60.0

_WAITS = "SELECT EXISTS (SELECT FROM pg_locks WHERE pid = %s AND NOT granted)"
_here = local()


@dataclass(frozen=True, slots=True)
class Point:
    """A place in the product: before or after the function `name`, as `module` looks it up."""

    label: str
    module: Any
    name: str
    when: str = "before"


def watch(monkeypatch: pytest.MonkeyPatch, points: Iterable[Point]) -> None:
    """Makes the functions stop at their points, for threads that take turns. One function may have both points."""
    found: dict[tuple[Any, str], dict[str, str]] = {}
    for point in points:
        found.setdefault((point.module, point.name), {})[point.when] = point.label
    for (module, name), labels in found.items():
        monkeypatch.setattr(module, name, _stopping(getattr(module, name), labels))


def _stopping(real: Callable[..., Any], labels: Mapping[str, str]) -> Callable[..., Any]:
    def call(*words: Any, **named: Any) -> Any:
        if "before" in labels:
            stand(labels["before"])
        result = real(*words, **named)
        if "after" in labels:
            stand(labels["after"])
        return result

    return call


def stand(label: str) -> None:
    """Stops here until it is this thread's turn again; passes where no turns are taken."""
    actor: _Actor | None = getattr(_here, "actor", None)
    if actor is not None:
        actor.label = label
        actor.go.clear()
        actor.stands.set()
        if not actor.go.wait(TOO_LONG_S):
            raise TimeoutError(f"expected a turn at {label!r}, found none")


@dataclass
class _Actor:
    name: str
    go: Event = field(default_factory=Event)
    stands: Event = field(default_factory=Event)
    label: str = ""
    backend: int = 0
    done: Future[Any] | None = None

    def has_ended(self) -> bool:
        return self.done is not None and self.done.done()

    def is_free(self, game: _Game) -> bool:
        return not self.has_ended() and self not in game.waiting


@dataclass
class Turns:
    """One pool of threads for many plays; each thread keeps its connection."""

    pool: ThreadPoolExecutor

    def play(
        self, dice: Random, acts: Mapping[str, Callable[[], Any]], plan: Iterable[tuple[str, str]] = ()
    ) -> tuple[dict[str, Any], list[tuple[str, str]]]:
        """Runs the acts to their ends; what each returned, and the order in which points were reached: (who, where).

        `plan` comes first: who goes on until where, as far as the locks let them; then the dice decide each turn. Where
        somebody waits for a lock it says "waits", at the end "end".
        """
        actors = {name: _Actor(name) for name in acts}
        game = _Game(history=[], waiting=[])
        for actor in actors.values():
            actor.done = self.pool.submit(_act, actor, acts[actor.name])
            _wait(actor)
        for name, label in plan:
            while actors[name].is_free(game) and actors[name].label != label:
                game.turn(actors[name])
        while any(not actor.has_ended() for actor in actors.values()):
            free = [actor for actor in actors.values() if actor.is_free(game)]
            if free:
                game.turn(dice.choice(free))
            else:
                time.sleep(LOOK_AGAIN_S)
            game.woken()
        game.woken()
        return {name: actor.done.result() for name, actor in actors.items() if actor.done is not None}, game.history


@dataclass
class _Game:
    """The turns so far, and who waits for a lock."""

    history: list[tuple[str, str]]
    waiting: list[_Actor]

    def turn(self, actor: _Actor) -> None:
        actor.stands.clear()
        actor.go.set()
        if _wait(actor):
            self.history.append((actor.name, "end" if actor.has_ended() else actor.label))
        else:
            self.history.append((actor.name, "waits"))
            self.waiting.append(actor)

    def woken(self) -> None:
        """Those whose lock was let go have come to their next point by themselves."""
        for actor in [one for one in self.waiting if one.stands.is_set() or one.has_ended()]:
            self.waiting.remove(actor)
            self.history.append((actor.name, "end" if actor.has_ended() else actor.label))


def _act(actor: _Actor, act: Callable[[], Any]) -> Any:
    connection.ensure_connection()
    actor.backend = connection.connection.info.backend_pid
    _here.actor = actor
    try:
        stand("start")
        return act()
    finally:
        _here.actor = None


def _wait(actor: _Actor) -> bool:
    """Until the actor stands at a point or has ended: True; or waits for a lock: False."""
    began = time.monotonic()
    if actor.stands.wait(FIRST_LOOK_S):
        return True
    while not actor.has_ended():
        if actor.stands.wait(LOOK_AGAIN_S):
            return True
        with connection.cursor() as cursor:
            cursor.execute(_WAITS, [actor.backend])
            if cursor.fetchone()[0]:
                return False
        if time.monotonic() - began > TOO_LONG_S:
            raise TimeoutError(f"expected {actor.name} to reach a point after {actor.label!r}, found it nowhere")
    return True
