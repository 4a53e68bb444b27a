//! What became of a lecture, as staff enter it: the record, a confirmation on paper, what pupils asked, pictures.

use axum::extract::{Path, State};
use axum::response::Response;
use uuid::Uuid;

use super::session::session_page;
use super::{a_day, number};
use crate::access::{Permission, Routes, Viewer};
use crate::app::App;
use crate::error::Result;
use crate::lecture::given::{self, Paper, Record};
use crate::lecture::session_store::{self, PHOTO, Photo};
use crate::photo;
use crate::web::{Form, Shell, page_again, redirect};

pub fn routes() -> Routes {
    use Permission::{LectureArrange, LectureRead};
    Routes::default()
        .post("/lectures/{id}/record", LectureArrange, record)
        .post("/lectures/{id}/confirmation", LectureArrange, confirm)
        .post("/lectures/{id}/questions", LectureArrange, ask)
        .post("/lectures/{id}/questions/{question}", LectureArrange, answer)
        .post("/lectures/{id}/photos", LectureArrange, add_photos)
        .get("/lectures/{id}/photos/{photo}", LectureRead, show_photo)
        .post("/lectures/{id}/photos/{photo}/removal", LectureArrange, drop_photo)
}

/// What a form says about what became of a session.
pub(super) fn what_became(form: &mut Form, own: Option<Uuid>) -> Option<Record> {
    let pupils = number(form, "pupils", "到场学生", 0..=5000);
    let teachers = number(form, "teachers", "到场教师", 0..=500);
    let parents = number(form, "parents", "到场家长", 0..=5000);
    let handouts = number(form, "handouts", "发放资料", 0..=20_000);
    let minutes = number(form, "minutes", "讲了几分钟", 1..=480);
    let course = form.open_text("course", "讲课和互动情况", 0..=600, "不要写学生的姓名、电话或身份证号");
    let own = own.map(|id| (id, form.open_text("own_words", "讲师自评", 0..=600, "不要写学生的姓名、电话或身份证号")));
    let knowing = form.is("knowing", "yes");
    let (pupils, teachers, parents) = (pupils?, teachers?, parents?);
    let (handouts, minutes) = (handouts?, minutes?);
    form.ok().then_some(Record { pupils, teachers, parents, handouts, minutes, course, own, knowing })
}

async fn record(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::LectureArrange)?;
    let mut tx = app.db.begin().await?;
    let known = session_store::session(&mut tx, viewer.tenant, id).await?;
    if let Some(what) = what_became(&mut form, None) {
        let done = given::record(&mut tx, &act, &known, form.version(), &what).await;
        if form.ended(tx, "pupils", done).await?.is_some() {
            return Ok(redirect(&format!("/lectures/{id}"), "已登记，等学校确认"));
        }
    } else {
        drop(tx);
    }
    page_again(&session_page(&app, &viewer, shell, id, (Some(form), "record")).await?)
}

/// The school has said on paper that it was so.
async fn confirm(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::LectureArrange)?;
    let mut tx = app.db.begin().await?;
    let known = session_store::session(&mut tx, viewer.tenant, id).await?;
    let by = form.open_text("paper_by", "谁签字、盖章的", 2..=40, "不要写电话或身份证号");
    let words = form.open_text("paper_words", "学校的意见", 0..=300, "不要写学生的姓名、电话或身份证号");
    let day = form.choice("paper_day", "哪天签字、盖章的", a_day);
    if form.ok()
        && let Some(day) = day
    {
        let done = given::confirm_on_paper(&mut tx, &act, &known, form.version(), &Paper { by, day, words }).await;
        if form.ended(tx, "paper_day", done).await?.is_some() {
            return Ok(redirect(&format!("/lectures/{id}"), "已登记学校的确认"));
        }
    } else {
        drop(tx);
    }
    page_again(&session_page(&app, &viewer, shell, id, (Some(form), "paper")).await?)
}

async fn ask(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::LectureArrange)?;
    let mut tx = app.db.begin().await?;
    session_store::session(&mut tx, viewer.tenant, id).await?;
    let words = form.open_text("question", "问了什么", 2..=300, "不要写学生的姓名、电话或身份证号");
    if form.ok() {
        given::add_question(&mut tx, &act, id, &words).await?;
        tx.commit().await?;
        return Ok(redirect(&format!("/lectures/{id}"), "问题已记下"));
    }
    drop(tx);
    page_again(&session_page(&app, &viewer, shell, id, (Some(form), "question")).await?)
}

async fn answer(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path((id, question)): Path<(Uuid, Uuid)>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::LectureArrange)?;
    let mut tx = app.db.begin().await?;
    session_store::session(&mut tx, viewer.tenant, id).await?;
    let words = form.open_text("answer", "怎么回复、怎么跟进的", 2..=300, "不要写学生的姓名、电话或身份证号");
    if form.ok() {
        let done = given::answer_question(&mut tx, &act, id, question, &words).await;
        if form.ended(tx, "answer", done).await?.is_some() {
            return Ok(redirect(&format!("/lectures/{id}"), "已记下"));
        }
    } else {
        drop(tx);
    }
    page_again(&session_page(&app, &viewer, shell, id, (Some(form), "answer")).await?)
}

const MOST_PHOTOS: usize = 9;

async fn add_photos(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::LectureArrange)?;
    session_store::session(&mut app.db.read().await?, viewer.tenant, id).await?;
    let consent = form.open_text("consent", "谁同意拍、怎么同意的", 4..=100, "不要写电话或身份证号");
    let photos = photo::from_form(&app, &act, &mut form, "photos", MOST_PHOTOS).await?;
    if photos.is_empty() {
        form.fail("photos", "请选照片");
    }
    if form.ok() {
        let mut tx = app.db.begin().await?;
        given::add_photos(&mut tx, &act, id, &photos, &consent).await?;
        tx.commit().await?;
        return Ok(redirect(&format!("/lectures/{id}"), "照片已存"));
    }
    page_again(&session_page(&app, &viewer, shell, id, (Some(form), "photo")).await?)
}

async fn show_photo(
    State(app): State<App>,
    viewer: Viewer,
    Path((id, picture)): Path<(Uuid, Uuid)>,
) -> Result<Response> {
    let mut tx = app.db.read().await?;
    let known: Photo = tx.one(PHOTO.bind(viewer.tenant).bind(id).bind(picture)).await?;
    Ok(photo::response(photo::read(&mut tx, viewer.tenant, known.photo_id, photo::Size::Full).await?))
}

async fn drop_photo(
    State(app): State<App>,
    viewer: Viewer,
    Path((id, picture)): Path<(Uuid, Uuid)>,
    _form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::LectureArrange)?;
    let mut tx = app.db.begin().await?;
    given::drop_photo(&mut tx, &act, id, picture).await?;
    tx.commit().await?;
    Ok(redirect(&format!("/lectures/{id}"), "已不再显示"))
}
