//! Stand-ins for the outside systems: programs over real HTTP that are as strict as the originals.

mod clock;
pub mod dingtalk;
mod form;
mod host;
pub mod odoo;
