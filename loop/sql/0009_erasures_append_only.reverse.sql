DROP TRIGGER append_only_row ON loop_erasure;
DROP TRIGGER append_only_table ON loop_erasure;
GRANT UPDATE, DELETE ON loop_erasure TO circled_app;
