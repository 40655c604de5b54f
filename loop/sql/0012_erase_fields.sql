-- Some words of people stand in columns of history, not in side tables: what a brief demanded, a model's parameters, what
-- was on screen, the name of a document's file. They may be emptied, and only by loop_erase_fields, which names the
-- event in loop.erasing; every other column, and every other change, is refused as before.
CREATE FUNCTION loop_refuse_change_but_erasure() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    IF TG_OP = 'UPDATE'
       AND current_user = pg_get_userbyid((SELECT relowner FROM pg_class WHERE oid = TG_RELID))
       AND coalesce(current_setting('loop.erasing', true), '') <> ''
       AND to_jsonb(NEW) - TG_ARGV[0] = to_jsonb(OLD) - TG_ARGV[0] THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'append_only: % on % is refused; record a new row that supersedes the old one', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$;

DO $$
DECLARE
    name text;
    field text;
BEGIN
    FOR name, field IN SELECT * FROM (VALUES
        ('loop_brief', 'constraints_asked'), ('loop_suggestion', 'parameters'), ('loop_decision', 'context'),
        ('loop_evidence', 'file_name')
    ) AS erasable LOOP
        EXECUTE format('DROP TRIGGER append_only_row ON %I', name);
        EXECUTE format('CREATE TRIGGER append_only_row BEFORE UPDATE OR DELETE ON %I
                        FOR EACH ROW EXECUTE FUNCTION loop_refuse_change_but_erasure(%L)', name, field);
        EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER append_only_row', name);
    END LOOP;
END $$;

-- Empties the erasable column of one row. `event` must be a text.erased event that names the row and has no log index
-- yet, as for loop_erase_text.
CREATE FUNCTION loop_erase_fields(kind text, row_id bigint, event bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    subject uuid;
BEGIN
    subject := CASE kind
        WHEN 'brief' THEN (SELECT uid FROM loop_brief WHERE id = row_id)
        WHEN 'suggestion' THEN (SELECT uid FROM loop_suggestion WHERE id = row_id)
        WHEN 'decision' THEN (SELECT uid FROM loop_decision WHERE id = row_id)
        WHEN 'evidence' THEN (SELECT uid FROM loop_evidence WHERE id = row_id)
    END;
    IF subject IS NULL THEN
        RAISE EXCEPTION 'erase: expected brief, suggestion, decision or evidence and the id of a row, found % %', kind, row_id;
    END IF;
    IF NOT EXISTS (
        SELECT FROM loop_audit_event e JOIN loop_audit_pending p ON p.event_id = e.id
        WHERE e.id = event AND e.type = 'text.erased' AND e.object_uid = subject
    ) THEN
        RAISE EXCEPTION 'erase: expected an unsealed text.erased event for %, found event %', subject, event;
    END IF;
    PERFORM set_config('loop.erasing', event::text, true);
    CASE kind
        WHEN 'brief' THEN UPDATE loop_brief SET constraints_asked = '[]' WHERE id = row_id;
        WHEN 'suggestion' THEN UPDATE loop_suggestion SET parameters = '{}' WHERE id = row_id;
        WHEN 'decision' THEN UPDATE loop_decision SET context = '{}' WHERE id = row_id;
        WHEN 'evidence' THEN UPDATE loop_evidence SET file_name = '[erased]' WHERE id = row_id;
    END CASE;
    PERFORM set_config('loop.erasing', '', true);
END $$;
REVOKE ALL ON FUNCTION loop_erase_fields(text, bigint, bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION loop_erase_fields(text, bigint, bigint) TO circled_app;
