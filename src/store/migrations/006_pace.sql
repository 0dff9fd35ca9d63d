-- Groups of receivers by their number (0: everybody else): a claim takes of each as much as may go there.
alter table subscribers add column lane bigint not null default 0;
update subscribers set lane = case
    when address_key like '%@gmail.com' or address_key like '%@googlemail.com' then 1
    when address_key like '%@outlook.%' or address_key like '%@hotmail.%' or address_key like '%@live.%'
        or address_key like '%@msn.com' or address_key like '%@passport.com' then 2
    when (address_key like '%@yahoo.%' and address_key not like '%@yahoo.co.jp' and address_key not like '%@yahoo.ne.jp')
        or address_key like '%@ymail.com' or address_key like '%@rocketmail.com' or address_key like '%@aol.%'
        or address_key like '%@aim.com' then 3
    when address_key like '%@qq.com' or address_key like '%@vip.qq.com' or address_key like '%@foxmail.com' then 4
    when address_key like '%@163.com' or address_key like '%@vip.163.com' or address_key like '%@126.com'
        or address_key like '%@vip.126.com' or address_key like '%@yeah.net' or address_key like '%@188.com' then 5
    else 0 end;
alter table deliveries add column lane bigint not null default 0;
update deliveries set lane = coalesce((select s.lane from subscribers s where s.id = deliveries.subscriber), 0)
where state in ('queued', 'sending');
drop index deliveries_to_wake;
create index deliveries_to_wake on deliveries (rank, lane, wake_at, id) where wake_at is not null;

-- Mails of a day (of UTC, counted from 1970) over a relay, where it has a daily limit.
create table relay_days (
    relay text not null,
    day bigint not null,
    sent bigint not null,
    primary key (relay, day)
);

-- What is still to be done to an Issue's Deliveries, a batch at a time: plan, wake (it was let go), drop (it was skipped); and behind
-- which subscriber that goes on.
alter table issues add column todo text;
alter table issues add column todo_after text;
create index issues_to_do on issues (todo) where todo is not null;
drop index subscriptions_by_digest;
create index subscriptions_by_digest on subscriptions (digest, state, subscriber);

-- Suppressions that a person lifted, and why. What came back before counts no more.
create table liftings (
    id text not null primary key,
    hash text not null,
    reason text not null,
    because text not null,
    suppressed_at bigint not null,
    created_at bigint not null
);
create index liftings_by_hash on liftings (hash, created_at);
