//! 一件诉求怎么走: the table of transitions for people, drawn and in words.

use askama::Template;
use axum::response::Response;

use crate::access::{Permission, Routes, Viewer};
use crate::error::Result;
use crate::issue::model::{State, Step};
use crate::issue::transition::{TRANSITIONS, Transition};
use crate::web::{Shell, page};

pub fn routes() -> Routes {
    Routes::default().get("/issues/way", Permission::IssueRead, show)
}

#[derive(Template)]
#[template(path = "issue/web/way.html")]
struct WayPage {
    shell: Shell,
    drawing: Drawing,
    /// What can be done wherever an issue is not at an end.
    anytime: Vec<Possible>,
    stations: Vec<Station>,
}

/// A state, and what can be done there.
struct Station {
    state: State,
    steps: Vec<Possible>,
}

struct Possible {
    step: Step,
    to: Option<State>,
    why: &'static str,
}

/// Sizes of the drawing, in its own units.
const WIDTH: i32 = 720;
const ROW: i32 = 84;
const BOX: (i32, i32) = (130, 40);
const MAIN_X: i32 = 340;
const END_X: i32 = 580;
const LANE: i32 = 80;

struct Drawing {
    width: i32,
    height: i32,
    boxes: Vec<Node>,
    arrows: Vec<Arrow>,
}

struct Node {
    state: State,
    x: i32,
    y: i32,
    at_end: bool,
}

struct Arrow {
    path: String,
    label: String,
    x: i32,
    y: i32,
    /// Where the words stand: before, on or after the point.
    anchor: &'static str,
}

async fn show(_: Viewer, shell: Shell) -> Result<Response> {
    let anytime = TRANSITIONS.iter().filter(|known| known.is_anytime()).map(possible).collect();
    page(&WayPage { shell, drawing: Drawing::of_table(), anytime, stations: stations() })
}

fn possible(known: &Transition) -> Possible {
    Possible { step: known.step, to: known.to, why: known.why }
}

fn stations() -> Vec<Station> {
    let of = |state: &State| {
        let here = TRANSITIONS.iter().filter(|known| known.from.contains(state) && !known.is_anytime());
        Station { state: *state, steps: here.map(possible).collect() }
    };
    State::ALL.iter().map(of).filter(|station| !station.steps.is_empty()).collect()
}

impl Drawing {
    /// The straight way from the report to the striking off goes down the middle, ends branch off to the right, and what goes back
    /// goes back on the left. Steps that move nothing are not drawn.
    fn of_table() -> Drawing {
        // What is put off stands beside the way.
        let main = State::open_states().filter(|state| *state != State::Suspended);
        let main: Vec<State> = main.chain([State::Closed]).collect();
        let mut ends: Vec<State> = State::ALL.iter().copied().filter(|state| !main.contains(state)).collect();
        ends.sort_by_key(|state| state.open());
        let row = |state: State| main.iter().position(|known| *known == state).and_then(|at| i32::try_from(at).ok());
        let main_y = |at: i32| 20 + at * ROW;
        let end_y = |at: usize| 20 + i32::try_from(at).unwrap_or(0) * ROW;
        let mut boxes = Vec::new();
        for state in &main {
            let y = main_y(row(*state).unwrap_or(0));
            boxes.push(Node { state: *state, x: MAIN_X, y, at_end: *state == State::Closed });
        }
        for (at, state) in ends.iter().enumerate() {
            boxes.push(Node { state: *state, x: END_X, y: end_y(at), at_end: !state.open() });
        }
        let mut arrows = Vec::new();
        let (width, high) = BOX;
        let mut lanes: Vec<Step> = Vec::new();
        for known in TRANSITIONS {
            let Some(to) = known.to else { continue };
            for from in known.from.iter().filter(|from| **from != to) {
                let Some(start) = row(*from) else {
                    // Only what is put off comes back from there.
                    if known.step == Step::Resumed
                        && let (Some(side), Some(end)) = (ends.iter().position(|end| end == from), row(to))
                    {
                        let (x, y) = (MAIN_X + width + 2, main_y(end) + high / 2 + 10);
                        let path = format!("M{END_X} {}L{x} {y}", end_y(side) + high / 2 + 10);
                        arrows.push(Arrow { path, label: String::new(), x, y, anchor: "start" });
                    }
                    continue;
                };
                let arrow = match (row(to), ends.iter().position(|end| *end == to)) {
                    (Some(end), _) if end == start + 1 => {
                        let (x, y) = (MAIN_X + width / 2, main_y(start) + high);
                        let path = format!("M{x} {y}V{}", main_y(end) - 2);
                        // Two ways between the same two states share the arrow.
                        let known_path = arrows.iter_mut().find(|arrow: &&mut Arrow| arrow.path == path);
                        if let Some(arrow) = known_path {
                            arrow.label = format!("{}，{}", arrow.label, known.step);
                            continue;
                        }
                        Arrow {
                            path,
                            label: known.step.to_string(),
                            x: x + 8,
                            y: y + ROW / 2 - high / 2 + 5,
                            anchor: "start",
                        }
                    }
                    (Some(end), _) => {
                        // What goes back by the same step goes on one lane, and is named once.
                        let known_lane = lanes.iter().position(|step| *step == known.step);
                        let lane = known_lane.unwrap_or(lanes.len());
                        if known_lane.is_none() {
                            lanes.push(known.step);
                        }
                        let out = MAIN_X - LANE * i32::try_from(lane).unwrap_or(0) - 22;
                        let (top, bottom) = (main_y(end) + high / 2 + 4, main_y(start) + high / 2 + 4);
                        let path = format!("M{MAIN_X} {bottom}H{out}V{top}H{}", MAIN_X - 2);
                        let label = if known_lane.is_none() { known.step.to_string() } else { String::new() };
                        Arrow { path, label, x: out - 6, y: (top + bottom) / 2, anchor: "end" }
                    }
                    (None, Some(at)) => {
                        let (x, y) = (MAIN_X + width, main_y(start) + high / 2);
                        let path = format!("M{x} {y}L{} {}", END_X - 2, end_y(at) + high / 2);
                        Arrow { path, label: String::new(), x, y, anchor: "start" }
                    }
                    (None, None) => continue,
                };
                arrows.push(arrow);
            }
        }
        let rows = i32::try_from(main.len().max(ends.len())).unwrap_or(1);
        Drawing { width: WIDTH, height: rows * ROW, boxes, arrows }
    }
}
