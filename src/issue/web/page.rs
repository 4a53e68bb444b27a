//! One issue as staff or its responsible party see it.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use uuid::Uuid;

use super::Read;
use super::public::Options;
use crate::access::{self, Act, OrganisationKind, Permission, Routes, Viewer};
use crate::app::App;
use crate::error::{Error, Result};
use crate::issue::duplicate::{self, Likely};
use crate::issue::model::{Category, Level, Remedy, State as IssueState, Step, Tier};
use crate::issue::petition::Petition;
use crate::issue::receipt::Receipt;
use crate::issue::store::{self, Asked, Event, EventPhoto, Issue, Joined, Survey};
use crate::issue::{exclusion, filing, handling, level, owners};
use crate::web::{Form, Shell, page, page_again, show};
use crate::{audit, photo};

pub fn routes() -> Routes {
    use Permission::{IssueFile, IssueRead};
    Routes::default()
        .get("/issues/{id}", IssueRead, show)
        .get("/issues/{id}/photos/{photo}", IssueRead, show_photo)
        .post("/issues/{id}/reporter-reveals", IssueFile, reveal_reporter)
}

/// One issue as staff or its responsible party see it, with the steps that this person may take now.
#[derive(Template)]
#[template(path = "issue/web/show.html")]
pub(super) struct ShowPage {
    shell: Shell,
    issue: Issue,
    receipt: Receipt,
    deadline: Option<show::Deadline>,
    events: Vec<Event>,
    surveys: Vec<Survey>,
    /// Of others about the same, for those who see what residents have said.
    reports: Vec<Joined>,
    /// What the handler has asked for and nobody has decided.
    petition: Option<Asked>,
    /// Reports of the same thing, as long as nobody has been set to work.
    likely: Vec<Likely>,
    result_photos: Vec<EventPhoto>,
    reported_photos: Vec<EventPhoto>,
    /// Masked; only for those who may file, never for the handler.
    reporter: Option<filing::Reporter>,
    organisations: Options,
    may: Steps,
    /// It is the owners' to decide, and they have not agreed.
    wants_owners: bool,
    may_override: bool,
    /// See where the whistle about it stands.
    may_whistle: bool,
    /// It is a quarrel, and whoever looks may have it mediated.
    may_mediate: bool,
    internal: bool,
    /// Whoever looks may ask to have it left out of the rates.
    may_exclude: bool,
    /// Whether it is, or is to be.
    excluded: Option<exclusion::State>,
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
    decide_petition: bool,
    resume: bool,
    suspend: bool,
    publish: bool,
    survey: bool,
    close: bool,
    acknowledge: bool,
    slip: bool,
    whistle: bool,
    /// To which level.
    raise: Option<Level>,
    lower: bool,
}

impl Steps {
    fn any(&self) -> bool {
        self.decide
            || self.dispatch
            || self.merge
            || self.redirect
            || self.handle
            || self.decide_petition
            || self.resume
            || self.suspend
            || self.publish
            || self.survey
            || self.close
            || self.acknowledge
            || self.slip
            || self.whistle
            || self.raise.is_some()
            || self.lower
    }
}

impl ShowPage {
    fn opened(&self, step: &str) -> bool {
        self.failed == step
    }

    fn options<T: Copy>(
        &self,
        all: &[T],
        code: fn(T) -> &'static str,
        label: fn(T) -> &'static str,
    ) -> Vec<(&'static str, &'static str)> {
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

pub(super) async fn show_page(
    app: &App,
    viewer: &Viewer,
    shell: Shell,
    id: Uuid,
    form: Option<(&'static str, Form)>,
) -> Result<ShowPage> {
    let mut tx = app.db.read().await?;
    let issue = store::issue_in_scope(&mut tx, viewer.tenant, id, viewer.scope(Permission::IssueRead)).await?;
    let Read { receipt, limits, shown, events, photos } = super::receipt(&mut tx, app, viewer.tenant, &issue).await?;
    let deadline = receipt.deadline(shown.since, &limits, app.means.now());
    let (events, photos) = if shown.id == id {
        (events, photos)
    } else {
        (store::events(&mut tx, viewer.tenant, id).await?, store::photos(&mut tx, viewer.tenant, id).await?)
    };
    let surveys = store::surveys(&mut tx, viewer.tenant, id).await?;
    let reports =
        if viewer.may(Permission::IssueFile) { store::reports(&mut tx, viewer.tenant, id).await? } else { Vec::new() };
    let petition = store::pending_petition(&mut tx, viewer.tenant, id).await?;
    let took_part = store::took_part(&mut tx, viewer.tenant, id, viewer.account).await?;
    let can = |permission, step| viewer.may(permission) && issue.state.after(step).is_some();
    let leads = level::leads(viewer, &issue);
    let decides = leads && viewer.may(Permission::IssueDecide);
    let can_decide = |step| decides && issue.state.after(step).is_some();
    let may = Steps {
        decide: can_decide(Step::Accepted),
        dispatch: can_decide(Step::Dispatched),
        merge: can_decide(Step::Merged),
        redirect: can_decide(Step::Redirected),
        handle: can(Permission::IssueHandle, Step::Done) && handling::is_responsible(Some(viewer.organisation), &issue),
        decide_petition: decides
            && petition.is_some()
            && matches!(issue.state, IssueState::Dispatched | IssueState::Suspended),
        resume: can_decide(Step::Resumed),
        suspend: can(Permission::IssueHandle, Step::SuspensionRequested)
            && handling::is_responsible(Some(viewer.organisation), &issue),
        publish: can(Permission::IssuePublish, Step::Published),
        survey: viewer.may(Permission::IssueSurvey)
            && matches!(issue.state, IssueState::Published | IssueState::Surveyed)
            && !took_part,
        close: can(Permission::IssueClose, Step::Closed) && !took_part,
        acknowledge: can(Permission::IssueAcknowledge, Step::Acknowledged)
            && (store::of_branch(viewer) || issue.estate_id.is_none())
            && (store::unreviewed(&mut tx, viewer.tenant, &issue).await?
                || !events.iter().any(|event| event.kind == Step::Acknowledged && event.round == issue.round)),
        slip: viewer.may(Permission::IssueFile) && issue.state.open(),
        whistle: can(Permission::WhistleHandle, Step::Escalated),
        raise: level::may_raise(viewer, &issue).filter(|_| can(Permission::IssueRaise, Step::Raised)),
        lower: can_decide(Step::Lowered) && level::may_lower(viewer, &issue),
    };
    let likely = if may.merge && may.decide {
        duplicate::likely(&mut tx, viewer.tenant, &issue, viewer.scope(Permission::IssueDecide)).await?
    } else {
        Vec::new()
    };
    let organisations =
        if may.dispatch || may.decide { access::organisations(&mut tx, viewer.tenant).await? } else { Vec::new() };
    let internal = viewer.may(Permission::IssueFile);
    let reporter = if internal {
        let act = Act::by(viewer, Permission::IssueFile, &app.means)?;
        filing::masked_reporter(&act, issue.reporter_sealed.as_deref())?
    } else {
        None
    };
    let of_step = |wanted: &[Step]| {
        let events = events.iter().filter(|event| event.round == issue.round || event.kind == Step::Filed);
        let ids: Vec<Uuid> = events.filter(|event| wanted.contains(&event.kind)).map(|event| event.id).collect();
        photos.iter().filter(|photo| ids.contains(&photo.event_id)).copied().collect::<Vec<_>>()
    };
    let wants_owners = owners::missing(&mut tx, viewer.tenant, &issue).await?;
    let may_mediate =
        viewer.may(Permission::MediationManage) && issue.remedy == Some(Remedy::Dispute) && issue.state.open();
    let may_exclude = viewer.may(Permission::IssueDecide);
    let exclusions = if may_exclude { exclusion::of_issue(&mut tx, viewer.tenant, id).await? } else { Vec::new() };
    let counts = |state: &exclusion::State| !matches!(state, exclusion::State::Proposed | exclusion::State::Approved);
    let excluded = exclusions.first().map(|exclusion| exclusion.state).filter(|state| !counts(state));
    let (failed, form) = form.unwrap_or_else(|| ("", fresh_form(&issue)));
    Ok(ShowPage {
        shell,
        receipt,
        deadline,
        result_photos: of_step(&[Step::Progressed, Step::Done]),
        reported_photos: of_step(&[Step::Filed, Step::Supplemented]),
        events,
        surveys,
        reports,
        petition,
        likely,
        reporter,
        organisations: organisations
            .into_iter()
            .filter(|organisation| organisation.kind != OrganisationKind::Superior)
            .map(|organisation| {
                (organisation.id.to_string(), format!("{}（{}）", organisation.name, organisation.kind))
            })
            .collect(),
        may,
        wants_owners,
        may_override: viewer.may(Permission::OwnersOverride),
        may_whistle: viewer.may(Permission::WhistleHandle),
        may_mediate,
        internal,
        may_exclude,
        excluded,
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

async fn show_photo(State(app): State<App>, viewer: Viewer, Path((id, photo)): Path<(Uuid, Uuid)>) -> Result<Response> {
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
