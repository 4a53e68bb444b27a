//! Two versions of a unit, one as it was before and one after: what differs, and how many people there are in each peak.

use askama::Template;
use axum::extract::{Path, Query, State as Shared};
use axum::response::Response;
use db::Tx;
use serde::Deserialize;
use uuid::Uuid;

use super::{Options, PaperPage, mark, reached, to};
use crate::access::{Permission, Routes, Viewer};
use crate::app::App;
use crate::deployment::comparison::{Comparison, compare};
use crate::deployment::paper;
use crate::deployment::store::{self, Plan};
use crate::error::{Error, Result};
use crate::web::{Form, Shell, page};

pub fn routes() -> Routes {
    use Permission::DutyRead;
    Routes::default().get("/deployment-plans/{id}/comparison", DutyRead, show).get(
        "/deployment-plans/{id}/comparison/paper",
        DutyRead,
        print,
    )
}

#[derive(Deserialize)]
struct With {
    with: Option<Uuid>,
}

#[derive(Template)]
#[template(path = "deployment/web/comparison.html")]
struct ComparisonPage {
    shell: Shell,
    form: Form,
    after: Plan,
    before: Option<Plan>,
    told: Comparison,
    others: Options,
}

/// The other versions of a unit, to be chosen from.
pub(super) fn others(versions: &[Plan], plan: &Plan) -> Options {
    let others = versions.iter().filter(|other| other.id != plan.id);
    others
        .map(|other| {
            let label = format!("第 {} 版 {}（{}）", other.version, other.name, other.state);
            (other.id.to_string(), label)
        })
        .collect()
}

/// The version that is asked for, or else the one that it was copied from, or else the one before it.
///
/// Errors: not found if it is of another unit.
async fn other(tx: &mut Tx, viewer: &Viewer, plan: &Plan, with: Option<Uuid>) -> Result<(Option<Plan>, Vec<Plan>)> {
    let versions = store::versions(tx, viewer.tenant, plan.organisation_id).await?;
    let found = |id: Uuid| versions.iter().find(|other| other.id == id && other.id != plan.id).cloned();
    let before = match with {
        Some(id) => Some(found(id).ok_or(Error::NotFound)?),
        None => plan.copied_from.and_then(found).or_else(|| {
            let earlier = versions.iter().find(|other| other.version < plan.version);
            earlier.or_else(|| versions.iter().find(|other| other.id != plan.id)).cloned()
        }),
    };
    Ok((before, versions))
}

async fn comparison_page(app: &App, viewer: &Viewer, shell: Shell, id: Uuid, with: With) -> Result<ComparisonPage> {
    let mut tx = app.db.read().await?;
    let after = reached(&mut tx, viewer, Permission::DutyRead, id).await?;
    let (before, versions) = other(&mut tx, viewer, &after, with.with).await?;
    let told = match &before {
        Some(before) => {
            let old = store::parts(&mut tx, viewer.tenant, before.id).await?;
            compare(&old, &store::parts(&mut tx, viewer.tenant, id).await?)
        }
        None => Comparison::default(),
    };
    let chosen = before.as_ref().map_or_else(String::new, |before| before.id.to_string());
    let (form, others) = (Form::filled(&[("with", &chosen)]), others(&versions, &after));
    Ok(ComparisonPage { shell, form, after, before, told, others })
}

async fn show(
    Shared(app): Shared<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    Query(with): Query<With>,
) -> Result<Response> {
    page(&comparison_page(&app, &viewer, shell, id, with).await?)
}

async fn print(
    Shared(app): Shared<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    Query(with): Query<With>,
) -> Result<Response> {
    let shown = comparison_page(&app, &viewer, shell, id, with).await?;
    let Some(before) = shown.before else {
        return Err(Error::refused("这个单位只有一版方案，没有可比的"));
    };
    let mark = mark(&viewer, &app.means.now(), "打印");
    let paper = paper::comparison(&before, &shown.after, &shown.told, &mark);
    let back = (format!("{}/comparison?with={}", to(id), before.id), "回到比较".to_owned());
    page(&PaperPage { shell: shown.shell, paper, back, file: None })
}
