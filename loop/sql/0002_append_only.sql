-- History is append-only in the database: for every role, TRUNCATE included, whatever session_replication_role says.
-- The runtime role additionally has no UPDATE, DELETE or TRUNCATE on these tables (end of this file).

CREATE FUNCTION loop_refuse_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    RAISE EXCEPTION 'append_only: % on % is refused; record a new row that supersedes the old one', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$;

-- Free text may leave its side table only through loop_erase_text, which names the audit event in loop.erasing.
CREATE FUNCTION loop_refuse_text_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    IF TG_OP = 'DELETE'
       AND current_user = pg_get_userbyid((SELECT relowner FROM pg_class WHERE oid = TG_RELID))
       AND coalesce(current_setting('loop.erasing', true), '') <> '' THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'append_only: % on % is refused; text is erased by loop_erase_text only', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$;

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY[
        'loop_material_version', 'loop_material_contribution',
        'loop_brief', 'loop_brief_contribution', 'loop_brief_material', 'loop_model_terms',
        'loop_suggestion', 'loop_suggestion_material', 'loop_suggestion_contribution',
        'loop_decision', 'loop_decision_span', 'loop_signal',
        'loop_evidence', 'loop_notice', 'loop_recipient_agreement', 'loop_authorisation', 'loop_authorisation_event',
        'loop_export_row', 'loop_export_row_dropped', 'loop_export_exclusion', 'loop_download',
        'loop_recall_notice', 'loop_recall_row',
        'loop_audit_event', 'loop_audit_leaf', 'loop_audit_checkpoint'
    ] LOOP
        EXECUTE format('CREATE TRIGGER append_only_row BEFORE UPDATE OR DELETE ON %I
                        FOR EACH ROW EXECUTE FUNCTION loop_refuse_change()', name);
        EXECUTE format('CREATE TRIGGER append_only_table BEFORE TRUNCATE ON %I
                        FOR EACH STATEMENT EXECUTE FUNCTION loop_refuse_change()', name);
        EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER append_only_row', name);
        EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER append_only_table', name);
    END LOOP;
    FOREACH name IN ARRAY ARRAY[
        'loop_material_text', 'loop_suggestion_text', 'loop_decision_text', 'loop_audit_payload'
    ] LOOP
        EXECUTE format('CREATE TRIGGER append_only_row BEFORE UPDATE OR DELETE ON %I
                        FOR EACH ROW EXECUTE FUNCTION loop_refuse_text_change()', name);
        EXECUTE format('CREATE TRIGGER append_only_table BEFORE TRUNCATE ON %I
                        FOR EACH STATEMENT EXECUTE FUNCTION loop_refuse_text_change()', name);
        EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER append_only_row', name);
        EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER append_only_table', name);
    END LOOP;
END $$;

-- Erases the text (and with it the salt) of one row. `event` must be a text.erased event that names the row and has no
-- log index yet, that is, one recorded for this purpose in this transaction: nothing is erased unrecorded.
CREATE FUNCTION loop_erase_text(kind text, row_id bigint, event bigint) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    subject uuid;
    erased bigint;
BEGIN
    subject := CASE kind
        WHEN 'material' THEN (SELECT uid FROM loop_material_version WHERE id = row_id)
        WHEN 'suggestion' THEN (SELECT uid FROM loop_suggestion WHERE id = row_id)
        WHEN 'decision' THEN (SELECT uid FROM loop_decision WHERE id = row_id)
        WHEN 'audit' THEN (SELECT uid FROM loop_audit_event WHERE id = row_id)
    END;
    IF subject IS NULL THEN
        RAISE EXCEPTION 'erase: expected material, suggestion, decision or audit and the id of a row, found % %', kind, row_id;
    END IF;
    IF NOT EXISTS (
        SELECT FROM loop_audit_event e JOIN loop_audit_pending p ON p.event_id = e.id
        WHERE e.id = event AND e.type = 'text.erased' AND e.object_uid = subject
    ) THEN
        RAISE EXCEPTION 'erase: expected an unsealed text.erased event for %, found event %', subject, event;
    END IF;
    PERFORM set_config('loop.erasing', event::text, true);
    CASE kind
        WHEN 'material' THEN DELETE FROM loop_material_text WHERE version_id = row_id;
        WHEN 'suggestion' THEN DELETE FROM loop_suggestion_text WHERE suggestion_id = row_id;
        WHEN 'decision' THEN DELETE FROM loop_decision_text WHERE decision_id = row_id;
        WHEN 'audit' THEN DELETE FROM loop_audit_payload WHERE event_id = row_id;
    END CASE;
    GET DIAGNOSTICS erased = ROW_COUNT;
    PERFORM set_config('loop.erasing', '', true);
    RETURN erased = 1;
END $$;
REVOKE ALL ON FUNCTION loop_erase_text(text, bigint, bigint) FROM PUBLIC;

-- The page cache of login limits; rows come and go.
CREATE TABLE loop_cache (
    cache_key varchar(255) PRIMARY KEY,
    value text NOT NULL,
    expires timestamptz NOT NULL
);
CREATE INDEX loop_cache_expires ON loop_cache (expires);

-- Grants. Tables that other applications' migrations create later get theirs by default.
GRANT USAGE ON SCHEMA public TO circled_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO circled_app;
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO circled_app;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO circled_app;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO circled_app;
GRANT EXECUTE ON FUNCTION loop_erase_text(text, bigint, bigint) TO circled_app;
DO $$
DECLARE
    name text;
BEGIN
    FOR name IN SELECT DISTINCT c.relname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
                WHERE t.tgname = 'append_only_row' LOOP
        EXECUTE format('REVOKE UPDATE, DELETE, TRUNCATE ON %I FROM circled_app', name);
    END LOOP;
END $$;
REVOKE UPDATE ON loop_audit_pending FROM circled_app;
