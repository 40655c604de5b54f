"""Taking items from the queue, for a while: a claim steers who is handed what and forbids nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import connection, transaction

from loop.kernel.clock import now
from loop.material.models import Production
from loop.people.models import Contributor
from loop.queue.models import Claim
from loop.queue.policy import policy_of
from loop.queue.querysets import open_requests

MAX_WANTED: Final = 200  # as many as the strip of the review room has rows
MAX_HELD: Final = 10  # nobody needs more at once than the one on the table and those fetched ahead

# Others who count for an item: who holds it, and whose label stands. An item that waits beyond the policy (assigned to
# this person, or a second opinion is asked for) is handed to one at a time at least. The rows are written in the order
# of their keys, so that two who take the same ones never wait for each other crosswise.
_CLAIM: Final = """
WITH wanted AS (
    SELECT s.id, s.uid, asked.place
    FROM unnest(%(want)s::uuid[]) WITH ORDINALITY AS asked(uid, place)
    JOIN loop_suggestion s ON s.uid = asked.uid AND s.production_id = %(production)s
), counted AS (
    SELECT w.*, others.claims, others.labels,
           EXISTS (SELECT 1 FROM loop_assignment a WHERE a.suggestion_id = w.id AND a.contributor_id = %(me)s) AS meant,
           EXISTS (SELECT 1 FROM loop_assignment a WHERE a.suggestion_id = w.id) AS is_assigned,
           w.id = ANY(%(asked_for)s::bigint[]) AS is_asked_for
    FROM wanted w CROSS JOIN LATERAL (
        SELECT count(*) FILTER (WHERE p.has_label) AS labels, count(*) FILTER (WHERE NOT p.has_label) AS claims
        FROM (
            SELECT person, bool_or(is_label) AS has_label FROM (
                SELECT c.contributor_id AS person, false AS is_label FROM loop_claim c
                WHERE c.suggestion_id = w.id AND c.expires_at > %(at)s
                UNION ALL
                SELECT coalesce(d.on_behalf_of_id, d.decided_by_id), true FROM loop_decision d
                WHERE d.suggestion_id = w.id AND d.outcome IN ('accept', 'reject', 'revise')
                  AND NOT EXISTS (SELECT 1 FROM loop_decision later WHERE later.supersedes_id = d.id)
            ) each_one WHERE person <> %(me)s GROUP BY person
        ) p
    ) others
    WHERE NOT EXISTS (
        SELECT 1 FROM loop_decision d
        WHERE d.suggestion_id = w.id AND (d.decided_by_id = %(me)s OR d.on_behalf_of_id = %(me)s)
          AND d.outcome <> 'retract' AND NOT EXISTS (SELECT 1 FROM loop_decision later WHERE later.supersedes_id = d.id)
    )
), chosen AS (
    SELECT c.id, free.slot
    FROM counted c CROSS JOIN LATERAL (
        SELECT place.slot FROM generate_series(0, %(reviewers)s - 1) AS place(slot)
        LEFT JOIN loop_claim taken ON taken.suggestion_id = c.id AND taken.slot = place.slot
                                  AND taken.expires_at > %(at)s
        WHERE taken.id IS NULL OR taken.contributor_id = %(me)s
        ORDER BY taken.id IS NULL, place.slot LIMIT 1
    ) free
    WHERE (c.meant OR NOT c.is_assigned)
      AND c.claims < CASE WHEN c.meant OR c.is_asked_for THEN greatest(%(reviewers)s - c.labels, 1)
                          ELSE %(reviewers)s - c.labels END
    ORDER BY c.place LIMIT %(hold)s
), lapsed AS (
    DELETE FROM loop_claim old
    WHERE old.contributor_id = %(me)s AND old.expires_at <= %(at)s AND old.suggestion_id NOT IN (SELECT id FROM chosen)
), taken AS (
    INSERT INTO loop_claim AS mine (suggestion_id, slot, contributor_id, claimed_at, expires_at)
    SELECT id, slot, %(me)s, %(at)s, %(until)s FROM chosen ORDER BY id
    ON CONFLICT (suggestion_id, slot) DO UPDATE
    SET contributor_id = excluded.contributor_id, expires_at = excluded.expires_at,
        claimed_at = CASE WHEN mine.contributor_id = excluded.contributor_id AND mine.expires_at > %(at)s
                          THEN mine.claimed_at ELSE excluded.claimed_at END
    WHERE mine.expires_at <= %(at)s OR mine.contributor_id = excluded.contributor_id
    RETURNING suggestion_id
)
SELECT w.uid FROM wanted w JOIN taken t ON t.suggestion_id = w.id ORDER BY w.place
"""


def claim(
    *,
    production: Production,
    person: Contributor,
    want: Sequence[UUID],
    hold: int,
    drop: Sequence[UUID] = (),
    at: datetime | None = None,
) -> list[UUID]:
    """Takes, or keeps for another lease, the first `hold` of `want` that are free for `person`; those taken, in order.

    1. Free is what waits for this person and is not held by as many others as it still needs (`querysets.open_to`,
       `querysets.held`). What one holds oneself is free. A lapsed lease is anybody's.
    2. All is taken in one statement, behind a lock of the production, so that it sees every earlier claim: no item is
       handed to more people than it needs while their leases hold.
    3. What stands in `drop` and was not taken again is let go.

    A production where everybody judges everything has nothing to hand out: nobody claims, and the answer is the first
    `hold` of `want` as they came. Not audited: a claim is no record, and no decision asks for one. Durable.
    """
    wanted = list(dict.fromkeys(want))[:MAX_WANTED]
    count = max(0, min(hold, MAX_HELD))
    policy = policy_of(production)
    if policy.reviewers_per_item is None:
        return wanted[:count]
    moment = at or now()
    with transaction.atomic(durable=True):
        taken: list[UUID] = []
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"claim {production.pk}"])
            if wanted and count:
                asked = open_requests(production).exclude(asked_by=person).filter(suggestion__uid__in=wanted)
                values: dict[str, Any] = {
                    "want": wanted,
                    "production": production.pk,
                    "me": person.pk,
                    "reviewers": policy.reviewers_per_item,
                    "asked_for": list(asked.values_list("suggestion", flat=True)),
                    "hold": count,
                    "at": moment,
                    "until": moment + timedelta(seconds=policy.lease_s),
                }
                cursor.execute(_CLAIM, values)
                taken = [uid for (uid,) in cursor.fetchall()]
        let_go = set(drop) - set(taken)
        if let_go:
            Claim.objects.filter(
                contributor=person, suggestion__production=production, suggestion__uid__in=let_go
            ).delete()
    return taken
