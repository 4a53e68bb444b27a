//! One value, written as JSON or as the XML that the standard shows beside it.

use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use quick_xml::escape::escape;
use serde_json::Value;

use super::{Answer, Open311Error};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Json,
    Xml,
}

/// The elements of a list, which have names in XML and none in JSON.
const MEMBERS: [(&str, &str); 7] = [
    ("services", "service"),
    ("attributes", "attribute"),
    ("values", "value"),
    ("service_requests", "request"),
    ("errors", "error"),
    ("endpoints", "endpoint"),
    ("formats", "format"),
];

impl Format {
    /// What an address asks for, and how. XML is what the standard demands, so that it is what whoever says nothing gets.
    pub fn split(resource: &str) -> (&str, Format) {
        match resource.rsplit_once('.') {
            Some((name, "json")) => (name, Format::Json),
            Some((name, "xml")) => (name, Format::Xml),
            _ => ("", Format::Xml),
        }
    }

    pub fn answer(self, status: StatusCode, root: &str, answer: Answer) -> Response {
        match answer {
            Ok(value) => self.response(status, root, &value),
            Err(fault) => {
                let code = fault.status.as_u16();
                let error = |description| Open311Error { code, description };
                let errors: Vec<Open311Error> = fault.sentences.into_iter().map(error).collect();
                let errors = serde_json::to_value(errors).unwrap_or_default();
                self.response(fault.status, "errors", &errors)
            }
        }
    }

    fn response(self, status: StatusCode, root: &str, value: &Value) -> Response {
        match self {
            Format::Json => {
                (status, [(CONTENT_TYPE, "application/json; charset=utf-8")], value.to_string()).into_response()
            }
            Format::Xml => {
                let mut text = r#"<?xml version="1.0" encoding="utf-8"?>"#.to_owned();
                write(&mut text, root, value);
                (status, [(CONTENT_TYPE, "text/xml; charset=utf-8")], text).into_response()
            }
        }
    }
}

fn write(text: &mut String, name: &str, value: &Value) {
    text.push_str(&format!("<{name}>"));
    match value {
        Value::Null => {}
        Value::String(words) => {
            // XML has no way to write most control characters.
            let plain: String = words.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect();
            let plain = plain.replace(['\u{fffe}', '\u{ffff}'], "");
            text.push_str(&escape(plain.as_str()));
        }
        Value::Array(members) => {
            let member = MEMBERS.iter().find(|(list, _)| *list == name).map_or("item", |(_, member)| member);
            members.iter().for_each(|value| write(text, member, value));
        }
        Value::Object(fields) => fields.iter().for_each(|(name, value)| write(text, name, value)),
        other => text.push_str(&other.to_string()),
    }
    text.push_str(&format!("</{name}>"));
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_same_value_is_json_or_xml() {
        let mut text = String::new();
        let value = json!([{"service_code": "lift", "metadata": true, "description": "<&\u{b}>", "keywords": null}]);
        write(&mut text, "services", &value);
        let fields = "<description>&lt;&amp;&gt;</description><keywords></keywords><metadata>true</metadata>";
        let code = "<service_code>lift</service_code>";
        assert_eq!(text, format!("<services><service>{fields}{code}</service></services>"));
        assert_eq!(Format::split("requests.json"), ("requests", Format::Json));
        assert_eq!(Format::split("requests.xml"), ("requests", Format::Xml));
        assert_eq!(Format::split("requests"), ("", Format::Xml));
    }
}
