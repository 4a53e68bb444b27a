//! The pages of the loop: `public` for residents; `desk`, `page` and `steps` for those who decide and handle; `owners` for their votes; `exclusion` for what no rate counts; `survey` for
//! the door; `way` for whoever wants to know how an issue goes; `api` for programs.

mod api;
mod desk;
mod exclusion;
mod owners;
mod page;
mod public;
mod steps;
mod survey;
mod way;

pub use api::ApiDoc;
pub use public::{categories, chosen_place, filed, read_issue};

use db::Tx;
use uuid::Uuid;

use super::model::{Limits, Step};
use super::receipt::Receipt;
use super::store::{self, Event, EventPhoto, Issue};
use crate::access::Routes;
use crate::app::App;
use crate::error::Result;
use crate::settings;

pub fn routes() -> Routes {
    public::routes()
        .merge(desk::routes())
        .merge(page::routes())
        .merge(owners::routes())
        .merge(exclusion::routes())
        .merge(steps::routes())
        .merge(survey::routes())
        .merge(way::routes())
        .merge(api::routes())
}

async fn limits(tx: &mut Tx, app: &App, tenant: Uuid) -> Result<Limits> {
    let now = app.means.now();
    let tiers = settings::read(tx, tenant, now).await?;
    Ok(Limits { tiers, steps: settings::read(tx, tenant, now).await? })
}

/// A receipt, and what it was made of.
struct Read {
    receipt: Receipt,
    limits: Limits,
    /// The issue whose chain it shows.
    shown: Issue,
    events: Vec<Event>,
    photos: Vec<EventPhoto>,
}

/// What anybody may see of an issue, as its receipt shows it.
pub async fn receipt_of(tx: &mut Tx, app: &App, tenant: Uuid, issue: &Issue) -> Result<Receipt> {
    Ok(receipt(tx, app, tenant, issue).await?.receipt)
}

/// The receipt of an issue. One that was joined to another goes on with the other's chain, under its own code.
async fn receipt(tx: &mut Tx, app: &App, tenant: Uuid, issue: &Issue) -> Result<Read> {
    let limits = limits(tx, app, tenant).await?;
    let (shown, joined_to) = match issue.merged_into {
        None => (issue.clone(), None),
        Some(main) => {
            let main = store::issue(tx, tenant, main).await?;
            let number = main.number.clone();
            (main, Some(number))
        }
    };
    let mut events = store::events(tx, tenant, shown.id).await?;
    let mut photos = store::photos(tx, tenant, shown.id).await?;
    if shown.id != issue.id {
        // The reporter keeps their own beginning; what the other reporter sent is not theirs to see.
        events.retain(|event| !matches!(event.kind, Step::Filed | Step::Supplemented));
        let own = store::events(tx, tenant, issue.id).await?;
        events.splice(0..0, own);
        photos.retain(|photo| events.iter().any(|event| event.id == photo.event_id));
        photos.extend(store::photos(tx, tenant, issue.id).await?);
    }
    let mut receipt = Receipt::new(&shown, &events, &photos, &limits, app.means.now(), joined_to);
    receipt.code.clone_from(&issue.receipt_code);
    Ok(Read { receipt, limits, shown, events, photos })
}
