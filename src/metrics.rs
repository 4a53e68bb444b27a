//! What Prometheus reads at `/metrics`: how many requests there were, how long they took, what waits, what memory is used.
//! Labels are patterns of routes, never paths, so that no code and no name gets into a monitoring system.

use std::net::SocketAddr;
use std::time::Duration;

use axum::extract::{ConnectInfo, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, Method};
use axum::response::{IntoResponse, Response};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use crate::app::App;
use crate::error::{Error, Result};
use crate::outbox;

/// Upper bounds of the buckets of a duration, in seconds.
const SECONDS: [f64; 11] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 2.5, 10.0];

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    method: String,
    pattern: String,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Asked {
    method: String,
    pattern: String,
}

pub struct Metrics {
    registry: Registry,
    requests: Family<Answered, Counter>,
    seconds: Family<Asked, Histogram, fn() -> Histogram>,
    waiting: Gauge,
    parked: Gauge,
    resident: Gauge,
}

impl Default for Metrics {
    fn default() -> Metrics {
        let mut registry = Registry::default();
        let requests = Family::default();
        let seconds = Family::new_with_constructor((|| Histogram::new(SECONDS)) as fn() -> Histogram);
        let (waiting, parked, resident) = (Gauge::default(), Gauge::default(), Gauge::default());
        let version = [("version", env!("CARGO_PKG_VERSION"))];
        registry.register("doorstep_build", "The program", prometheus_client::metrics::info::Info::new(version));
        registry.register("doorstep_requests", "Requests answered", Family::clone(&requests));
        let what = "From the arrival of a request to the head of its answer";
        registry.register_with_unit("doorstep_request", what, Unit::Seconds, Family::clone(&seconds));
        registry.register("doorstep_outbox_waiting", "Messages that wait to be delivered", waiting.clone());
        registry.register("doorstep_outbox_parked", "Messages that were given up after ten failures", parked.clone());
        registry.register_with_unit("process_resident_memory", "Memory in use", Unit::Bytes, resident.clone());
        Metrics { registry, requests, seconds, waiting, parked, resident }
    }
}

impl Metrics {
    /// Notes an answered request.
    pub fn answered(&self, method: &Method, pattern: &str, status: u16, took: Duration) {
        // Anybody may make up a method, and each label is kept for ever.
        let method = match *method {
            Method::GET | Method::HEAD | Method::POST | Method::OPTIONS => method.as_str(),
            _ => "OTHER",
        };
        let (method, pattern) = (method.to_owned(), pattern.to_owned());
        self.seconds
            .get_or_create(&Asked { method: method.clone(), pattern: pattern.clone() })
            .observe(took.as_secs_f64());
        self.requests.get_or_create(&Answered { method, pattern, status }).inc();
    }
}

/// The figures, for a monitor on the same machine only. Whatever comes through a proxy comes from the world.
pub async fn show(
    State(app): State<App>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
) -> Result<Response> {
    if !peer.ip().to_canonical().is_loopback()
        || headers.contains_key("x-forwarded-for")
        || headers.contains_key("forwarded")
    {
        return Err(Error::NotFound);
    }
    let (waiting, parked) = outbox::backlog(&mut app.db.read().await?).await?;
    app.metrics.waiting.set(waiting);
    app.metrics.parked.set(parked);
    app.metrics.resident.set(resident_bytes().unwrap_or_default());
    let mut text = String::new();
    encode(&mut text, &app.metrics.registry).map_err(anyhow::Error::from)?;
    Ok(([(CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")], text).into_response())
}

/// Linux tells it in pages of four kilobytes; elsewhere it is not known.
fn resident_bytes() -> Option<i64> {
    let pages: i64 = std::fs::read_to_string("/proc/self/statm").ok()?.split(' ').nth(1)?.parse().ok()?;
    Some(pages * 4096)
}
