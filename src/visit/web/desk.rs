//! The list of campaigns, what reports suggest to ask about, and the form on which a campaign is planned.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use db::{Cursor, Tx};
use jiff::SignedDuration;
use serde::Deserialize;
use uuid::Uuid;

use super::Eyes;
use crate::access::{self, OrganisationKind, Permission, Routes, Viewer};
use crate::app::App;
use crate::error::{Error, Result};
use crate::issue::{self, Category, Cluster};
use crate::place::{self, Building};
use crate::registry::figures::AgeBand;
use crate::registry::roll::Filter;
use crate::registry::{ResidenceState, Tag};
use crate::settings;
use crate::visit::model::{Rules, State as Stage, choice, concerned};
use crate::visit::store::{self, Campaign, Progress};
use crate::visit::{Order, Question, QuestionKind, plan};
use crate::web::{Form, Shell, page, page_again, redirect};

pub fn routes() -> Routes {
    use Permission::{VisitPlan, VisitRecord};
    Routes::default().get("/campaigns", VisitRecord, list).post("/campaigns", VisitPlan, create).get(
        "/campaigns/new",
        VisitPlan,
        new,
    )
}

const PAGE: usize = 20;

#[derive(Template)]
#[template(path = "visit/web/list.html")]
struct ListPage {
    shell: Shell,
    campaigns: Vec<(Campaign, Option<Progress>)>,
    next: Option<String>,
    /// Reports that suggest a survey.
    clusters: Vec<Cluster>,
    rules: Rules,
    may_plan: bool,
    may_review: bool,
}

#[derive(Deserialize)]
struct Paging {
    before: Option<String>,
}

async fn list(State(app): State<App>, viewer: Viewer, shell: Shell, Query(paging): Query<Paging>) -> Result<Response> {
    let before = paging.before.and_then(|text| text.parse().ok()).unwrap_or(Cursor::LAST);
    let (eyes, now) = (Eyes::of(&viewer), app.means.now());
    let mut tx = app.db.read().await?;
    let campaigns = store::list(&mut tx, &eyes.sight(&viewer), before, PAGE).await?;
    let rules: Rules = settings::read(&mut tx, viewer.tenant, now).await?;
    let may_plan = viewer.may(Permission::VisitPlan);
    let clusters = if may_plan && before == Cursor::LAST {
        let since = now - SignedDuration::from_hours(24 * rules.cluster_days);
        issue::clusters(&mut tx, viewer.tenant, &eyes.plans, since, rules.cluster_reports).await?
    } else {
        Vec::new()
    };
    let next = campaigns.next.map(|cursor| format!("/campaigns?before={cursor}"));
    let may_review = viewer.may(Permission::UploadReview);
    page(&ListPage { shell, campaigns: campaigns.items, next, clusters, rules, may_plan, may_review })
}

type Options = Vec<(String, String)>;

#[derive(Template)]
#[template(path = "visit/web/new.html")]
struct NewPage {
    shell: Shell,
    form: Form,
    estates: Vec<place::Estate>,
    buildings: Vec<Building>,
    organisations: Options,
    tags: Options,
    ages: Options,
    states: Options,
    kinds: Options,
    questions: i64,
    /// Which reports suggested it.
    origin: String,
    /// Whether the doors can be chosen by who lives behind them: only by those who may know that anyway.
    knows_people: bool,
}

impl NewPage {
    /// The fields of each question, by the names that the form has for them.
    fn numbers(&self) -> impl Iterator<Item = i64> {
        1..=self.questions
    }
}

/// From which estate and which reports a campaign is to follow.
#[derive(Deserialize, Default)]
struct Asked {
    #[serde(default)]
    estate: String,
    #[serde(default)]
    category: String,
}

async fn new(State(app): State<App>, viewer: Viewer, shell: Shell, Query(asked): Query<Asked>) -> Result<Response> {
    let now = app.means.now();
    let day = (now + SignedDuration::from_hours(24 * 14)).to_zoned_datetime(calendar::shanghai()).date();
    let mut form = Form::filled(&[("estate", &asked.estate), ("until", &day.to_string())]);
    if let Some(category) = Category::parse(&asked.category) {
        form.set("category", category.code());
        form.set("title", format!("{category}摸底"));
        let (tag, age) = if viewer.may(Permission::ResidentRead) { concerned(category) } else { (None, None) };
        tag.into_iter().for_each(|tag| form.set("tag", tag.code()));
        age.into_iter().for_each(|age| form.set("age", age.code()));
    }
    page(&new_page(&app, &viewer, shell, form).await?)
}

async fn new_page(app: &App, viewer: &Viewer, shell: Shell, mut form: Form) -> Result<NewPage> {
    let scope = viewer.scope(Permission::VisitPlan);
    let now = app.means.now();
    let mut tx = app.db.read().await?;
    let rules: Rules = settings::read(&mut tx, viewer.tenant, now).await?;
    let estates = place::estates_within(&mut tx, viewer.tenant, &scope).await?;
    if let ([only], true) = (estates.as_slice(), form.value("estate").is_empty() && scope.account.is_some()) {
        form.set("estate", only.id.to_string());
    }
    let estate = form.value("estate").parse::<Uuid>().ok().filter(|id| estates.iter().any(|estate| estate.id == *id));
    let buildings = match estate {
        Some(estate) => place::buildings(&mut tx, viewer.tenant, estate).await?,
        None => Vec::new(),
    };
    let organisations = owners(&mut tx, viewer).await?;
    if form.value("organisation").is_empty() {
        form.set("organisation", viewer.organisation.to_string());
    }
    let origin = origin(&mut tx, viewer, &form, estate, &rules, now).await?;
    Ok(NewPage {
        shell,
        form,
        estates,
        buildings,
        organisations,
        tags: Tag::ALL.iter().map(|tag| (tag.code().to_owned(), tag.label().to_owned())).collect(),
        ages: AgeBand::ALL.iter().map(|age| (age.code().to_owned(), age.label().to_owned())).collect(),
        states: ResidenceState::ALL.iter().map(|state| (state.code().to_owned(), state.label().to_owned())).collect(),
        kinds: QuestionKind::ALL.iter().map(|kind| (kind.code().to_owned(), kind.label().to_owned())).collect(),
        questions: rules.questions,
        origin,
        knows_people: viewer.may(Permission::ResidentRead),
    })
}

/// Whose campaign it can be.
async fn owners(tx: &mut Tx, viewer: &Viewer) -> Result<Options> {
    let organisations = access::organisations(tx, viewer.tenant).await?;
    // Who plans for the whole community may do so for any of its branches; everybody else for their own.
    let everywhere = viewer.scope(Permission::VisitPlan).account.is_none();
    let owner = |organisation: &access::Organisation| {
        organisation.id == viewer.organisation
            || (everywhere && matches!(organisation.kind, OrganisationKind::Community | OrganisationKind::PartyBranch))
    };
    let owners = organisations.into_iter().filter(owner);
    Ok(owners.map(|organisation| (organisation.id.to_string(), organisation.name)).collect())
}

/// The reports that a campaign follows from, in words; empty if it follows from none.
async fn origin(
    tx: &mut Tx,
    viewer: &Viewer,
    form: &Form,
    estate: Option<Uuid>,
    rules: &Rules,
    now: jiff::Timestamp,
) -> Result<String> {
    let Some(category) = Category::parse(form.value("category")) else { return Ok(String::new()) };
    let since = now - SignedDuration::from_hours(24 * rules.cluster_days);
    let clusters = issue::clusters(tx, viewer.tenant, &viewer.scope(Permission::VisitPlan), since, 1).await?;
    let reports: i64 = clusters
        .iter()
        .filter(|cluster| cluster.category == category && (estate.is_none() || estate == Some(cluster.estate_id)))
        .map(|cluster| cluster.reports)
        .sum();
    Ok(if reports > 0 {
        format!("近 {} 天 {reports} 件“{category}”诉求", rules.cluster_days)
    } else {
        String::new()
    })
}

async fn create(State(app): State<App>, viewer: Viewer, shell: Shell, mut form: Form) -> Result<Response> {
    let act = app.act(&viewer, Permission::VisitPlan)?;
    let scope = viewer.scope(Permission::VisitPlan);
    let mut tx = app.db.begin().await?;
    let rules: Rules = settings::read(&mut tx, act.tenant, act.at).await?;
    let owners = owners(&mut tx, &viewer).await?;
    let title = form.text("title", "名称", 2..=30);
    let words = form.text("words", "开场白", 0..=200);
    let until = form.last_day("until", "截止的日子");
    let organisation = form.choice("organisation", "由谁组织", |id| {
        let id = id.parse::<Uuid>().ok()?;
        owners.iter().any(|(known, _)| *known == id.to_string()).then_some(id)
    });
    let estate = form.optional_choice("estate", "小区", |id| id.parse::<Uuid>().ok());
    if let Some(estate) = estate {
        place::estate_within(&mut tx, act.tenant, &scope, estate).await?;
    } else if scope.account.is_some() {
        form.fail("estate", "请选择小区");
    }
    if !viewer.may(Permission::ResidentRead) {
        ["tag", "age", "state"].into_iter().for_each(|name| form.set(name, ""));
    }
    let filter = Filter {
        estate,
        tag: form.optional_choice("tag", "标签", Tag::parse),
        age: form.optional_choice("age", "年龄", AgeBand::parse),
        state: form.optional_choice("state", "人户状态", ResidenceState::parse),
        ..Filter::default()
    };
    let buildings = form.values("building").filter_map(|id| id.parse().ok()).collect();
    let questions = questions(&mut form, rules.questions);
    let origin = origin(&mut tx, &viewer, &form, estate, &rules, act.at).await?;
    let (Some(until), Some(organisation), true) = (until, organisation, form.ok()) else {
        drop(tx);
        return page_again(&new_page(&app, &viewer, shell, form).await?);
    };
    let order = Order { title, words, organisation, origin, questions, until, filter, buildings };
    match plan::create(&mut tx, &act, &scope, &order).await {
        Ok(id) => {
            tx.commit().await?;
            Ok(redirect(&format!("/campaigns/{id}"), "已排好，看一下分派，再开始"))
        }
        Err(Error::Refused(sentence)) => {
            drop(tx);
            form.fail("title", sentence);
            page_again(&new_page(&app, &viewer, shell, form).await?)
        }
        Err(error) => Err(error),
    }
}

/// The questions of the form; lines without a text are none.
fn questions(form: &mut Form, most: i64) -> Vec<Question> {
    let mut questions: Vec<Question> = Vec::new();
    for number in 1..=most {
        let name = |part: &str| format!("q{number}_{part}");
        if form.value(&name("text")).trim().is_empty() {
            continue;
        }
        let text = form.text(&name("text"), "问题", 2..=60);
        let kind = form.choice(&name("kind"), "怎么答", QuestionKind::parse).unwrap_or(QuestionKind::YesNo);
        let options = form.value(&name("options")).split(['、', '，', ',', '\n', '；', ';']).map(str::trim);
        let options: Vec<String> =
            options.filter(|option| !option.is_empty()).map(|option| option.chars().take(20).collect()).collect();
        if matches!(kind, QuestionKind::Choice | QuestionKind::Choices) && !(2..=8).contains(&options.len()) {
            form.fail(&name("options"), "请写 2 到 8 个选项，用顿号隔开");
        }
        let id = format!("q{}", questions.len() + 1);
        let option = |(at, label): (usize, &String)| choice(&format!("o{}", at + 1), label);
        let options = if matches!(kind, QuestionKind::Choice | QuestionKind::Choices) { options } else { Vec::new() };
        let required = form.is(&name("required"), "yes");
        questions.push(Question {
            id,
            kind,
            text,
            required,
            options: options.iter().enumerate().map(option).collect(),
        });
    }
    questions
}

impl Campaign {
    pub(super) fn state_class(&self) -> &'static str {
        match self.state {
            Stage::Open => "done",
            Stage::Draft => "soon",
            Stage::Ended | Stage::Withdrawn => "",
        }
    }

    /// Where it goes: an estate or everywhere.
    pub(super) fn place(&self) -> &str {
        self.estate_name.as_deref().unwrap_or("全社区")
    }
}
