//! The list of volunteers, and the form on which somebody is recommended.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use db::Cursor;
use serde::Deserialize;
use uuid::Uuid;

use super::{Options, read_guardian, read_values, ways};
use crate::access::{Permission, Routes, Viewer};
use crate::app::App;
use crate::error::Result;
use crate::place;
use crate::volunteer::card::{self, Card, today};
use crate::volunteer::field::{Field, Values};
use crate::volunteer::joining::{self, NewVolunteer};
use crate::volunteer::model::{State as Standing, Way};
use crate::volunteer::roster;
use crate::volunteer::store::{self, Listed};
use crate::web::{Form, Shell, page, page_again, redirect, show};
use crate::{audit, workbook};

pub fn routes() -> Routes {
    use Permission::{VolunteerEdit, VolunteerRead};
    Routes::default()
        .get("/volunteers", VolunteerRead, list)
        .get("/volunteers/roster.xlsx", VolunteerRead, download)
        .get("/volunteers/new", VolunteerEdit, new)
        .post("/volunteers", VolunteerEdit, create)
}

const PAGE: usize = 50;

#[derive(Template)]
#[template(path = "volunteer/web/list.html")]
struct ListPage {
    shell: Shell,
    state: Standing,
    team: Option<String>,
    teams: Options,
    cards: Vec<Card>,
    next: Option<String>,
    may_edit: bool,
    may_import: bool,
}

impl ListPage {
    fn states(&self) -> [Standing; 4] {
        [Standing::Active, Standing::Applied, Standing::Invited, Standing::Left]
    }

    fn is(&self, state: &Standing) -> bool {
        self.state == *state
    }

    fn active(&self) -> bool {
        self.state == Standing::Active
    }

    fn in_team(&self, id: &String) -> bool {
        self.team.as_ref() == Some(id)
    }
}

#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    state: String,
    team: Option<String>,
    before: Option<String>,
}

async fn list(State(app): State<App>, viewer: Viewer, shell: Shell, Query(asked): Query<Asked>) -> Result<Response> {
    let act = app.act(&viewer, Permission::VolunteerRead)?;
    let scope = viewer.scope(Permission::VolunteerRead);
    let state = Standing::parse(&asked.state).unwrap_or(Standing::Active);
    let team = asked.team.filter(|team| !team.is_empty());
    let before = asked.before.and_then(|text| text.parse().ok()).unwrap_or(Cursor::LAST);
    let mut tx = app.db.read().await?;
    let listed = Listed { state, team: team.as_deref().and_then(|id| id.parse::<Uuid>().ok()) };
    let cards = card::list(&mut tx, &act, &scope, listed, before, PAGE).await?;
    let teams = store::teams(&mut tx, viewer.tenant, &scope).await?;
    let own = team.as_deref().unwrap_or_default();
    let next = cards.next.map(|cursor| format!("/volunteers?state={}&team={own}&before={cursor}", state.code()));
    page(&ListPage {
        shell,
        state,
        teams: teams.into_iter().map(|placed| (placed.team.id.to_string(), placed.team.name)).collect(),
        team,
        cards: cards.items,
        next,
        may_edit: viewer.may(Permission::VolunteerEdit),
        may_import: viewer.may(Permission::VolunteerImport),
    })
}

/// The 志愿者花名册, masked.
async fn download(State(app): State<App>, viewer: Viewer) -> Result<Response> {
    let act = app.act(&viewer, Permission::VolunteerRead)?;
    let mut tx = app.db.begin().await?;
    let rows = roster::rows(&mut tx, &act, &viewer.scope(Permission::VolunteerRead)).await?;
    audit::record(&mut tx, &act, "export", ("volunteers", viewer.tenant), &format!("{} 人", rows.len()), &[]).await?;
    tx.commit().await?;
    let mark = format!("{} {} 导出，号码已打码", viewer.name, show::day_and_time(&act.at));
    let made = tokio::task::spawn_blocking(move || roster::filled(rows, Some(&mark))).await;
    let content = made.map_err(|error| crate::error::Error::Internal(error.into()))??;
    Ok(workbook::response(content, "志愿者花名册.xlsx"))
}

#[derive(Template)]
#[template(path = "volunteer/web/new.html")]
struct NewPage {
    shell: Shell,
    form: Form,
    teams: Options,
    estates: Options,
}

impl NewPage {
    fn ways(&self) -> Options {
        ways()
    }
}

async fn new_page(app: &App, viewer: &Viewer, shell: Shell, form: Form) -> Result<NewPage> {
    let scope = viewer.scope(Permission::VolunteerEdit);
    let mut tx = app.db.read().await?;
    let teams = standing_teams(&mut tx, viewer.tenant, &scope).await?;
    let estates = place::estates_within(&mut tx, viewer.tenant, &scope).await?;
    let estates = estates.into_iter().map(|estate| (estate.id.to_string(), estate.name)).collect();
    Ok(NewPage { shell, form, teams, estates })
}

/// The teams that somebody can join.
pub(super) async fn standing_teams(tx: &mut db::Tx, tenant: Uuid, scope: &crate::access::Scope) -> Result<Options> {
    let teams = store::teams(tx, tenant, scope).await?.into_iter().filter(|placed| placed.team.ended_on.is_none());
    Ok(teams.map(|placed| (placed.team.id.to_string(), placed.team.name)).collect())
}

async fn new(State(app): State<App>, viewer: Viewer, shell: Shell) -> Result<Response> {
    let form = Form::filled(&[("way", Way::Recommended.code())]);
    page(&new_page(&app, &viewer, shell, form).await?)
}

async fn create(State(app): State<App>, viewer: Viewer, shell: Shell, mut form: Form) -> Result<Response> {
    let act = app.act(&viewer, Permission::VolunteerEdit)?;
    let scope = viewer.scope(Permission::VolunteerEdit);
    let way = form.choice("way", "怎么来的", Way::parse);
    let values = read_values(&mut form, &[Field::Name, Field::Phone], &Values::new(), today(&act));
    if form.value("phone").trim().is_empty() {
        form.fail("phone", "请填写电话，好把链接发给本人");
    }
    let shown = new_page(&app, &viewer, shell, Form::default()).await?;
    let listed = |options: &Options, id: &str| options.iter().any(|(known, _)| known == id);
    let offered = |options: Options| move |id: &str| id.parse::<Uuid>().ok().filter(|_| listed(&options, id));
    let team = form.optional_choice("team", "服务队", offered(shown.teams.clone()));
    let estate = form.optional_choice("estate", "小区", offered(shown.estates.clone()));
    // Whoever works for a part of the community enters people there, where they will find them again.
    if scope.account.is_some() && team.is_none() && estate.is_none() {
        form.fail("estate", "请选择小区或者服务队");
    }
    let recommender = form.text("recommender", "推荐人", 0..=40);
    let guardian = read_guardian(&mut form);
    if let (Some(way), true) = (way, form.ok()) {
        let recommender = (!recommender.is_empty()).then_some(recommender);
        let new = NewVolunteer { way, values, team, estate, recommender, guardian };
        let mut tx = app.db.begin().await?;
        let card = joining::invite(&mut tx, &act, new).await?;
        tx.commit().await?;
        return Ok(redirect(&format!("/volunteers/{}", card.id), "已记下。打开链接转给本人，本人同意了才算"));
    }
    page_again(&NewPage { form, ..shown })
}
