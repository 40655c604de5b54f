DO $$
DECLARE
    name text;
BEGIN
    FOR name IN SELECT DISTINCT c.relname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
                WHERE t.tgname = 'append_only_row' LOOP
        EXECUTE format('DROP TRIGGER append_only_row ON %I', name);
        EXECUTE format('DROP TRIGGER append_only_table ON %I', name);
    END LOOP;
END $$;
DROP FUNCTION loop_erase_text(text, bigint, bigint);
DROP FUNCTION loop_refuse_text_change();
DROP FUNCTION loop_refuse_change();
DROP TABLE loop_cache;
ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE SELECT, INSERT, UPDATE, DELETE ON TABLES FROM circled_app;
ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE USAGE, SELECT ON SEQUENCES FROM circled_app;
REVOKE ALL ON ALL TABLES IN SCHEMA public FROM circled_app;
REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM circled_app;
