DROP FUNCTION loop_refresh_statistics();
