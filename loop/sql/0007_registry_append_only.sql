-- The tables that came with the complete gate are history too.
DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY[
        'loop_guild_notice', 'loop_compensation_entry', 'loop_recipient_duty', 'loop_recipient_duty_met', 'loop_screen_verdict',
        'loop_consent_request', 'loop_consent_answer', 'loop_approval_request', 'loop_approval_decision', 'loop_recall_ack'
    ] LOOP
        EXECUTE format('CREATE TRIGGER append_only_row BEFORE UPDATE OR DELETE ON %I
                        FOR EACH ROW EXECUTE FUNCTION loop_refuse_change()', name);
        EXECUTE format('CREATE TRIGGER append_only_table BEFORE TRUNCATE ON %I
                        FOR EACH STATEMENT EXECUTE FUNCTION loop_refuse_change()', name);
        EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER append_only_row', name);
        EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER append_only_table', name);
        EXECUTE format('REVOKE UPDATE, DELETE, TRUNCATE ON %I FROM circled_app', name);
    END LOOP;
END $$;
