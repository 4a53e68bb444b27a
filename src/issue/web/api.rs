use axum::Json;
use axum::extract::{Path, State};
use utoipa::OpenApi;

use crate::access::{Need, Routes};
use crate::app::App;
use crate::error::Result;
use crate::issue::receipt::{self, ChainLink, Receipt, Standing};
use crate::issue::store;

pub fn routes() -> Routes {
    Routes::default().get("/api/v1/receipts/{code}", Need::Public, show_receipt)
}

#[derive(OpenApi)]
#[openapi(paths(show_receipt), components(schemas(Receipt, ChainLink, Standing)))]
pub struct ApiDoc;

/// The chain of an issue, for whoever has the code of its receipt.
#[utoipa::path(
    get,
    path = "/api/v1/receipts/{code}",
    operation_id = "getReceipt",
    tag = "receipts",
    params(("code" = String, Path, description = "The twelve characters of the receipt; dashes and case are ignored")),
    responses((status = 200, body = Receipt))
)]
async fn show_receipt(State(app): State<App>, Path(code): Path<String>) -> Result<Json<Receipt>> {
    let mut tx = app.db.read().await?;
    let (tenant, issue) = store::issue_by_code(&mut tx, &receipt::read_code(&code)).await?;
    Ok(Json(super::receipt(&mut tx, &app, tenant, &issue).await?.receipt))
}
