//! The floor: a router that runs the SQL of a scenario and answers with so many bytes.

use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Path as Parts, State};
use axum::routing::get;
use db::Db;
use doorstep::means::Means;

use crate::scene::{Scenario, Scene};

#[derive(Clone)]
struct Floor {
    db: Db,
    means: Means,
    scene: Arc<Scene>,
}

pub async fn serve(data: &Path, database: &str, tenant: &str) {
    let (db, means) = crate::open(data, database).await;
    let scene = Arc::new(Scene::read(&db, &means, tenant).await);
    let router =
        Router::new().route("/{scenario}/{variation}/{size}", get(answer)).with_state(Floor { db, means, scene });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    println!("http://{}", listener.local_addr().expect("an address"));
    axum::serve(listener, router).await.expect("served");
}

async fn answer(
    State(floor): State<Floor>,
    Parts((scenario, variation, size)): Parts<(String, usize, usize)>,
) -> Vec<u8> {
    let scenario = Scenario::ALL.into_iter().find(|known| known.name() == scenario).expect("a scenario");
    floor.scene.sql(&floor.db, &floor.means, scenario, variation).await;
    vec![b'.'; size]
}
