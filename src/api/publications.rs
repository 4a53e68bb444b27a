use axum::Json;
use axum::extract::{Path, State};
use db::Cursor;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::openapi::schema::Type;
use utoipa::openapi::{Object, ObjectBuilder};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::asked::Asked;
use super::issues::{estate_of, page_of};
use crate::access::{Routes, Token, TokenScope};
use crate::app::App;
use crate::board::{self, Publication, PublicationKind};
use crate::error::{Error, Result};

pub fn routes() -> Routes {
    Routes::default().get("/api/v1/publications", TokenScope::BoardRead, list).get(
        "/api/v1/publications/{id}",
        TokenScope::BoardRead,
        show,
    )
}

fn kinds() -> Object {
    let codes = PublicationKind::ALL.iter().map(|kind| kind.code());
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(codes)).build()
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Fact {
    name: String,
    value: String,
}

/// What hangs on the public board, word for word.
#[derive(Debug, Serialize, ToSchema)]
pub struct PublicationItem {
    id: Uuid,
    #[schema(schema_with = kinds)]
    kind: &'static str,
    /// Null: of the whole community.
    estate_id: Option<Uuid>,
    title: String,
    text: String,
    facts: Vec<Fact>,
    #[schema(value_type = String, format = DateTime)]
    starts_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    ends_at: Timestamp,
    /// Whether its period is running.
    running: bool,
    #[schema(format = "uri")]
    url: String,
}

impl PublicationItem {
    fn of(app: &App, token: &Token, publication: Publication) -> PublicationItem {
        let snapshot = publication.body.0.clone();
        PublicationItem {
            url: app.link(&format!("/board/{}/publications/{}", token.tenant_code, publication.id)),
            running: publication.is_running(app.means.now()),
            id: publication.id,
            kind: publication.kind.code(),
            estate_id: publication.estate_id,
            title: publication.title,
            text: snapshot.text,
            facts: snapshot.facts.into_iter().map(|(name, value)| Fact { name, value }).collect(),
            starts_at: publication.starts_at,
            ends_at: publication.ends_at,
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub struct PublicationList {
    items: Vec<PublicationItem>,
    /// What `after` has to be for the next page; null on the last one.
    #[schema(pattern = "^-?[0-9]+[.][0-9a-f]{32}$")]
    next: Option<String>,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PublicationFilter {
    /// With what concerns the whole community.
    estate: Option<Uuid>,
    /// `next` of the page before.
    #[param(pattern = "^-?[0-9]+[.][0-9a-f]{32}$")]
    after: Option<String>,
    /// So many at most; 50 if nothing is said.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<usize>,
}

/// What hangs on the board, the latest first.
#[utoipa::path(get, path = "/api/v1/publications", operation_id = "listPublications", tag = "board", params(PublicationFilter),
    responses((status = 200, body = PublicationList)), security(("token" = ["board:read"])))]
async fn list(
    State(app): State<App>,
    token: Token,
    Asked(asked): Asked<PublicationFilter>,
) -> Result<Json<PublicationList>> {
    let (before, size) = page_of(asked.after.as_deref(), asked.limit, Cursor::LAST)?;
    let estate = estate_of(&token, asked.estate)?;
    let page = board::publications(&mut app.db.read().await?, token.tenant, estate, before, size).await?;
    let items = page.items.into_iter().map(|publication| PublicationItem::of(&app, &token, publication)).collect();
    Ok(Json(PublicationList { items, next: page.next.map(|cursor| cursor.to_string()) }))
}

/// One of what hangs.
#[utoipa::path(get, path = "/api/v1/publications/{id}", operation_id = "getPublication", tag = "board", params(("id" = Uuid, Path)),
    responses((status = 200, body = PublicationItem)), security(("token" = ["board:read"])))]
async fn show(State(app): State<App>, token: Token, Path(id): Path<String>) -> Result<Json<PublicationItem>> {
    let id: Uuid = id.parse().map_err(|_| Error::NotFound)?;
    let publication = board::publication(&mut app.db.read().await?, token.tenant, id).await?;
    if publication.estate_id.is_some() && !token.reaches(publication.estate_id) {
        return Err(Error::NotFound);
    }
    Ok(Json(PublicationItem::of(&app, &token, publication)))
}
