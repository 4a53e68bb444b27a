//! Where the interface is, what can be reported, and what is asked beside.

use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::super::issues::categories;
use super::{Answer, Fault, Jurisdiction, Said, jurisdiction, value};
use crate::app::App;
use crate::issue::Category;
use crate::place;

/// When the interface was changed last.
const CHANGESET: &str = "2026-11-23T00:00:00Z";

#[derive(Serialize, ToSchema)]
pub struct Discovery {
    changeset: &'static str,
    contact: String,
    key_service: &'static str,
    endpoints: Vec<Endpoint>,
}

#[derive(Serialize, ToSchema)]
pub struct Endpoint {
    specification: &'static str,
    #[schema(format = "uri")]
    url: String,
    changeset: &'static str,
    r#type: &'static str,
    formats: Vec<&'static str>,
}

#[derive(Serialize, ToSchema)]
pub struct Service {
    #[schema(schema_with = categories)]
    service_code: &'static str,
    service_name: &'static str,
    description: String,
    /// Whether there is a definition with more to ask.
    metadata: bool,
    r#type: &'static str,
    keywords: &'static str,
    group: &'static str,
}

#[derive(Serialize, ToSchema)]
pub struct ServiceDefinition {
    #[schema(schema_with = categories)]
    service_code: &'static str,
    attributes: Vec<Attribute>,
}

#[derive(Serialize, ToSchema)]
pub struct Attribute {
    variable: bool,
    code: &'static str,
    datatype: &'static str,
    required: bool,
    datatype_description: Option<&'static str>,
    order: i64,
    description: &'static str,
    values: Vec<AttributeValue>,
}

#[derive(Serialize, ToSchema)]
pub struct AttributeValue {
    key: Uuid,
    name: String,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[allow(dead_code)] // read with the end that says in which format
pub struct ServiceCode {
    #[param(schema_with = categories)]
    service_code: String,
}

/// Where and in which formats the interface is.
#[utoipa::path(get, path = "/open311/v2/discovery.json", operation_id = "open311Discovery", tag = "open311",
    responses((status = 200, body = Discovery)))]
pub(super) async fn discovery(app: &App) -> Answer {
    value(Discovery {
        changeset: CHANGESET,
        contact: format!("请联系社区，公示栏在 {}", app.link("/")),
        key_service: "令牌由社区的系统管理员在“接口令牌”里建，要有 issues:write 权限",
        endpoints: vec![Endpoint {
            specification: "http://wiki.open311.org/GeoReport_v2",
            url: app.link("/open311/v2"),
            changeset: CHANGESET,
            r#type: "production",
            formats: vec!["text/xml", "application/json"],
        }],
    })
}

/// What can be reported: the categories of issues.
#[utoipa::path(get, path = "/open311/v2/services.json", operation_id = "open311Services", tag = "open311",
    params(Jurisdiction), responses((status = 200, body = Vec<Service>)))]
pub(super) async fn list(app: &App, said: &Said) -> Answer {
    jurisdiction(&mut app.db.read().await?, said).await?;
    let service = |category: &Category| Service {
        service_code: category.code(),
        service_name: category.label(),
        description: format!("{}方面的问题", category.label()),
        metadata: true,
        r#type: "realtime",
        keywords: category.label(),
        group: if category.of_property() { "物业管理" } else { "社区" },
    };
    value(Category::ALL.iter().map(service).collect::<Vec<_>>())
}

/// What is asked beside: in which estate it is.
#[utoipa::path(get, path = "/open311/v2/services/{service_code}.json", operation_id = "open311ServiceDefinition", tag = "open311",
    params(ServiceCode, Jurisdiction), responses((status = 200, body = ServiceDefinition)))]
pub(super) async fn definition(app: &App, said: &Said, code: &str) -> Answer {
    let mut tx = app.db.read().await?;
    let tenant = jurisdiction(&mut tx, said).await?;
    let category = Category::parse(code).ok_or_else(|| Fault::missing("没有这个 service_code"))?;
    let estates = place::estates(&mut tx, tenant.tenant_id).await?;
    let values = estates.into_iter().map(|estate| AttributeValue { key: estate.id, name: estate.name }).collect();
    let estate = Attribute {
        variable: true,
        code: "estate",
        datatype: "singlevaluelist",
        required: false,
        datatype_description: None,
        order: 1,
        description: "在哪个小区",
        values,
    };
    value(ServiceDefinition { service_code: category.code(), attributes: vec![estate] })
}
