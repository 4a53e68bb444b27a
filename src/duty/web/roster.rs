//! Rosters: made for a period, looked at, published or given up; and mending what is down when somebody cannot come.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use db::Cursor;
use jiff::ToSpan;
use serde::Deserialize;
use uuid::Uuid;

use super::{a_day, days, number, seed_of};
use crate::access::{Permission, Routes, Viewer};
use crate::app::App;
use crate::duty::mending::{self, Mended};
use crate::duty::model::{monday, short};
use crate::duty::publication::{self, Publication};
use crate::duty::shift_store::{self, GAPS, Gap, RosterRow, Shift};
use crate::duty::{calling_off, coverage, roster, store};
use crate::error::{Error, Result};
use crate::web::{Form, Shell, page, page_again, redirect};

pub fn routes() -> Routes {
    use Permission::DutyPlan;
    Routes::default()
        .get("/duty-rosters", DutyPlan, list)
        .post("/duty-rosters", DutyPlan, create)
        .get("/duty-rosters/{id}", DutyPlan, show)
        .post("/duty-rosters/{id}/publication", DutyPlan, publish)
        .post("/duty-rosters/{id}/removal", DutyPlan, remove)
        .post("/duty-rosters/{id}/successor", DutyPlan, again)
        .post("/duty-shifts/{id}/pin", DutyPlan, pin)
        .get("/duty-people/{id}/mending", DutyPlan, show_mending)
        .post("/duty-people/{id}/mending", DutyPlan, mend)
}

const PAGE: usize = 30;

impl RosterRow {
    pub fn state_tag(&self) -> (&'static str, &'static str) {
        match self.state.as_str() {
            "draft" => ("soon", "草稿"),
            "published" => ("done", "已发布"),
            _ => ("", "已放弃"),
        }
    }
}

#[derive(Deserialize)]
struct Paging {
    before: Option<String>,
}

#[derive(Template)]
#[template(path = "duty/web/rosters.html")]
struct ListPage {
    shell: Shell,
    rosters: Vec<RosterRow>,
    next: Option<String>,
    form: Form,
}

async fn list_page(app: &App, viewer: &Viewer, shell: Shell, before: Cursor, form: Form) -> Result<ListPage> {
    let scope = viewer.scope(Permission::DutyPlan);
    let rosters = shift_store::rosters(&mut app.db.read().await?, viewer.tenant, &scope, before, PAGE).await?;
    let next = rosters.next.map(|cursor| format!("/duty-rosters?before={cursor}"));
    Ok(ListPage { shell, rosters: rosters.items, next, form })
}

async fn list(State(app): State<App>, viewer: Viewer, shell: Shell, Query(paging): Query<Paging>) -> Result<Response> {
    let before = paging.before.and_then(|text| text.parse().ok()).unwrap_or(Cursor::LAST);
    let today = coverage::today(app.means.now());
    let shifted = |days: i64| monday(today).checked_add(days.days()).unwrap_or(today).to_string();
    let form = Form::filled(&[("first", &shifted(7)), ("last", &shifted(13)), ("seed", &seed_of(today))]);
    page(&list_page(&app, &viewer, shell, before, form).await?)
}

async fn create(State(app): State<App>, viewer: Viewer, shell: Shell, mut form: Form) -> Result<Response> {
    let act = app.act(&viewer, Permission::DutyPlan)?;
    let period = days(&mut form);
    let seed = number(&mut form, "seed", "编号", 1..=1_000_000);
    if let (Some(period), Some(seed)) = (period, seed) {
        let scope = viewer.scope(Permission::DutyPlan);
        let worked = roster::work_out(&mut app.db.read().await?, &act, &scope, period, seed).await;
        if let Some(draft) = form.noted("first", worked)? {
            let mut tx = app.db.begin().await?;
            let id = roster::draft(&mut tx, &act, &draft).await?;
            tx.commit().await?;
            return Ok(redirect(&format!("/duty-rosters/{id}"), "草稿排好了，看过再发布"));
        }
    }
    page_again(&list_page(&app, &viewer, shell, Cursor::LAST, form).await?)
}

#[derive(Template)]
#[template(path = "duty/web/roster.html")]
struct RosterPage {
    shell: Shell,
    roster: RosterRow,
    gaps: Vec<Gap>,
    drafts: Vec<Shift>,
    /// What speaks against publishing it where nothing forbids it.
    cautions: Vec<String>,
    form: Form,
}

impl RosterPage {
    fn day(&self, day: &str) -> String {
        day.parse().map_or(day.to_owned(), short)
    }

    fn mark(&self) -> String {
        publication::mark(&self.cautions)
    }

    /// How many shifts each person has, the most first.
    fn shares(&self) -> Vec<(String, usize)> {
        let mut shares: Vec<(String, usize)> = Vec::new();
        for shift in &self.drafts {
            match shares.iter_mut().find(|(name, _)| name == shift.who()) {
                Some((_, count)) => *count += 1,
                None => shares.push((shift.who().to_owned(), 1)),
            }
        }
        shares.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        shares
    }
}

async fn roster_page(app: &App, viewer: &Viewer, shell: Shell, id: Uuid, form: Form) -> Result<RosterPage> {
    let act = app.act(viewer, Permission::DutyPlan)?;
    let mut tx = app.db.read().await?;
    let scope = viewer.scope(Permission::DutyPlan);
    let roster = shift_store::roster_within(&mut tx, viewer.tenant, &scope, id).await?;
    let gaps = tx.all(GAPS.bind(viewer.tenant).bind(id)).await?;
    let drafts = roster::drafts(&mut tx, viewer.tenant, id).await?;
    let cautions = match roster.state.as_str() {
        "draft" => publication::cautions(&mut tx, &act, &roster, &drafts).await?,
        _ => Vec::new(),
    };
    Ok(RosterPage { shell, roster, gaps, drafts, cautions, form })
}

async fn show(State(app): State<App>, viewer: Viewer, shell: Shell, Path(id): Path<Uuid>) -> Result<Response> {
    let mut shown = roster_page(&app, &viewer, shell, id, Form::default()).await?;
    shown.form.set("seed", (shown.roster.seed % 1_000_000 + 1).to_string());
    page(&shown)
}

/// The draft is worked out again: what is pinned stays, and another number gives another roster.
async fn again(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::DutyPlan)?;
    let scope = viewer.scope(Permission::DutyPlan);
    let mut tx = app.db.read().await?;
    let known = shift_store::roster_within(&mut tx, viewer.tenant, &scope, id).await?;
    if let Some(seed) = number(&mut form, "seed", "编号", 1..=1_000_000) {
        let worked = roster::work_out_again(&mut tx, &act, &scope, &known, seed).await;
        drop(tx);
        if let Some(draft) = form.noted("seed", worked)? {
            let mut tx = app.db.begin().await?;
            let made = roster::draft(&mut tx, &act, &draft).await;
            if let Some(next) = form.ended(tx, "seed", made).await? {
                return Ok(redirect(&format!("/duty-rosters/{next}"), "重新排好了，固定的班没有动"));
            }
        }
    } else {
        drop(tx);
    }
    page_again(&roster_page(&app, &viewer, shell, id, form).await?)
}

/// A duty of a draft is pinned, or let go again.
async fn pin(State(app): State<App>, viewer: Viewer, Path(id): Path<Uuid>, form: Form) -> Result<Response> {
    let act = app.act(&viewer, Permission::DutyPlan)?;
    let mut tx = app.db.begin().await?;
    let shift = shift_store::shift_within(&mut tx, viewer.tenant, &viewer.scope(Permission::DutyPlan), id).await?;
    let pinned = form.is("pinned", "yes");
    roster::pin(&mut tx, &act, &shift, form.version(), pinned).await?;
    tx.commit().await?;
    let to = shift.roster_id.map_or(format!("/duty-shifts/{id}"), |roster| format!("/duty-rosters/{roster}"));
    Ok(redirect(&to, if pinned { "已固定，再排时不动" } else { "不固定了" }))
}

async fn publish(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::DutyPlan)?;
    let mut tx = app.db.begin().await?;
    let scope = viewer.scope(Permission::DutyPlan);
    let known = shift_store::roster_within(&mut tx, viewer.tenant, &scope, id).await?;
    // Whoever ticks knows what was listed then, and nothing else.
    let (ticked, listed) = (form.is("in_spite", "yes"), form.value("cautions").to_owned());
    let in_spite = move |against: &[String]| ticked && listed == publication::mark(against);
    let done = publication::publish(&mut tx, &act, &known, form.version(), in_spite).await;
    match form.noted("publication", done)? {
        Some(Publication::Done(begun)) => {
            tx.commit().await?;
            let to = format!("/duty/coverage?day={}&span=week", known.first_day);
            let more = match begun {
                0 => String::new(),
                _ => format!("。草稿里有 {begun} 班已经开始，没有发布"),
            };
            return Ok(redirect(&to, &format!("已发布，本人的链接上看得到了{more}")));
        }
        // A tick helps against this alone.
        Some(Publication::Against(words)) => form.fail("in_spite", words),
        None => {}
    }
    drop(tx);
    page_again(&roster_page(&app, &viewer, shell, id, form).await?)
}

async fn remove(State(app): State<App>, viewer: Viewer, Path(id): Path<Uuid>, _form: Form) -> Result<Response> {
    let act = app.act(&viewer, Permission::DutyPlan)?;
    let mut tx = app.db.begin().await?;
    shift_store::roster_within(&mut tx, viewer.tenant, &viewer.scope(Permission::DutyPlan), id).await?;
    roster::drop_draft(&mut tx, &act, id).await?;
    tx.commit().await?;
    Ok(redirect("/duty-rosters", "草稿已放弃"))
}

#[derive(Deserialize)]
struct Period {
    first: Option<String>,
    last: Option<String>,
}

#[derive(Template)]
#[template(path = "duty/web/mending.html")]
struct MendingPage {
    shell: Shell,
    person: store::Person,
    first: String,
    last: String,
    changes: Vec<Mended>,
    /// Why nothing can be proposed.
    refused: String,
    form: Form,
}

async fn show_mending(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    Query(period): Query<Period>,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::DutyPlan)?;
    let scope = viewer.scope(Permission::DutyPlan);
    let today = coverage::today(act.at);
    let first = period.first.as_deref().and_then(a_day).unwrap_or(today).max(today);
    let last = period.last.as_deref().and_then(a_day).unwrap_or(first).max(first);
    let mut tx = app.db.read().await?;
    let person = store::person_within(&mut tx, viewer.tenant, &scope, id).await?;
    let (changes, refused) = match mending::mend(&mut tx, &act, &scope, id, (first, last)).await {
        Ok(changes) => (changes, String::new()),
        Err(Error::Refused(why)) => (Vec::new(), why),
        Err(error) => return Err(error),
    };
    let (first, last) = (first.to_string(), last.to_string());
    page(&MendingPage { shell, person, first, last, changes, refused, form: Form::default() })
}

/// What is proposed is worked out anew, which gives the same, and must be what was looked at.
async fn mend(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::DutyPlan)?;
    let scope = viewer.scope(Permission::DutyPlan);
    // It takes a while, and nobody at a gate waits for it: what it finds names the version of every shift, by which it is seen that one has changed.
    let mut tx = app.db.read().await?;
    let person = store::person_within(&mut tx, viewer.tenant, &scope, id).await?;
    let Some(period) = days(&mut form) else {
        let (first, last) = (form.value("first").to_owned(), form.value("last").to_owned());
        return page_again(&MendingPage {
            shell,
            person,
            first,
            last,
            changes: Vec::new(),
            refused: String::new(),
            form,
        });
    };
    let changes = mending::mend(&mut tx, &act, &scope, id, period).await?;
    drop(tx);
    let mut tx = app.db.begin().await?;
    let done = match form.value("changes") == words(&changes) {
        true => mending::apply(&mut tx, &act, &changes).await,
        false => Err(Error::refused("排班刚刚有变化，下面是新的安排，请再看一遍")),
    };
    if let Some(cancelled) = form.ended(tx, "changes", done).await? {
        let said = format!("已重新安排，换了班的人要重新确认{}", calling_off::said(&app, &cancelled));
        return Ok(redirect(&format!("/duty-people/{id}"), &said));
    }
    let (first, last) = (period.0.to_string(), period.1.to_string());
    page_again(&MendingPage { shell, person, first, last, changes, refused: String::new(), form })
}

/// All changes as one text, by which it is known whether they are still the same.
fn words(changes: &[Mended]) -> String {
    let one = |change: &Mended| format!("{} {} {}", change.when(), change.before(), change.after());
    changes.iter().map(one).collect::<Vec<_>>().join("|")
}

impl MendingPage {
    fn all(&self) -> String {
        words(&self.changes)
    }
}
