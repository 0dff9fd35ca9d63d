-- Of those being sent: the end of the lease. `wake_at` stays what it was, and with it all that indexes hold, so that on PostgreSQL
-- a claim is written beside the old row and nowhere else (a HOT update).
alter table deliveries add column lease_at bigint not null default 0;
update deliveries set lease_at = wake_at, wake_at = due_at where state = 'sending' and wake_at is not null;
-- Only where PostgreSQL reads it: room in each page for all of its rows, or their entries, once more.
--postgresql alter table deliveries set (fillfactor = 50);
--postgresql alter index deliveries_pkey set (fillfactor = 50);
--postgresql alter index deliveries_issue_subscriber_key set (fillfactor = 50);
--postgresql alter index deliveries_by_subscriber set (fillfactor = 50);
-- The words of a check are read again in each of its statements that change a row: a fifteenth of what a mail costs it.
--postgresql alter table deliveries drop constraint deliveries_state_check;
