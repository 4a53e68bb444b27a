//! The codes by which classes are signed in, and their numbers put right.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use uuid::Uuid;

use super::number;
use super::own::sign_in_path;
use crate::access::{Permission, Routes, Viewer};
use crate::app::App;
use crate::error::Result;
use crate::lecture::model::Rules;
use crate::lecture::presence;
use crate::lecture::session_store::{self, Session};
use crate::lecture::store::Class;
use crate::settings;
use crate::web::{Form, Shell, page, page_again, qr, redirect};

pub fn routes() -> Routes {
    use Permission::{LectureArrange, LectureRead};
    Routes::default().get("/lectures/{id}/sign-in", LectureRead, sign_in_codes).post(
        "/lectures/{id}/sign-in",
        LectureArrange,
        set_present,
    )
}

/// The links by which each class is signed in.
#[derive(Template)]
#[template(path = "lecture/web/sign-in-codes.html")]
struct SignInCodesPage {
    shell: Shell,
    session: Session,
    /// Each class with how many were there, the address and its picture.
    classes: Vec<(Class, Option<i64>, String, String)>,
    /// Whoever arranges may put these numbers right.
    may_set: bool,
    form: Form,
    /// The form of which class has to come back.
    failed: Option<Uuid>,
}

impl SignInCodesPage {
    fn opened(&self, class: &Uuid) -> bool {
        self.failed == Some(*class)
    }
}

async fn sign_in_codes(State(app): State<App>, viewer: Viewer, shell: Shell, Path(id): Path<Uuid>) -> Result<Response> {
    page(&sign_in_codes_page(&app, &viewer, shell, id, (Form::default(), None)).await?)
}

async fn sign_in_codes_page(
    app: &App,
    viewer: &Viewer,
    shell: Shell,
    id: Uuid,
    (form, failed): (Form, Option<Uuid>),
) -> Result<SignInCodesPage> {
    let now = app.means.now();
    let mut tx = app.db.read().await?;
    let session = session_store::session(&mut tx, viewer.tenant, id).await?;
    let sign_ins = session_store::sign_ins(&mut tx, viewer.tenant, id).await?;
    let mut classes = Vec::new();
    for class in session_store::classes(&mut tx, viewer.tenant, id).await? {
        let present = sign_ins.iter().find(|one| one.class_id == class.id).map(|one| one.present);
        let address = app.link(&sign_in_path(viewer.tenant, id, class.id, &app.means.keys));
        let picture = qr(&address)?;
        classes.push((class, present, address, picture));
    }
    let rules: Rules = settings::read(&mut tx, viewer.tenant, now).await?;
    let closed = presence::numbers_closed(&session, &rules, now).is_some();
    let may_set = viewer.may(Permission::LectureArrange) && !closed;
    Ok(SignInCodesPage { shell, session, classes, may_set, form, failed })
}

/// A class that was counted wrongly, or not at all, is put right by the team until the school has confirmed it.
async fn set_present(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::LectureArrange)?;
    let mut tx = app.db.begin().await?;
    let known = session_store::session(&mut tx, viewer.tenant, id).await?;
    let classes = session_store::classes(&mut tx, viewer.tenant, id).await?;
    let of = |code: &str| classes.iter().find(|one| one.id.to_string() == code);
    let class = form.choice("class", "哪个班", of);
    let present = number(&mut form, "present", "到场人数", 0..=200);
    if let Some((class, present)) = class.zip(present) {
        let done = presence::set_present(&mut tx, &act, &known, class, present).await;
        if form.ended(tx, "present", done).await?.is_some() {
            return Ok(redirect(&format!("/lectures/{id}/sign-in"), "人数已改"));
        }
    } else {
        drop(tx);
    }
    let failed = class.map(|class| class.id);
    page_again(&sign_in_codes_page(&app, &viewer, shell, id, (form, failed)).await?)
}
