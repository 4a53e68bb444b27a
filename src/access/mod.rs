//! Who may do what: tenants, organisations, accounts, roles and how far they reach; signing in by password or by an
//! invitation with a PIN; and the table of permissions that every route is held against.

mod account;
mod act;
mod credential;
mod link;
mod model;
mod password;
mod routes;
mod session;
mod store;
mod todo;
pub mod token;
mod wall;
pub mod web;

pub use account::{NewAccount, create_account, create_organisation, create_tenant, rename_organisation};
pub use act::Act;
pub use credential::{check_pin, expire_password, wrong_pin};
pub use link::Link;
pub use model::{ALLOWED, Grant, OrganisationKind, Permission, Reach, Role, Scope, SessionKind, TenantKind, Viewer};
pub use routes::{Need, Route, Routes};
pub use session::{Entry, invite, recognise, sign_in, sign_out, unlock};
pub use store::{
    Holder, Organisation, STATEMENTS, Tenant, holders, organisation, organisations, tenant, tenant_by_code, tenants,
    viewer_of,
};
pub use todo::todo;
pub use token::{Bearer, Token, TokenScope};
pub use wall::Wall;
