//! The minutes of a meeting: put right, submitted, read, kept, and corrected.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use uuid::Uuid;

use super::page::change;
use super::paper::Kept;
use crate::access::{Act, Permission, Routes, Viewer};
use crate::app::App;
use crate::document::{self, Block, Paper};
use crate::error::{Error, Result};
use crate::meeting::minutes::{self, Stage};
use crate::meeting::store::{Correction, Item, Meeting, Minutes};
use crate::web::{Form, Shell, page, page_again, redirect, show};

pub fn routes() -> Routes {
    use Permission::{MeetingHold, MeetingRead};
    Routes::default()
        .get("/meetings/{id}/minutes", MeetingRead, show_minutes)
        .get("/meetings/{id}/minutes.docx", MeetingRead, file)
        .post("/meetings/{id}/minutes/words", MeetingHold, reword)
        .post("/meetings/{id}/minutes/submission", MeetingHold, submit)
        .post("/meetings/{id}/minutes/review", MeetingHold, review)
        .post("/meetings/{id}/minutes/corrections", MeetingHold, correct)
}

#[derive(Template)]
#[template(path = "meeting/web/minutes.html")]
struct MinutesPage {
    shell: Shell,
    meeting: Meeting,
    items: Vec<Item>,
    paper: Paper,
    minutes: Option<Minutes>,
    /// Only the one who submitted them looks at it, and another has to read them.
    own: bool,
    may_hold: bool,
    form: Form,
    failed: &'static str,
}

impl MinutesPage {
    fn opened(&self, part: &str) -> bool {
        self.failed == part
    }

    fn stage(&self) -> Option<Stage> {
        self.minutes.as_ref().map(|minutes| minutes.state)
    }

    fn may_reword(&self) -> bool {
        self.may_hold && self.meeting.ended_at.is_some() && matches!(self.stage(), None | Some(Stage::Returned))
    }
}

/// The minutes as they stand: as they were submitted, with what was corrected since, or as they write themselves.
async fn read(app: &App, viewer: &Viewer, id: Uuid) -> Result<(Kept, Option<Minutes>, Paper)> {
    let mut tx = app.db.read().await?;
    let kept = Kept::read(&mut tx, app, viewer, id, Permission::MeetingRead).await?;
    let act = Act::system(viewer.tenant, &app.means);
    let minutes = minutes::of(&mut tx, viewer.tenant, id).await?;
    let submitted = minutes.as_ref().filter(|minutes| minutes.state != Stage::Returned);
    let mut paper = match submitted {
        Some(minutes) => minutes::paper(&act, minutes)?,
        None => kept.record().minutes(),
    };
    if submitted.is_some_and(|minutes| minutes.state == Stage::Archived) {
        append(&mut paper, &minutes::corrections(&mut tx, &act, id).await?);
    }
    Ok((kept, minutes, paper))
}

fn append(paper: &mut Paper, corrections: &[Correction]) {
    if !corrections.is_empty() {
        paper.heading("归档后的更正");
    }
    for (number, Correction { words, reason, made_at, made_by }) in (1..).zip(corrections) {
        let (day, who) = (show::day(made_at), made_by.as_deref().unwrap_or("系统"));
        paper.blocks.push(Block::Text(format!("{number}. {words}（更正原因：{reason}。{who}，{day}）")));
    }
}

async fn minutes_page(
    app: &App,
    viewer: &Viewer,
    shell: Shell,
    id: Uuid,
    failed: (&'static str, Form),
) -> Result<MinutesPage> {
    let (kept, minutes, paper) = read(app, viewer, id).await?;
    let Kept { meeting, items, .. } = kept;
    let (failed, mut form) = failed;
    if failed != "words" {
        form.set("recorder", meeting.recorder.as_str());
        form.set("remarks", meeting.remarks.as_str());
        for item in &items {
            form.set(&format!("said-{}", item.id), item.discussion.as_str());
        }
    }
    let own = minutes.as_ref().is_some_and(|minutes| minutes.submitted_by == Some(viewer.account));
    let may_hold = viewer.may(Permission::MeetingHold);
    Ok(MinutesPage { shell, meeting, items, paper, minutes, own, may_hold, form, failed })
}

async fn show_minutes(State(app): State<App>, viewer: Viewer, shell: Shell, Path(id): Path<Uuid>) -> Result<Response> {
    page(&minutes_page(&app, &viewer, shell, id, ("", Form::default())).await?)
}

async fn file(State(app): State<App>, viewer: Viewer, Path(id): Path<Uuid>) -> Result<Response> {
    document::response(&read(&app, &viewer, id).await?.2)
}

async fn reword(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let recorder = form.text("recorder", "记录人", 2..=30);
    let remarks = form.text("remarks", "其他要记的", 0..=1000);
    let (kept, ..) = read(&app, &viewer, id).await?;
    let mut said = Vec::new();
    for item in &kept.items {
        said.push((item.id, form.text(&format!("said-{}", item.id), "讨论意见", 0..=2000)));
    }
    if !form.ok() {
        return page_again(&minutes_page(&app, &viewer, shell, id, ("words", form)).await?);
    }
    let (mut tx, act, mut meeting) = change(&app, &viewer, id).await?;
    match minutes::reword(&mut tx, &act, &mut meeting, form.version(), &recorder, &remarks, said).await {
        Err(Error::Refused(sentence)) => {
            drop(tx);
            form.fail("recorder", sentence);
            page_again(&minutes_page(&app, &viewer, shell, id, ("words", form)).await?)
        }
        other => {
            other?;
            tx.commit().await?;
            Ok(redirect(&format!("/meetings/{id}/minutes"), "记录文字已改好"))
        }
    }
}

async fn submit(State(app): State<App>, viewer: Viewer, Path(id): Path<Uuid>) -> Result<Response> {
    let (mut tx, act, mut meeting) = change(&app, &viewer, id).await?;
    let kept = Kept::read(&mut tx, &app, &viewer, id, Permission::MeetingHold).await?;
    minutes::submit(&mut tx, &act, &mut meeting, &kept.record().minutes()).await?;
    tx.commit().await?;
    Ok(redirect(&format!("/meetings/{id}/minutes"), "已提交，等另一位同事审核"))
}

async fn review(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let returned = form.is("verdict", "return");
    let wrong = form.text("wrong", "哪里要改", if returned { 4..=300 } else { 0..=300 });
    if !form.ok() {
        return page_again(&minutes_page(&app, &viewer, shell, id, ("review", form)).await?);
    }
    let (mut tx, act, meeting) = change(&app, &viewer, id).await?;
    minutes::review(&mut tx, &act, &meeting, form.version(), returned.then_some(wrong.as_str())).await?;
    tx.commit().await?;
    let flash = if returned {
        "已退回，请记录的人改好再交"
    } else {
        "已归档。以后只能写更正，原文不再改"
    };
    Ok(redirect(&format!("/meetings/{id}/minutes"), flash))
}

async fn correct(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let words = form.text("words", "更正的内容", 4..=500);
    let reason = form.text("reason", "为什么更正", 4..=200);
    if !form.ok() {
        return page_again(&minutes_page(&app, &viewer, shell, id, ("correction", form)).await?);
    }
    let (mut tx, act, meeting) = change(&app, &viewer, id).await?;
    minutes::correct(&mut tx, &act, &meeting, &words, &reason).await?;
    tx.commit().await?;
    Ok(redirect(&format!("/meetings/{id}/minutes"), "更正已记在后面"))
}
