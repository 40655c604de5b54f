DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY[
        'loop_guild_notice', 'loop_compensation_entry', 'loop_recipient_duty', 'loop_recipient_duty_met', 'loop_screen_verdict'
    ] LOOP
        EXECUTE format('DROP TRIGGER append_only_row ON %I', name);
        EXECUTE format('DROP TRIGGER append_only_table ON %I', name);
        EXECUTE format('GRANT UPDATE, DELETE, TRUNCATE ON %I TO circled_app', name);
    END LOOP;
END $$;
