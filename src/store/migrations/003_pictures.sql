-- Pictures that mails show, by a hash of the file that each was made of. Kept while mails that show them may be opened.
-- SQLite takes `bytea` for any name and keeps octets as they are.

create table pictures (
    id text not null primary key,
    -- The end of its name: jpg, png, gif.
    kind text not null,
    width bigint not null,
    height bigint not null,
    bytes bytea not null,
    created_at bigint not null
);
