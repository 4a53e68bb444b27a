//! At the door: the code on the wall, or on a sheet of paper, and the form to which it leads.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use uuid::Uuid;

use super::page::sides;
use super::public::person;
use crate::access::{self, Act, Link, Need, Permission, Routes, Viewer};
use crate::app::{App, ClientAddress};
use crate::error::{Error, Result};
use crate::meeting::attendance;
use crate::meeting::model::{Side, SignIn};
use crate::meeting::preparation;
use crate::meeting::rule::{Counted, Motion};
use crate::meeting::store::{self, Heads, Meeting};
use crate::meeting::wall::{SIGN_IN, on_the_wall, wall};
use crate::settings;
use crate::web::{Form, Shell, page, page_again, qr, redirect};

pub fn routes() -> Routes {
    Routes::default()
        .get("/meetings/{id}/wall", Permission::MeetingHold, show_wall)
        .get("/meetings/{id}/poster", Permission::MeetingHold, show_poster)
        .get("/sign-in/{link}", Need::Public, show_printed)
        .get("/sign-in/{link}/{code}", Need::Public, show_scanned)
        .post("/sign-in/{link}", Need::Public, sign_in)
}

#[derive(Template)]
#[template(path = "meeting/web/wall.html")]
struct WallPage {
    meeting: Meeting,
    heads: Heads,
    /// What asks for most people, and so many.
    motion: Motion,
    counted: Counted,
    qr: String,
}

async fn show_wall(State(app): State<App>, viewer: Viewer, Path(id): Path<Uuid>) -> Result<Response> {
    let mut tx = app.db.read().await?;
    let meeting = store::meeting_for(&mut tx, &viewer, id, Permission::MeetingHold).await?;
    let heads = store::heads(&mut tx, viewer.tenant, id).await?;
    let items = store::items(&mut tx, viewer.tenant, meeting.id).await?;
    let rules = preparation::rules_of(&mut tx, viewer.tenant, &meeting, &items, &heads).await?;
    let (motion, counted) = rules.into_iter().next().ok_or(Error::NotFound)?;
    let path = on_the_wall(&mut tx, viewer.tenant, id, &app.means).await?;
    page(&WallPage { meeting, heads, motion, counted, qr: qr(&app.link(&path))? })
}

#[derive(Template)]
#[template(path = "meeting/web/poster.html")]
struct PosterPage {
    shell: Shell,
    meeting: Meeting,
    rules: SignIn,
    qr: String,
}

/// A sheet of paper cannot change its code; it is for meetings to which everybody may come.
async fn show_poster(State(app): State<App>, viewer: Viewer, shell: Shell, Path(id): Path<Uuid>) -> Result<Response> {
    let mut tx = app.db.read().await?;
    let meeting = store::meeting_for(&mut tx, &viewer, id, Permission::MeetingHold).await?;
    if meeting.kind.by_roll() {
        return Err(Error::NotFound);
    }
    let link = Link::signed(viewer.tenant, id, SIGN_IN, &app.means.keys);
    let rules = settings::read(&mut tx, viewer.tenant, meeting.planned_at).await?;
    page(&PosterPage { shell, meeting, rules, qr: qr(&app.link(&format!("/sign-in/{link}")))? })
}

#[derive(Template)]
#[template(path = "meeting/web/sign-in.html")]
struct SignInPage {
    shell: Shell,
    action: String,
    meeting: Meeting,
    /// What lets the form through; empty if the code is not the one on the wall.
    ticket: String,
    form: Form,
}

impl SignInPage {
    fn sides(&self) -> Vec<(&'static str, &'static str)> {
        sides()
    }

    /// Members sign in by the code on the wall, so that whoever signs in is there.
    fn may_sign(&self) -> bool {
        !self.ticket.is_empty() || !self.meeting.kind.by_roll()
    }
}

async fn sign_in_page(
    app: &App,
    shell: Shell,
    link: &str,
    code: Option<&str>,
    form: Form,
) -> Result<(Link, SignInPage)> {
    let parsed: Link = link.parse().map_err(|()| Error::NotFound)?;
    if !parsed.is_signed(SIGN_IN, &app.means.keys) {
        return Err(Error::NotFound);
    }
    let now = app.means.now();
    let mut tx = app.db.read().await?;
    let tenant = access::tenant(&mut tx, parsed.tenant).await?;
    let meeting = store::meeting(&mut tx, parsed.tenant, parsed.id).await?;
    let rules: SignIn = settings::read(&mut tx, parsed.tenant, now).await?;
    let wall = wall(parsed.tenant, parsed.id, rules, &app.means.keys);
    let ticket = match code {
        Some(code) if wall.shows(code, now) => wall.ticket(now),
        Some(_) => String::new(),
        None => form.value("ticket").to_owned(),
    };
    let ticket = if wall.accepts(&ticket, now) { ticket } else { String::new() };
    let shell = shell.of_community(&tenant.name, &tenant.code);
    Ok((parsed, SignInPage { shell, action: format!("/sign-in/{link}"), meeting, ticket, form }))
}

fn empty() -> Form {
    Form::filled(&[("side", Side::Resident.code())])
}

async fn show_printed(State(app): State<App>, shell: Shell, Path(link): Path<String>) -> Result<Response> {
    page(&sign_in_page(&app, shell, &link, None, empty()).await?.1)
}

async fn show_scanned(
    State(app): State<App>,
    shell: Shell,
    Path((link, code)): Path<(String, String)>,
) -> Result<Response> {
    page(&sign_in_page(&app, shell, &link, Some(&code), empty()).await?.1)
}

async fn sign_in(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    shell: Shell,
    Path(link): Path<String>,
    mut form: Form,
) -> Result<Response> {
    let person = person(&mut form);
    let (parsed, mut shown) = sign_in_page(&app, shell, &link, None, form).await?;
    if !shown.may_sign() {
        return page_again(&shown);
    }
    // Members are known by the roll.
    let side = match shown.meeting.kind.by_roll() {
        true => Some(Side::Member),
        false => shown.form.choice("side", "您代表哪一方", Side::parse),
    };
    let (Some(side), Some(person)) = (side, person) else { return page_again(&shown) };
    // A whole room signs in from one address.
    app.sign_ins.check(address)?;
    let act = Act::resident(parsed.tenant, &app.means);
    let mut tx = app.db.begin().await?;
    let meeting = store::meeting(&mut tx, parsed.tenant, parsed.id).await?;
    match attendance::sign_in(&mut tx, &act, &meeting, side, &person).await {
        Err(Error::Refused(sentence)) if meeting.kind.by_roll() => {
            shown.form.fail("name", sentence);
            return page_again(&shown);
        }
        other => other?,
    }
    tx.commit().await?;
    let code = shown.shell.community_code;
    let to = if meeting.announced_at.is_some() && !meeting.kind.private() {
        format!("/board/{code}/meetings/{}", meeting.id)
    } else {
        format!("/board/{code}")
    };
    Ok(redirect(&to, "签到成功，请进"))
}
