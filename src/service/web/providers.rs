//! Outside providers for staff: who they are, what they come for and when, and how many were served.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use jiff::Timestamp;
use jiff::civil::Date as Day;
use uuid::Uuid;

use super::{Options, kind_options, offered, read_span};
use crate::access::{Act, Permission, Routes, Viewer};
use crate::app::App;
use crate::error::{Error, Result};
use crate::service::provider::{self, NewStanding, ProviderSketch, Served};
use crate::service::provider_store::{Date, Provider, Standing};
use crate::web::{Form, Shell, page, page_again, redirect};
use crate::{issue, place};

pub fn routes() -> Routes {
    use Permission::ServiceArrange;
    Routes::default()
        .get("/service-providers", ServiceArrange, list)
        .get("/service-providers/new", ServiceArrange, new)
        .post("/service-providers", ServiceArrange, create)
        .get("/service-providers/{id}", ServiceArrange, show)
        .post("/service-providers/{id}/particulars", ServiceArrange, change)
        .post("/service-providers/{id}/standings", ServiceArrange, set_up)
        .post("/service-standings/{id}/end", ServiceArrange, stop)
        .post("/service-dates/{id}/count", ServiceArrange, count)
        .post("/service-dates/{id}/absence", ServiceArrange, miss)
}

/// So far ahead dates are set at most.
const AHEAD_DAYS: i64 = 366;

#[derive(Template)]
#[template(path = "service/web/providers.html")]
struct ListPage {
    shell: Shell,
    providers: Vec<Provider>,
    coming: Vec<Date>,
}

async fn list(State(app): State<App>, viewer: Viewer, shell: Shell) -> Result<Response> {
    let act = app.act(&viewer, Permission::ServiceArrange)?;
    let mut tx = app.db.read().await?;
    let providers = provider::providers(&mut tx, act.tenant).await?;
    page(&ListPage { shell, providers, coming: provider::coming(&mut tx, &act).await? })
}

#[derive(Template)]
#[template(path = "service/web/provider-new.html")]
struct NewPage {
    shell: Shell,
    form: Form,
}

async fn new(shell: Shell) -> Result<Response> {
    page(&NewPage { shell, form: Form::default() })
}

/// Errors: refused of whoever does not reach the whole community, with which agreements are made.
fn refuse_partial(viewer: &Viewer) -> Result<()> {
    match viewer.scope(Permission::ServiceArrange).account {
        None => Ok(()),
        Some(_) => Err(Error::refused("单位和社区签的协议，请社区登记；您可以在单位的页面上排日子")),
    }
}

/// Whom to call is sealed, so a number may stand there.
fn read_sketch(form: &mut Form) -> Option<ProviderSketch> {
    let name = form.open_text("name", "单位", 2..=40, "请不要写电话或身份证号");
    let contact = form.text("contact", "联系人和电话", 0..=40);
    let day = |text: &str| text.parse::<Day>().ok();
    let from = form.choice("agreed_from", "协议从哪天起", day);
    let until = form.choice("agreed_until", "协议到哪天止", day);
    let (agreed_from, agreed_until) = (from?, until?);
    if agreed_from > agreed_until {
        form.fail("agreed_until", "协议到期不能早于开始");
    }
    form.ok().then_some(ProviderSketch { name, contact, agreed_from, agreed_until })
}

async fn create(State(app): State<App>, viewer: Viewer, shell: Shell, mut form: Form) -> Result<Response> {
    let act = app.act(&viewer, Permission::ServiceArrange)?;
    refuse_partial(&viewer)?;
    let Some(sketch) = read_sketch(&mut form) else { return page_again(&NewPage { shell, form }) };
    let mut tx = app.db.begin().await?;
    let id = provider::add(&mut tx, &act, &sketch).await?;
    tx.commit().await?;
    Ok(redirect(&format!("/service-providers/{id}"), "登记好了，再排日子"))
}

#[derive(Template)]
#[template(path = "service/web/provider.html")]
struct ShowPage {
    shell: Shell,
    provider: Provider,
    contact: String,
    standings: Vec<Standing>,
    dates: Vec<Date>,
    estates: Options,
    kinds: Options,
    of_all: bool,
    form: Form,
    now: Timestamp,
    /// What came back: the particulars, the standing service, or the id of a date.
    failed: String,
}

impl ShowPage {
    /// They count only what was in their estates.
    fn reaches(&self, date: &Date) -> bool {
        self.estates.iter().any(|(id, _)| *id == date.estate_id.to_string())
    }

    fn begun(&self, date: &Date) -> bool {
        date.starts_at <= self.now
    }

    fn is_failed(&self, what: &str) -> bool {
        self.failed == what
    }

    fn failed_of(&self, standing: &Standing) -> bool {
        self.failed == standing.id.to_string()
    }

    fn failed_at(&self, date: &Date) -> bool {
        self.failed == date.id.to_string()
    }
}

async fn show_page(
    app: &App,
    viewer: &Viewer,
    shell: Shell,
    id: Uuid,
    (failed, form): (String, Option<Form>),
) -> Result<ShowPage> {
    let act = app.act(viewer, Permission::ServiceArrange)?;
    let scope = viewer.scope(Permission::ServiceArrange);
    let mut tx = app.db.read().await?;
    let provider = provider::provider(&mut tx, act.tenant, id).await?;
    let (standings, mut dates) = provider::of_provider(&mut tx, act.tenant, id).await?;
    // What has to be counted comes first, then what is next, then what was.
    dates.sort_by_key(|date| {
        let (at, known) = (date.starts_at.as_millisecond(), date.result().is_some());
        match date.starts_at <= act.at {
            true if !known => (0, at),
            false => (1, at),
            true => (2, -at),
        }
    });
    let estates = place::estates_within(&mut tx, act.tenant, &scope).await?;
    let contact = provider.contact(&act)?;
    let form = form.unwrap_or_else(|| {
        Form::filled(&[
            ("name", &provider.name),
            ("contact", &contact),
            ("agreed_from", &provider.agreed_from),
            ("agreed_until", &provider.agreed_until),
        ])
    });
    Ok(ShowPage {
        shell,
        contact,
        standings,
        dates,
        estates: estates.into_iter().map(|estate| (estate.id.to_string(), estate.name)).collect(),
        kinds: kind_options(&offered(&mut tx, act.tenant).await?),
        of_all: scope.account.is_none(),
        now: act.at,
        provider,
        form,
        failed,
    })
}

async fn show(State(app): State<App>, viewer: Viewer, shell: Shell, Path(id): Path<Uuid>) -> Result<Response> {
    page(&show_page(&app, &viewer, shell, id, Default::default()).await?)
}

async fn change(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::ServiceArrange)?;
    provider::provider(&mut app.db.read().await?, act.tenant, id).await?;
    refuse_partial(&viewer)?;
    if let Some(sketch) = read_sketch(&mut form) {
        let mut tx = app.db.begin().await?;
        let done = provider::change(&mut tx, &act, id, form.version(), &sketch).await;
        if form.ended(tx, "agreed_until", done).await?.is_some() {
            return Ok(redirect(&format!("/service-providers/{id}"), "改好了"));
        }
    }
    page_again(&show_page(&app, &viewer, shell, id, ("particulars".to_owned(), Some(form))).await?)
}

async fn set_up(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::ServiceArrange)?;
    let shown = show_page(&app, &viewer, shell, id, Default::default()).await?;
    let listed = |options: &Options, id: &str| -> Option<Uuid> {
        options.iter().find(|(known, _)| known == id).and_then(|(known, _)| known.parse().ok())
    };
    let title = form.open_text("title", "做什么", 2..=60, "请不要写电话或身份证号");
    let place = form.open_text("place", "在哪里", 0..=40, "请不要写电话或身份证号");
    let estate = form.choice("estate", "小区", |id| listed(&shown.estates, id));
    let kind = form.optional_choice("kind", "服务类别", |id| listed(&shown.kinds, id));
    let span = read_span(&mut form);
    let repeat = form.recurrence(span.map(|span| span.day()), AHEAD_DAYS);
    let wish = answered(&app, &act, &viewer, &mut form).await?;
    if let (Some(estate), Some(span), true) = (estate, span, form.ok()) {
        let new = NewStanding { provider: id, estate, kind, issue: wish, title, place, span };
        let mut tx = app.db.begin().await?;
        let done = provider::set_up(&mut tx, &act, new, repeat.as_ref()).await;
        if let Some((_, times)) = form.ended(tx, "from", done).await? {
            return Ok(redirect(&format!("/service-providers/{id}"), &format!("排好了 {times} 次")));
        }
    }
    page_again(&ShowPage { form, failed: "standing".to_owned(), ..shown })
}

/// The issue of whose wish somebody has written the number, if they have, within what they may read.
async fn answered(app: &App, act: &Act, viewer: &Viewer, form: &mut Form) -> Result<Option<Uuid>> {
    let number = form.value("issue").trim().to_uppercase();
    if number.is_empty() {
        return Ok(None);
    }
    let scope = viewer.scope(Permission::IssueRead);
    let found = issue::issue_by_number(&mut app.db.read().await?, act.tenant, &number, scope).await?;
    if found.is_none() {
        form.fail("issue", "没有找到这个编号的诉求，请核对；没有就空着");
    }
    Ok(found.map(|found| found.id))
}

async fn stop(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::ServiceArrange)?;
    let scope = viewer.scope(Permission::ServiceArrange);
    let provider = provider::whose(&mut app.db.read().await?, act.tenant, &scope, id).await?;
    let why = form.open_text("why", "为什么不来了", 2..=100, "请不要写电话或身份证号");
    if form.ok() {
        let mut tx = app.db.begin().await?;
        let done = provider::stop(&mut tx, &act, id, &why).await;
        if form.ended(tx, "why", done).await?.is_some() {
            return Ok(redirect(&format!("/service-providers/{provider}"), "记下了，以后的都取消了"));
        }
    }
    page_again(&show_page(&app, &viewer, shell, provider, (id.to_string(), Some(form))).await?)
}

/// A date within reach.
async fn dated(app: &App, viewer: &Viewer, id: Uuid) -> Result<(Date, Uuid)> {
    let scope = viewer.scope(Permission::ServiceArrange);
    let date = provider::date(&mut app.db.read().await?, viewer.tenant, &scope, id).await?;
    let provider = date.provider_id;
    Ok((date, provider))
}

fn read_number(form: &mut Form, name: &str, label: &str) -> i64 {
    form.choice(name, label, |text| text.parse::<i64>().ok().filter(|number| (0..=100_000).contains(number)))
        .unwrap_or(0)
}

async fn count(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::ServiceArrange)?;
    let (date, provider) = dated(&app, &viewer, id).await?;
    let served = Served {
        doors: read_number(&mut form, "doors", "服务了几户"),
        people: read_number(&mut form, "people", "服务了几人"),
        leaflets: read_number(&mut form, "leaflets", "发了几份宣传册"),
    };
    if form.ok() {
        let mut tx = app.db.begin().await?;
        let done = provider::count(&mut tx, &act, &date, form.version(), served).await;
        if form.ended(tx, "people", done).await?.is_some() {
            return Ok(redirect(&format!("/service-providers/{provider}"), "记下了"));
        }
    }
    page_again(&show_page(&app, &viewer, shell, provider, (id.to_string(), Some(form))).await?)
}

async fn miss(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::ServiceArrange)?;
    let (date, provider) = dated(&app, &viewer, id).await?;
    let why = form.open_text("why", "为什么没有来", 2..=100, "请不要写电话或身份证号");
    if form.ok() {
        let mut tx = app.db.begin().await?;
        let done = provider::miss(&mut tx, &act, &date, form.version(), &why).await;
        if form.ended(tx, "why", done).await?.is_some() {
            return Ok(redirect(&format!("/service-providers/{provider}"), "记下了"));
        }
    }
    page_again(&show_page(&app, &viewer, shell, provider, (id.to_string(), Some(form))).await?)
}
