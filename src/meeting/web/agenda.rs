//! The agenda: what is put on it, how it is put and voted on, and what is taken off again.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use db::Json;
use uuid::Uuid;

use super::desk::chosen;
use super::page::{change, check_public, done, page_with};
use crate::access::{Permission, Routes, Viewer};
use crate::app::App;
use crate::error::Result;
use crate::meeting::decision;
use crate::meeting::election::Election;
use crate::meeting::model::{Kind, Outcome};
use crate::meeting::preparation::{self, NewItem, Wording};
use crate::meeting::procedure::Step;
use crate::meeting::rule::Motion;
use crate::meeting::store::{self, Item, Meeting};
use crate::web::{Form, Shell, page, page_again};

pub fn routes() -> Routes {
    use Permission::MeetingHold;
    Routes::default()
        .post("/meetings/{id}/items", MeetingHold, add_items)
        .get("/meetings/{id}/items/{item}/wording", MeetingHold, show_wording)
        .post("/meetings/{id}/items/{item}/wording", MeetingHold, reword)
        .post("/meetings/{id}/items/{item}/removal", MeetingHold, remove_item)
}

/// What a meeting can vote on, to choose from.
pub(super) fn motions(kind: Kind, step: Option<Step>) -> Vec<(&'static str, &'static str)> {
    decision::possible(kind, step).iter().map(|motion| (motion.code(), motion.label())).collect()
}

async fn add_items(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let meeting = store::meeting_for(&mut app.db.read().await?, &viewer, id, Permission::MeetingHold).await?;
    let mut items: Vec<NewItem> = form.values("item").filter_map(chosen).collect();
    if !form.value("topic").trim().is_empty() {
        items.extend(read_wording(&mut form, &meeting, ("topic", None)).map(NewItem::Motion));
    } else if items.is_empty() {
        form.fail("topic", "请勾选或写一个议题");
    }
    if !form.ok() {
        return page_with(&app, &viewer, shell, id, ("items", form)).await;
    }
    let (mut tx, act, mut meeting) = change(&app, &viewer, id).await?;
    let mut seen = form.version();
    for item in items {
        let added = preparation::add_item(&mut tx, &act, &mut meeting, seen, item).await;
        if form.noted("topic", added)?.is_none() {
            drop(tx);
            return page_with(&app, &viewer, shell, id, ("items", form)).await;
        }
        seen = meeting.lock_version;
    }
    done(tx, id, "已加上").await
}

/// How an item is put: in the field of this name, and what it is voted on, where a meeting can vote on several things.
fn read_wording(form: &mut Form, meeting: &Meeting, (field, step): (&str, Option<Step>)) -> Option<Wording> {
    let title = form.text(field, "议题", 2..=60);
    if !meeting.kind.private() {
        check_public(form, field);
    }
    let possible = decision::possible(meeting.kind, step);
    let motion = match possible {
        [_] => None,
        _ if form.value("motion").is_empty() => None,
        _ => form.choice("motion", "表决什么", |code| Motion::parse(code).filter(|known| possible.contains(known))),
    };
    let election = if motion == Some(Motion::Election) { read_election(form) } else { None };
    form.ok().then_some(Wording { title, motion, election })
}

/// Without candidates there is one who stands, named in the item itself, and people say yes or no.
fn read_election(form: &mut Form) -> Option<Election> {
    let written = form.text("candidates", "候选人", 0..=1000);
    let candidates: Vec<String> =
        written.lines().map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect();
    if candidates.is_empty() {
        return None;
    }
    let seats = codes::text::half_width(form.value("seats").trim()).parse().unwrap_or(0);
    match (Election { seats, candidates }).check() {
        Ok(election) => Some(election),
        Err((field, sentence)) => {
            form.fail(field, sentence);
            None
        }
    }
}

#[derive(Template)]
#[template(path = "meeting/web/wording.html")]
struct WordingPage {
    shell: Shell,
    meeting: Meeting,
    item: Item,
    motions: Vec<(&'static str, &'static str)>,
    form: Form,
}

async fn wording_page(
    app: &App,
    viewer: &Viewer,
    shell: Shell,
    (id, item): (Uuid, Uuid),
    form: Option<Form>,
) -> Result<WordingPage> {
    let mut tx = app.db.read().await?;
    let meeting = store::meeting_for(&mut tx, viewer, id, Permission::MeetingHold).await?;
    let item = store::item(&mut tx, viewer.tenant, id, item).await?;
    let form = form.unwrap_or_else(|| {
        let motion = item.motion.unwrap_or(Motion::General).code();
        let mut form = Form::filled(&[("title", &item.title), ("motion", motion)]);
        if let Some(Json(Election { seats, candidates })) = &item.election {
            form.set("seats", seats.to_string());
            form.set("candidates", candidates.join("\n"));
        }
        form
    });
    let motions =
        if item.outcome == Outcome::Pending { motions(meeting.kind, item.procedure_step) } else { Vec::new() };
    Ok(WordingPage { shell, meeting, item, motions, form })
}

async fn show_wording(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(path): Path<(Uuid, Uuid)>,
) -> Result<Response> {
    page(&wording_page(&app, &viewer, shell, path, None).await?)
}

async fn reword(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path((id, item)): Path<(Uuid, Uuid)>,
    mut form: Form,
) -> Result<Response> {
    let (mut tx, act, mut meeting) = change(&app, &viewer, id).await?;
    let known = store::item(&mut tx, viewer.tenant, id, item).await?;
    let wording =
        read_wording(&mut form, &meeting, ("title", known.procedure_step)).map(|wording| match known.outcome {
            Outcome::Pending => wording,
            // What has been voted on stays as it was; only its words can change.
            _ => Wording { motion: known.motion, election: known.election.map(|Json(election)| election), ..wording },
        });
    if let Some(wording) = wording {
        let reworded = preparation::reword_item(&mut tx, &act, &mut meeting, form.version(), item, wording).await;
        if form.noted("title", reworded)?.is_some() {
            return done(tx, id, "已改好").await;
        }
    }
    drop(tx);
    page_again(&wording_page(&app, &viewer, shell, (id, item), Some(form)).await?)
}

async fn remove_item(
    State(app): State<App>,
    viewer: Viewer,
    Path((id, item)): Path<(Uuid, Uuid)>,
    form: Form,
) -> Result<Response> {
    let (mut tx, act, mut meeting) = change(&app, &viewer, id).await?;
    preparation::remove_item(&mut tx, &act, &mut meeting, form.version(), item).await?;
    done(tx, id, "已撤下").await
}
