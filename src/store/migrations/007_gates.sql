-- What the gate has against Issues that it holds, and a person's word on it. `accepted` is null until somebody approves.

create table gates (
    issue text not null primary key,
    -- JSON: a list of findings.
    findings text not null,
    -- JSON: a list of reasons.
    accepted text,
    judged_at bigint not null
);
