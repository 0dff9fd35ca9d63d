-- What came back, one row a report: what a service or mail server calls the same report is kept once.
create table bounces (
    id text not null primary key,
    delivery text,
    -- Of suppressions: the address itself stands nowhere here but in `words`, and both go at an erasure.
    hash text not null,
    source text not null,
    kind text not null check (kind in ('hard', 'soft', 'complaint')),
    reason text not null,
    status text not null,
    words text not null,
    -- When the mail that came back had been handed over.
    mailed_at bigint not null,
    created_at bigint not null
);
create index bounces_by_hash on bounces (hash, created_at);
create index bounces_by_delivery on bounces (delivery) where delivery is not null;

-- How often each source brought what: also what was not believed, or meant nothing.
create table returned (
    source text not null,
    became text not null,
    count bigint not null,
    primary key (source, became)
);
