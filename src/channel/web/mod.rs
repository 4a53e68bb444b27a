//! The channels, the form for one of them, and what went through it.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use db::{Cursor, Tx};
use serde::Deserialize;
use uuid::Uuid;

use super::model::{Kind, Place, State as Stage};
use super::setup::{self, NewChannel, Particulars, checked};
use super::store::{self, Channel, Delivery};
use super::{delivery, hook};
use crate::access::{self, Act, Permission, Routes, TenantKind, Viewer};
use crate::app::App;
use crate::error::{Error, Result};
use crate::web::{Form, Shell, page, page_again, redirect};
use crate::{party, place};

pub fn routes() -> Routes {
    use Permission::ChannelManage;
    Routes::default()
        .get("/channels", ChannelManage, list)
        .post("/channels", ChannelManage, create)
        .get("/channels/new", ChannelManage, new)
        .get("/channels/{id}", ChannelManage, show)
        .get("/channels/{id}/particulars", ChannelManage, edit)
        .post("/channels/{id}/particulars", ChannelManage, change)
        .post("/channels/{id}/switch", ChannelManage, switch)
        .post("/channels/{id}/trial", ChannelManage, try_out)
        .post("/channels/{id}/deliveries/{delivery}/retry", ChannelManage, resend)
        .post("/channels/{id}/deliveries/{delivery}/end", ChannelManage, give_up)
}

#[derive(Template)]
#[template(path = "channel/web/list.html")]
struct ListPage {
    shell: Shell,
    channels: Vec<Channel>,
    /// What everything is called in this tenant.
    whole: &'static str,
}

async fn list(State(app): State<App>, viewer: Viewer, shell: Shell) -> Result<Response> {
    let scope = viewer.scope(Permission::ChannelManage);
    let mut tx = app.db.read().await?;
    let channels = store::channels(&mut tx, viewer.tenant, &scope).await?;
    let whole = access::tenant(&mut tx, viewer.tenant).await?.kind.whole();
    page(&ListPage { shell, channels, whole })
}

// ---------- the form ----------

#[derive(Template)]
#[template(path = "channel/web/form.html")]
struct FormPage {
    shell: Shell,
    /// Chosen first: what has to be filled in depends on it.
    kind: Option<Kind>,
    known: Option<Channel>,
    places: Vec<(String, String)>,
    /// Whoever looks after interfaces.
    may_hook: bool,
    form: Form,
}

impl FormPage {
    fn kinds(&self) -> Vec<(Kind, &'static str)> {
        let mut kinds = vec![
            (Kind::Wecom, "企业微信群：群设置 → 群机器人 → 添加，复制 Webhook 地址"),
            (Kind::Dingtalk, "钉钉群：群设置 → 机器人 → 自定义，安全设置选“加签”"),
            (Kind::Feishu, "飞书群：设置 → 群机器人 → 自定义机器人，打开“签名校验”"),
            (Kind::Mail, "一批邮箱，各人收各人的，互相看不到"),
            (Kind::Sms, "一批手机号，各人收各人的"),
        ];
        if self.may_hook {
            kinds.push((Kind::Hook, "别的程序：诉求有进展、公示贴出来时告诉它，不带个人信息"));
        }
        kinds
    }

    fn address_label(&self) -> &'static str {
        if self.kind == Some(Kind::Hook) {
            "接收地址（https 网址）"
        } else if self.known.is_some() {
            "机器人的新地址（不换就不填）"
        } else {
            "机器人的地址（Webhook 地址）"
        }
    }

    fn secret_label(&self) -> &'static str {
        if self.known.is_some() {
            "新的签名密钥（不换就不填）"
        } else {
            "签名密钥（没有加签就不填）"
        }
    }

    fn addresses_label(&self, kind: &Kind) -> &'static str {
        match (kind, self.known.is_some()) {
            (Kind::Sms, false) => "手机号",
            (Kind::Sms, true) => "新的手机号（不换就不填，要换就全部重填）",
            (_, false) => "邮箱地址",
            (_, true) => "新的邮箱地址（不换就不填，要换就全部重填）",
        }
    }
}

/// The places whose channels somebody may manage.
async fn places(tx: &mut Tx, viewer: &Viewer) -> Result<Vec<(String, String)>> {
    let scope = viewer.scope(Permission::ChannelManage);
    let mut places = Vec::new();
    if scope.account.is_none() {
        let kind = access::tenant(tx, viewer.tenant).await?.kind;
        // Where no residents belong to it, none of them meet.
        let meetings =
            if matches!(kind, TenantKind::Police | TenantKind::Procuratorate) { "" } else { "：居民的会议" };
        places.push(("community".to_owned(), format!("{}{meetings}", kind.whole())));
    }
    for estate in place::estates_within(tx, viewer.tenant, &scope).await? {
        places.push((format!("estate:{}", estate.id), format!("{}：居民的会议", estate.name)));
    }
    // Whoever may not know what members talk about cannot have it sent to a group of their own.
    let known = party::organisations(tx, viewer.tenant, &viewer.scope(Permission::PartyRead)).await?;
    let mut organisations = party::organisations(tx, viewer.tenant, &scope).await?;
    organisations.retain(|organisation| known.iter().any(|known| known.id == organisation.id));
    for organisation in organisations {
        places.push((format!("party:{}", organisation.id), format!("{}：党员的会议", organisation.name)));
    }
    Ok(places)
}

fn place_code(place: Place) -> String {
    match place {
        Place::Community => "community".to_owned(),
        Place::Estate(id) => format!("estate:{id}"),
        Place::Party(id) => format!("party:{id}"),
    }
}

fn read_place(code: &str, places: &[(String, String)]) -> Option<Place> {
    places.iter().find(|(known, _)| known == code)?;
    match code.split_once(':') {
        Some(("estate", id)) => id.parse().ok().map(Place::Estate),
        Some(("party", id)) => id.parse().ok().map(Place::Party),
        _ => Some(Place::Community),
    }
}

/// Name, place, address and secret; the last two may be missing where they are known.
fn read(form: &mut Form, kind: Kind, places: &[(String, String)], app: &App, known: bool) -> Option<Particulars> {
    let name = form.text("name", "名称", 2..=30);
    if kind == Kind::Hook {
        form.set("place", "community");
        form.set("secret", "");
        form.set("reminders", "");
    }
    let place = form.choice("place", "发谁的通知", |code| read_place(code, places));
    let text = form.value("address").trim().to_owned();
    let address = (!text.is_empty() || !known).then_some(text);
    if let Some(address) = &address
        && let Err(sentence) = checked(kind, address, &app.config.outgoing.webhook_hosts)
    {
        form.fail("address", sentence);
    }
    let secret = if kind.signs() { form.text("secret", "签名密钥", 0..=200) } else { String::new() };
    if !secret.is_ascii() || secret.contains(char::is_whitespace) {
        form.fail("secret", "签名密钥里只有字母和数字，请从机器人的设置里整段复制");
    }
    let secret = (!secret.is_empty()).then_some(secret);
    form.ok().then_some(())?;
    Some(Particulars { name, place: place?, address, secret, reminders: form.is("reminders", "yes") })
}

#[derive(Deserialize)]
struct OfKind {
    kind: Option<String>,
}

async fn new(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Query(OfKind { kind }): Query<OfKind>,
) -> Result<Response> {
    let kind = kind.as_deref().and_then(Kind::parse);
    let places = places(&mut app.db.read().await?, &viewer).await?;
    let mut form = Form::default();
    if let [(only, _)] = &places[..] {
        form.set("place", only.clone());
    }
    let may_hook = viewer.may(Permission::InterfaceManage);
    page(&FormPage {
        shell,
        kind: kind.filter(|kind| may_hook || *kind != Kind::Hook),
        known: None,
        places,
        may_hook,
        form,
    })
}

async fn create(State(app): State<App>, viewer: Viewer, shell: Shell, mut form: Form) -> Result<Response> {
    let may_hook = viewer.may(Permission::InterfaceManage);
    let kind = form.choice("kind", "发到哪里", Kind::parse);
    if kind == Some(Kind::Hook) && !may_hook {
        return Err(Error::Forbidden);
    }
    let places = places(&mut app.db.read().await?, &viewer).await?;
    let read = kind.and_then(|kind| Some((kind, read(&mut form, kind, &places, &app, false)?)));
    let Some((kind, Particulars { name, place, address, secret, reminders })) = read else {
        return page_again(&FormPage { shell, kind, known: None, places, may_hook, form });
    };
    let act = app.act(&viewer, Permission::ChannelManage)?;
    let mut tx = app.db.begin().await?;
    let secret = if kind == Kind::Hook { Some(hook::new_secret(&app.means.chance)) } else { secret };
    let shown = (name.clone(), secret.clone());
    let new = NewChannel { kind, name, place, address: address.unwrap_or_default(), secret, reminders };
    match setup::add(&mut tx, &act, new, &app.config.outgoing.webhook_hosts).await {
        Err(Error::Refused(sentence)) => {
            form.fail("address", sentence);
            page_again(&FormPage { shell, kind: Some(kind), known: None, places, may_hook, form })
        }
        added => {
            let id = added?;
            tx.commit().await?;
            if let (Kind::Hook, (name, Some(secret))) = (kind, shown) {
                return page(&HookSheet { shell, id, name, secret });
            }
            Ok(redirect(&format!("/channels/{id}"), "已登记。点“发一条试试”，到群里看看收到没有"))
        }
    }
}

#[derive(Template)]
#[template(path = "channel/web/hook-sheet.html")]
struct HookSheet {
    shell: Shell,
    id: Uuid,
    name: String,
    secret: String,
}

/// Begins the transaction of a change, with the channel if it is within reach.
async fn begin(app: &App, viewer: &Viewer, id: Uuid) -> Result<(Tx, Act, Channel)> {
    let act = app.act(viewer, Permission::ChannelManage)?;
    let mut tx = app.db.begin().await?;
    let channel = store::channel(&mut tx, viewer.tenant, &viewer.scope(Permission::ChannelManage), id).await?;
    Ok((tx, act, channel))
}

async fn edit(State(app): State<App>, viewer: Viewer, shell: Shell, Path(id): Path<Uuid>) -> Result<Response> {
    let mut tx = app.db.read().await?;
    let known = store::channel(&mut tx, viewer.tenant, &viewer.scope(Permission::ChannelManage), id).await?;
    let places = places(&mut tx, &viewer).await?;
    let (version, place) = (known.lock_version.to_string(), place_code(known.place()));
    let mut form = Form::filled(&[("name", &known.name), ("place", &place), ("version", &version)]);
    if known.reminders {
        form.set("reminders", "yes");
    }
    let may_hook = viewer.may(Permission::InterfaceManage);
    page(&FormPage { shell, kind: Some(known.kind), known: Some(known), places, may_hook, form })
}

async fn change(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response> {
    let (mut tx, act, known) = begin(&app, &viewer, id).await?;
    let places = places(&mut tx, &viewer).await?;
    let again = |known: Channel, places, form| {
        let may_hook = viewer.may(Permission::InterfaceManage);
        page_again(&FormPage { shell, kind: Some(known.kind), known: Some(known), places, may_hook, form })
    };
    let Some(new) = read(&mut form, known.kind, &places, &app, true) else { return again(known, places, form) };
    let hosts = &app.config.outgoing.webhook_hosts;
    match setup::change(&mut tx, &act, &known, form.version(), new, hosts).await {
        Err(Error::Refused(sentence)) => {
            form.fail("address", sentence);
            again(known, places, form)
        }
        changed => {
            changed?;
            done(tx, id, "已改好").await
        }
    }
}

// ---------- one ----------

#[derive(Template)]
#[template(path = "channel/web/show.html")]
struct ShowPage {
    shell: Shell,
    channel: Channel,
    whole: &'static str,
    deliveries: Vec<Delivery>,
    next: Option<String>,
    asleep: bool,
    /// What is talked about there is nothing for those who only see to it that it arrives.
    may_read: bool,
}

const PAGE: usize = 20;

#[derive(Deserialize)]
struct Paging {
    before: Option<String>,
}

async fn show(
    State(app): State<App>,
    viewer: Viewer,
    shell: Shell,
    Path(id): Path<Uuid>,
    Query(paging): Query<Paging>,
) -> Result<Response> {
    let mut tx = app.db.read().await?;
    let channel = store::channel(&mut tx, viewer.tenant, &viewer.scope(Permission::ChannelManage), id).await?;
    let before = paging.before.and_then(|text| text.parse().ok()).unwrap_or(Cursor::LAST);
    let deliveries = store::deliveries(&mut tx, viewer.tenant, id, before, PAGE).await?;
    let next = deliveries.next.map(|cursor| format!("/channels/{id}?before={cursor}"));
    let reading = if channel.party_organisation_id.is_some() { Permission::PartyRead } else { Permission::MeetingRead };
    let may_read = store::reaches(&mut tx, viewer.tenant, &viewer.scope(reading), id).await?;
    let asleep = delivery::asleep(&mut tx, viewer.tenant, app.means.now()).await?;
    let whole = access::tenant(&mut tx, viewer.tenant).await?.kind.whole();
    page(&ShowPage { shell, channel, whole, deliveries: deliveries.items, next, asleep, may_read })
}

async fn done(tx: Tx, id: Uuid, flash: &str) -> Result<Response> {
    tx.commit().await?;
    Ok(redirect(&format!("/channels/{id}"), flash))
}

async fn switch(State(app): State<App>, viewer: Viewer, Path(id): Path<Uuid>, form: Form) -> Result<Response> {
    let (mut tx, act, channel) = begin(&app, &viewer, id).await?;
    let on = form.is("to", "on");
    setup::switch(&mut tx, &act, channel.id, form.version(), on).await?;
    done(tx, id, if on { "已恢复" } else { "已停用，没发出的都不发了" }).await
}

async fn try_out(State(app): State<App>, viewer: Viewer, Path(id): Path<Uuid>, _form: Form) -> Result<Response> {
    let (mut tx, act, channel) = begin(&app, &viewer, id).await?;
    delivery::try_out(&mut tx, &act, &channel).await?;
    done(tx, id, "正在发。过几秒刷新这一页，再到群里看看").await
}

async fn resend(
    State(app): State<App>,
    viewer: Viewer,
    Path((id, delivery)): Path<(Uuid, Uuid)>,
    _form: Form,
) -> Result<Response> {
    let (mut tx, act, channel) = begin(&app, &viewer, id).await?;
    delivery::resend(&mut tx, &act, &channel, delivery).await?;
    done(tx, id, "已重新排队，轮到就发；夜里不发，等到早上").await
}

async fn give_up(
    State(app): State<App>,
    viewer: Viewer,
    Path((id, delivery)): Path<(Uuid, Uuid)>,
    _form: Form,
) -> Result<Response> {
    let (mut tx, act, channel) = begin(&app, &viewer, id).await?;
    delivery::give_up(&mut tx, &act, &channel, delivery).await?;
    done(tx, id, "已放弃，不再发了").await
}
