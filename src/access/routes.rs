use std::pin::Pin;
use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::handler::Handler;
use axum::http::Method;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{MethodRouter, get, post, put};

use super::web::LockedViewer;
use super::{Bearer, Permission, TokenScope, Viewer};
use crate::app::App;
use crate::error::Error;

/// What a route asks of whoever calls it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Anybody, without an account.
    Public,
    /// Any signed-in account, in its own affairs; even while its password has to be changed.
    Account,
    /// Any signed-in account whose password need not be changed first.
    Work,
    Permission(Permission),
    /// Another program, whose token has the scope. No cookie opens it.
    Token(TokenScope),
}

impl From<TokenScope> for Need {
    fn from(scope: TokenScope) -> Self {
        Need::Token(scope)
    }
}

impl From<Permission> for Need {
    fn from(permission: Permission) -> Self {
        Need::Permission(permission)
    }
}

/// A route as the permission test walks it.
#[derive(Debug, Clone)]
pub struct Route {
    pub method: Method,
    pub path: &'static str,
    pub need: Need,
}

/// Routes that cannot be added without saying what they need.
#[derive(Default)]
pub struct Routes {
    router: Router<App>,
    table: Vec<Route>,
}

impl Routes {
    pub fn get<H, T>(self, path: &'static str, need: impl Into<Need>, handler: H) -> Self
    where
        H: Handler<T, App>,
        T: 'static,
    {
        self.add(Method::GET, path, need.into(), get(Erased::of(handler)))
    }

    pub fn post<H, T>(self, path: &'static str, need: impl Into<Need>, handler: H) -> Self
    where
        H: Handler<T, App>,
        T: 'static,
    {
        self.add(Method::POST, path, need.into(), post(Erased::of(handler)))
    }

    pub fn put<H, T>(self, path: &'static str, need: impl Into<Need>, handler: H) -> Self
    where
        H: Handler<T, App>,
        T: 'static,
    {
        self.add(Method::PUT, path, need.into(), put(Erased::of(handler)))
    }

    fn add(mut self, method: Method, path: &'static str, need: Need, handler: MethodRouter<App>) -> Self {
        let guarded = handler.route_layer(from_fn(move |request: Request, next: Next| guard(need, request, next)));
        self.router = self.router.route(path, guarded);
        self.table.push(Route { method, path, need });
        self
    }

    pub fn merge(mut self, other: Routes) -> Self {
        self.router = self.router.merge(other.router);
        self.table.extend(other.table);
        self
    }

    pub fn into_parts(self) -> (Router<App>, Vec<Route>) {
        (self.router, self.table)
    }
}

type Answer = Pin<Box<dyn Future<Output = Response> + Send>>;

/// A handler that has lost its type. What axum builds around a handler is then compiled once, and not again for each of a thousand handlers, of
/// which every one would have the compiler look through all that it waits for.
#[derive(Clone)]
struct Erased(Arc<dyn Fn(Request, App) -> Answer + Send + Sync>);

impl Erased {
    fn of<H: Handler<T, App>, T>(handler: H) -> Self {
        Erased(Arc::new(move |request, app| Box::pin(handler.clone().call(request, app))))
    }
}

impl Handler<(), App> for Erased {
    type Future = Answer;

    fn call(self, request: Request, app: App) -> Answer {
        (self.0)(request, app)
    }
}

async fn guard(need: Need, mut request: Request, next: Next) -> Response {
    if let Need::Token(scope) = need {
        return match request.extensions_mut().remove::<Bearer>() {
            Some(Bearer::Known(token)) if token.may(scope) => {
                request.extensions_mut().insert(token);
                next.run(request).await
            }
            Some(Bearer::Known(_)) => Error::Forbidden.into_response(),
            Some(Bearer::TooOften(seconds)) => Error::TooMany(seconds).into_response(),
            Some(Bearer::Unknown) => Error::Internal(anyhow::anyhow!("a token could not be looked up")).into_response(),
            Some(Bearer::Stranger) | None => Error::Unrecognised.into_response(),
        };
    }
    let viewer = request.extensions().get::<Viewer>();
    match (need, viewer) {
        (Need::Public, _) | (Need::Account, Some(_)) => next.run(request).await,
        (_, Some(viewer)) if viewer.password_expired => Redirect::to("/me").into_response(),
        (Need::Work, Some(_)) => next.run(request).await,
        (Need::Permission(permission), Some(viewer)) if viewer.may(permission) => next.run(request).await,
        (Need::Permission(_), Some(_)) => Error::Forbidden.into_response(),
        (_, None) if request.extensions().get::<LockedViewer>().is_some() => Redirect::to("/unlock").into_response(),
        // It was decided above.
        (Need::Token(_), _) => Error::Unrecognised.into_response(),
        (_, None) => Redirect::to("/login").into_response(),
    }
}
