-- After a bulk load the planner still believes what was true before it, and plans the next queue or release for a small
-- table. The runtime role owns no table and so may not ANALYZE (PostgreSQL 15); this function does it for the tables a
-- load fills, and nothing else.
CREATE FUNCTION loop_refresh_statistics() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    ANALYZE loop_brief, loop_suggestion, loop_suggestion_text, loop_suggestion_material, loop_suggestion_contribution,
        loop_decision, loop_decision_text, loop_decision_span, loop_signal, loop_material, loop_contributor, loop_credit,
        loop_audit_event, loop_audit_leaf;
END $$;
REVOKE ALL ON FUNCTION loop_refresh_statistics() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION loop_refresh_statistics() TO circled_app;
