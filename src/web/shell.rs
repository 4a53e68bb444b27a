use axum::extract::FromRequestParts;
use axum::http::header::{COOKIE, SET_COOKIE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use crate::error::Error;

/// What surrounds a page: whose it is, what its reader may go to, how large the text is.
#[derive(Debug, Clone, Default)]
pub struct Shell {
    /// The community's name in the bar; the program's until a page says more.
    pub community: String,
    /// The community's code in public links; empty on pages of no community.
    pub community_code: String,
    pub viewer: Option<ViewerName>,
    pub nav: Vec<Nav>,
    pub path: String,
    /// `elder` for large text; otherwise empty.
    pub mode: String,
    /// Points of the large text: 26 or 30; otherwise empty, which is 22.
    pub size: String,
    pub csrf: String,
    pub flash: Option<String>,
    /// What cannot wait, on the pages of what it is about.
    pub alarms: Vec<Alarm>,
    pub request_id: String,
}

/// Something that comes before whatever a page is for.
#[derive(Debug, Clone)]
pub struct Alarm {
    pub title: &'static str,
    pub detail: String,
    pub href: String,
}

#[derive(Debug, Clone)]
pub struct ViewerName {
    pub name: String,
    pub role: String,
}

/// A group of links in the navigation; the first group has no title and becomes the tabs of a phone.
#[derive(Debug, Clone)]
pub struct Nav {
    pub title: &'static str,
    pub items: Vec<NavItem>,
}

#[derive(Debug, Clone)]
pub struct NavItem {
    pub href: String,
    pub icon: &'static str,
    pub label: &'static str,
}

impl Shell {
    /// Dresses a public page as one of a community.
    pub fn of_community(mut self, name: &str, code: &str) -> Shell {
        name.clone_into(&mut self.community);
        code.clone_into(&mut self.community_code);
        self
    }

    pub fn elder(&self) -> bool {
        self.mode == "elder"
    }

    /// Whether a link leads to the section that the reader is in.
    pub fn current(&self, href: &str) -> bool {
        self.path == href || self.path.strip_prefix(href).is_some_and(|rest| rest.starts_with('/'))
    }
}

impl<S: Sync> FromRequestParts<S> for Shell {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Error> {
        Ok(parts.extensions.get::<Shell>().cloned().unwrap_or_default())
    }
}

/// The cookies of a request, by name.
pub struct Cookies<'a>(pub &'a HeaderMap);

impl Cookies<'_> {
    pub fn get(&self, name: &str) -> Option<String> {
        let headers = self.0.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
        let mut pairs = headers.flat_map(|header| header.split(';')).filter_map(|pair| pair.trim().split_once('='));
        let (_, value) = pairs.find(|(found, _)| *found == name)?;
        Some(percent_decode_str(value).decode_utf8().ok()?.into_owned())
    }
}

/// A `Set-Cookie` header: sent to this site only, out of reach of scripts; `Secure` where the site is served over HTTPS.
pub fn set_cookie(name: &str, value: &str, path: &str, seconds: i64, secure: bool) -> HeaderValue {
    let value = utf8_percent_encode(value, NON_ALPHANUMERIC);
    let secure = if secure { "; Secure" } else { "" };
    let text = format!("{name}={value}; Path={path}; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}");
    HeaderValue::from_str(&text).unwrap_or_else(|_| HeaderValue::from_static(""))
}

pub fn clear_cookie(name: &str, path: &str) -> HeaderValue {
    set_cookie(name, "", path, 0, false)
}

/// Goes on to a page that says once what has been done.
pub fn redirect(to: &str, flash: &str) -> Response {
    let cookie = set_cookie("flash", flash, "/", 60, false);
    (AppendHeaders([(SET_COOKIE, cookie)]), Redirect::to(to)).into_response()
}
