use axum::response::Response;

use crate::access::Routes;
use crate::app::App;
use crate::error::Result;
use crate::web::Shell;

pub fn routes() -> Routes {
    Routes::default()
}

pub async fn home(_app: &App, _shell: Shell) -> Result<Response> {
    Err(crate::error::Error::NotFound)
}
