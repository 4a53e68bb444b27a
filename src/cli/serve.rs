use std::future::IntoFuture;
use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU32;
use std::time::Duration;

use anyhow::Context;
use clap::Args;
use db::Db;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use crate::app::{self, App};
use crate::config::{Config, Options, Outgoing};
use crate::means::Means;
use crate::{channel, outbox, upkeep};

#[derive(Args)]
pub struct Serve {
    /// 监听地址
    #[arg(long, env = "DOORSTEP_LISTEN", default_value = "127.0.0.1:8080", value_name = "ADDR")]
    listen: SocketAddr,
    /// 公开网址，写进二维码和链接，如 <https://example.org>；不填则用监听地址
    #[arg(long, env = "DOORSTEP_PUBLIC_URL", value_name = "URL")]
    public_url: Option<String>,
    /// 反向代理的地址，只有它们的 X-Forwarded-For 可信；可写多次
    #[arg(long = "trusted-proxy", env = "DOORSTEP_TRUSTED_PROXIES", value_delimiter = ',', value_name = "IP")]
    trusted_proxies: Vec<IpAddr>,
    #[command(flatten)]
    limits: Limits,
    #[command(flatten)]
    outgoing: Outgoing,
}

#[derive(Args)]
pub struct Limits {
    /// 没有账号时，同一来源每小时最多提交几次表单
    #[arg(long, env = "DOORSTEP_PUBLIC_POSTS_PER_HOUR", default_value = "20", value_name = "N")]
    pub public_posts_per_hour: NonZeroU32,
    /// 同一来源每小时最多试几次密码；账号本身另有锁定
    #[arg(long, env = "DOORSTEP_SIGN_INS_PER_HOUR", default_value = "300", value_name = "N")]
    pub sign_ins_per_hour: NonZeroU32,
    /// 同一个接口令牌每分钟最多请求几次
    #[arg(long, env = "DOORSTEP_TOKEN_REQUESTS_PER_MINUTE", default_value = "300", value_name = "N")]
    pub token_requests_per_minute: NonZeroU32,
}

/// How long requests that are under way may still take after the program was told to end.
const GRACE: Duration = Duration::from_secs(10);

impl Serve {
    pub async fn run(self, options: &Options) -> anyhow::Result<()> {
        let listener = listen(self.listen).await?;
        let (db, means) = options.open().await?;
        let public_url = match self.public_url {
            Some(url) => url.trim_end_matches('/').to_owned(),
            None => address(&listener)?,
        };
        let Limits { public_posts_per_hour, sign_ins_per_hour, token_requests_per_minute } = self.limits;
        let trusted_proxies = self.trusted_proxies;
        let outgoing = self.outgoing;
        let config = Config {
            public_url,
            trusted_proxies,
            public_posts_per_hour,
            sign_ins_per_hour,
            token_requests_per_minute,
            outgoing,
        };
        let greeting = format!("家门口已启动：{}", address(&listener)?);
        serve(listener, db, means, config, &greeting).await
    }
}

pub async fn listen(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| format!("监听不了 {address}，可能已有程序占用，请换一个 --listen"))
}

/// `http://127.0.0.1:8080`, with the port that the system chose where 0 was asked for.
pub fn address(listener: &TcpListener) -> anyhow::Result<String> {
    Ok(format!("http://{}", listener.local_addr()?))
}

/// Prints the greeting, then answers requests, delivers the outbox, sends notices and does the upkeep until SIGTERM or SIGINT; then takes
/// no new connections, finishes what is under way and closes the database. Whoever reads the greeting may send a signal already.
pub async fn serve(listener: TcpListener, db: Db, means: Means, config: Config, greeting: &str) -> anyhow::Result<()> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    println!("{greeting}");
    let app = App::new(db, means, config);
    let sender = channel::Sender::new(app.clone())?;
    let (stop, mut stopped) = watch::channel(false);
    let deliveries = tokio::spawn(outbox::run(app.clone(), app::handlers(), stopped.clone()));
    let notices = tokio::spawn(sender.run(stopped.clone()));
    let upkeep = tokio::spawn(upkeep::run(app.clone(), stopped.clone()));
    let keeping_up = tokio::spawn(upkeep::keep_up(app.clone(), stopped.clone()));

    let service = app::router(app.clone()).into_make_service_with_connect_info::<SocketAddr>();
    let told = async move { drop(stopped.wait_for(|stop| *stop).await) };
    let server = axum::serve(listener, service).with_graceful_shutdown(told).into_future();
    let patience = async {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("told to end");
        stop.send_replace(true);
        tokio::time::sleep(GRACE).await;
    };
    tokio::select! {
        served = server => served?,
        () = patience => tracing::warn!("requests that took too long were cut off"),
    }
    stop.send_replace(true);
    deliveries.await?;
    notices.await?;
    upkeep.await?;
    keeping_up.await?;
    app.tally.write_down(&app.db).await?;
    app.db.close().await;
    Ok(())
}
