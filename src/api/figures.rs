use axum::Json;
use axum::extract::State;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::openapi::schema::Type;
use utoipa::openapi::{Object, ObjectBuilder};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::asked::Asked;
use super::issues::estate_of;
use crate::access::{Routes, Scope, Token, TokenScope};
use crate::app::App;
use crate::error::Result;
use crate::report::{self, Figure, Period, Report, Rules};
use crate::{place, settings};

pub fn routes() -> Routes {
    Routes::default().get("/api/v1/figures", TokenScope::ReportsRead, show)
}

fn figures() -> Object {
    let codes = Figure::ALL.iter().map(|figure| figure.code());
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(codes)).build()
}

#[derive(Debug, Serialize, ToSchema)]
pub struct FigureItem {
    #[schema(schema_with = figures)]
    code: &'static str,
    label: &'static str,
    /// What exactly is counted.
    meaning: &'static str,
    /// Whether it is a part of the figure before it.
    part: bool,
    #[schema(minimum = 0)]
    count: i64,
}

/// `count` of `of`; null in tenths of a percent if there are too few to tell.
#[derive(Debug, Serialize, ToSchema)]
pub struct RateItem {
    label: &'static str,
    #[schema(schema_with = figures)]
    part: &'static str,
    #[schema(schema_with = figures)]
    whole: &'static str,
    #[schema(minimum = 0)]
    count: i64,
    #[schema(minimum = 0)]
    of: i64,
    #[schema(minimum = 0, maximum = 1000)]
    per_mille: Option<i64>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct PeriodFigures {
    #[schema(value_type = String, format = Date)]
    from: Date,
    #[schema(value_type = String, format = Date)]
    to: Date,
    estate_id: Option<Uuid>,
    figures: Vec<FigureItem>,
    rates: Vec<RateItem>,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PeriodAsked {
    /// The first day, by the clock of Shanghai.
    #[param(value_type = String, format = Date)]
    from: Date,
    /// The last day; at most three years after the first.
    #[param(value_type = String, format = Date)]
    to: Date,
    estate: Option<Uuid>,
}

/// The figures of a period, and the three rates that follow from them.
#[utoipa::path(get, path = "/api/v1/figures", operation_id = "getFigures", tag = "reports", params(PeriodAsked),
    responses((status = 200, body = PeriodFigures)), security(("token" = ["reports:read"])))]
async fn show(State(app): State<App>, token: Token, Asked(asked): Asked<PeriodAsked>) -> Result<Json<PeriodFigures>> {
    let period = Period::of(asked.from, asked.to)?;
    let estate = estate_of(&token, asked.estate)?;
    let now = app.means.now();
    let mut tx = app.db.read().await?;
    if let Some(estate) = estate {
        place::estate(&mut tx, token.tenant, estate).await?;
    }
    let records = report::records(&mut tx, token.tenant, &Scope::tenant(), &period, estate).await?;
    let rules: Rules = settings::read(&mut tx, token.tenant, now).await?;
    let report = Report { period, now, records };
    let figures = Figure::ALL.iter().map(|figure| FigureItem {
        code: figure.code(),
        label: figure.label(),
        meaning: figure.meaning(),
        part: figure.is_part(),
        count: report.count(*figure),
    });
    let rates = report.rates().into_iter().map(|rate| RateItem {
        label: rate.label,
        part: rate.part.code(),
        whole: rate.whole.code(),
        count: rate.count,
        of: rate.of,
        per_mille: rate.per_mille(&rules),
    });
    let (figures, rates) = (figures.collect(), rates.collect());
    Ok(Json(PeriodFigures { from: period.first, to: period.last, estate_id: estate, figures, rates }))
}
