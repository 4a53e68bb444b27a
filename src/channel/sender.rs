//! The sender: takes a channel, sends the first delivery that waits there, and notes how that ended, in this order:
//!
//! 1. One transaction leases the channel, counts a token of its rate and marks the delivery as being sent.
//! 2. The message goes out.
//! 3. One transaction notes the end, and lets go of the channel.
//!
//! A process that dies in between leaves the mark behind; when the lease has run out, the next one knows that the message may
//! have arrived, and says so at its head. Nothing is sent before it is marked, so at most one message of a channel comes twice
//! for each process that dies. One message is under way at a time, unless one takes long: then others go on beside it.

use std::sync::Arc;
use std::time::Duration;

use db::Tx;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::hook;
use super::mail::Post;
use super::model::{Bucket, Kind, MAYBE_AGAIN, Rates, Sending, State, fitted, robot_address};
use super::robot::{self, Outcome};
use super::setup::{ADDRESS, SECRET};
use super::sms::{SmsFile, SmsGateway};
use super::store::{
    BEGIN, BURY, Found, HEAD, Head, LATER, LEASE, Leased, RELEASE, SENT, URGENT, USE_TOKEN, WAKING, Waking,
};
use crate::access::Act;
use crate::app::App;
use crate::error::Result;
use crate::{outbox, settings};

/// How many channels are looked at in one pass, and how often.
const BATCH: i64 = 50;
const PAUSE: Duration = Duration::from_secs(1);
/// So long the others wait for one message.
const PATIENCE: Duration = Duration::from_secs(1);
/// So many may take longer at the same time.
const MOST_SLOW: usize = 32;

pub struct Sender {
    app: App,
    ways: Arc<Ways>,
    slow: Vec<JoinHandle<bool>>,
}

/// The ways out of the program. Mail and short messages have one only if whoever runs it has named one.
struct Ways {
    client: reqwest::Client,
    post: Option<Post>,
    sms: Option<Box<dyn SmsGateway>>,
}

/// What a sender has in its hands.
struct Parcel {
    channel: Leased,
    head: Head,
    /// As it goes out.
    text: String,
    rules: Sending,
    leased_until: Timestamp,
}

impl Sender {
    /// Errors: the mail server or the file that was named cannot be one.
    pub fn new(app: App) -> anyhow::Result<Sender> {
        let outgoing = &app.config.outgoing;
        let sms = outgoing.sms_file.as_deref().map(SmsFile::open).transpose()?;
        let sms = sms.map(|file| Box::new(file) as Box<dyn SmsGateway>);
        let ways = Ways { client: outbox::http::client()?, post: Post::open(outgoing)?, sms };
        Ok(Sender { app, ways: Arc::new(ways), slow: Vec::new() })
    }

    /// Sends until it is told to stop; what is under way is finished first.
    pub async fn run(mut self, mut stop: watch::Receiver<bool>) {
        loop {
            let more = self.pass().await.unwrap_or_else(|error| {
                tracing::error!(?error, "the channels could not be read");
                0
            });
            let pause = if more > 0 { Duration::ZERO } else { PAUSE };
            tokio::select! {
                biased;
                _ = stop.wait_for(|stop| *stop) => break,
                () = tokio::time::sleep(pause) => {}
            }
        }
        self.finish().await;
    }

    /// Looks once at each channel that has something to send. Gives the number of those that it served.
    pub async fn pass(&mut self) -> Result<usize> {
        self.slow.retain(|slow| !slow.is_finished());
        let mut tx = self.app.db.read().await?;
        let waking: Vec<Waking> = tx.all(WAKING.bind(self.app.means.now()).bind(BATCH)).await?;
        drop(tx);
        let mut seen = 0;
        for waking in waking {
            if self.slow.len() >= MOST_SLOW {
                break;
            }
            let (app, ways) = (self.app.clone(), self.ways.clone());
            let mut task = tokio::spawn(async move {
                let served = once(&app, &ways, waking).await;
                served
                    .inspect_err(|error| tracing::error!(?error, channel = %waking.id, "a channel could not be served"))
                    .is_ok()
            });
            match tokio::time::timeout(PATIENCE, &mut task).await {
                // One that fails does not keep the sender from pausing.
                Ok(served) => seen += usize::from(served.unwrap_or(false)),
                Err(_) => self.slow.push(task),
            }
        }
        Ok(seen)
    }

    /// Waits for what is under way.
    pub async fn finish(&mut self) {
        for task in self.slow.drain(..) {
            _ = task.await;
        }
    }
}

/// Sends the first delivery of a channel, if it may go out now.
async fn once(app: &App, ways: &Ways, waking: Waking) -> Result<()> {
    let act = Act::system(waking.tenant_id, &app.means);
    let Some(parcel) = take(app, &act, waking).await? else { return Ok(()) };
    let outcome = send(app, ways, &act, &parcel).await;
    note(app, waking, &parcel, outcome).await
}

/// Leases a channel and marks its first delivery as being sent. `None` if another sender was first, or nothing may go out now;
/// then the channel knows when to wake up.
async fn take(app: &App, act: &Act, waking: Waking) -> Result<Option<Parcel>> {
    let mut tx = app.db.begin().await?;
    let rules: Sending = settings::read(&mut tx, act.tenant, act.at).await?;
    let rates: Rates = settings::read(&mut tx, act.tenant, act.at).await?;
    let leased_until = act.at + rules.lease();
    let lease = LEASE.bind(act.tenant).bind(waking.id).bind(act.at).bind(leased_until);
    let Some(channel) = tx.optional::<Leased>(lease).await? else { return Ok(None) };
    let limits = match rates.of(channel.kind) {
        Some(limits) => limits,
        None => settings::read::<hook::Rules>(&mut tx, act.tenant, act.at).await?.limits(),
    };
    let mut bucket = Bucket(channel.taken.0.clone());
    let (head, wake_at) = match first(&mut tx, act, waking, &channel, &rules).await? {
        None => (None, None),
        Some(head) => {
            let mut ready = head.available_at.max(bucket.ready_at(limits, act.at));
            if let Some(end) = rules.quiet_until(ready.max(act.at))
                && tx.optional::<Found>(URGENT.bind(act.tenant).bind(waking.id)).await?.is_none()
            {
                ready = end;
            }
            if ready > act.at { (None, Some(ready)) } else { (Some(head), None) }
        }
    };
    let Some(head) = head else {
        tx.execute(RELEASE.bind(act.tenant).bind(waking.id).bind(leased_until).bind(wake_at)).await?;
        tx.commit().await?;
        return Ok(None);
    };
    // It was being sent when somebody's lease ran out.
    let maybe_sent = head.maybe_sent || head.state == State::Sending;
    bucket.take(act.at);
    tx.execute(USE_TOKEN.bind(act.tenant).bind(waking.id).bind(db::Json(bucket.0))).await?;
    tx.execute(BEGIN.bind(act.tenant).bind(head.id).bind(maybe_sent)).await?;
    tx.commit().await?;
    let link = if head.path.is_empty() { String::new() } else { app.link(&head.path) };
    // Whoever takes events knows by the id that one has come before.
    let text = if maybe_sent && channel.kind != Kind::Hook {
        format!("{MAYBE_AGAIN}{}", head.text)
    } else {
        head.text.clone()
    };
    let text = fitted(channel.kind, &text, limits.bytes, &link);
    Ok(Some(Parcel { channel, head: Head { maybe_sent, ..head }, text, rules, leased_until }))
}

/// The first delivery that can still be sent; those that cannot are put aside on the way.
async fn first(tx: &mut Tx, act: &Act, waking: Waking, channel: &Leased, rules: &Sending) -> Result<Option<Head>> {
    loop {
        let Some(head) = tx.optional::<Head>(HEAD.bind(act.tenant).bind(waking.id)).await? else { return Ok(None) };
        let why = if !channel.enabled {
            "这个渠道停用了"
        } else if head.expires_at.is_some_and(|end| end <= act.at) {
            "开会时间已经过了，没有再发"
        } else if head.attempts >= rules.tries {
            "发送时程序几次中断，不知道发到没有"
        } else {
            return Ok(Some(head));
        };
        let maybe_sent = head.maybe_sent || head.state == State::Sending;
        tx.execute(BURY.bind(act.tenant).bind(head.id).bind(act.at).bind(why).bind(maybe_sent)).await?;
    }
}

async fn send(app: &App, ways: &Ways, act: &Act, parcel: &Parcel) -> Outcome {
    let Parcel { channel, head, text, rules, .. } = parcel;
    let unreadable = || Outcome::failed("登记的地址打不开，请在“改资料”里重新填写");
    let Ok(address) = act.open(ADDRESS, &channel.address_sealed) else { return unreadable() };
    let patience = Duration::from_secs(u64::try_from(rules.answer_seconds).unwrap_or(1));
    let several = || address.lines().map(str::to_owned).collect::<Vec<_>>();
    match (channel.kind, &ways.post, &ways.sms) {
        (Kind::Mail, Some(post), _) => return post.send(head.id, &several(), text, act.at, patience).await,
        (Kind::Mail, None, _) => return Outcome::failed("没有设邮件服务器，请联系运行本系统的人"),
        (Kind::Sms, _, Some(gateway)) => {
            let sent = tokio::time::timeout(patience, gateway.send(head.id, &several(), text)).await;
            return sent.unwrap_or_else(|_| Outcome::unknown("短信没有及时交出去"));
        }
        (Kind::Sms, _, None) => return Outcome::failed("没有接短信，请联系运行本系统的人"),
        (Kind::Wecom | Kind::Dingtalk | Kind::Feishu | Kind::Hook, ..) => {}
    }
    let secret = match channel.secret_sealed.as_deref().map(|sealed| act.open(SECRET, sealed)).transpose() {
        Ok(secret) => secret,
        Err(_) => return unreadable(),
    };
    // Whoever runs the program may have taken a host back since it was registered.
    match robot_address(channel.kind, &address, &app.config.outgoing.webhook_hosts) {
        Ok(url) if channel.kind == Kind::Hook => {
            let secret = secret.unwrap_or_default();
            hook::send(&ways.client, (url, &secret), (head.id, text), act.at, patience).await
        }
        Ok(url) => robot::send(&ways.client, (channel.kind, url, secret.as_deref()), text, act.at, patience).await,
        Err(_) => Outcome::failed("登记的地址不在允许的主机里"),
    }
}

/// Notes how an attempt ended, and lets go of the channel. Whoever has lost the lease says nothing: another has taken over.
async fn note(app: &App, waking: Waking, parcel: &Parcel, outcome: Outcome) -> Result<()> {
    let Parcel { head, rules, leased_until, .. } = parcel;
    let (tenant, now) = (waking.tenant_id, app.means.now());
    let mut tx = app.db.begin().await?;
    if tx.execute(RELEASE.bind(tenant).bind(waking.id).bind(*leased_until).bind(now)).await? == 0 {
        tracing::warn!(channel = %waking.id, delivery = %head.id, "an answer came too late");
        return Ok(());
    }
    let failures = head.attempts + 1;
    // Being too early is no failure of what has an end of its own; without one it must not wait for ever.
    let (why, maybe_sent, pause, uncounted) = match outcome {
        Outcome::Sent => {
            tx.execute(SENT.bind(tenant).bind(head.id).bind(now).bind(None::<String>)).await?;
            return Ok(tx.commit().await?);
        }
        Outcome::SentBut(why) => {
            tx.execute(SENT.bind(tenant).bind(head.id).bind(now).bind(Some(why))).await?;
            return Ok(tx.commit().await?);
        }
        Outcome::Wait { long, why } => {
            let pause = long.unwrap_or(SignedDuration::from_secs(rules.pause_seconds));
            (why, head.maybe_sent, pause, head.expires_at.is_some())
        }
        Outcome::Failed { why, maybe_sent } => {
            let chance = u32::from_le_bytes(app.means.chance.bytes());
            (why, maybe_sent || head.maybe_sent, rules.wait(failures, chance), false)
        }
    };
    tracing::warn!(channel = %waking.id, delivery = %head.id, failures, why, "not delivered");
    let id = head.id;
    if failures >= rules.tries && !uncounted {
        tx.execute(BURY.bind(tenant).bind(id).bind(now).bind(why).bind(maybe_sent)).await?;
        if parcel.channel.kind == Kind::Hook {
            hook::give_up_on(&mut tx, &Act::system(tenant, &app.means), waking.id).await?;
        }
    } else {
        let later = LATER.bind(tenant).bind(id).bind(i64::from(uncounted)).bind(now + pause).bind(why).bind(maybe_sent);
        tx.execute(later).await?;
    }
    Ok(tx.commit().await?)
}
