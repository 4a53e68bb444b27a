use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::issues::categories;
use crate::access::{Routes, Token, TokenScope};
use crate::app::App;
use crate::error::Result;
use crate::issue::Category;
use crate::place;

pub fn routes() -> Routes {
    Routes::default().get("/api/v1/categories", TokenScope::ListsRead, list_categories).get(
        "/api/v1/estates",
        TokenScope::ListsRead,
        list_estates,
    )
}

#[derive(Debug, Serialize, ToSchema)]
pub struct CategoryItem {
    #[schema(schema_with = categories)]
    code: &'static str,
    label: &'static str,
    /// Whether it belongs to the management of the property.
    of_property: bool,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct CategoryList {
    items: Vec<CategoryItem>,
}

/// What an issue can be about.
#[utoipa::path(get, path = "/api/v1/categories", operation_id = "listCategories", tag = "lists",
    responses((status = 200, body = CategoryList)), security(("token" = ["lists:read"])))]
async fn list_categories(_: Token) -> Json<CategoryList> {
    let item = |category: &Category| CategoryItem {
        code: category.code(),
        label: category.label(),
        of_property: category.of_property(),
    };
    Json(CategoryList { items: Category::ALL.iter().map(item).collect() })
}

#[derive(Debug, Serialize, ToSchema)]
pub struct BuildingItem {
    id: Uuid,
    name: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct EstateItem {
    id: Uuid,
    name: String,
    buildings: Vec<BuildingItem>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct EstateList {
    items: Vec<EstateItem>,
}

/// The estates that the token knows of, with their buildings.
#[utoipa::path(get, path = "/api/v1/estates", operation_id = "listEstates", tag = "lists",
    responses((status = 200, body = EstateList)), security(("token" = ["lists:read"])))]
async fn list_estates(State(app): State<App>, token: Token) -> Result<Json<EstateList>> {
    let mut tx = app.db.read().await?;
    let estates = place::estates(&mut tx, token.tenant).await?;
    let buildings = place::all_buildings(&mut tx, token.tenant).await?;
    let item = |estate: place::Estate| EstateItem {
        buildings: buildings
            .iter()
            .filter(|building| building.estate_id == estate.id)
            .map(|building| BuildingItem { id: building.id, name: building.name.clone() })
            .collect(),
        id: estate.id,
        name: estate.name,
    };
    let known = estates.into_iter().filter(|estate| token.reaches(Some(estate.id)));
    Ok(Json(EstateList { items: known.map(item).collect() }))
}
