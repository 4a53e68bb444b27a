//! 今日: what waits for whoever is signed in, from every slice, the most urgent first and nothing else.

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use crate::access::{Need, Routes, Viewer};
use crate::app::App;
use crate::error::Result;
use crate::web::{Shell, Todo, page, show};
use crate::{
    access, after_school, board, channel, community_survey, deployment, duty, hazard, help, issue, mediation, meeting,
    offline, outbox, party, patrol, registry, service, visit, volunteer, whistle,
};

/// So many are read of each kind, and shown of all.
const MOST: usize = 50;

pub fn routes() -> Routes {
    Routes::default().get("/today", Need::Work, show)
}

#[derive(Template)]
#[template(path = "today/today.html")]
struct TodayPage {
    shell: Shell,
    day: String,
    todos: Vec<Todo>,
    late: usize,
    /// There are more than are shown.
    more: bool,
}

async fn show(State(app): State<App>, viewer: Viewer, shell: Shell) -> Result<Response> {
    let now = app.means.now();
    let mut tx = app.db.read().await?;
    let mut todos = issue::todo(&mut tx, &viewer, now, MOST + 1).await?;
    todos.extend(meeting::todo(&mut tx, &viewer, now).await?);
    todos.extend(registry::import::todo(&mut tx, &viewer, now).await?);
    todos.extend(registry::finding::todo(&mut tx, &viewer, now).await?);
    todos.extend(offline::todo(&mut tx, &viewer, now).await?);
    todos.extend(visit::todo(&mut tx, &viewer, now).await?);
    todos.extend(registry::request::todo(&mut tx, &viewer, now).await?);
    todos.extend(registry::export_request::todo(&mut tx, &viewer, now).await?);
    todos.extend(board::todo(&mut tx, &viewer, now).await?);
    todos.extend(help::todo(&mut tx, &viewer, now).await?);
    todos.extend(whistle::todo(&mut tx, &viewer, now).await?);
    todos.extend(mediation::todo(&mut tx, &viewer, now).await?);
    todos.extend(community_survey::todo(&mut tx, &viewer, now).await?);
    todos.extend(hazard::todo(&mut tx, &viewer, now).await?);
    todos.extend(after_school::todo(&mut tx, &viewer, &app.means).await?);
    todos.extend(volunteer::todo(&mut tx, &viewer, now).await?);
    todos.extend(after_school::incident::todo(&mut tx, &viewer, now).await?);
    todos.extend(after_school::help::todo(&mut tx, &viewer, &app.means).await?);
    todos.extend(after_school::message::todo(&mut tx, &viewer, now).await?);
    todos.extend(service::todo(&mut tx, &viewer, now).await?);
    todos.extend(duty::todo(&mut tx, &viewer, now).await?);
    todos.extend(patrol::todo(&mut tx, &viewer, now).await?);
    todos.extend(deployment::todo(&mut tx, &viewer, now).await?);
    todos.extend(party::todo(&mut tx, &viewer, now).await?);
    todos.extend(channel::todo(&mut tx, &viewer, now).await?);
    todos.extend(outbox::web::todo(&mut tx, &viewer, now).await?);
    todos.extend(access::todo(&mut tx, &viewer, now).await?);
    todos.sort_by_key(|todo| todo.due);
    let more = todos.len() > MOST;
    todos.truncate(MOST);
    let late = todos.iter().filter(|todo| todo.deadline.class == "late").count();
    page(&TodayPage { shell, day: show::day(&now), todos, late, more })
}
