//! The doors of whoever asks: a list, a page that is all taps, and slips to leave behind. They need a network.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use uuid::Uuid;

use super::read_answers;
use crate::access::{Permission, Routes, Viewer};
use crate::app::App;
use crate::community_survey::asking::{self, link};
use crate::community_survey::model::{DoorState, LEVELS, Outcome};
use crate::community_survey::plan::{day_of, rules_of, running};
use crate::community_survey::store::{self, Door, OPEN, Survey};
use crate::error::{Error, Result};
use crate::web::{Form, Shell, page, page_again, qr, redirect};

pub fn routes() -> Routes {
    use Permission::CommunitySurveyAsk;
    Routes::default()
        .get("/community-surveys/doors", CommunitySurveyAsk, list)
        .get("/community-surveys/doors/slips", CommunitySurveyAsk, slips)
        .get("/community-surveys/doors/{door}", CommunitySurveyAsk, show)
        .post("/community-surveys/doors/{door}/answers", CommunitySurveyAsk, answer)
        .post("/community-surveys/doors/{door}/outcomes", CommunitySurveyAsk, note)
}

/// The doors of one survey that are somebody's.
struct Round {
    survey: Survey,
    waiting: Vec<Door>,
    /// At which nobody was met, or who refused: they may still change their mind.
    given_up: Vec<Door>,
    answered: i64,
}

impl Round {
    fn all(&self) -> i64 {
        self.answered + self.waiting.len() as i64
    }
}

async fn rounds(app: &App, viewer: &Viewer) -> Result<Vec<Round>> {
    let mut tx = app.db.read().await?;
    let mut rounds = Vec::new();
    // There is one survey a year, and rarely two are open.
    for survey in tx.all::<Survey>(OPEN.bind(viewer.tenant)).await? {
        let (doors, answered) = store::of_asker(&mut tx, viewer.tenant, viewer.account, survey.id).await?;
        let (waiting, given_up): (Vec<Door>, Vec<Door>) =
            doors.into_iter().partition(|door| door.state == DoorState::Waiting);
        if answered > 0 || !waiting.is_empty() || !given_up.is_empty() {
            rounds.push(Round { survey, waiting, given_up, answered });
        }
    }
    Ok(rounds)
}

#[derive(Template)]
#[template(path = "community_survey/web/doors.html")]
struct DoorsPage {
    shell: Shell,
    rounds: Vec<Round>,
    today: String,
}

async fn list(State(app): State<App>, viewer: Viewer, shell: Shell) -> Result<Response> {
    let rounds = rounds(&app, &viewer).await?;
    page(&DoorsPage { shell, rounds, today: day_of(app.means.now()).to_string() })
}

struct Slip {
    title: String,
    until: String,
    place: String,
    picture: String,
}

#[derive(Template)]
#[template(path = "community_survey/web/slips.html")]
struct SlipsPage {
    shell: Shell,
    slips: Vec<Slip>,
}

/// A slip for each door that waits.
async fn slips(State(app): State<App>, viewer: Viewer, shell: Shell) -> Result<Response> {
    let mut slips = Vec::new();
    for round in rounds(&app, &viewer).await? {
        for door in &round.waiting {
            slips.push(Slip {
                title: round.survey.title.clone(),
                until: round.survey.until_on.clone(),
                place: format!("{} {}", door.estate_name, door.words()),
                picture: picture(&app, &viewer, door)?,
            });
        }
    }
    page(&SlipsPage { shell, slips })
}

fn picture(app: &App, viewer: &Viewer, door: &Door) -> Result<String> {
    let link = link(viewer.tenant, door.id, &app.means.keys);
    qr(&app.link(&format!("/community-survey-answers/{link}")))
}

#[derive(Template)]
#[template(path = "community_survey/web/door.html")]
struct DoorPage {
    shell: Shell,
    form: Form,
    survey: Survey,
    door: Door,
    picture: String,
    /// On how many more days somebody should come before another home steps in.
    left: i64,
    been_today: bool,
}

impl DoorPage {
    fn levels(&self) -> &'static [(i64, &'static str)] {
        &LEVELS
    }
}

/// A door that was dealt to somebody and has not answered.
async fn own_door(tx: &mut db::Tx, viewer: &Viewer, id: Uuid) -> Result<Door> {
    let door = store::door(tx, viewer.tenant, id).await?;
    match door.account_id == Some(viewer.account) && door.state != DoorState::Reserve {
        true => Ok(door),
        false => Err(Error::NotFound),
    }
}

async fn door_page(app: &App, viewer: &Viewer, shell: Shell, id: Uuid, form: Form) -> Result<DoorPage> {
    let act = app.act(viewer, Permission::CommunitySurveyAsk)?;
    let mut tx = app.db.read().await?;
    let door = own_door(&mut tx, viewer, id).await?;
    if door.state == DoorState::Answered {
        return Err(Error::refused("这一户已经答过了，一户只答一次"));
    }
    let survey = running(&mut tx, &act, door.survey_id).await?;
    let left = rules_of(&survey)?.attempts - door.attempts;
    let been_today = door.attempted_on.as_deref() == Some(day_of(act.at).to_string().as_str());
    let picture = picture(app, viewer, &door)?;
    Ok(DoorPage { shell, form, survey, door, picture, left, been_today })
}

async fn show(State(app): State<App>, viewer: Viewer, shell: Shell, Path(id): Path<Uuid>) -> Result<Response> {
    page(&door_page(&app, &viewer, shell, id, Form::default()).await?)
}

async fn answer(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::CommunitySurveyAsk)?;
    let mut tx = app.db.begin().await?;
    let door = own_door(&mut tx, &viewer, id).await?;
    let survey = store::survey(&mut tx, viewer.tenant, door.survey_id).await?;
    let answers = read_answers(&mut form, &survey);
    if form.ok() {
        let done = asking::answer(&mut tx, &act, id, &answers).await;
        if form.noted("wish", done)?.is_some() {
            tx.commit().await?;
            return Ok(redirect("/community-surveys/doors", "记下了，不记是哪一户答的"));
        }
    }
    drop(tx);
    page_again(&door_page(&app, &viewer, shell, id, form).await?)
}

async fn note(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::CommunitySurveyAsk)?;
    let mut tx = app.db.begin().await?;
    own_door(&mut tx, &viewer, id).await?;
    if let Some(outcome) = form.choice("outcome", "上门的情况", Outcome::parse) {
        let done = asking::note(&mut tx, &act, id, outcome).await;
        if let Some((state, replaced)) = form.noted("outcome", done)? {
            tx.commit().await?;
            let flash = match (state, replaced) {
                (DoorState::Waiting, _) => "记下了，改天再来",
                (_, true) => "记下了，同一小区会补上一户",
                (_, false) => "记下了。这个小区后备的人家用完了，不再补户",
            };
            return Ok(redirect("/community-surveys/doors", flash));
        }
    }
    drop(tx);
    page_again(&door_page(&app, &viewer, shell, id, form).await?)
}
