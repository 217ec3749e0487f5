//! Stand-ins for the outside systems: programs over real HTTP that are as strict as the originals.

pub mod dingtalk;
