//! The teams, the volunteer grid, and the sheet of paper by which people come to the form.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use jiff::civil::Date;
use uuid::Uuid;

use super::{Options, kinds, targets};
use crate::access::{Permission, Routes, Viewer};
use crate::app::App;
use crate::error::Result;
use crate::place;
use crate::volunteer::model::{Covering, GridLine, Target, TeamKind, grid};
use crate::volunteer::store::{self, Membership, Placed, Team};
use crate::volunteer::team::{self, Sketch};
use crate::web::{Form, Shell, page, page_again, qr, redirect};

pub fn routes() -> Routes {
    use Permission::{VolunteerEdit, VolunteerRead};
    Routes::default()
        .get("/volunteer-teams", VolunteerRead, list)
        .get("/volunteer-teams/new", VolunteerEdit, new)
        .post("/volunteer-teams", VolunteerEdit, create)
        .get("/volunteer-teams/{id}", VolunteerRead, show)
        .get("/volunteer-teams/{id}/particulars", VolunteerEdit, edit)
        .post("/volunteer-teams/{id}/particulars", VolunteerEdit, change)
        .get("/volunteer-teams/{id}/poster", VolunteerRead, poster)
}

/// A team in words.
struct Line {
    placed: Placed,
    places: String,
    targets: String,
    leader: Option<String>,
}

fn line(placed: Placed, estates: &[(Uuid, String)], leader: Option<String>) -> Line {
    let places: Vec<&str> =
        estates.iter().filter(|(id, _)| placed.estates.contains(id)).map(|(_, name)| name.as_str()).collect();
    let looks: Vec<&str> = placed.targets.iter().map(|target| target.label()).collect();
    Line { places: places.join("、"), targets: looks.join("、"), leader, placed }
}

pub(super) async fn estates(tx: &mut db::Tx, tenant: Uuid) -> Result<Vec<(Uuid, String)>> {
    Ok(place::estates(tx, tenant).await?.into_iter().map(|estate| (estate.id, estate.name)).collect())
}

/// The volunteer grid as a page shows it.
pub(super) struct Grid {
    pub lines: Vec<GridLine>,
    pub holes: Vec<String>,
    /// What stands before the id of a team in a link to it.
    pub at: &'static str,
}

impl Grid {
    pub fn of<'a>(teams: impl Iterator<Item = &'a Placed>, estates: &[(Uuid, String)], at: &'static str) -> Grid {
        let covering = |placed: &Placed| Covering {
            team: placed.team.id,
            name: placed.team.name.clone(),
            estates: placed.estates.clone(),
            targets: placed.targets.clone(),
        };
        let lines = grid(&teams.map(covering).collect::<Vec<_>>(), estates);
        Grid { holes: lines.iter().filter_map(GridLine::holes).collect(), lines, at }
    }

    pub fn targets(&self) -> impl Iterator<Item = Target> {
        Target::particular()
    }
}

#[derive(Template)]
#[template(path = "volunteer/web/teams.html")]
struct ListPage {
    shell: Shell,
    lines: Vec<Line>,
    grid: Grid,
    may_edit: bool,
}

async fn list(State(app): State<App>, viewer: Viewer, shell: Shell) -> Result<Response> {
    let scope = viewer.scope(Permission::VolunteerRead);
    let mut tx = app.db.read().await?;
    let teams = store::teams(&mut tx, viewer.tenant, &scope).await?;
    let leaders = store::leaders(&mut tx, viewer.tenant).await?;
    let all = estates(&mut tx, viewer.tenant).await?;
    let own = place::estates_within(&mut tx, viewer.tenant, &scope).await?;
    let within: Vec<(Uuid, String)> = own.into_iter().map(|estate| (estate.id, estate.name)).collect();
    let standing = teams.iter().filter(|placed| placed.team.ended_on.is_none());
    let grid = Grid::of(standing, &within, "/volunteer-teams/");
    let lead = |team: Uuid| leaders.iter().find(|leader| leader.team_id == team).map(|leader| leader.name.clone());
    let lines = teams.into_iter().map(|placed| {
        let leader = lead(placed.team.id);
        line(placed, &all, leader)
    });
    page(&ListPage { shell, lines: lines.collect(), grid, may_edit: viewer.may(Permission::VolunteerEdit) })
}

#[derive(Template)]
#[template(path = "volunteer/web/team.html")]
struct TeamPage {
    shell: Shell,
    line: Line,
    members: Vec<Membership>,
    may_edit: bool,
}

async fn placed(tx: &mut db::Tx, viewer: &Viewer, id: Uuid, permission: Permission) -> Result<Placed> {
    let teams = store::teams(tx, viewer.tenant, &viewer.scope(permission)).await?;
    teams.into_iter().find(|placed| placed.team.id == id).ok_or(crate::error::Error::NotFound)
}

async fn show(State(app): State<App>, viewer: Viewer, shell: Shell, Path(id): Path<Uuid>) -> Result<Response> {
    let mut tx = app.db.read().await?;
    let placed = placed(&mut tx, &viewer, id, Permission::VolunteerRead).await?;
    let all = estates(&mut tx, viewer.tenant).await?;
    let members = store::members(&mut tx, viewer.tenant, id).await?;
    let line = line(placed, &all, None);
    page(&TeamPage { shell, line, members, may_edit: viewer.may(Permission::VolunteerEdit) })
}

#[derive(Template)]
#[template(path = "volunteer/web/poster.html")]
struct PosterPage {
    shell: Shell,
    team: Team,
    qr: String,
}

async fn poster(State(app): State<App>, viewer: Viewer, shell: Shell, Path(id): Path<Uuid>) -> Result<Response> {
    let scope = viewer.scope(Permission::VolunteerRead);
    let team = store::team_in_reach(&mut app.db.read().await?, viewer.tenant, &scope, id).await?;
    let path = format!("/board/{}/volunteers/new?team={id}", viewer.tenant_code);
    page(&PosterPage { shell, team, qr: qr(&app.link(&path))? })
}

#[derive(Template)]
#[template(path = "volunteer/web/team-form.html")]
struct FormPage {
    shell: Shell,
    form: Form,
    /// The one that is changed; `None` for a new one.
    team: Option<Team>,
    estates: Options,
}

impl FormPage {
    fn kinds(&self) -> Options {
        kinds()
    }

    fn targets(&self) -> Options {
        targets()
    }
}

async fn form_page(app: &App, viewer: &Viewer, shell: Shell, form: Form, team: Option<Team>) -> Result<FormPage> {
    let scope = viewer.scope(Permission::VolunteerEdit);
    let estates = place::estates_within(&mut app.db.read().await?, viewer.tenant, &scope).await?;
    let estates = estates.into_iter().map(|estate| (estate.id.to_string(), estate.name)).collect();
    Ok(FormPage { shell, form, team, estates })
}

async fn new(State(app): State<App>, viewer: Viewer, shell: Shell) -> Result<Response> {
    let form = Form::filled(&[("kind", TeamKind::General.code())]);
    page(&form_page(&app, &viewer, shell, form, None).await?)
}

/// Estates out of the editor's reach that a team serves stay as they are.
async fn read(app: &App, viewer: &Viewer, form: &mut Form, before: Option<&Placed>) -> Result<Option<Sketch>> {
    let scope = viewer.scope(Permission::VolunteerEdit);
    let within = place::estates_within(&mut app.db.read().await?, viewer.tenant, &scope).await?;
    let name = form.text("name", "队名", 2..=30);
    let kind = form.choice("kind", "类别", TeamKind::parse);
    let slogan = form.text("slogan", "口号", 0..=60);
    for field in ["name", "slogan"] {
        if codes::text::personal(form.value(field)).is_some() {
            form.fail(field, "居民都看得到，不要写电话或身份证号");
        }
    }
    let day = |form: &mut Form, field, label| form.optional_choice(field, label, |text| text.parse::<Date>().ok());
    let founded_on = day(form, "founded_on", "成立的日子").map(|day| day.to_string());
    let ended_on = day(form, "ended_on", "解散的日子").map(|day| day.to_string());
    let mut estates: Vec<Uuid> =
        within.iter().map(|estate| estate.id).filter(|id| form.is("estate", &id.to_string())).collect();
    if let Some(before) = before {
        estates.extend(before.estates.iter().filter(|id| !within.iter().any(|estate| estate.id == **id)));
    }
    if scope.account.is_some() && estates.is_empty() {
        form.fail("estate", "请选择在哪个小区服务");
    }
    let targets = Target::ALL.iter().copied().filter(|target| form.is("target", target.code())).collect();
    let Some(kind) = kind.filter(|_| form.ok()) else { return Ok(None) };
    // Whoever leaves the name of a place that is kept for a team as it is has not named it.
    let named = before.is_none_or(|before| before.team.named || before.team.name != name);
    Ok(Some(Sketch { name, named, kind, slogan, founded_on, ended_on, estates, targets }))
}

async fn create(State(app): State<App>, viewer: Viewer, shell: Shell, mut form: Form) -> Result<Response> {
    let act = app.act(&viewer, Permission::VolunteerEdit)?;
    if let Some(sketch) = read(&app, &viewer, &mut form, None).await? {
        let mut tx = app.db.begin().await?;
        let done = team::create(&mut tx, &act, &sketch).await;
        if let Some(id) = form.noted("name", done)? {
            tx.commit().await?;
            return Ok(redirect(&format!("/volunteer-teams/{id}"), "已登记服务队"));
        }
    }
    page_again(&form_page(&app, &viewer, shell, form, None).await?)
}

async fn edit(State(app): State<App>, viewer: Viewer, shell: Shell, Path(id): Path<Uuid>) -> Result<Response> {
    let placed = placed(&mut app.db.read().await?, &viewer, id, Permission::VolunteerEdit).await?;
    let Placed { team, estates, targets, .. } = placed;
    let mut form = Form::filled(&[
        ("name", &team.name),
        ("kind", team.kind.code()),
        ("slogan", &team.slogan),
        ("founded_on", team.founded_on.as_deref().unwrap_or_default()),
        ("ended_on", team.ended_on.as_deref().unwrap_or_default()),
        ("version", &team.lock_version.to_string()),
    ]);
    estates.iter().for_each(|estate| form.add("estate", estate.to_string()));
    targets.iter().for_each(|target| form.add("target", target.code()));
    page(&form_page(&app, &viewer, shell, form, Some(team)).await?)
}

async fn change(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::VolunteerEdit)?;
    let placed = placed(&mut app.db.read().await?, &viewer, id, Permission::VolunteerEdit).await?;
    if let Some(sketch) = read(&app, &viewer, &mut form, Some(&placed)).await? {
        let mut tx = app.db.begin().await?;
        let done = team::change(&mut tx, &act, &placed.team, form.version(), &sketch).await;
        if let Some(given_up) = form.noted("name", done)? {
            tx.commit().await?;
            let words = match given_up {
                0 => "已改好".to_owned(),
                _ => format!("已改好。没有有效从业查询的人，报上的 {given_up} 个名额已取消，请告诉他们"),
            };
            return Ok(redirect(&format!("/volunteer-teams/{id}"), &words));
        }
    }
    page_again(&form_page(&app, &viewer, shell, form, Some(placed.team)).await?)
}
