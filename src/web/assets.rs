use std::collections::HashMap;
use std::sync::LazyLock;

use axum::body::Bytes;
use axum::extract::Path;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::IntoResponse;
use rust_embed::RustEmbed;
use sha2::{Digest, Sha256};

use crate::error::Error;

#[derive(RustEmbed)]
#[folder = "assets"]
struct Own;

#[derive(RustEmbed)]
#[folder = "node_modules/htmx.org/dist"]
#[include = "htmx.min.js"]
struct Htmx;

/// IndexedDB with promises, for the pages that work without signal.
#[derive(RustEmbed)]
#[folder = "node_modules/idb/build"]
#[include = "index.js"]
struct Idb;

/// Every asset by name, and the version that stands in their addresses: a digest of them all, so that a browser
/// may keep them for ever and still sees a new release at once.
static ASSETS: LazyLock<(String, HashMap<String, Bytes>)> = LazyLock::new(|| {
    let own = Own::iter().filter_map(|name| Some((name.to_string(), Own::get(&name)?)));
    let htmx = Htmx::iter().filter_map(|name| Some((name.to_string(), Htmx::get(&name)?)));
    let idb = Idb::get("index.js").map(|file| ("idb.js".to_owned(), file));
    let mut files: Vec<(String, Bytes)> =
        own.chain(htmx).chain(idb).map(|(name, file)| (name, Bytes::from(file.data.into_owned()))).collect();
    files.sort_by(|a, b| a.0.cmp(&b.0));
    let mut hasher = Sha256::new();
    files.iter().for_each(|(_, content)| hasher.update(content));
    let version = hasher.finalize().iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    (version, files.into_iter().collect())
});

/// The version of all assets together.
pub fn asset_version() -> &'static str {
    &ASSETS.0
}

/// The names of the assets in a folder.
pub fn assets_in(folder: &str) -> Vec<&'static str> {
    let mut names: Vec<&str> = ASSETS.1.keys().map(String::as_str).filter(|name| name.starts_with(folder)).collect();
    names.sort_unstable();
    names
}

/// What an asset says.
pub fn asset_text(name: &str) -> String {
    ASSETS.1.get(name).map(|content| String::from_utf8_lossy(content).into_owned()).unwrap_or_default()
}

/// The address of an asset.
pub fn asset(name: &str) -> String {
    format!("/assets/{}/{name}", ASSETS.0)
}

pub async fn serve_asset(Path((_version, name)): Path<(String, String)>) -> Result<impl IntoResponse, Error> {
    let content = ASSETS.1.get(&name).cloned().ok_or(Error::NotFound)?;
    let kind = match name.rsplit_once('.').map(|(_, ending)| ending) {
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        _ => "application/octet-stream",
    };
    Ok(([(CONTENT_TYPE, kind), (CACHE_CONTROL, "public, max-age=31536000, immutable")], content))
}
