-- What feeds held, and what became of those that are no more.

create table listed (
    post text not null primary key,
    -- JSON: the folders of the feeds that it is in, or was in when it left them.
    folders text not null,
    published bigint not null,
    -- Since when no feed has it.
    gone_at bigint
);

create table withdrawn (
    folder text not null primary key,
    -- Where its posts are found now; null: nowhere.
    moved_to text,
    withdrawn_at bigint not null
);

-- What each hub of WebSub knows of each feed.
create table pings (
    hub text not null,
    path text not null,
    -- Of the bytes that it was told of, or is to be told of.
    hash text not null,
    told bigint not null,
    attempts bigint not null,
    -- Not before; whoever tells it moves it on, so that no other machine does the same.
    due_at bigint not null,
    primary key (hub, path)
);
