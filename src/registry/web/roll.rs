//! The page of rolls: choose, read, keep, take away as a workbook.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use db::{Cursor, Page, Tx};
use jiff::Timestamp;
use serde::Deserialize;
use uuid::Uuid;

use super::{Answer, Listed, people};
use crate::access::{Permission, Routes, Scope, Viewer};
use crate::app::App;
use crate::error::{Error, Result};
use crate::registry::export;
use crate::registry::figures::{self, AgeBand, Figures, Line};
use crate::registry::roll::{self, COUNTED, Filter, View};
use crate::registry::tag::{ResidenceState, Tag};
use crate::web::{Form, Shell, page, redirect, show};
use crate::{audit, place, workbook};

pub fn routes() -> Routes {
    use Permission::{ResidentExport, ResidentRead};
    Routes::default()
        .get("/residents/figures", ResidentRead, show_figures)
        .get("/residents/roll", ResidentRead, list)
        .get("/residents/roll/choice", ResidentRead, choose)
        .post("/residents/roll/views", ResidentRead, keep)
        .post("/residents/roll/views/{view}/removal", ResidentRead, remove)
        .post("/residents/roll/workbook", ResidentExport, take_away)
}

// ---------- figures ----------

#[derive(Template)]
#[template(path = "registry/web/figures.html")]
struct FiguresPage {
    shell: Shell,
    all: Figures,
    /// The estate whose buildings are listed; without one, estates are.
    estate: Option<Line>,
    lines: Vec<Line>,
    next: Option<String>,
}

impl FiguresPage {
    /// The tags that anybody has, with how many and the filter that lists them.
    fn tags(&self) -> Vec<(Tag, i64)> {
        let amounts = Tag::ALL.iter().map(|tag| (*tag, self.all.get(&format!("tag:{}", tag.code()))));
        amounts.filter(|(_, amount)| *amount > 0).collect()
    }

    fn ages(&self) -> Vec<(AgeBand, i64)> {
        AgeBand::ALL.iter().map(|age| (*age, self.all.get(&format!("age:{}", age.code())))).collect()
    }

    /// What narrows a roll to the estate.
    fn of_estate(&self) -> String {
        self.estate.as_ref().map(|estate| format!("&estate={}", estate.id)).unwrap_or_default()
    }

    /// Where a line leads.
    fn href(&self, line: &Line) -> String {
        match self.estate {
            Some(_) => format!("/buildings/{}", line.id),
            None => format!("/residents/figures?estate={}", line.id),
        }
    }
}

#[derive(Debug, Deserialize)]
struct FiguresAsked {
    estate: Option<Uuid>,
    after: Option<String>,
}

/// So many estates stand on a page of figures.
const ESTATES: usize = 30;

/// Of all estates, and of the buildings of one; whoever reaches only one is shown its buildings at once.
async fn show_figures(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Query(asked): Query<FiguresAsked>,
) -> Result<Response> {
    let (tenant, scope) = (viewer.tenant, viewer.scope(Permission::ResidentRead));
    let mut tx = app.db.read().await?;
    let after = asked.after.and_then(|after| after.parse().ok()).unwrap_or(Cursor::FIRST);
    let listed = match asked.estate {
        Some(id) => Page { items: vec![figures::estate(&mut tx, tenant, &scope, id).await?], next: None },
        None => figures::estates(&mut tx, tenant, &scope, after, ESTATES).await?,
    };
    let next = listed.next.map(|next| format!("/residents/figures?after={next}"));
    let mut lines = listed.items;
    let one = asked.estate.is_some() || (after == Cursor::FIRST && lines.len() == 1);
    let estate = if one { lines.pop() } else { None };
    if let Some(estate) = &estate {
        lines = figures::buildings(&mut tx, tenant, &scope, estate.id).await?;
    }
    let all = figures::total(&mut tx, tenant, &scope, estate.as_ref().map(|estate| estate.id)).await?;
    page(&FiguresPage { shell, all, estate, lines, next })
}

// ---------- rolls ----------

#[derive(Debug, Default, Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    estate: String,
    #[serde(default)]
    building: String,
    #[serde(default)]
    grid: String,
    #[serde(default)]
    tag: String,
    #[serde(default)]
    age: String,
    #[serde(default)]
    state: String,
    before: Option<i64>,
}

impl Asked {
    pub fn filter(&self) -> Filter {
        Filter {
            estate: self.estate.parse().ok(),
            building: self.building.parse().ok(),
            grid: self.grid.parse().ok(),
            tag: Tag::parse(&self.tag),
            age: AgeBand::parse(&self.age),
            state: ResidenceState::parse(&self.state),
        }
    }

    pub fn of(query: &str) -> Asked {
        let mut asked = Asked::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()).into_owned() {
            match name.as_str() {
                "estate" => asked.estate = value,
                "building" => asked.building = value,
                "grid" => asked.grid = value,
                "tag" => asked.tag = value,
                "age" => asked.age = value,
                "state" => asked.state = value,
                _ => {}
            }
        }
        asked
    }
}

/// The filter as a query: identifiers and codes, never a name or a number of anybody.
pub(super) fn query(filter: &Filter) -> String {
    let id = |id: Option<Uuid>| id.map(|id| id.to_string()).unwrap_or_default();
    let parts = [
        ("estate", id(filter.estate)),
        ("building", id(filter.building)),
        ("grid", id(filter.grid)),
        ("tag", filter.tag.map_or(String::new(), |tag| tag.code().to_owned())),
        ("age", filter.age.map_or(String::new(), |age| age.code().to_owned())),
        ("state", filter.state.map_or(String::new(), |state| state.code().to_owned())),
    ];
    let mut query = form_urlencoded::Serializer::new(String::new());
    parts.iter().filter(|(_, value)| !value.is_empty()).for_each(|(name, value)| {
        query.append_pair(name, value);
    });
    query.finish()
}

/// The form that a filter is put together with.
struct Chooser {
    form: Form,
    places: Places,
}

impl Chooser {
    fn tags(&self) -> Vec<(&'static str, &'static str)> {
        Tag::ALL.iter().map(|tag| (tag.code(), tag.label())).collect()
    }

    fn ages(&self) -> Vec<(&'static str, &'static str)> {
        AgeBand::ALL.iter().map(|age| (age.code(), age.label())).collect()
    }

    fn states(&self) -> Vec<(&'static str, &'static str)> {
        ResidenceState::ALL.iter().map(|state| (state.code(), state.label())).collect()
    }
}

#[derive(Template)]
#[template(path = "registry/web/roll.html")]
struct RollPage {
    shell: Shell,
    filter: Filter,
    query: String,
    chooser: Chooser,
    people: Vec<Listed>,
    count: i64,
    next: Option<String>,
    views: Vec<View>,
    may_export: bool,
}

#[derive(Template)]
#[template(path = "registry/web/choice.html")]
struct ChoicePage {
    shell: Shell,
    filter: Filter,
    chooser: Chooser,
}

impl RollPage {
    /// What is looked for most, each as a query with its words.
    fn usual(&self) -> Vec<(String, &'static str)> {
        let tags = [Tag::ElderLivingAlone, Tag::OldestOld, Tag::EmptyNestElder, Tag::Disabled, Tag::Needy, Tag::Child];
        tags.map(|tag| (format!("tag={}", tag.code()), tag.label())).to_vec()
    }

    /// The filter in words.
    fn chosen(&self) -> String {
        let words = words(&self.filter, &self.chooser.places);
        if words.is_empty() {
            "按小区、楼栋、标签、年龄挑选".to_owned()
        } else {
            format!("条件：{words}")
        }
    }

    fn is_on(&self, view: &View) -> bool {
        view.query == self.query
    }

    fn counted(&self) -> String {
        counted(self.count)
    }
}

pub(super) fn counted(count: i64) -> String {
    if count > COUNTED { format!("{COUNTED}+") } else { count.to_string() }
}

/// A filter in words; empty where it lets everybody through.
pub(super) fn words(filter: &Filter, places: &Places) -> String {
    let place = |options: &Options, id: Option<Uuid>| {
        let id = id.map(|id| id.to_string())?;
        options.iter().find(|(known, _)| *known == id).map(|(_, name)| name.clone())
    };
    let words = [
        place(&places.estates, filter.estate),
        place(&places.buildings, filter.building),
        place(&places.grids, filter.grid),
        filter.tag.map(|tag| tag.to_string()),
        filter.age.map(|age| age.to_string()),
        filter.state.map(|state| state.to_string()),
    ];
    words.into_iter().flatten().collect::<Vec<_>>().join("、")
}

async fn list(State(app): State<App>, viewer: Viewer, shell: Shell, Query(asked): Query<Asked>) -> Result<Response> {
    let act = app.act(&viewer, Permission::ResidentRead)?;
    let scope = viewer.scope(Permission::ResidentRead);
    let (filter, today) = (asked.filter(), super::today(&act));
    let mut tx = app.db.read().await?;
    let within = (viewer.tenant, &scope, today);
    let (rows, next) = roll::page(&mut tx, within, &filter, asked.before.unwrap_or(i64::MAX)).await?;
    let Answer::People { people, .. } = people(&act, rows, None)? else { return Err(Error::NotFound) };
    let count = roll::count(&mut tx, viewer.tenant, &scope, &filter, today).await?;
    let views = roll::views(&mut tx, viewer.tenant, viewer.account).await?;
    let chooser = chooser(&mut tx, (viewer.tenant, &scope), &asked, Offer::UpTo(CHOSEN_ON_THE_ROLL)).await?;
    let query = query(&filter);
    let next = next.map(|before| format!("/residents/roll?{query}&before={before}"));
    let may_export = viewer.may(Permission::ResidentExport);
    page(&RollPage { shell, filter, query, chooser, people, count, next, views, may_export })
}

/// The page on which a filter is put together where there is too much to choose from for the roll's own.
async fn choose(State(app): State<App>, viewer: Viewer, shell: Shell, Query(asked): Query<Asked>) -> Result<Response> {
    let scope = viewer.scope(Permission::ResidentRead);
    let mut tx = app.db.read().await?;
    let chooser = chooser(&mut tx, (viewer.tenant, &scope), &asked, Offer::Everything).await?;
    page(&ChoicePage { shell, filter: asked.filter(), chooser })
}

async fn chooser(tx: &mut Tx, (tenant, scope): (Uuid, &Scope), asked: &Asked, offer: Offer) -> Result<Chooser> {
    let form = Form::filled(&[
        ("estate", &asked.estate),
        ("building", &asked.building),
        ("grid", &asked.grid),
        ("tag", &asked.tag),
        ("age", &asked.age),
        ("state", &asked.state),
    ]);
    let filter = asked.filter();
    Ok(Chooser { form, places: places(tx, tenant, scope, (filter.estate, filter.grid), offer).await? })
}

pub(super) type Options = Vec<(String, String)>;

/// Where people of a roll can live: estates, the buildings of the one that is chosen, grids.
pub(super) struct Places {
    pub estates: Options,
    pub buildings: Options,
    pub grids: Options,
    /// Whether this is all that can be chosen, or there is too much of it and only what is chosen is here.
    pub all: bool,
}

/// So many estates or grids can be chosen on the page of a roll itself, which would otherwise carry more of them than people.
const CHOSEN_ON_THE_ROLL: i64 = 40;

/// Which places are read to be chosen from.
#[derive(Debug, Clone, Copy)]
pub(super) enum Offer {
    Everything,
    /// All where a community has no more estates and grids than this, and otherwise what is chosen.
    UpTo(i64),
    Chosen,
}

/// The places that a roll can be narrowed to, or those that it is narrowed to.
pub(super) async fn places(
    tx: &mut Tx,
    tenant: Uuid,
    scope: &Scope,
    (estate, grid): (Option<Uuid>, Option<Uuid>),
    offer: Offer,
) -> Result<Places> {
    let all = match offer {
        Offer::Everything => true,
        Offer::UpTo(most) => place::has_at_most(tx, tenant, most).await?,
        Offer::Chosen => false,
    };
    let estates = match estate {
        _ if all => place::estates_within(tx, tenant, scope).await?,
        Some(id) => match place::estate_within(tx, tenant, scope, id).await {
            Err(Error::NotFound) => Vec::new(),
            found => vec![found?],
        },
        None => Vec::new(),
    };
    let grids = match grid {
        _ if all => place::grids(tx, tenant).await?,
        Some(id) => place::grid(tx, tenant, id).await?.into_iter().collect(),
        None => Vec::new(),
    };
    let buildings = match estate {
        Some(estate) => place::buildings(tx, tenant, estate).await?,
        None => Vec::new(),
    };
    Ok(Places {
        estates: estates.into_iter().map(|estate| (estate.id.to_string(), estate.name)).collect(),
        buildings: buildings.into_iter().map(|building| (building.id.to_string(), building.name)).collect(),
        grids: grids.into_iter().map(|grid| (grid.id.to_string(), grid.name)).collect(),
        all,
    })
}

async fn keep(State(app): State<App>, viewer: Viewer, mut form: Form) -> Result<Response> {
    let name = form.text("view_name", "名单的名称", 2..=20);
    let filter = Asked::of(form.value("query")).filter();
    let to = format!("/residents/roll?{}", query(&filter));
    if let Some((_, sentence)) = form.errors().next() {
        return Ok(redirect(&to, sentence));
    }
    let act = app.act(&viewer, Permission::ResidentRead)?;
    let mut tx = app.db.begin().await?;
    roll::keep_view(&mut tx, &act, &name, &query(&filter)).await?;
    tx.commit().await?;
    Ok(redirect(&to, &format!("已存为“{name}”")))
}

async fn remove(State(app): State<App>, viewer: Viewer, Path(view): Path<Uuid>, _form: Form) -> Result<Response> {
    let act = app.act(&viewer, Permission::ResidentRead)?;
    let mut tx = app.db.begin().await?;
    roll::remove_view(&mut tx, &act, view).await?;
    tx.commit().await?;
    Ok(redirect("/residents/roll", "已去掉"))
}

/// The roll as a workbook in the layout that staff know, masked, with the name of whoever took it away and the time.
async fn take_away(State(app): State<App>, viewer: Viewer, form: Form) -> Result<Response> {
    let act = app.act(&viewer, Permission::ResidentExport)?;
    let scope = viewer.scope(Permission::ResidentExport);
    let filter = Asked::of(form.value("query")).filter();
    let mut tx = app.db.read().await?;
    let rows = export::rows(&mut tx, &act, &scope, &filter, (super::today(&act), false)).await?;
    drop(tx);
    let (people, mark) = (rows.len(), mark(&viewer.name, act.at));
    let content = tokio::task::spawn_blocking(move || workbook::filled(rows, Some(&mark)))
        .await
        .map_err(|error| Error::Internal(error.into()))??;
    let mut tx = app.db.begin().await?;
    let reason = format!("隐去号码，{people} 人；{}", query(&filter));
    audit::record(&mut tx, &act, "export", ("residents", viewer.tenant), &reason, &[]).await?;
    tx.commit().await?;
    Ok(workbook::response(content, "居民名单.xlsx"))
}

/// `郭丽萍 2026年11月24日 星期二 10:30 导出，号码已隐去`
fn mark(name: &str, at: Timestamp) -> String {
    format!("{name} {} 导出，号码已隐去", show::day_and_time(&at))
}
