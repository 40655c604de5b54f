DROP FUNCTION loop_erase_fields(text, bigint, bigint);
DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['loop_brief', 'loop_suggestion', 'loop_decision', 'loop_evidence'] LOOP
        EXECUTE format('DROP TRIGGER append_only_row ON %I', name);
        EXECUTE format('CREATE TRIGGER append_only_row BEFORE UPDATE OR DELETE ON %I
                        FOR EACH ROW EXECUTE FUNCTION loop_refuse_change()', name);
        EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER append_only_row', name);
    END LOOP;
END $$;
DROP FUNCTION loop_refuse_change_but_erasure();
