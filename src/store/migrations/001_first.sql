-- The first schema. One text for SQLite and PostgreSQL: text and bigint only; times are milliseconds since the epoch;
-- ids are made by the program.

create table posts (
    id text not null primary key,
    path text not null,
    url text not null,
    title text not null,
    published bigint,
    source_hash text not null,
    changed_at bigint not null
);

create table feed_versions (
    path text not null primary key,
    hash text not null,
    changed_at bigint not null
);

create table digests (
    name text not null primary key,
    begun_at bigint not null
);

create table issues (
    id text not null primary key,
    digest text not null,
    slot bigint not null,
    state text not null check (state in ('held', 'sending', 'done', 'skipped')),
    -- Number of its Deliveries.
    planned bigint not null,
    expires_at bigint not null,
    created_at bigint not null,
    changed_at bigint not null,
    unique (digest, slot)
);

-- A post is announced once a digest: by an issue, or (no issue) because it was there before the digest began.
create table announcements (
    digest text not null,
    post text not null,
    issue text,
    position bigint not null,
    announced_at bigint not null,
    primary key (digest, post)
);
create index announcements_by_issue on announcements (issue, position);

create table renditions (
    id text not null primary key,
    kind text not null,
    digest text not null,
    -- Of transactional mail: hash of its content, so that it is kept once. Of an issue's: the id.
    content text not null unique,
    language text not null,
    from_name text not null,
    from_address text not null,
    reply_name text,
    reply_address text,
    subject text not null,
    html text not null,
    plain text not null,
    -- Of an issue's, and its place among them.
    issue text,
    position bigint not null,
    created_at bigint not null
);
create index renditions_by_issue on renditions (issue, position);

create table subscribers (
    id text not null primary key,
    address text not null,
    address_key text not null unique,
    -- Keyed hash of address_key: what suppressions are joined by.
    hash text not null unique,
    name text not null,
    language text,
    source text not null,
    created_at bigint not null
);

create table subscriptions (
    id text not null primary key,
    subscriber text not null references subscribers (id) on delete cascade,
    digest text not null,
    state text not null check (state in ('unconfirmed', 'confirmed', 'unsubscribed')),
    source text not null,
    created_at bigint not null,
    changed_at bigint not null,
    confirmed_at bigint,
    -- Stays when an unsubscribed reader signs up again, until they confirm: an import must not revive them in between.
    unsubscribed_at bigint,
    unique (subscriber, digest)
);
create index subscriptions_by_digest on subscriptions (digest, state);

create table confirmations (
    id text not null primary key,
    subscription text not null references subscriptions (id) on delete cascade,
    created_at bigint not null,
    expires_at bigint not null
);
create index confirmations_by_subscription on confirmations (subscription);

-- When Confirmations were asked for, by a keyed hash of digest and folded address (newest last, separated by spaces).
create table confirmation_limits (
    hash text not null primary key,
    asked text not null,
    asked_at bigint not null
);
create index confirmation_limits_by_age on confirmation_limits (asked_at);

-- After an erasure only the hash is left.
create table suppressions (
    hash text not null primary key,
    address text not null,
    reason text not null,
    created_at bigint not null
);

create table deliveries (
    -- Of an issue's: the issue's id and the subscriber's, which makes planning one statement and the id known beforehand.
    id text not null primary key,
    -- 0 transactional, 1 an issue's: a Confirmation does not wait for the end of an issue.
    rank bigint not null,
    kind text not null,
    digest text not null,
    issue text,
    rendition text not null,
    subscriber text,
    subscription text,
    confirmation text,
    -- Of a test mail only; everybody else's is the subscriber's.
    address text,
    address_hash text,
    state text not null
        check (state in ('queued', 'sending', 'sent', 'failed', 'suppressed', 'expired', 'uncertain')),
    attempts bigint not null,
    fence bigint not null,
    owner text not null,
    code bigint not null,
    reply text not null,
    -- For people: not before.
    due_at bigint not null,
    -- For the claim: when it may be handed out (queued: due_at; sending: end of the lease). Null: held, or at its end.
    wake_at bigint,
    expires_at bigint not null,
    created_at bigint not null,
    changed_at bigint not null,
    unique (issue, subscriber)
);
create index deliveries_to_wake on deliveries (rank, wake_at, id) where wake_at is not null;
create index deliveries_open on deliveries (issue) where wake_at is not null;
create index deliveries_by_subscriber on deliveries (subscriber);
create index deliveries_by_address on deliveries (address_hash) where address_hash is not null;
