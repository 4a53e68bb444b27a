//! How soon the first answer is there after a cold start, and how much memory the demonstration needs.

use std::time::Instant;

use crate::client::{self, Request};
use crate::process::Server;

pub async fn run() {
    let folder = tempfile::tempdir().unwrap();
    let database = format!("sqlite:{}", folder.path().join("doorstep.db").display());
    crate::generate(folder.path(), &database, crate::CODE, 5_000).await;
    let mut waits = Vec::new();
    for _ in 0..10 {
        let began = Instant::now();
        let server = Server::program(folder.path(), &database);
        client::answer(&server.address, &Request::get(&format!("/board/{}", crate::CODE), &server.address, "")).await;
        waits.push(began.elapsed().as_secs_f64() * 1000.0);
    }
    waits.sort_by(f64::total_cmp);
    println!("\n### Start\n");
    println!(
        "From the call to the first page of the board, 5,000 residents, ten times: {:.0} ms in the median, {:.0} ms at most.",
        waits[5], waits[9]
    );

    let folder = tempfile::tempdir().unwrap();
    let demo = Server::demo(folder.path());
    let resting = demo.memory();
    let request = Request::get(&format!("/board/{}", crate::CODE), &demo.address, "");
    client::load(&demo.address, vec![request].into(), 16, crate::SPAN).await;
    println!(
        "The demonstration makes its community in {:.1} s and then holds {} MB; after {:.0} s of requests over 16 connections {} MB.",
        demo.started.as_secs_f64(),
        resting / 1_000_000,
        crate::SPAN.as_secs_f64(),
        demo.memory() / 1_000_000
    );
}
