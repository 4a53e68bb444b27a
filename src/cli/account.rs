use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use db::Tx;
use uuid::Uuid;

use super::{Format, say, tenant};
use crate::access::{self, Act, Grant, NewAccount, Organisation, Reach, Role};
use crate::config::Options;
use crate::means::{Chance, Means};
use crate::place;

#[derive(Subcommand)]
pub enum Account {
    /// 新建账号，用登录名和密码登录
    Add(Add),
}

#[derive(Args)]
pub struct Add {
    /// 单位的十二位编码
    #[arg(long, value_name = "CODE")]
    tenant: String,
    /// 姓名
    #[arg(long)]
    name: String,
    /// 登录名
    #[arg(long)]
    login: String,
    /// 角色：secretary、staff、branch_secretary、grid_worker、property_manager、duty_chief、duty_staff、lecture_lead、lecture_staff、system_admin、security_admin、audit_admin
    #[arg(long, value_parser = role)]
    role: Role,
    /// 管理范围：tenant 全部（整个社区、分局、团队）、estate 小区、grid 网格、organisation 单位
    #[arg(long, value_parser = reach, default_value = "tenant")]
    reach: Reach,
    /// 管理范围是哪一个：名称或编号
    #[arg(long, value_name = "NAME", required_if_eq_any([("reach", "estate"), ("reach", "grid"), ("reach", "organisation")]))]
    reach_id: Option<String>,
    /// 所在单位的名称；不填则是社区本身
    #[arg(long)]
    organisation: Option<String>,
    /// 密码；不填则生成一个，只显示这一次
    #[arg(long, env = "DOORSTEP_PASSWORD", hide_env_values = true, value_name = "PASSWORD")]
    password: Option<String>,
}

impl Account {
    pub async fn run(self, options: &Options, format: Format) -> anyhow::Result<()> {
        match self {
            Account::Add(add) => add.run(options, format).await,
        }
    }
}

impl Add {
    async fn run(self, options: &Options, format: Format) -> anyhow::Result<()> {
        let (db, means) = options.open().await?;
        let mut tx = db.begin().await?;
        let id = self.create(&mut tx, &means).await?;
        tx.commit().await?;
        db.close().await;
        let (id, made_up) = id;
        let secret = made_up.as_ref().map_or_else(String::new, |password| format!("，密码 {password}（只显示这一次）"));
        let words = format!("已新建{}的账号：登录名 {}{secret}", self.name, self.login);
        say(format, words, &serde_json::json!({ "id": id, "login": self.login, "password": made_up }))
    }

    /// The new account's identifier, and its password if that was made up here.
    async fn create(&self, tx: &mut Tx, means: &Means) -> anyhow::Result<(Uuid, Option<String>)> {
        let tenant = tenant(tx, &self.tenant).await?;
        let organisations = access::organisations(tx, tenant.tenant_id).await?;
        let home = self.organisation.as_deref().unwrap_or(&tenant.name);
        let organisation = named(&organisations, home).with_context(|| format!("没有叫“{home}”的单位"))?;
        let grant = Grant { role: self.role, reach: self.reach, reach_id: self.reach_id(tx, tenant.tenant_id).await? };
        let made_up = self.password.is_none().then(|| make_up_password(&means.chance));
        let password = self.password.clone().or_else(|| made_up.clone()).unwrap_or_default();
        let new = NewAccount {
            name: self.name.clone(),
            organisation,
            login: Some((self.login.clone(), password)),
            grants: vec![grant],
        };
        let act = Act::system(tenant.tenant_id, means);
        Ok((access::create_account(tx, &act, new).await?, made_up))
    }

    async fn reach_id(&self, tx: &mut Tx, tenant: Uuid) -> anyhow::Result<Option<Uuid>> {
        let Some(wanted) = self.reach_id.as_deref().filter(|_| self.reach != Reach::Tenant) else { return Ok(None) };
        let is_wanted = |id: Uuid, name: &str| name == wanted || id.to_string() == wanted;
        let found = match self.reach {
            Reach::Tenant => None,
            Reach::Estate => {
                place::estates(tx, tenant).await?.into_iter().find(|e| is_wanted(e.id, &e.name)).map(|e| e.id)
            }
            Reach::Grid => place::grids(tx, tenant).await?.into_iter().find(|g| is_wanted(g.id, &g.name)).map(|g| g.id),
            Reach::Organisation => named(&access::organisations(tx, tenant).await?, wanted),
        };
        if found.is_none() {
            bail!("没有叫“{wanted}”的{}", self.reach.label());
        }
        Ok(found)
    }
}

fn named(organisations: &[Organisation], wanted: &str) -> Option<Uuid> {
    organisations.iter().find(|o| o.name == wanted || o.id.to_string() == wanted).map(|o| o.id)
}

/// Fifty random bits in a form that the rules for passwords accept and that is easy to copy by hand.
pub fn make_up_password(chance: &Chance) -> String {
    format!("Jm-{}-{}", chance.code(5).to_lowercase(), chance.code(5).to_lowercase())
}

fn role(code: &str) -> Result<Role, String> {
    let known = Role::assignable().find(|role| role.code() == code);
    known.ok_or_else(|| format!("没有这个角色，可选：{}", codes(Role::assignable().map(Role::code))))
}

fn reach(code: &str) -> Result<Reach, String> {
    Reach::parse(code)
        .ok_or_else(|| format!("没有这种范围，可选：{}", codes(Reach::ALL.iter().map(|reach| reach.code()))))
}

fn codes(codes: impl Iterator<Item = &'static str>) -> String {
    codes.collect::<Vec<_>>().join("、")
}
