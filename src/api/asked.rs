//! What a program asks, read strictly: what is not known is refused, since a filter that is overlooked shows too much.

use axum::body::to_bytes;
use axum::extract::{FromRequest, FromRequestParts, Query, Request};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use crate::error::{Error, Result};

/// The query of an address.
pub struct Asked<T>(pub T);

impl<T: DeserializeOwned, S: Sync> FromRequestParts<S> for Asked<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self> {
        match Query::try_from_uri(&parts.uri) {
            Ok(Query(asked)) => Ok(Asked(asked)),
            Err(error) => Err(Error::refused(format!("网址里的参数不对：{}", error.body_text()))),
        }
    }
}

/// Nobody says more than this.
const LARGEST: usize = 1 << 20;

/// A JSON body.
pub struct Said<T>(pub T);

impl<T: DeserializeOwned, S: Sync> FromRequest<S> for Said<T> {
    type Rejection = Error;

    async fn from_request(request: Request, _: &S) -> Result<Self> {
        let body = to_bytes(request.into_body(), LARGEST).await.map_err(|_| Error::TooLarge(1))?;
        match serde_json::from_slice(&body) {
            Ok(said) => Ok(Said(said)),
            Err(error) => Err(Error::refused(format!("请求的内容不是约定的 JSON：{error}"))),
        }
    }
}
