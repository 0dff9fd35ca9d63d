-- How many of a Delivery's attempts ended without an answer to the message: whether it is repeated once more depends on them alone.
alter table deliveries add column uncertain bigint not null default 0;
