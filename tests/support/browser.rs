use std::sync::{Arc, OnceLock};

use reqwest::cookie::Jar;
use reqwest::multipart::{Form, Part};
use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder, Url};

/// Somebody at the website: keeps cookies, follows redirections, and sends forms with the token that pages carry.
pub struct Browser {
    client: Client,
    /// Stops at the first answer.
    direct: Client,
    jar: Arc<Jar>,
    url: Url,
    token: OnceLock<String>,
}

/// What came back in the end.
#[derive(Debug)]
pub struct Page {
    pub status: u16,
    /// Path and query of the last address.
    pub url: String,
    /// Where an answer that was not followed leads to.
    pub location: Option<String>,
    pub body: String,
}

impl Browser {
    pub fn new(url: &str) -> Browser {
        let jar = Arc::new(Jar::default());
        // Whichever program is the first to need it.
        _ = rustls::crypto::ring::default_provider().install_default();
        let client = |policy| {
            let builder = Client::builder().cookie_provider(jar.clone()).redirect(policy).no_proxy().tls_certs_only([]);
            builder.build().expect("a client")
        };
        let (following, direct) = (client(Policy::limited(5)), client(Policy::none()));
        let url = url.parse().expect("an address");
        Browser { client: following, direct, jar, url, token: OnceLock::new() }
    }

    pub fn set_cookie(&self, name: &str, value: &str) {
        self.jar.add_cookie_str(&format!("{name}={value}; Path=/"), &self.url);
    }

    /// The same person at another window.
    pub fn again(&self) -> Browser {
        let again = Browser::new(self.url.as_str());
        for cookie in self.cookies().split("; ") {
            again.jar.add_cookie_str(&format!("{cookie}; Path=/"), &self.url);
        }
        again
    }

    /// The `Cookie` header that it sends.
    pub fn cookies(&self) -> String {
        let header = reqwest::cookie::CookieStore::cookies(&*self.jar, &self.url).expect("cookies");
        header.to_str().expect("text").to_owned()
    }

    pub async fn get(&self, path: &str) -> Page {
        self.try_get(path).await.expect("an answer")
    }

    /// Like [`Browser::get`], of a server that may be gone.
    pub async fn try_get(&self, path: &str) -> reqwest::Result<Page> {
        Page::of(self.client.get(self.address(path))).await
    }

    /// The first answer, which may be a redirection.
    pub async fn get_direct(&self, path: &str) -> Page {
        Page::of(self.direct.get(self.address(path))).await.expect("an answer")
    }

    /// Sends a form with this browser's token.
    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Page {
        self.try_post(path, fields).await.expect("an answer")
    }

    /// Like [`Browser::post`], to a server that may be gone.
    pub async fn try_post(&self, path: &str, fields: &[(&str, &str)]) -> reqwest::Result<Page> {
        let token = self.token().await?;
        let fields = [&[("csrf", token.as_str())], fields].concat();
        Page::of(self.client.post(self.address(path)).form(&fields)).await
    }

    /// Sends a form without the token and does not follow the answer.
    pub async fn post_direct(&self, path: &str, fields: &[(&str, &str)]) -> Page {
        Page::of(self.direct.post(self.address(path)).form(&fields)).await.expect("an answer")
    }

    /// Sends content under an address of its own, as programs do, with this browser's token.
    pub async fn put(&self, path: &str, content: impl Into<Vec<u8>>) -> Page {
        self.try_put(path, content).await.expect("an answer")
    }

    /// Like [`Browser::put`], to a server that may be gone.
    pub async fn try_put(&self, path: &str, content: impl Into<Vec<u8>>) -> reqwest::Result<Page> {
        let token = self.token().await?;
        Page::of(self.direct.put(self.address(path)).header("x-csrf", token).body(content.into())).await
    }

    /// Sends nothing under an address, without the token.
    pub async fn put_direct(&self, path: &str) -> Page {
        Page::of(self.direct.put(self.address(path))).await.expect("an answer")
    }

    /// Sends JSON, as programs do.
    pub async fn post_json(&self, path: &str, content: &serde_json::Value) -> Page {
        let token = self.token().await.expect("a token");
        let request = self.direct.post(self.address(path)).header("x-csrf", token);
        Page::of(request.json(content)).await.expect("an answer")
    }

    /// Sends a form with files: field, file name and content.
    pub async fn post_files(&self, path: &str, fields: &[(&str, &str)], files: &[(&str, &str, &[u8])]) -> Page {
        self.try_post_files(path, fields, files).await.expect("an answer")
    }

    /// Like [`Browser::post_files`], to a server that may be gone.
    pub async fn try_post_files(
        &self,
        path: &str,
        fields: &[(&str, &str)],
        files: &[(&str, &str, &[u8])],
    ) -> reqwest::Result<Page> {
        let mut form = Form::new().text("csrf", self.token().await?);
        for (name, value) in fields {
            form = form.text((*name).to_owned(), (*value).to_owned());
        }
        for (name, file_name, content) in files {
            form = form.part((*name).to_owned(), Part::bytes(content.to_vec()).file_name((*file_name).to_owned()));
        }
        Page::of(self.client.post(self.address(path)).multipart(form)).await
    }

    pub async fn sign_in(&self, login: &str, password: &str) -> Page {
        self.post("/login", &[("login", login), ("password", password)]).await
    }

    /// Content that is no page: a picture, a workbook.
    pub async fn download(&self, path: &str) -> Vec<u8> {
        let response = self.client.get(self.address(path)).send().await.expect("an answer");
        assert!(response.status().is_success(), "{path}: {}", response.status());
        response.bytes().await.expect("all of it").to_vec()
    }

    /// Content that a form asks for.
    pub async fn download_by_form(&self, path: &str, fields: &[(&str, &str)]) -> Vec<u8> {
        let token = self.token().await.expect("a token");
        let fields = [&[("csrf", token.as_str())], fields].concat();
        let response = self.client.post(self.address(path)).form(&fields).send().await.expect("an answer");
        assert!(response.status().is_success(), "{path}: {}", response.status());
        response.bytes().await.expect("all of it").to_vec()
    }

    /// Content that a form with files asks for.
    pub async fn download_by_files(&self, path: &str, files: &[(&str, &str, &[u8])]) -> Vec<u8> {
        let mut form = Form::new().text("csrf", self.token().await.expect("a token"));
        for (name, file_name, content) in files {
            form = form.part((*name).to_owned(), Part::bytes(content.to_vec()).file_name((*file_name).to_owned()));
        }
        let response = self.client.post(self.address(path)).multipart(form).send().await.expect("an answer");
        assert!(response.status().is_success(), "{path}: {}", response.status());
        response.bytes().await.expect("all of it").to_vec()
    }

    /// Every page has a form with the token of this browser, even the one that says there is no such page.
    async fn token(&self) -> reqwest::Result<String> {
        if let Some(token) = self.token.get() {
            return Ok(token.clone());
        }
        let token = self.try_get("/no-such-page").await?.input("csrf");
        Ok(self.token.get_or_init(|| token).clone())
    }

    fn address(&self, path: &str) -> Url {
        self.url.join(path).expect("a path")
    }
}

impl Page {
    async fn of(request: RequestBuilder) -> reqwest::Result<Page> {
        let response = request.send().await?;
        let status = response.status().as_u16();
        let address = response.url();
        let query = address.query().map_or_else(String::new, |query| format!("?{query}"));
        let url = format!("{}{query}", address.path());
        let location = response.headers().get("location").map(|to| to.to_str().expect("an address").to_owned());
        Ok(Page { status, url, location, body: response.text().await? })
    }

    /// An answer to a program.
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON from {}: {}", self.url, self.body))
    }

    #[track_caller]
    pub fn assert_status(&self, status: u16) -> &Page {
        assert_eq!(self.status, status, "{}\n{}", self.url, self.main());
        self
    }

    #[track_caller]
    pub fn assert_ok(&self) -> &Page {
        self.assert_status(200)
    }

    #[track_caller]
    pub fn assert_contains(&self, text: &str) -> &Page {
        assert!(self.contains(text), "{text:?} is not on {}\n{}", self.url, self.main());
        self
    }

    #[track_caller]
    pub fn assert_lacks(&self, text: &str) -> &Page {
        assert!(!self.contains(text), "{text:?} is on {}", self.url);
        self
    }

    pub fn contains(&self, text: &str) -> bool {
        self.body.contains(text)
    }

    /// The value of the first field with a name.
    #[track_caller]
    pub fn input(&self, name: &str) -> String {
        let found = self.between(&format!("name=\"{name}\" value=\""), "\"");
        found.unwrap_or_else(|| panic!("no field {name:?} with a value on {}\n{}", self.url, self.main()))
    }

    /// The address of the first link or form that begins with a prefix.
    #[track_caller]
    pub fn link(&self, prefix: &str) -> String {
        let rest = ["href", "action"].iter().find_map(|kind| self.between(&format!("{kind}=\"{prefix}"), "\""));
        let rest = rest.unwrap_or_else(|| panic!("no link to {prefix}… on {}\n{}", self.url, self.main()));
        format!("{prefix}{rest}").replace("&amp;", "&").replace("&#38;", "&")
    }

    /// Where the first link leads that has this text.
    pub fn link_called(&self, text: &str) -> String {
        let (before, _) =
            self.body.split_once(&format!(">{text}</a>")).unwrap_or_else(|| panic!("no link “{text}” on {}", self.url));
        let (_, tag) = before.rsplit_once("href=\"").unwrap();
        tag.split_once('"').unwrap().0.replace("&amp;", "&").replace("&#38;", "&")
    }

    /// Every text between two others.
    pub fn between_all<'a>(&'a self, before: &'a str, after: &'a str) -> impl Iterator<Item = &'a str> {
        self.body.split(before).skip(1).filter_map(move |rest| Some(rest.split_once(after)?.0))
    }

    fn between(&self, before: &str, after: &str) -> Option<String> {
        let (_, rest) = self.body.split_once(before)?;
        Some(rest.split_once(after)?.0.to_owned())
    }

    /// What the page is about, for the message of a failed assertion.
    fn main(&self) -> &str {
        self.body.split_once("<main").map_or(self.body.as_str(), |(_, main)| main)
    }
}
