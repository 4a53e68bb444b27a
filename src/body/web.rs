//! The list of bodies, and one of them with its seats.

use std::collections::HashMap;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use db::Tx;
use jiff::Timestamp;
use jiff::civil::Date;
use uuid::Uuid;

use super::model::{Kind, Part, Post, Rules, lacks};
use super::seat::{self, NewSeat};
use super::store::{self, Body, NewBody, Seat};
use crate::access::{Permission, Routes, Scope, Viewer};
use crate::app::App;
use crate::board::{self, Publication};
use crate::error::{Error, Result};
use crate::place;
use crate::web::{Form, Shell, page, page_again, redirect};

pub fn routes() -> Routes {
    use Permission::{BodyEdit, BodyRead};
    Routes::default()
        .get("/bodies", BodyRead, list)
        .get("/bodies/new", BodyEdit, new)
        .post("/bodies", BodyEdit, create)
        .get("/bodies/{id}", BodyRead, show)
        .get("/bodies/{id}/particulars", BodyEdit, edit)
        .post("/bodies/{id}/particulars", BodyEdit, change)
        .post("/bodies/{id}/seats", BodyEdit, sit)
        .post("/bodies/{id}/seats/{seat}/end", BodyEdit, stand_down)
        .post("/bodies/{id}/publication", BodyEdit, make_known)
}

fn day_of(now: Timestamp) -> Date {
    now.to_zoned_datetime(calendar::shanghai()).date()
}

#[derive(Template)]
#[template(path = "body/list.html")]
struct ListPage {
    shell: Shell,
    /// Each with how many sit there and what it lacks.
    bodies: Vec<(Body, usize, Vec<String>)>,
    may_edit: bool,
}

async fn list(State(app): State<App>, viewer: Viewer, shell: Shell) -> Result<Response> {
    let today = day_of(app.means.now());
    let mut tx = app.db.read().await?;
    let rules = Rules::read(&mut tx, viewer.tenant, app.means.now()).await?;
    let mut seats: HashMap<Uuid, Vec<Seat>> = HashMap::new();
    for (body, seat) in store::all_seats(&mut tx, viewer.tenant, today).await? {
        seats.entry(body).or_default().push(seat);
    }
    let bodies = store::bodies(&mut tx, viewer.tenant, &viewer.scope(Permission::BodyRead)).await?;
    let counted = |body: Body| {
        let seats = seats.get(&body.id).map_or(&[][..], Vec::as_slice);
        (seats.len(), lacks(&body, seats, &rules, today), body)
    };
    let bodies = bodies.into_iter().map(counted).map(|(people, lacks, body)| (body, people, lacks)).collect();
    page(&ListPage { shell, bodies, may_edit: viewer.may(Permission::BodyEdit) })
}

#[derive(Template)]
#[template(path = "body/show.html")]
struct ShowPage {
    shell: Shell,
    body: Body,
    seats: Vec<Seat>,
    lacks: Vec<String>,
    /// The list of its members on the board, if it hangs there.
    shown: Option<Publication>,
    now: Timestamp,
    may_edit: bool,
    may_hold: bool,
    form: Form,
}

impl ShowPage {
    fn parts(&self) -> Vec<(&'static str, &'static str)> {
        self.body.kind.parts().iter().map(|part| (part.code(), part.label())).collect()
    }

    fn posts(&self) -> Vec<(&'static str, &'static str)> {
        self.body.kind.posts().iter().map(|post| (post.code(), post.label())).collect()
    }

    fn owners(&self) -> usize {
        self.seats.iter().filter(|seat| seat.part == Part::Owner).count()
    }
}

async fn show_page(app: &App, viewer: &Viewer, shell: Shell, id: Uuid, form: Form) -> Result<ShowPage> {
    let today = day_of(app.means.now());
    let mut tx = app.db.read().await?;
    let body = store::body(&mut tx, viewer.tenant, &viewer.scope(Permission::BodyRead), id).await?;
    let mut seats = store::seats_on(&mut tx, viewer.tenant, id, today).await?;
    seats.sort_by_key(|seat| seat.post);
    let rules = Rules::read(&mut tx, viewer.tenant, app.means.now()).await?;
    let lacks = lacks(&body, &seats, &rules, today);
    let (may_edit, may_hold) = (viewer.may(Permission::BodyEdit), viewer.may(Permission::MeetingHold));
    let shown = board::of_subject(&mut tx, viewer.tenant, id).await?.into_iter().next();
    Ok(ShowPage { shell, body, seats, lacks, shown, now: app.means.now(), may_edit, may_hold, form })
}

async fn show(State(app): State<App>, viewer: Viewer, shell: Shell, Path(id): Path<Uuid>) -> Result<Response> {
    page(&show_page(&app, &viewer, shell, id, Form::default()).await?)
}

#[derive(Template)]
#[template(path = "body/form.html")]
struct FormPage {
    shell: Shell,
    form: Form,
    /// The one that is changed; `None` for a new one.
    body: Option<Body>,
    estates: Vec<(String, String)>,
}

impl FormPage {
    fn kinds(&self) -> Vec<(&'static str, &'static str)> {
        Kind::ALL.iter().map(|kind| (kind.code(), kind.label())).collect()
    }
}

async fn form_page(app: &App, viewer: &Viewer, shell: Shell, form: Form, body: Option<Body>) -> Result<FormPage> {
    let mut tx = app.db.read().await?;
    let estates = place::estates_within(&mut tx, viewer.tenant, &viewer.scope(Permission::BodyEdit)).await?;
    let estates = estates.into_iter().map(|estate| (estate.id.to_string(), estate.name)).collect();
    Ok(FormPage { shell, form, body, estates })
}

async fn new(State(app): State<App>, viewer: Viewer, shell: Shell) -> Result<Response> {
    let form = Form::filled(&[("kind", Kind::PropertyCommittee.code())]);
    page(&form_page(&app, &viewer, shell, form, None).await?)
}

fn read_term(form: &mut Form) -> (Option<Date>, Option<Date>) {
    let began = form.optional_choice("term_began_on", "任期从哪一天起", |text| text.parse::<Date>().ok());
    let ends = form.optional_choice("term_ends_on", "任期到哪一天", |text| text.parse::<Date>().ok());
    if began.zip(ends).is_some_and(|(began, ends)| ends <= began) {
        form.fail("term_ends_on", "到期的日子要在开始以后");
    }
    (began, ends)
}

async fn create(State(app): State<App>, viewer: Viewer, shell: Shell, mut form: Form) -> Result<Response> {
    let act = app.act(&viewer, Permission::BodyEdit)?;
    let scope = viewer.scope(Permission::BodyEdit);
    let kind = form.choice("kind", "类别", Kind::parse);
    let name = form.text("name", "名称", 2..=40);
    let estate = form.optional_choice("estate", "小区", |id| id.parse::<Uuid>().ok());
    let term = read_term(&mut form);
    if estate.is_none() && scope.account.is_some() {
        form.fail("estate", "请选择小区");
    }
    let mut tx = app.db.begin().await?;
    if let Some(estate) = estate {
        place::estate_within(&mut tx, viewer.tenant, &scope, estate).await?;
    }
    if let (Some(kind), true) = (kind, form.ok()) {
        let done = store::create(&mut tx, &act, NewBody { kind, name, estate, term }).await;
        if let Some(id) = form.noted("name", done)? {
            tx.commit().await?;
            return Ok(redirect(&format!("/bodies/{id}"), "已登记，接着登记成员"));
        }
    }
    drop(tx);
    page_again(&form_page(&app, &viewer, shell, form, None).await?)
}

async fn edit(State(app): State<App>, viewer: Viewer, shell: Shell, Path(id): Path<Uuid>) -> Result<Response> {
    let scope = viewer.scope(Permission::BodyEdit);
    let body = store::body(&mut app.db.read().await?, viewer.tenant, &scope, id).await?;
    let form = Form::filled(&[
        ("name", &body.name),
        ("term_began_on", body.term_began_on.as_deref().unwrap_or_default()),
        ("term_ends_on", body.term_ends_on.as_deref().unwrap_or_default()),
        ("version", &body.lock_version.to_string()),
    ]);
    page(&form_page(&app, &viewer, shell, form, Some(body)).await?)
}

async fn change(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let (mut tx, act, body) = reached(&app, &viewer, id).await?;
    let name = form.text("name", "名称", 2..=40);
    let term = read_term(&mut form);
    if form.ok() {
        let seen = Body { lock_version: form.version(), ..body.clone() };
        let done = store::change(&mut tx, &act, &seen, &name, term).await;
        if let Some(()) = form.noted("name", done)? {
            tx.commit().await?;
            return Ok(redirect(&format!("/bodies/{id}"), "已改好"));
        }
    }
    drop(tx);
    page_again(&form_page(&app, &viewer, shell, form, Some(body)).await?)
}

/// Begins the transaction of a change, with the body if it is within reach.
async fn reached(app: &App, viewer: &Viewer, id: Uuid) -> Result<(Tx, crate::access::Act, Body)> {
    let act = app.act(viewer, Permission::BodyEdit)?;
    let scope: Scope = viewer.scope(Permission::BodyEdit);
    let mut tx = app.db.begin().await?;
    let body = store::body(&mut tx, viewer.tenant, &scope, id).await?;
    Ok((tx, act, body))
}

async fn sit(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let (mut tx, act, body) = reached(&app, &viewer, id).await?;
    let name = form.person_name("name");
    let (parts, posts) = (body.kind.parts(), body.kind.posts());
    let part = if let [only] = parts { Some(*only) } else { form.choice("part", "代表哪一方", Part::parse) };
    let post = if let [only] = posts { Some(*only) } else { form.choice("post", "职务", Post::parse) };
    let since = form.choice("since", "从哪一天起", |text| text.parse::<Date>().ok());
    let woman = body.kind.counts_women().then(|| form.is("woman", "yes"));
    if let (Some(name), Some(part), Some(post), Some(since)) = (name, part, post, since) {
        let done = seat::sit(&mut tx, &act, &body, NewSeat { name, part, post, since, woman }).await;
        if form.noted("name", done)?.is_some() {
            tx.commit().await?;
            return Ok(redirect(&format!("/bodies/{id}"), &format!("已登记{post}")));
        }
    }
    drop(tx);
    page_again(&show_page(&app, &viewer, shell, id, form).await?)
}

/// Puts the list of who sits there on the board, in the place of an earlier one.
async fn make_known(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let (mut tx, act, body) = reached(&app, &viewer, id).await?;
    match seat::publish(&mut tx, &act, &body, day_of(act.at)).await {
        Ok(()) => {
            tx.commit().await?;
            Ok(redirect(&format!("/bodies/{id}"), "名单已登在公示栏"))
        }
        Err(Error::Refused(sentence)) => {
            drop(tx);
            form.fail("members", sentence);
            page_again(&show_page(&app, &viewer, shell, id, form).await?)
        }
        Err(error) => Err(error),
    }
}

async fn stand_down(
    State(app): State<App>,
    viewer: Viewer,
    Path((id, seat)): Path<(Uuid, Uuid)>,
    _form: Form,
) -> Result<Response> {
    let (mut tx, act, body) = reached(&app, &viewer, id).await?;
    seat::stand_down(&mut tx, &act, &body, seat, day_of(act.at)).await?;
    tx.commit().await?;
    Ok(redirect(&format!("/bodies/{id}"), "已登记卸任，记录还在"))
}
