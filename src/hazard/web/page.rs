//! One hazard: what it is, how it stands, what has become of it, and the steps that its reader may take now.

use askama::Template;
use axum::extract::{Path, State as Shared};
use axum::response::Response;
use jiff::Timestamp;
use uuid::Uuid;

use super::desk::{PaperPage, reading};
use super::steps::{ASKS, Asks};
use super::{Options, found, options};
use crate::access::{self, Permission, Routes, Viewer};
use crate::app::App;
use crate::document::{self, Paper};
use crate::error::{Error, Result};
use crate::hazard::model::{Contact, Level, Limits, Mode, Supervision};
use crate::hazard::store::{self, Event, EventPhoto, Hazard, Transfer};
use crate::hazard::transition::Step;
use crate::hazard::{paper, todo};
use crate::photo::{self, Size};
use crate::settings;
use crate::web::{Form, Shell, page, show};

pub fn routes() -> Routes {
    use Permission::HazardRead;
    Routes::default()
        .get("/hazards/{id}", HazardRead, show)
        .get("/hazards/{id}/photos/{photo}", HazardRead, show_photo)
        .get("/hazards/{id}/transfers/{transfer}", HazardRead, show_letter)
        .get("/hazards/{id}/transfers/{transfer}/letter.docx", HazardRead, letter_file)
}

#[derive(Template)]
#[template(path = "hazard/web/show.html")]
pub(super) struct ShowPage {
    shell: Shell,
    hazard: Hazard,
    contact: Option<Contact>,
    events: Vec<Event>,
    photos: Vec<EventPhoto>,
    transfers: Vec<Transfer>,
    limits: Limits,
    now: Timestamp,
    accounts: Options,
    /// The forms of the steps that can be taken, those that move it on first.
    offered: Vec<&'static Asks>,
    /// Whoever looks has had a hand in the fixing.
    fixer: bool,
    form: Form,
    failed: Option<Step>,
}

impl ShowPage {
    fn opens(&self, asks: &Asks) -> bool {
        self.failed == Some(asks.step) || (self.failed.is_none() && self.moves_on(asks))
    }

    /// The one step that is the usual next one.
    fn moves_on(&self, asks: &Asks) -> bool {
        self.offered.first().is_some_and(|first| first.step == asks.step)
    }

    fn verb(&self) -> &'static str {
        todo::verb(self.hazard.state)
    }

    fn deadline(&self) -> show::Deadline {
        let soon = self.now + jiff::SignedDuration::from_hours(self.limits.remind_hours);
        show::deadline(self.hazard.due_at, self.now, self.hazard.due_at < soon)
    }

    fn levels(&self) -> Options {
        options(Level::ALL, Level::code, Level::label)
    }

    fn modes(&self) -> Options {
        options(Mode::ALL, Mode::code, Mode::label)
    }

    fn supervisions(&self) -> Options {
        options(Supervision::ALL, Supervision::code, Supervision::label)
    }

    fn photos_of(&self, event: &Event) -> Vec<Uuid> {
        self.photos.iter().filter(|photo| photo.event_id == event.id).map(|photo| photo.photo_id).collect()
    }

    fn who(&self, event: &Event) -> String {
        event.account_name.clone().unwrap_or_else(|| event.role.to_string())
    }

    fn is_immediate(&self) -> bool {
        self.hazard.mode == Some(Mode::Immediate)
    }
}

pub(super) async fn show_page(
    app: &App,
    viewer: &Viewer,
    shell: Shell,
    id: Uuid,
    form: Option<(Step, Form)>,
) -> Result<ShowPage> {
    let act = reading(app, viewer)?;
    let now = app.means.now();
    let mut tx = app.db.read().await?;
    let hazard = store::readable(&mut tx, viewer.tenant, &viewer.scope(Permission::HazardRead), id).await?;
    let fixer = store::fixers(&mut tx, viewer.tenant, &hazard).await?.contains(&viewer.account);
    let can = |asks: &&Asks| {
        let not_mine = matches!(asks.step, Step::Passed | Step::Failed | Step::Closed) && fixer;
        let pointless = match asks.step {
            Step::Shared => hazard.shared,
            Step::Unshared => !hazard.shared,
            Step::Unlisted => !hazard.listed(),
            Step::Closed => hazard.listed(),
            Step::Listed => hazard.level != Some(Level::Major),
            Step::Extended => hazard.owner_id == Some(viewer.account),
            _ => false,
        };
        viewer.may(asks.step.permission()) && hazard.state.after(asks.step).is_some() && !not_mine && !pointless
    };
    let offered: Vec<&'static Asks> = ASKS.iter().filter(can).collect();
    let accounts = if offered.iter().any(|asks| asks.step == Step::Assigned) {
        let holders = access::holders(&mut tx, viewer.tenant, Permission::HazardWork).await?;
        holders.into_iter().map(|holder| (holder.account.to_string(), holder.name)).collect()
    } else {
        Options::new()
    };
    let (failed, form) = match form {
        Some((step, form)) => (Some(step), form),
        None => (None, Form::filled(&[("grade-level", Level::General.code()), ("grade-mode", Mode::Dated.code())])),
    };
    Ok(ShowPage {
        shell,
        contact: hazard.contact(&act)?,
        events: store::events(&mut tx, viewer.tenant, id).await?,
        photos: store::photos(&mut tx, viewer.tenant, id).await?,
        transfers: store::transfers(&mut tx, viewer.tenant, id).await?,
        limits: settings::read(&mut tx, viewer.tenant, now).await?,
        now,
        accounts,
        offered,
        fixer,
        form,
        failed,
        hazard,
    })
}

async fn show(Shared(app): Shared<App>, viewer: Viewer, shell: Shell, Path(id): Path<Uuid>) -> Result<Response> {
    page(&show_page(&app, &viewer, shell, id, None).await?)
}

async fn show_photo(
    Shared(app): Shared<App>,
    viewer: Viewer,
    Path((id, photo)): Path<(Uuid, Uuid)>,
) -> Result<Response> {
    let mut tx = app.db.read().await?;
    store::readable(&mut tx, viewer.tenant, &viewer.scope(Permission::HazardRead), id).await?;
    if !store::has_photo(&mut tx, viewer.tenant, id, photo).await? {
        return Err(Error::NotFound);
    }
    Ok(photo::response(photo::read(&mut tx, viewer.tenant, photo, Size::Full).await?))
}

async fn letter(app: &App, viewer: &Viewer, id: Uuid, transfer: Uuid) -> Result<(Hazard, Paper)> {
    let mut tx = app.db.read().await?;
    let hazard = store::readable(&mut tx, viewer.tenant, &viewer.scope(Permission::HazardRead), id).await?;
    let transfers = store::transfers(&mut tx, viewer.tenant, id).await?;
    let transfer = found(transfers.iter().find(|known| known.id == transfer))?;
    let paper = paper::letter(&hazard, transfer, &viewer.tenant_name);
    Ok((hazard, paper))
}

async fn show_letter(
    Shared(app): Shared<App>,
    viewer: Viewer,
    shell: Shell,
    Path((id, transfer)): Path<(Uuid, Uuid)>,
) -> Result<Response> {
    let (hazard, paper) = letter(&app, &viewer, id, transfer).await?;
    let back = (format!("/hazards/{id}"), hazard.number);
    page(&PaperPage { shell, paper, back, file: Some(format!("/hazards/{id}/transfers/{transfer}/letter.docx")) })
}

async fn letter_file(
    Shared(app): Shared<App>,
    viewer: Viewer,
    Path((id, transfer)): Path<(Uuid, Uuid)>,
) -> Result<Response> {
    document::response(&letter(&app, &viewer, id, transfer).await?.1)
}
