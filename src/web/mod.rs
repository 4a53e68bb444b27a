//! What every page stands on: the shell around it, forms that come back filled, error pages, assets. It knows no feature.

mod assets;
pub mod chart;
mod failure;
mod form;
mod limit;
mod phone;
mod qr;
mod revealed;
mod shell;
pub mod show;
mod todo;

pub use assets::{asset, asset_text, asset_version, assets_in, serve_asset};
pub use failure::{Failure, Problem, dress_failures};
pub use form::{Csrf, Form, FromThisSite, MULTIPART_LIMIT_MB, Upload, Written};
pub use limit::Limiter;
pub use phone::{masked_phone, phone_hint};
pub use qr::qr;
pub use revealed::{Revealed, ValueForm};
pub use shell::{Alarm, Cookies, Nav, NavItem, Shell, ViewerName, clear_cookie, redirect, set_cookie};
pub use todo::Todo;

use askama::Template;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};

use crate::error::Result;

/// A rendered page.
pub fn page(template: &impl Template) -> Result<Response> {
    Ok(Html(template.render()?).into_response())
}

/// A form that is shown again because something in it is not right: 422, with everything that was filled in.
pub fn page_again(template: &impl Template) -> Result<Response> {
    Ok((StatusCode::UNPROCESSABLE_ENTITY, Html(template.render()?)).into_response())
}
