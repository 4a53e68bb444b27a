//! What every test stands on: the real program on a fresh database of either engine, and a browser to use it with.

mod app;
mod browser;
pub mod cluster;
mod database;
pub mod office;

pub use app::{Account, Community, TestApp};
pub use browser::{Browser, Page};
pub use database::{Engine, Storage, fresh};

/// Tells a story twice, on SQLite and on PostgreSQL, each time to a program of its own:
///
/// ```ignore
/// db_test! {
///     async fn a_report_gets_a_receipt(app: TestApp) { … }
/// }
/// ```
#[macro_export]
macro_rules! db_test {
    ($($(#[$meta:meta])* async fn $name:ident($app:ident: TestApp) $story:block)+) => {$(
        $(#[$meta])*
        mod $name {
            #[allow(unused_imports)]
            use super::*;

            async fn story($app: $crate::support::TestApp) $story

            #[tokio::test]
            async fn sqlite() {
                story($crate::support::TestApp::start($crate::support::Engine::Sqlite).await).await;
            }

            #[tokio::test]
            async fn postgres() {
                story($crate::support::TestApp::start($crate::support::Engine::Postgres).await).await;
            }
        }
    )+};
}
