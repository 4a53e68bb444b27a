//! The description of the interface, OpenAPI 3.1. What follows from a route, that it can be refused and how, is added by rule, so that
//! it is never forgotten.

use utoipa::OpenApi;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::{HttpMethod, Operation, ParameterIn, PathItem};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{ContentBuilder, Ref, RefOr, ResponseBuilder};

use super::{figures, issues, lists, open311, publications};
use crate::issue;
use crate::web::Problem;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "家门口 Doorstep",
        version = "1",
        description = "别的程序读写本社区数据的接口。令牌由系统管理员在“接口令牌”里建。时间都是 UTC。",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    paths(
        issues::list,
        issues::create,
        issues::show,
        issues::events,
        issues::reporter,
        lists::list_categories,
        lists::list_estates,
        publications::list,
        publications::show,
        figures::show,
        open311::services::discovery,
        open311::services::list,
        open311::services::definition,
        open311::requests::list,
        open311::requests::show,
        open311::requests::token,
        open311::requests::create
    ),
    components(schemas(Problem, open311::Open311Error))
)]
struct Document;

/// Everything that programs can ask, and how each question can be answered.
pub fn document() -> utoipa::openapi::OpenApi {
    let mut document = Document::openapi();
    document.merge(issue::ApiDoc::openapi());
    let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some("接口令牌")).build();
    let components = document.components.get_or_insert_default();
    components.add_security_scheme("token", SecurityScheme::Http(scheme));
    for (path, item) in &mut document.paths.paths {
        for (method, operation) in operations(item) {
            let open311 = path.starts_with("/open311/");
            let refusals = if open311 { open311_refusals(path, &method) } else { refusals(path, &method, operation) };
            for status in refusals {
                let refusal = if open311 { fault(status) } else { problem(status) };
                operation.responses.responses.insert(status.to_owned(), refusal.into());
            }
        }
    }
    let in_xml = document.paths.paths.iter().filter_map(|(path, item)| in_xml(path, item)).collect::<Vec<_>>();
    document.paths.paths.extend(in_xml);
    document
}

/// What Open311 answers as JSON it answers at another address as XML, in the elements that the standard names.
fn in_xml(path: &str, item: &PathItem) -> Option<(String, PathItem)> {
    let path = format!("{}.xml", path.strip_suffix(".json").filter(|path| path.starts_with("/open311/"))?);
    let mut item = item.clone();
    for (_, operation) in operations(&mut item) {
        operation.operation_id = operation.operation_id.take().map(|id| format!("{id}Xml"));
        for response in operation.responses.responses.values_mut() {
            if let RefOr::T(response) = response {
                response.content =
                    [("text/xml".to_owned(), ContentBuilder::new().build().into())].into_iter().collect();
            }
        }
    }
    Some((path, item))
}

/// How a request to Open311 can fail.
fn open311_refusals(path: &str, method: &HttpMethod) -> Vec<&'static str> {
    let mut refusals = vec!["500"];
    if !path.contains("/discovery.") {
        refusals.extend(["400", "404"]);
    }
    if *method == HttpMethod::Post {
        refusals.extend(["403", "413", "415", "429"]);
    }
    refusals
}

fn fault(status: &str) -> utoipa::openapi::Response {
    let errors = utoipa::openapi::schema::Array::new(Ref::from_schema_name("Open311Error"));
    let content = ContentBuilder::new().schema(Some(errors)).build();
    ResponseBuilder::new().description(words(status)).content("application/json", content).build()
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = (HttpMethod, &mut Operation)> {
    let get = item.get.as_mut().map(|operation| (HttpMethod::Get, operation));
    get.into_iter().chain(item.post.as_mut().map(|operation| (HttpMethod::Post, operation)))
}

/// How a request to an operation can fail.
fn refusals(path: &str, method: &HttpMethod, operation: &Operation) -> Vec<&'static str> {
    let mut refusals = vec!["500"];
    if operation.security.is_some() {
        refusals.extend(["401", "403", "429"]);
    }
    let asks = operation
        .parameters
        .iter()
        .flatten()
        .any(|parameter| matches!(parameter, RefOr::T(parameter) if parameter.parameter_in == ParameterIn::Query));
    // What is out of the reach of a token is not there.
    if path.contains('{') || asks {
        refusals.push("404");
    }
    if asks {
        refusals.push("422");
    }
    if *method == HttpMethod::Post {
        refusals.extend(["413", "422"]);
    }
    refusals
}

fn problem(status: &str) -> utoipa::openapi::Response {
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
    let response = ResponseBuilder::new().description(words(status)).content("application/problem+json", content);
    match status {
        "401" => response.header("WWW-Authenticate", HeaderBuilder::new().build()).build(),
        "429" => response.header("Retry-After", HeaderBuilder::new().build()).build(),
        _ => response.build(),
    }
}

fn words(status: &str) -> &'static str {
    match status {
        "400" => "内容不对，description 里写着哪里不对",
        "401" => "没有令牌，或令牌已经失效",
        "403" => "令牌没有这项权限",
        "404" => "没有，或不在令牌的范围里",
        "413" => "内容太大",
        "415" => "不是表单",
        "422" => "内容不对，detail 里写着哪里不对",
        "429" => "请求太频繁",
        _ => "程序出了问题",
    }
}
