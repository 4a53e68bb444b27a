use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use db::Tx;
use uuid::Uuid;

use super::store::{self, ListedBuilding, ListedEstate};
use super::{Estate, Spot, spot, units};
use crate::access::{self, OrganisationKind, Permission, Routes, Viewer};
use crate::app::App;
use crate::error::Result;
use crate::web::{Form, Shell, page, page_again, qr, redirect};

pub fn routes() -> Routes {
    Routes::default()
        .get("/estates", Permission::PlaceRead, list)
        .get("/estates/{id}", Permission::PlaceRead, show)
        .get("/estates/{id}/particulars", Permission::PlaceEdit, edit)
        .post("/estates/{id}/particulars", Permission::PlaceEdit, update)
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
    may_edit: bool,
}

async fn show(State(app): State<App>, viewer: Viewer, shell: Shell, Path(id): Path<Uuid>) -> Result<Response> {
    let mut tx = app.db.read().await?;
    let scope = viewer.scope(Permission::PlaceRead);
    let estate = store::estate_in_reach(&mut tx, viewer.tenant, &scope, id).await?;
    let buildings = store::buildings_in_reach(&mut tx, viewer.tenant, &scope, id).await?;
    let residents = viewer.may(Permission::ResidentRead);
    let contacts = viewer.may(Permission::ContactEdit);
    let may_edit = viewer.may(Permission::PlaceEdit);
    page(&EstatePage { shell, estate, buildings, residents, contacts, may_edit })
}

#[derive(Template)]
#[template(path = "place/particulars.html")]
struct Particulars {
    shell: Shell,
    estate: Estate,
    companies: Vec<(String, String)>,
    form: Form,
}

async fn edit(State(app): State<App>, viewer: Viewer, shell: Shell, Path(id): Path<Uuid>) -> Result<Response> {
    let mut tx = app.db.read().await?;
    let scope = viewer.scope(Permission::PlaceEdit);
    let estate = store::estate_within(&mut tx, viewer.tenant, &scope, id).await?;
    let company = estate.property_company_id.map_or_else(String::new, |id| id.to_string());
    let address = estate.station_address.clone().unwrap_or_default();
    let form = Form::filled(&[("station_address", &address), ("property_company", &company)]);
    let companies = companies(&mut tx, viewer.tenant).await?;
    page(&Particulars { shell, estate, companies, form })
}

async fn companies(tx: &mut Tx, tenant: Uuid) -> Result<Vec<(String, String)>> {
    let organisations = access::organisations(tx, tenant).await?;
    let companies = organisations.into_iter().filter(|one| one.kind == OrganisationKind::PropertyCompany);
    Ok(companies.map(|company| (company.id.to_string(), company.name)).collect())
}

async fn update(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let act = app.act(&viewer, Permission::PlaceEdit)?;
    let mut tx = app.db.begin().await?;
    let estate = store::estate_within(&mut tx, viewer.tenant, &viewer.scope(Permission::PlaceEdit), id).await?;
    let companies = companies(&mut tx, viewer.tenant).await?;
    let address = form.text("station_address", "党群服务站地址", 0..=100);
    let known =
        |code: &str| companies.iter().find(|(known, _)| known == code).and_then(|(known, _)| known.parse().ok());
    let company: Option<Uuid> = form.optional_choice("property_company", "物业公司", known);
    if !form.ok() {
        return page_again(&Particulars { shell, estate, companies, form });
    }
    let address = Some(address.as_str()).filter(|address| !address.is_empty());
    store::set_estate(&mut tx, &act, id, address, company).await?;
    tx.commit().await?;
    Ok(redirect(&format!("/estates/{id}"), "小区资料已改好"))
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
