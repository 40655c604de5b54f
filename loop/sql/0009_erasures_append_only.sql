-- What was erased is history as well.
CREATE TRIGGER append_only_row BEFORE UPDATE OR DELETE ON loop_erasure
    FOR EACH ROW EXECUTE FUNCTION loop_refuse_change();
CREATE TRIGGER append_only_table BEFORE TRUNCATE ON loop_erasure
    FOR EACH STATEMENT EXECUTE FUNCTION loop_refuse_change();
ALTER TABLE loop_erasure ENABLE ALWAYS TRIGGER append_only_row;
ALTER TABLE loop_erasure ENABLE ALWAYS TRIGGER append_only_table;
REVOKE UPDATE, DELETE, TRUNCATE ON loop_erasure FROM circled_app;
