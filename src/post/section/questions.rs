//! Questions and answers: a line that names who asks, or a mark; the question, mostly quoted; the answers, each behind
//! a mark; a line that names the project.

use std::ops::Range;

use super::super::flow::{Flow, Line};
use super::roles::Roles;
use super::{Between, Exchange, Part, Question, links, marks, pieces};

/// Lines, and how many visible characters at their head are a mark.
#[derive(Debug, Clone, Default)]
struct Said {
    lines: Range<usize>,
    mark: usize,
}

#[derive(Debug, Default)]
struct Turn {
    question: Said,
    /// The first line behind the quotation of the question.
    tail: Option<usize>,
    answers: Vec<Said>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Asked,
    Question,
    Answer,
    Done,
}

/// An entry while it is read.
struct Entry {
    start: usize,
    end: usize,
    asker: marks::Asker,
    turns: Vec<Turn>,
    project: String,
    link: String,
    state: State,
}

impl Entry {
    fn new(start: usize, asker: marks::Asker) -> Self {
        let (project, link) = (String::new(), String::new());
        Self { start, end: start + 1, asker, turns: Vec::new(), project, link, state: State::Asked }
    }

    fn ask(&mut self, at: usize, mark: usize) {
        self.turns.push(Turn { question: Said { lines: at..at + 1, mark }, ..Turn::default() });
        self.state = State::Question;
    }

    fn answer(&mut self, at: usize, mark: usize) {
        if self.turns.is_empty() {
            self.turns.push(Turn { question: Said { lines: at..at, mark: 0 }, ..Turn::default() });
        }
        if let Some(turn) = self.turns.last_mut() {
            turn.answers.push(Said { lines: at..at + 1, mark });
        }
        self.state = State::Answer;
    }

    /// The line goes on with what is being said.
    fn go_on(&mut self, at: usize) {
        if let Some(turn) = self.turns.last_mut() {
            match turn.answers.last_mut() {
                Some(answer) if self.state == State::Answer => answer.lines.end = at + 1,
                _ => turn.question.lines.end = at + 1,
            }
        }
    }
}

/// The entries among `lines` of the page.
pub fn parts(flow: &Flow<'_>, lines: Range<usize>, roles: &Roles) -> Vec<Part> {
    let mut out = Between::new(flow, lines.start);
    let mut entry: Option<Entry> = None;
    for at in lines.clone() {
        let line = &flow.lines[at];
        let lazy = at > lines.start
            && flow.lines[at - 1].block == line.block
            && entry.as_ref().is_some_and(|entry| entry.state == State::Answer);
        let quoted = line.quoted && !lazy;
        // Below a quotation a line may have become part of it by standing too near.
        let near = at > lines.start && flow.lines[at - 1].quoted && line.text.contains(['@', '＠']);
        if let Some(asker) = marks::asker(&line.text, roles).filter(|_| !line.quoted || near) {
            close(&mut out, entry.take());
            let question = asker.question;
            let entry = entry.insert(Entry::new(at, asker));
            if let Some(mark) = question {
                entry.ask(at, mark);
            }
            continue;
        }
        let above_quote = !line.quoted && flow.lines.get(at + 1).is_some_and(|next| next.quoted) && at + 1 < lines.end;
        if above_quote && let Some(above) = marks::asker_above(&line.text) {
            match &mut entry {
                // `1. Project #815` and the name below it.
                Some(entry) if entry.state == State::Asked && !entry.asker.issue.is_empty() => {
                    entry.project = std::mem::replace(&mut entry.asker.name, above.name);
                    entry.asker.handle = above.handle;
                    entry.end = at + 1;
                }
                _ => {
                    close(&mut out, entry.take());
                    entry = Some(Entry::new(at, above));
                }
            }
            continue;
        }
        if let Some(mark) = marks::question(&line.text, roles) {
            // Under a name it is that one's next question, else somebody's.
            let goes_on = entry.as_ref().is_some_and(|entry| {
                entry.state != State::Done && (!entry.asker.name.is_empty() || entry.turns.is_empty())
            });
            if !goes_on {
                close(&mut out, entry.take());
            }
            entry.get_or_insert_with(|| Entry::new(at, marks::Asker::default())).ask(at, mark);
        } else if let Some(mark) = marks::answer(&line.text, roles)
            && let Some(entry) = &mut entry
        {
            entry.answer(at, mark);
        } else if quoted {
            let entry = entry.get_or_insert_with(|| Entry::new(at, marks::Asker::default()));
            match (entry.state, entry.turns.last_mut()) {
                // A picture belongs to what it stands below.
                (State::Answer, Some(_)) if line.text.is_empty() => entry.go_on(at),
                (State::Question, Some(turn)) => {
                    turn.tail = None;
                    entry.go_on(at);
                }
                _ => entry.ask(at, 0),
            }
        } else if let Some((project, link)) = marks::project(line).filter(|_| !marks::is_details(&line.text, roles))
            && let Some(entry) = &mut entry
            && entry.state != State::Asked
        {
            (entry.project, entry.link, entry.state) = (project, link, State::Done);
        } else if let Some(open) = &mut entry {
            if !said(open, at, line) {
                close(&mut out, entry.take());
            }
        } else {
            continue;
        }
        if let Some(entry) = &mut entry {
            entry.end = at + 1;
        }
    }
    close(&mut out, entry);
    // Behind the last entry, lines that are nothing but links with a title are a reading list without a heading.
    for at in out.next..lines.end {
        for reading in links::of_line(&flow.lines[at]) {
            out.push(at, at + 1, Part::Reading(reading));
        }
    }
    let mut parts = out.finish(lines.end);
    shared_projects(&mut parts);
    parts
}

/// A line that bears no mark. `false`: it is not this entry's any more.
fn said(entry: &mut Entry, at: usize, line: &Line) -> bool {
    match entry.state {
        State::Asked => entry.ask(at, 0),
        State::Question => {
            if let Some(turn) = entry.turns.last_mut()
                && turn.tail.is_none()
                && !line.text.is_empty()
            {
                turn.tail = Some(at);
            }
            entry.go_on(at);
        }
        State::Answer => entry.go_on(at),
        State::Done => match marks::bare_address(line) {
            Some(url) if entry.link.is_empty() => url.clone_into(&mut entry.link),
            Some(_) => {}
            None => return false,
        },
    }
    true
}

fn close(out: &mut Between<'_, '_>, entry: Option<Entry>) {
    let Some(entry) = entry else { return };
    let flow = out.flow;
    let is_answered = entry.turns.iter().any(|turn| !turn.answers.is_empty());
    let is_named = !entry.asker.name.is_empty() || !entry.asker.issue.is_empty();
    if entry.turns.is_empty() || !is_answered && !is_named {
        return;
    }
    let exchange = |turn: &Turn| {
        let mut turn_question = turn.question.clone();
        let mut answers = turn.answers.clone();
        // An answer without a mark stands behind the quotation.
        if answers.is_empty()
            && let Some(tail) = turn.tail
            && tail > turn_question.lines.start
            && flow.lines[turn_question.lines.start].quoted
        {
            answers.push(Said { lines: tail..turn_question.lines.end, mark: 0 });
            turn_question.lines.end = tail;
        }
        let piece = |said: &Said| pieces::piece(flow, said.lines.clone(), said.mark);
        Exchange { question: piece(&turn_question), answers: answers.iter().map(piece).collect() }
    };
    let question = Question {
        exchanges: entry.turns.iter().map(exchange).collect(),
        asker: entry.asker.name,
        handle: entry.asker.handle,
        issue: entry.asker.issue,
        project: entry.project,
        link: entry.link,
    };
    out.push(entry.start, entry.end, Part::Question(question));
}

/// A project's line stands for the entries above it that have none.
fn shared_projects(parts: &mut [Part]) {
    let mut below: Option<(String, String)> = None;
    for part in parts.iter_mut().rev() {
        let Part::Question(question) = part else { continue };
        if question.project.is_empty() {
            if let Some((project, link)) = &below {
                question.project.clone_from(project);
                question.link.clone_from(link);
            }
        } else {
            below = Some((question.project.clone(), question.link.clone()));
        }
    }
}
