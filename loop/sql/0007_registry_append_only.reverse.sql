DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY[
        'loop_guild_notice', 'loop_compensation_entry', 'loop_recipient_duty', 'loop_recipient_duty_met', 'loop_screen_verdict',
        'loop_consent_request', 'loop_consent_answer', 'loop_approval_request', 'loop_approval_decision', 'loop_recall_ack'
    ] LOOP
        EXECUTE format('DROP TRIGGER append_only_row ON %I', name);
        EXECUTE format('DROP TRIGGER append_only_table ON %I', name);
        EXECUTE format('GRANT UPDATE, DELETE, TRUNCATE ON %I TO circled_app', name);
    END LOOP;
END $$;
