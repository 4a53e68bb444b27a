//! What a school has asked for: days on which it could be given, or why not.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use uuid::Uuid;

use super::asks_for_days;
use crate::access::{Permission, Routes, Viewer};
use crate::app::App;
use crate::error::Result;
use crate::lecture::model::RequestState;
use crate::lecture::offer::{self, Offer};
use crate::lecture::plan;
use crate::lecture::session_store::{self, Request};
use crate::web::{Form, Shell, page, page_again, redirect};

pub fn routes() -> Routes {
    use Permission::{LectureArrange, LectureRead};
    Routes::default().get("/lecture-requests/{id}", LectureRead, show_request).post(
        "/lecture-requests/{id}/refusal",
        LectureArrange,
        refuse,
    )
}

#[derive(Template)]
#[template(path = "lecture/web/request.html")]
struct RequestPage {
    shell: Shell,
    request: Request,
    offers: Vec<Offer>,
    /// Why there is none.
    none: String,
    form: Form,
    may_arrange: bool,
}

impl RequestPage {
    fn asks_for_days(&self) -> bool {
        asks_for_days(&self.none)
    }

    /// The form, filled with an offer.
    fn arranged(&self, offer: &Offer) -> String {
        let lecturers: Vec<String> = offer.lecturers.iter().map(|(id, _)| id.to_string()).collect();
        format!("/lectures/new?request={}&day={}&lecturer={}", self.request.id, offer.day, lecturers.join(","))
    }

    fn names(&self, offer: &Offer) -> String {
        offer.lecturers.iter().map(|(_, name)| name.as_str()).collect::<Vec<_>>().join("、")
    }
}

async fn request_page(app: &App, viewer: &Viewer, shell: Shell, id: Uuid, form: Form) -> Result<RequestPage> {
    let mut tx = app.db.read().await?;
    let request = session_store::request(&mut tx, viewer.tenant, id).await?;
    let (offers, none) = match request.state {
        RequestState::Waiting => offer::offers(&mut tx, viewer.tenant, app.means.now(), &request).await?,
        _ => (Vec::new(), String::new()),
    };
    Ok(RequestPage { shell, request, offers, none, form, may_arrange: viewer.may(Permission::LectureArrange) })
}

async fn show_request(State(app): State<App>, viewer: Viewer, shell: Shell, Path(id): Path<Uuid>) -> Result<Response> {
    page(&request_page(&app, &viewer, shell, id, Form::default()).await?)
}

async fn refuse(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::LectureArrange)?;
    let mut tx = app.db.begin().await?;
    let request = session_store::request(&mut tx, viewer.tenant, id).await?;
    let why = form.open_text("why", "不受理的原因", 2..=100, "不要写电话或身份证号");
    if form.ok() {
        let done = plan::end_request(&mut tx, &act, &request, RequestState::Refused, &why).await;
        if form.ended(tx, "why", done).await?.is_some() {
            return Ok(redirect("/lectures", "已答复学校"));
        }
    } else {
        drop(tx);
    }
    page_again(&request_page(&app, &viewer, shell, id, form).await?)
}
