//! What a resident sees by the code on a slip: the same questions, once.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use db::Tx;

use super::read_answers;
use crate::access::{self, Act, Link, Need, Routes};
use crate::app::{App, ClientAddress};
use crate::community_survey::asking::{self, is_link};
use crate::community_survey::model::{self, DoorState, LEVELS};
use crate::community_survey::store::{self, Door, Survey};
use crate::error::{Error, Result};
use crate::web::{Form, Shell, page, page_again, redirect};

pub fn routes() -> Routes {
    Routes::default().get("/community-survey-answers/{link}", Need::Public, show).post(
        "/community-survey-answers/{link}",
        Need::Public,
        answer,
    )
}

#[derive(Template)]
#[template(path = "community_survey/web/answer.html")]
struct AnswerPage {
    shell: Shell,
    form: Form,
    link: String,
    survey: Survey,
    spent: bool,
    open: bool,
}

impl AnswerPage {
    fn levels(&self) -> &'static [(i64, &'static str)] {
        &LEVELS
    }
}

/// Errors: not found by a link that was not made for this, or of a home that is not asked.
async fn by_link(app: &App, tx: &mut Tx, text: &str) -> Result<(Act, Door, Survey)> {
    let link: Link = text.parse().map_err(|()| Error::NotFound)?;
    if !is_link(&link, &app.means.keys) {
        return Err(Error::NotFound);
    }
    let door = store::door(tx, link.tenant, link.id).await?;
    if door.state == DoorState::Reserve {
        return Err(Error::NotFound);
    }
    let survey = store::survey(tx, link.tenant, door.survey_id).await?;
    Ok((Act::resident(link.tenant, &app.means), door, survey))
}

async fn answer_page(app: &App, shell: Shell, text: String, form: Form) -> Result<AnswerPage> {
    let mut tx = app.db.read().await?;
    let (act, door, survey) = by_link(app, &mut tx, &text).await?;
    let community = access::tenant(&mut tx, act.tenant).await?;
    let shell = shell.of_community(&community.name, &community.code);
    let (spent, open) = (door.state == DoorState::Answered, survey.state == model::State::Open);
    Ok(AnswerPage { shell, form, link: text, survey, spent, open })
}

async fn show(State(app): State<App>, shell: Shell, Path(text): Path<String>) -> Result<Response> {
    page(&answer_page(&app, shell, text, Form::default()).await?)
}

async fn answer(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    shell: Shell,
    Path(text): Path<String>,
    mut form: Form,
) -> Result<Response> {
    app.posts.check(address)?;
    let mut tx = app.db.begin().await?;
    let (act, door, survey) = by_link(&app, &mut tx, &text).await?;
    let answers = read_answers(&mut form, &survey);
    if form.ok() {
        let done = asking::answer(&mut tx, &act, door.id, &answers).await;
        if form.noted("wish", done)?.is_some() {
            tx.commit().await?;
            return Ok(redirect(&format!("/community-survey-answers/{text}"), "收到了，谢谢您"));
        }
    }
    drop(tx);
    page_again(&answer_page(&app, shell, text, form).await?)
}
