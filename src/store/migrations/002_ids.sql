-- What finds a post again: the id in its front matter, and whether it was there at the last scan.

alter table posts add column own_id text;
alter table posts add column gone bigint not null default 0;

-- Changes with every change of `posts`: who knows them need not read them again, and who knows an older state saves nothing.
insert into meta (name, value) values ('posts', '');
