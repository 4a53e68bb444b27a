//! On the board: which teams there are, whom to call, and the form on which somebody applies.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use db::Cursor;
use jiff::Timestamp;
use serde::Deserialize;
use uuid::Uuid;

use super::team::Grid;
use super::{Options, read_guardian, read_values};
use crate::access::{self, Act, Need, Routes, Scope};
use crate::app::{App, ClientAddress};
use crate::error::{Error, Result};
use crate::settings;
use crate::volunteer::activity_store::{self, Activity};
use crate::volunteer::card::today;
use crate::volunteer::field::{Field, Values};
use crate::volunteer::joining::{self, NewVolunteer};
use crate::volunteer::model::{Handler, Joining, Purpose, Way};
use crate::volunteer::store::{self, Placed};
use crate::web::{Form, Shell, page, page_again, redirect};

pub fn routes() -> Routes {
    Routes::default()
        .get("/board/{code}/teams", Need::Public, list)
        .get("/board/{code}/volunteers/new", Need::Public, new)
        .post("/board/{code}/volunteers", Need::Public, create)
}

/// Whom to call, as long as they agree to be shown.
struct Contact {
    post: &'static str,
    name: String,
    phone: String,
}

struct Line {
    placed: Placed,
    places: String,
    targets: String,
    contacts: Vec<Contact>,
}

#[derive(Template)]
#[template(path = "volunteer/web/board.html")]
struct BoardPage {
    shell: Shell,
    code: String,
    lines: Vec<Line>,
    grid: Grid,
    coming: Vec<Activity>,
    now: Timestamp,
}

impl BoardPage {
    fn standing(&self, activity: &Activity) -> String {
        activity.standing(self.now)
    }
}

/// So many of the coming activities are on the board.
const SHOWN: usize = 12;

/// Teams that have a name and have not ended.
async fn standing(tx: &mut db::Tx, tenant: Uuid) -> Result<Vec<Placed>> {
    let teams = store::teams(tx, tenant, &Scope::tenant()).await?;
    Ok(teams.into_iter().filter(|placed| placed.team.named && placed.team.ended_on.is_none()).collect())
}

async fn list(State(app): State<App>, shell: Shell, Path(code): Path<String>) -> Result<Response> {
    let mut tx = app.db.read().await?;
    let tenant = access::tenant_by_code(&mut tx, &code).await?.ok_or(Error::NotFound)?;
    let act = Act::resident(tenant.tenant_id, &app.means);
    let estates = super::team::estates(&mut tx, tenant.tenant_id).await?;
    let leaders = store::leaders(&mut tx, tenant.tenant_id).await?;
    let teams = standing(&mut tx, tenant.tenant_id).await?;
    let grid = Grid::of(teams.iter(), &estates, "#team-");
    let mut lines = Vec::new();
    for placed in teams {
        let mut contacts = Vec::new();
        for leader in leaders.iter().filter(|leader| leader.team_id == placed.team.id && leader.shown == 1) {
            let Some(sealed) = &leader.phone_sealed else { continue };
            let phone = act.open(Field::Phone.code(), sealed)?;
            contacts.push(Contact { post: leader.post.label(), name: leader.name.clone(), phone });
        }
        let places: Vec<&str> =
            estates.iter().filter(|(id, _)| placed.estates.contains(id)).map(|(_, name)| name.as_str()).collect();
        let looks: Vec<&str> = placed.targets.iter().map(|target| target.label()).collect();
        lines.push(Line { places: places.join("、"), targets: looks.join("、"), contacts, placed });
    }
    let (everything, first) = (Scope::tenant(), Cursor::FIRST);
    let coming = activity_store::coming(&mut tx, tenant.tenant_id, &everything, act.at, first, SHOWN).await?.items;
    page(&BoardPage { shell: shell.of_community(&tenant.name, &tenant.code), code, lines, grid, coming, now: act.at })
}

#[derive(Template)]
#[template(path = "volunteer/web/apply.html")]
struct ApplyPage {
    shell: Shell,
    code: String,
    form: Form,
    teams: Options,
    estates: Options,
    rules: Joining,
    handler: Handler,
}

impl ApplyPage {
    fn sources(&self) -> Vec<(&'static str, &'static str)> {
        Field::Source.options()
    }

    fn wording(&self) -> Vec<String> {
        Purpose::Register.wording(&self.handler)
    }
}

/// What somebody who applies is asked. The identity number is asked when a certificate is wanted.
pub(super) const ASKED: [Field; 8] = [
    Field::Name,
    Field::Sex,
    Field::Birth,
    Field::Phone,
    Field::Source,
    Field::Skills,
    Field::Services,
    Field::Available,
];

async fn apply_page(app: &App, shell: Shell, code: String, form: Form) -> Result<(Uuid, ApplyPage)> {
    let mut tx = app.db.read().await?;
    let tenant = access::tenant_by_code(&mut tx, &code).await?.ok_or(Error::NotFound)?;
    let teams = standing(&mut tx, tenant.tenant_id).await?;
    let estates = super::team::estates(&mut tx, tenant.tenant_id).await?;
    let shown = ApplyPage {
        shell: shell.of_community(&tenant.name, &tenant.code),
        code,
        form,
        teams: teams.into_iter().map(|placed| (placed.team.id.to_string(), placed.team.name)).collect(),
        estates: estates.into_iter().map(|(id, name)| (id.to_string(), name)).collect(),
        rules: settings::read(&mut tx, tenant.tenant_id, app.means.now()).await?,
        handler: joining::handler(&mut tx, &Act::resident(tenant.tenant_id, &app.means)).await?,
    };
    Ok((tenant.tenant_id, shown))
}

#[derive(Deserialize)]
struct Wanted {
    #[serde(default)]
    team: String,
}

async fn new(
    State(app): State<App>,
    shell: Shell,
    Path(code): Path<String>,
    Query(wanted): Query<Wanted>,
) -> Result<Response> {
    let form = Form::filled(&[("team", &wanted.team)]);
    page(&apply_page(&app, shell, code, form).await?.1)
}

async fn create(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    shell: Shell,
    Path(code): Path<String>,
    mut form: Form,
) -> Result<Response> {
    let (tenant, shown) = apply_page(&app, shell, code, Form::default()).await?;
    let act = Act::resident(tenant, &app.means);
    let values = read_values(&mut form, &ASKED, &Values::new(), today(&act));
    if form.value("birth_date").trim().is_empty() {
        form.fail("birth_date", "请填写出生日期");
    }
    if form.value("phone").trim().is_empty() {
        form.fail("phone", "请填写电话，社区好和您联系");
    }
    let listed = |options: &Options, id: &str| options.iter().any(|(known, _)| known == id);
    let team = form.optional_choice("team", "服务队", |id| id.parse().ok().filter(|_| listed(&shown.teams, id)));
    let estate = form.optional_choice("estate", "小区", |id| id.parse().ok().filter(|_| listed(&shown.estates, id)));
    let guardian = read_guardian(&mut form);
    if !form.is("agrees", "yes") {
        form.fail("agrees", "看过上面的说明，同意了才能报名");
    }
    if form.ok() {
        app.posts.check(address)?;
        let new = NewVolunteer { way: Way::Applied, values, team, estate, recommender: None, guardian };
        let mut tx = app.db.begin().await?;
        let done = joining::apply(&mut tx, &act, new).await;
        if let Some(card) = form.noted("birth_date", done)? {
            tx.commit().await?;
            let link = card.link(tenant, &app.means.keys);
            return Ok(redirect(&format!("/volunteering/{link}"), "收到了，谢谢您！请收藏这一页，以后从这里看结果"));
        }
    }
    page_again(&ApplyPage { form, ..shown })
}
