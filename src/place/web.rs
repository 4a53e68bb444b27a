use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use uuid::Uuid;

use super::store::{self, ListedBuilding, ListedEstate};
use super::{Spot, spot, units};
use crate::access::{self, OrganisationKind, Permission, Routes, Viewer};
use crate::app::App;
use crate::error::Result;
use crate::web::{Shell, page, qr};

pub fn routes() -> Routes {
    Routes::default()
        .get("/estates", Permission::PlaceRead, list)
        .get("/estates/{id}", Permission::PlaceRead, show)
        .get("/buildings/{id}/sheets", Permission::PlaceRead, sheets)
}

#[derive(Template)]
#[template(path = "place/estates.html")]
struct Estates {
    shell: Shell,
    estates: Vec<ListedEstate>,
    /// Whether the reader may fill an empty register.
    imports: bool,
}

async fn list(State(app): State<App>, viewer: Viewer, shell: Shell) -> Result<Response> {
    let mut tx = app.db.read().await?;
    let estates = store::estates_in_reach(&mut tx, viewer.tenant, &viewer.scope(Permission::PlaceRead)).await?;
    page(&Estates { shell, estates, imports: viewer.may(Permission::RegistryImport) })
}

#[derive(Template)]
#[template(path = "place/estate.html")]
struct EstatePage {
    shell: Shell,
    estate: ListedEstate,
    buildings: Vec<ListedBuilding>,
    /// Whether the reader may see who lives in a building.
    residents: bool,
    /// Whether the reader may edit who stands on the estate's board.
    contacts: bool,
}

async fn show(State(app): State<App>, viewer: Viewer, shell: Shell, Path(id): Path<Uuid>) -> Result<Response> {
    let mut tx = app.db.read().await?;
    let scope = viewer.scope(Permission::PlaceRead);
    let estate = store::estate_in_reach(&mut tx, viewer.tenant, &scope, id).await?;
    let buildings = store::buildings_in_reach(&mut tx, viewer.tenant, &scope, id).await?;
    let residents = viewer.may(Permission::ResidentRead);
    let contacts = viewer.may(Permission::ContactEdit);
    page(&EstatePage { shell, estate, buildings, residents, contacts })
}

#[derive(Template)]
#[template(path = "place/sheets.html")]
struct Sheets {
    shell: Shell,
    spot: Spot,
    labels: Vec<Label>,
    /// Whom to call without a phone that scans.
    phone: Option<String>,
}

/// What is stuck on the wall of one stairwell.
struct Label {
    words: String,
    qr: String,
}

async fn sheets(State(app): State<App>, viewer: Viewer, shell: Shell, Path(id): Path<Uuid>) -> Result<Response> {
    let mut tx = app.db.read().await?;
    store::building_in_reach(&mut tx, viewer.tenant, &viewer.scope(Permission::PlaceRead), id).await?;
    let spot = spot(&mut tx, viewer.tenant, id).await?;
    let mut labels = Vec::new();
    for unit in units(&mut tx, viewer.tenant, id).await? {
        let code = qr(&app.link(&format!("/r/{}", unit.place_code)))?;
        let spot = Spot { unit_key: unit.key, ..spot.clone() };
        labels.push(Label { words: spot.words(), qr: code });
    }
    let organisations = access::organisations(&mut tx, viewer.tenant).await?;
    let communities = organisations.into_iter().filter(|one| one.kind == OrganisationKind::Community);
    let phone = communities.filter_map(|community| community.phone).next();
    page(&Sheets { shell, spot, labels, phone })
}
