//! What staff and responsible parties use: the list, one issue's page, and its steps.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use db::{Cursor, Tx};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Deserialize;
use uuid::Uuid;

use super::public::{MOST_PHOTOS, Options, categories, chosen_place, read_issue};
use crate::access::{self, Act, Permission, Routes, Scope, Viewer};
use crate::app::App;
use crate::error::{Error, Result};
use crate::issue::decision::{self, Grading};
use crate::issue::model::{Category, Remedy, Source, State as IssueState, Step, Tier, personal_data_in};
use crate::issue::receipt::Receipt;
use crate::issue::store::{self, Event, EventPhoto, Extension, Filter, Issue, Survey};
use crate::issue::{closure, filing, handling};
use crate::web::{Form, Shell, page, page_again, qr, redirect, show};
use crate::{audit, photo, place};

pub fn routes() -> Routes {
    use Permission::*;
    Routes::default()
        .get("/issues", IssueRead, list)
        .get("/issues/new", IssueFile, new)
        .post("/issues", IssueFile, create)
        .get("/issues/{id}", IssueRead, show)
        .get("/issues/{id}/photos/{photo}", IssueRead, show_photo)
        .post("/issues/{id}/reporter-reveals", IssueFile, reveal_reporter)
        .post("/issues/{id}/slips", IssueFile, print_slip)
        .post("/issues/{id}/acceptance", IssueDecide, accept)
        .post("/issues/{id}/refusal", IssueDecide, refuse)
        .post("/issues/{id}/redirection", IssueDecide, redirect_elsewhere)
        .post("/issues/{id}/merger", IssueDecide, merge)
        .post("/issues/{id}/dispatches", IssueDecide, dispatch)
        .post("/issues/{id}/extension-decisions", IssueDecide, decide_extension)
        .post("/issues/{id}/progress", IssueHandle, progress)
        .post("/issues/{id}/extensions", IssueHandle, request_extension)
        .post("/issues/{id}/result", IssueHandle, finish)
        .post("/issues/{id}/publications", IssuePublish, publish)
        .post("/issues/{id}/closure", IssueClose, close)
        .post("/issues/{id}/acknowledgements", IssueAcknowledge, acknowledge)
}

const PAGE: usize = 30;

/// An issue on a list.
pub(super) struct Row {
    pub issue: Issue,
    pub deadline: Option<show::Deadline>,
}

pub(super) async fn rows(tx: &mut Tx, app: &App, tenant: Uuid, issues: Vec<Issue>) -> Result<Vec<Row>> {
    let (limits, now) = (super::limits(tx, app, tenant).await?, app.means.now());
    let deadline = |issue: &Issue| {
        let open = issue.state.open();
        open.then(|| show::deadline(issue.due_at, now, limits.is_soon(issue.since, issue.due_at, now)))
    };
    Ok(issues.into_iter().map(|issue| Row { deadline: deadline(&issue), issue }).collect())
}

#[derive(Deserialize)]
struct Filters {
    #[serde(default)]
    state: String,
    #[serde(default)]
    q: String,
    after: Option<String>,
}

/// A tab above the list.
struct Tab {
    href: String,
    label: String,
    count: Option<i64>,
    late: bool,
    current: bool,
}

#[derive(Template)]
#[template(path = "issue/web/list.html")]
struct ListPage {
    shell: Shell,
    tabs: Vec<Tab>,
    state: String,
    q: String,
    rows: Vec<Row>,
    next: Option<String>,
    may_file: bool,
}

async fn list(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Query(filters): Query<Filters>,
) -> Result<Response> {
    let now = app.means.now();
    let scope = viewer.scope(Permission::IssueRead);
    let mut tx = app.db.read().await?;
    let counts = store::counts(&mut tx, viewer.tenant, now, scope.clone()).await?;
    let state = IssueState::parse(&filters.state);
    let late = filters.state == "late";
    let ended = filters.state == "ended" || state.is_some_and(|state| !state.open());
    let filter = Filter { scope, state, due_before: late.then_some(now), text: filters.q.clone() };
    let cursor = filters.after.as_deref().and_then(|text| text.parse().ok());
    let issues = if ended {
        store::ended_issues(&mut tx, viewer.tenant, &filter, cursor.unwrap_or(Cursor::LAST), PAGE).await?
    } else {
        store::open_issues(&mut tx, viewer.tenant, &filter, cursor.unwrap_or(Cursor::FIRST), PAGE).await?
    };
    let next = issues.next.map(|cursor| {
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("state", &filters.state)
            .append_pair("q", &filters.q)
            .append_pair("after", &cursor.to_string())
            .finish();
        format!("/issues?{query}")
    });
    let rows = rows(&mut tx, &app, viewer.tenant, issues.items).await?;

    let tab = |code: &str, label: &str, count: Option<i64>| Tab {
        href: if code.is_empty() { "/issues".to_owned() } else { format!("/issues?state={code}") },
        label: label.to_owned(),
        late: code == "late" && count.is_some_and(|count| count > 0),
        count,
        current: filters.state == code,
    };
    let mut tabs = vec![
        tab("", "在办", Some(counts.iter().map(|count| count.count).sum())),
        tab("late", "超期", Some(counts.iter().map(|count| count.late).sum())),
    ];
    tabs.extend(IssueState::open_states().map(|state| {
        let count = counts.iter().find(|count| count.state == state).map_or(0, |count| count.count);
        tab(state.code(), state.label(), Some(count))
    }));
    tabs.push(tab("ended", "已结束", None));
    let may_file = viewer.may(Permission::IssueFile);
    page(&ListPage { shell, tabs, state: filters.state, q: filters.q, rows, next, may_file })
}

#[derive(Template)]
#[template(path = "issue/web/new.html")]
struct NewPage {
    shell: Shell,
    form: Form,
    buildings: Options,
    estates: Options,
    categories: Options,
    sources: Options,
}

async fn new_page(app: &App, viewer: &Viewer, shell: Shell, form: Form) -> Result<NewPage> {
    let mut tx = app.db.read().await?;
    let estates = place::estates(&mut tx, viewer.tenant).await?;
    let names: BTreeMap<Uuid, &str> = estates.iter().map(|estate| (estate.id, estate.name.as_str())).collect();
    let buildings = place::all_buildings(&mut tx, viewer.tenant).await?;
    let named = |estate: &Uuid| names.get(estate).copied().unwrap_or_default();
    Ok(NewPage {
        shell,
        form,
        buildings: buildings
            .iter()
            .map(|building| (building.id.to_string(), format!("{} {}", named(&building.estate_id), building.name)))
            .collect(),
        estates: estates.iter().map(|estate| (estate.id.to_string(), estate.name.clone())).collect(),
        categories: categories(),
        sources: [Source::Door, Source::Window, Source::Phone, Source::Wechat, Source::Member, Source::Meeting]
            .map(|source| (source.code().to_owned(), source.label().to_owned()))
            .to_vec(),
    })
}

async fn new(State(app): State<App>, viewer: Viewer, shell: Shell) -> Result<Response> {
    page(&new_page(&app, &viewer, shell, Form::default()).await?)
}

/// Files an issue for somebody, and goes on to the slip that is handed to them.
async fn create(State(app): State<App>, viewer: Viewer, shell: Shell, mut form: Form) -> Result<Response> {
    let act = app.act(&viewer, Permission::IssueFile)?;
    let source = form.choice("source", "从哪里反映来的", Source::parse);
    let place = chosen_place(&app, viewer.tenant, &mut form).await?;
    let new = read_issue(&app, &act, source.unwrap_or(Source::Window), place, &mut form).await?;
    let (Some(new), Some(_)) = (new, source) else {
        return page_again(&new_page(&app, &viewer, shell, form).await?);
    };
    let mut tx = app.db.begin().await?;
    let filed = filing::file(&mut tx, &act, new).await?;
    let issue = store::issue(&mut tx, viewer.tenant, filed.id).await?;
    tx.commit().await?;
    slip(&app, shell, &issue, &filed.rating_link)
}

#[derive(Template)]
#[template(path = "issue/web/slip.html")]
struct SlipPage {
    shell: Shell,
    issue: Issue,
    code: String,
    receipt_qr: String,
    rating_qr: String,
}

/// The paper that a resident takes home: the receipt code and their own rating link.
fn slip(app: &App, shell: Shell, issue: &Issue, link: &access::Link) -> Result<Response> {
    page(&SlipPage {
        shell,
        code: crate::issue::receipt::spaced(&issue.receipt_code),
        receipt_qr: qr(&app.link(&format!("/receipts/{}", issue.receipt_code)))?,
        rating_qr: qr(&app.link(&format!("/ratings/{link}")))?,
        issue: issue.clone(),
    })
}

async fn print_slip(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    _form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::IssueFile)?;
    let mut tx = app.db.begin().await?;
    let issue = store::issue_in_scope(&mut tx, viewer.tenant, id, viewer.scope(Permission::IssueFile)).await?;
    let link = filing::give_rating_link(&mut tx, &act, id).await?;
    audit::record(&mut tx, &act, "give_rating_link", ("issue", id), "", &[]).await?;
    tx.commit().await?;
    slip(&app, shell, &issue, &link)
}

/// One issue as staff or its responsible party see it, with the steps that this person may take now.
#[derive(Template)]
#[template(path = "issue/web/show.html")]
struct ShowPage {
    shell: Shell,
    issue: Issue,
    receipt: Receipt,
    deadline: Option<show::Deadline>,
    events: Vec<Event>,
    surveys: Vec<Survey>,
    extension: Option<Extension>,
    nearby: Vec<Issue>,
    result_photos: Vec<EventPhoto>,
    reported_photos: Vec<EventPhoto>,
    /// Masked; only for those who may file, never for the handler.
    reporter: Option<filing::Reporter>,
    organisations: Options,
    may: Steps,
    internal: bool,
    /// Forms that could not be taken, by the name of their step, to be shown again filled.
    form: Form,
    failed: &'static str,
}

/// Which steps somebody may take from here.
#[derive(Default)]
struct Steps {
    decide: bool,
    dispatch: bool,
    merge: bool,
    redirect: bool,
    handle: bool,
    decide_extension: bool,
    publish: bool,
    survey: bool,
    close: bool,
    acknowledge: bool,
    slip: bool,
}

impl Steps {
    fn any(&self) -> bool {
        self.decide
            || self.dispatch
            || self.merge
            || self.redirect
            || self.handle
            || self.decide_extension
            || self.publish
            || self.survey
            || self.close
            || self.acknowledge
            || self.slip
    }
}

impl ShowPage {
    fn opened(&self, step: &str) -> bool {
        self.failed == step
    }

    fn options<T: Copy>(&self, all: &[T], code: fn(T) -> &'static str, label: fn(T) -> &'static str) -> Vec<(&'static str, &'static str)> {
        all.iter().map(|choice| (code(*choice), label(*choice))).collect()
    }

    fn tiers(&self) -> Vec<(&'static str, &'static str)> {
        self.options(Tier::ALL, Tier::code, Tier::label)
    }

    fn remedies(&self) -> Vec<(&'static str, &'static str)> {
        self.options(Remedy::ALL, Remedy::code, Remedy::label)
    }

    fn categories(&self) -> Vec<(&'static str, &'static str)> {
        self.options(Category::ALL, Category::code, Category::label)
    }
}

async fn show_page(
    app: &App,
    viewer: &Viewer,
    shell: Shell,
    id: Uuid,
    form: Option<(&'static str, Form)>,
) -> Result<ShowPage> {
    let mut tx = app.db.read().await?;
    let issue = store::issue_in_scope(&mut tx, viewer.tenant, id, viewer.scope(Permission::IssueRead)).await?;
    let (receipt, limits, shown) = super::receipt(&mut tx, app, viewer.tenant, &issue).await?;
    let deadline = receipt.deadline(shown.since, &limits, app.means.now());
    let events = store::events(&mut tx, viewer.tenant, id).await?;
    let photos = store::photos(&mut tx, viewer.tenant, id).await?;
    let surveys = store::surveys(&mut tx, viewer.tenant, id).await?;
    let extension = store::pending_extension(&mut tx, viewer.tenant, id).await?;
    let took_part = store::took_part(&mut tx, viewer.tenant, id, viewer.account).await?;
    let can = |permission, step| viewer.may(permission) && issue.state.after(step).is_some();
    let decides = viewer.may(Permission::IssueDecide);
    let may = Steps {
        decide: can(Permission::IssueDecide, Step::Accepted),
        dispatch: can(Permission::IssueDecide, Step::Dispatched),
        merge: can(Permission::IssueDecide, Step::Merged),
        redirect: can(Permission::IssueDecide, Step::Redirected),
        handle: can(Permission::IssueHandle, Step::Done) && handling::is_responsible(Some(viewer.organisation), &issue),
        decide_extension: decides && extension.is_some() && issue.state == IssueState::Dispatched,
        publish: can(Permission::IssuePublish, Step::Published),
        survey: viewer.may(Permission::IssueSurvey) && issue.state == IssueState::Published && !took_part,
        close: can(Permission::IssueClose, Step::Closed) && !took_part,
        acknowledge: can(Permission::IssueAcknowledge, Step::Acknowledged)
            && !events.iter().any(|event| event.kind == Step::Acknowledged && event.round == issue.round),
        slip: viewer.may(Permission::IssueFile) && issue.state.open(),
    };
    let nearby = if may.merge {
        store::nearby(&mut tx, viewer.tenant, &issue, viewer.scope(Permission::IssueDecide)).await?
    } else {
        Vec::new()
    };
    let organisations = if may.dispatch || may.decide {
        access::organisations(&mut tx, viewer.tenant).await?
    } else {
        Vec::new()
    };
    let internal = viewer.may(Permission::IssueFile);
    let reporter = if internal {
        let act = Act::by(viewer, Permission::IssueFile, &app.means)?;
        filing::reporter(&act, &issue)?.map(|reporter| filing::Reporter {
            name: codes::PersonName::parse(&reporter.name).map_or(reporter.name, |name| name.masked()),
            phone: codes::Phone::parse(&reporter.phone).map_or(String::new(), |phone| phone.masked()),
        })
    } else {
        None
    };
    let of_step = |wanted: &[Step]| {
        let events = events.iter().filter(|event| event.round == issue.round || event.kind == Step::Filed);
        let ids: Vec<Uuid> = events.filter(|event| wanted.contains(&event.kind)).map(|event| event.id).collect();
        photos.iter().filter(|photo| ids.contains(&photo.event_id)).copied().collect::<Vec<_>>()
    };
    let (failed, form) = form.unwrap_or_else(|| ("", fresh_form(&issue)));
    Ok(ShowPage {
        shell,
        receipt,
        deadline,
        result_photos: of_step(&[Step::Progressed, Step::Done]),
        reported_photos: of_step(&[Step::Filed, Step::Supplemented]),
        events,
        surveys,
        extension,
        nearby,
        reporter,
        organisations: organisations
            .into_iter()
            .map(|organisation| {
                (organisation.id.to_string(), format!("{}（{}）", organisation.name, organisation.kind))
            })
            .collect(),
        may,
        internal,
        form,
        failed,
        issue,
    })
}

/// What the steps' forms hold before anybody types.
fn fresh_form(issue: &Issue) -> Form {
    let property = issue.category.of_property();
    let organisation = issue.organisation_id.map(|id| id.to_string()).unwrap_or_default();
    Form::filled(&[
        ("category", issue.category.code()),
        ("tier", issue.tier.unwrap_or(Tier::Ordinary).code()),
        ("remedy", issue.remedy.unwrap_or(if property { Remedy::Property } else { Remedy::SelfHelp }).code()),
        ("summary", issue.summary.as_deref().unwrap_or_default()),
        ("organisation", &organisation),
    ])
}

async fn show(State(app): State<App>, viewer: Viewer, shell: Shell, Path(id): Path<Uuid>) -> Result<Response> {
    page(&show_page(&app, &viewer, shell, id, None).await?)
}

async fn show_photo(
    State(app): State<App>,
    viewer: Viewer,
    Path((id, photo)): Path<(Uuid, Uuid)>,
) -> Result<Response> {
    let mut tx = app.db.read().await?;
    store::issue_in_scope(&mut tx, viewer.tenant, id, viewer.scope(Permission::IssueRead)).await?;
    if !store::has_photo(&mut tx, viewer.tenant, id, photo).await? {
        return Err(Error::NotFound);
    }
    Ok(photo::response(photo::read(&mut tx, viewer.tenant, photo, photo::Size::Full).await?))
}

#[derive(Template)]
#[template(path = "issue/web/reporter.html")]
struct ReporterPage {
    shell: Shell,
    issue: Issue,
    reporter: Option<filing::Reporter>,
}

/// Shows who reported an issue, once, for a reason that stays in the audit log.
async fn reveal_reporter(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let reason = form.text("reveal_reason", "查看原因", 4..=100);
    if !form.ok() {
        return page_again(&show_page(&app, &viewer, shell, id, Some(("reveal", form))).await?);
    }
    let act = app.act(&viewer, Permission::IssueFile)?;
    let mut tx = app.db.begin().await?;
    let issue = store::issue_in_scope(&mut tx, viewer.tenant, id, viewer.scope(Permission::IssueFile)).await?;
    let reporter = filing::reporter(&act, &issue)?;
    audit::record(&mut tx, &act, "reveal", ("issue", id), &reason, &[]).await?;
    tx.commit().await?;
    page(&ReporterPage { shell, issue, reporter })
}

/// The end of a day, as a deadline.
fn end_of_day(text: &str) -> Option<Timestamp> {
    let date: Date = text.trim().parse().ok()?;
    Some(date.at(23, 59, 59, 0).to_zoned_datetime(calendar::shanghai()).ok()?.timestamp())
}

/// Notes an error if public words carry a phone or an identity number.
fn check_public(form: &mut Form, name: &str) {
    if let Some(sentence) = personal_data_in(form.value(name)) {
        form.fail(name, sentence);
    }
}

/// A request for a step: who, on which issue, with which form. Shows the page again if the form is not right.
struct Asked<'a> {
    app: &'a App,
    viewer: &'a Viewer,
    shell: Shell,
    id: Uuid,
    form: Form,
}

impl Asked<'_> {
    async fn again(self, step: &'static str) -> Result<Response> {
        page_again(&show_page(self.app, self.viewer, self.shell, self.id, Some((step, self.form))).await?)
    }

    /// Begins the transaction of a step, with the issue if it is within reach.
    async fn begin(&self, permission: Permission) -> Result<(Tx, Act, Issue, i64)> {
        let act = self.app.act(self.viewer, permission)?;
        let mut tx = self.app.db.begin().await?;
        let scope: Scope = self.viewer.scope(permission);
        let issue = store::issue_in_scope(&mut tx, self.viewer.tenant, self.id, scope).await?;
        Ok((tx, act, issue, self.form.version()))
    }

    async fn done(&self, tx: Tx, flash: &str) -> Result<Response> {
        tx.commit().await?;
        Ok(redirect(&format!("/issues/{}", self.id), flash))
    }
}

/// Declares the handler of a step: the arguments that every one has, and its body over an [`Asked`].
macro_rules! step {
    ($(#[$doc:meta])* async fn $name:ident($asked:ident) $body:block) => {
        $(#[$doc])*
        async fn $name(
            State(app): State<App>,
            viewer: Viewer,
            shell: Shell,
            Path(id): Path<Uuid>,
            form: Form,
        ) -> Result<Response> {
            #[allow(unused_mut)]
            let mut $asked = Asked { app: &app, viewer: &viewer, shell, id, form };
            $body
        }
    };
}

step! {
    /// Takes an issue on and, where a party is chosen at once, gives it to that party.
    async fn accept(asked) {
        let form = &mut asked.form;
        let category = form.choice("category", "类别", Category::parse);
        let tier = form.choice("tier", "紧急程度", Tier::parse);
        let remedy = form.choice("remedy", "怎么解决", Remedy::parse);
        let organisation = form.optional_choice("organisation", "办理单位", |id| id.parse::<Uuid>().ok());
        let summary = form.text("summary", "公开标题", 4..=40);
        check_public(form, "summary");
        let (Some(category), Some(tier), Some(remedy), true) = (category, tier, remedy, form.ok()) else {
            return asked.again("acceptance").await;
        };
        let (mut tx, act, mut issue, seen) = asked.begin(Permission::IssueDecide).await?;
        decision::accept(&mut tx, &act, &mut issue, seen, Grading { category, tier, remedy, summary }).await?;
        if let Some(organisation) = organisation {
            decision::dispatch(&mut tx, &act, &mut issue, seen + 1, organisation, None, "").await?;
            return asked.done(tx, "已受理并派单").await;
        }
        asked.done(tx, "已受理，请派单").await
    }
}

step! {
    async fn refuse(asked) {
        let reason = asked.form.text("refusal_reason", "不予受理的理由", 6..=300);
        check_public(&mut asked.form, "refusal_reason");
        if !asked.form.ok() {
            return asked.again("refusal").await;
        }
        let (mut tx, act, mut issue, seen) = asked.begin(Permission::IssueDecide).await?;
        decision::refuse(&mut tx, &act, &mut issue, seen, &reason).await?;
        asked.done(tx, "已答复反映人：不予受理").await
    }
}

step! {
    async fn redirect_elsewhere(asked) {
        let to = asked.form.text("redirect_to", "该找哪里", 2..=40);
        let reason = asked.form.text("redirect_reason", "理由", 4..=300);
        check_public(&mut asked.form, "redirect_reason");
        if !asked.form.ok() {
            return asked.again("redirection").await;
        }
        let (mut tx, act, mut issue, seen) = asked.begin(Permission::IssueDecide).await?;
        decision::redirect(&mut tx, &act, &mut issue, seen, &to, &reason).await?;
        asked.done(tx, "已告诉反映人该找哪里").await
    }
}

step! {
    async fn merge(asked) {
        // One of the issues that were offered, or a number that was typed.
        if let Some(chosen) = Some(asked.form.value("merge_into_choice").to_owned()).filter(|text| !text.is_empty()) {
            asked.form.set("merge_into", chosen);
        }
        let number = asked.form.text("merge_into", "并入的编号", 4..=40).to_uppercase();
        if !asked.form.ok() {
            return asked.again("merger").await;
        }
        let (mut tx, act, mut issue, seen) = asked.begin(Permission::IssueDecide).await?;
        let scope = asked.viewer.scope(Permission::IssueDecide);
        let Some(into) = store::issue_by_number(&mut tx, act.tenant, &number, scope).await? else {
            drop(tx);
            asked.form.fail("merge_into", "没有找到这个编号，请从下面选一件，或核对编号");
            return asked.again("merger").await;
        };
        decision::merge(&mut tx, &act, &mut issue, seen, &into).await?;
        asked.done(tx, &format!("已并入 {}", into.number)).await
    }
}

step! {
    async fn dispatch(asked) {
        let organisation = asked.form.choice("organisation", "办理单位", |id| id.parse::<Uuid>().ok());
        let words = asked.form.text("dispatch_words", "交办要求", 0..=200);
        check_public(&mut asked.form, "dispatch_words");
        let due = match asked.form.value("due").trim() {
            "" => None,
            text => {
                let due = end_of_day(text);
                if due.is_none() {
                    asked.form.fail("due", "期限请按 2026-11-30 的样子填写");
                }
                due
            }
        };
        let (Some(organisation), true) = (organisation, asked.form.ok()) else {
            return asked.again("dispatch").await;
        };
        let (mut tx, act, mut issue, seen) = asked.begin(Permission::IssueDecide).await?;
        decision::dispatch(&mut tx, &act, &mut issue, seen, organisation, due, &words).await?;
        let party = issue.organisation_name.unwrap_or_default();
        asked.done(tx, &format!("已派给{party}")).await
    }
}

step! {
    async fn decide_extension(asked) {
        let granted = asked.form.choice("granted", "同意或不同意", |text| match text {
            "yes" => Some(true),
            "no" => Some(false),
            _ => None,
        });
        let words = asked.form.text("decision_words", "说明", 0..=200);
        check_public(&mut asked.form, "decision_words");
        if granted == Some(false) && words.is_empty() {
            asked.form.fail("decision_words", "不同意延期，请写明理由");
        }
        let (Some(granted), true) = (granted, asked.form.ok()) else {
            return asked.again("extension-decision").await;
        };
        let (mut tx, act, mut issue, seen) = asked.begin(Permission::IssueDecide).await?;
        decision::decide_extension(&mut tx, &act, &mut issue, seen, granted, &words).await?;
        asked.done(tx, if granted { "已同意延期，反映人会看到" } else { "已回复不同意延期" }).await
    }
}

step! {
    async fn progress(asked) {
        let words = asked.form.text("progress_words", "办理进展", 4..=500);
        check_public(&mut asked.form, "progress_words");
        let act = asked.app.act(asked.viewer, Permission::IssueHandle)?;
        let photos = photo::from_form(asked.app, &act, &mut asked.form, "progress_photos", MOST_PHOTOS).await?;
        if !asked.form.ok() {
            return asked.again("progress").await;
        }
        let (mut tx, act, mut issue, seen) = asked.begin(Permission::IssueHandle).await?;
        handling::progress(&mut tx, &act, &mut issue, seen, &words, &photos).await?;
        asked.done(tx, "进展已发布，反映人能看到").await
    }
}

step! {
    async fn finish(asked) {
        let words = asked.form.text("result_words", "办理结果", 6..=500);
        check_public(&mut asked.form, "result_words");
        let act = asked.app.act(asked.viewer, Permission::IssueHandle)?;
        let photos = photo::from_form(asked.app, &act, &mut asked.form, "result_photos", MOST_PHOTOS).await?;
        if !asked.form.ok() {
            return asked.again("result").await;
        }
        let (mut tx, act, mut issue, seen) = asked.begin(Permission::IssueHandle).await?;
        handling::finish(&mut tx, &act, &mut issue, seen, &words, &photos).await?;
        asked.done(tx, if photos.is_empty() { "结果已提交。没有照片，回执上会标红" } else { "结果和照片已提交" }).await
    }
}

step! {
    async fn request_extension(asked) {
        let until = end_of_day(asked.form.value("until"));
        if until.is_none() {
            asked.form.fail("until", "请选择延到哪一天");
        }
        let reason = asked.form.text("extension_reason", "延期的理由", 6..=300);
        check_public(&mut asked.form, "extension_reason");
        let (Some(until), true) = (until, asked.form.ok()) else {
            return asked.again("extension").await;
        };
        let (mut tx, act, mut issue, seen) = asked.begin(Permission::IssueHandle).await?;
        handling::request_extension(&mut tx, &act, &mut issue, seen, until, &reason).await?;
        asked.done(tx, "延期申请已提交，等社区审批").await
    }
}

step! {
    async fn publish(asked) {
        let text = asked.form.text("publication_text", "公示内容", 6..=500);
        check_public(&mut asked.form, "publication_text");
        if !asked.form.ok() {
            return asked.again("publication").await;
        }
        let chosen: Vec<Uuid> = asked.form.values("photo").filter_map(|id| id.parse().ok()).collect();
        let (mut tx, act, mut issue, seen) = asked.begin(Permission::IssuePublish).await?;
        let known = store::photos(&mut tx, act.tenant, issue.id).await?;
        let photos: Vec<Uuid> = known.iter().map(|photo| photo.photo_id).filter(|id| chosen.contains(id)).collect();
        closure::publish(&mut tx, &act, &mut issue, seen, &text, &photos).await?;
        asked.done(tx, "已公示，接下来由网格员上门测评").await
    }
}

step! {
    async fn close(asked) {
        let (mut tx, act, mut issue, seen) = asked.begin(Permission::IssueClose).await?;
        closure::close(&mut tx, &act, &mut issue, seen).await?;
        asked.done(tx, "已销号").await
    }
}

step! {
    async fn acknowledge(asked) {
        let words = asked.form.text("acknowledge_words", "支部意见", 0..=200);
        check_public(&mut asked.form, "acknowledge_words");
        if !asked.form.ok() {
            return asked.again("acknowledgement").await;
        }
        let (mut tx, act, mut issue, seen) = asked.begin(Permission::IssueAcknowledge).await?;
        closure::acknowledge(&mut tx, &act, &mut issue, seen, &words).await?;
        asked.done(tx, "已记入回执：支部阅知").await
    }
}
